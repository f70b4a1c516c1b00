package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"time"

	"github.com/oplata-go/oplata/billing"
	"github.com/oplata-go/oplata/connector"
	"github.com/oplata-go/oplata/connector/secret"
	"github.com/oplata-go/oplata/payment"
)

const (
	demoAccount   = "4200017"
	demoConnector = "chronopay"
	demoProduct   = "001234-0001-0001"
)

// demoMethods are what the subscriber can choose from: both ways in which ChronoPay's page can be reached.
var demoMethods = []struct {
	id, name string
	settings map[string]any
}{
	{"card", "Банковская карта", map[string]any{"page_method": "POST", "payment_type_group_id": "1"}},
	{"chronopay", "Другие способы ChronoPay", map[string]any{"page_method": "GET"}},
}

// demoEntries are the account's past, in hours before the first start.
var demoEntries = []struct {
	hours   int
	amount  string
	comment string
}{
	{24*24 + 5, "1000.00", "Пополнение баланса через ЛК"},
	{21*24 + 2, "-590.00", "Абонентская плата, тариф «Домашний 100»"},
	{9*24 + 7, "500.00", "Пополнение баланса через ЛК"},
	{6*24 + 3, "-150.00", "Аренда телевизионной приставки"},
}

// prepare makes what the program needs, each thing only when it is not there: after a first start that was cut off the
// next one goes on.
func (c *cabinet) prepare(ctx context.Context, shared secret.Value) error {
	if err := c.prepareMethods(ctx, shared); err != nil {
		return fmt.Errorf("cabinet: payment methods: %w", err)
	}
	if err := c.prepareAccount(ctx); err != nil {
		return fmt.Errorf("cabinet: demo account: %w", err)
	}
	return nil
}

// prepareMethods registers ChronoPay with the simulator's address as it is today.
func (c *cabinet) prepareMethods(ctx context.Context, shared secret.Value) error {
	by := connector.Actor{Reseller: c.methods.Root(), Name: "cabinet"}
	_, err := c.methods.Create(ctx, connector.CreateParams{
		By: by, ID: demoConnector, Name: "ChronoPay", Kind: "chronopay", Period: c.o.period,
	})
	if errors.Is(err, connector.ErrExists) {
		err = c.setPeriod(ctx, by)
	}
	if err != nil {
		return err
	}
	for _, m := range demoMethods {
		settings := map[string]any{
			"product_id":       demoProduct,
			"shared_sec":       shared.Reveal(),
			"sign_rule":        "R2",
			"page_url":         c.simulatorURL + "/",
			"source_addresses": []string{"127.0.0.1", "::1"},
		}
		maps.Copy(settings, m.settings)
		if err := c.prepareMethod(ctx, by, m.id, m.name, settings); err != nil {
			return err
		}
	}
	return nil
}

func (c *cabinet) setPeriod(ctx context.Context, by connector.Actor) error {
	now, err := c.methods.Connector(ctx, by, demoConnector)
	if err != nil || now.Period == c.o.period {
		return err
	}
	_, err = c.methods.Update(ctx, connector.UpdateParams{By: by, ID: now.ID, Version: now.Version, Period: &c.o.period})
	return err
}

// prepareMethod makes a payment method, or tells one that is there where the simulator listens today. Opening it shows
// whether the key file is the one that the database was made with.
func (c *cabinet) prepareMethod(ctx context.Context, by connector.Actor, id, name string, settings map[string]any) error {
	wanted, err := json.Marshal(settings)
	if err != nil {
		return err
	}
	_, err = c.methods.CreateMethod(ctx, connector.CreateMethodParams{
		By: by, ID: id, Connector: demoConnector, Name: name, Settings: wanted,
	})
	if !errors.Is(err, connector.ErrExists) {
		return err
	}
	if _, err := c.methods.Open(ctx, id, 0); err != nil {
		return err
	}
	there, err := c.methods.Method(ctx, by, id)
	if err != nil {
		return err
	}
	var kept struct {
		PageURL string `json:"page_url"`
	}
	if err := json.Unmarshal(there.Settings, &kept); err != nil || kept.PageURL == settings["page_url"] {
		return err
	}
	_, err = c.methods.UpdateMethod(ctx, connector.UpdateMethodParams{By: by, ID: id, Version: there.Version, Settings: wanted})
	return err
}

// prepareAccount makes the demo account with a past and a payment that waits. Keys make each of them happen once.
func (c *cabinet) prepareAccount(ctx context.Context) error {
	now := c.o.now()
	if err := c.book.Open(ctx, billing.Account{ID: demoAccount, Name: "Демо-абонент", Currency: "RUB"}); err != nil {
		return err
	}
	for i, e := range demoEntries {
		amount, err := billing.ParseMoney(e.amount, "RUB")
		if err != nil {
			return err
		}
		post, p := c.book.Credit, billing.Posting{
			Key: fmt.Sprintf("demo-%d", i+1), Account: demoAccount, Amount: amount.Abs(), Comment: e.comment, At: now.Add(-time.Duration(e.hours) * time.Hour),
		}
		if amount.Sign() < 0 {
			post = c.book.Debit
		}
		if err := post(ctx, p); err != nil {
			return err
		}
	}
	_, err := c.payments.Create(ctx, payment.CreateParams{
		Key: "demo-services", By: "billing", Account: demoAccount, Total: billing.MustMoney("320.00", "RUB"),
		Purpose: payment.RenderedServices, Description: "Междугородние звонки за прошлый месяц", DueAt: now.Add(14 * 24 * time.Hour),
	})
	if errors.Is(err, payment.ErrKeyReused) {
		return nil // made at the first start, with another due date
	}
	return err
}
