package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/oplata-go/oplata/adapters/chronopay"
	"github.com/oplata-go/oplata/adapters/chronopay/chronopaysim"
	"github.com/oplata-go/oplata/adapters/memory"
	"github.com/oplata-go/oplata/adapters/sqlite"
	"github.com/oplata-go/oplata/billing"
	"github.com/oplata-go/oplata/connector"
	"github.com/oplata-go/oplata/connector/connectortest"
	"github.com/oplata-go/oplata/connector/secret"
	"github.com/oplata-go/oplata/payment"
)

// The payment methods of the host: ChronoPay, and a gateway that can be asked and answers at once.
const (
	card   = "card"
	wallet = "wallet"
)

// What ChronoPay knows the host by, and what both sign with. Nobody outside this program has heard of either.
const (
	productID = "001234-0001-0001"
	sharedSec = "4G0i8590sl5Da37I"
)

// host is a program that embeds the SDK, on some stores.
type host struct {
	*payment.Service
	ledger *tellingLedger
	next   atomic.Int64 // number of the next transaction at ChronoPay
}

// stores are where a host keeps everything.
type stores struct {
	payments   payment.Store
	accounts   billing.Store
	connectors connector.Store
}

func inMemory() stores {
	db := new(memory.DB)
	return stores{db.Payments(), db.Ledger(), db.Connectors()}
}

func onSQLite(db *sqlite.DB) stores { return stores{db.Payments(), db.Ledger(), db.Connectors()} }

// newHost makes a host, or finds again what an earlier one left on the same stores. Adapt has the last word on the
// configuration.
func newHost(ctx context.Context, s stores, adapt func(*payment.Config)) (*host, error) {
	key, err := secret.NewKey("k1", []byte("a key of this program, 32 bytes."))
	if err != nil {
		return nil, err
	}
	ring, err := secret.NewRing(key)
	if err != nil {
		return nil, err
	}
	connectors, err := connector.New(connector.Config{
		Store: s.connectors, Kinds: []connector.Kind{chronopay.Kind(), connectortest.Kind()}, Secrets: ring,
	})
	if err != nil {
		return nil, err
	}
	h := &host{ledger: &tellingLedger{Ledger: billing.NewBook(s.accounts)}}
	cfg := payment.Config{
		Store: s.payments, Connectors: connectors, Ledger: h.ledger,
		Transport:   connectortest.NewWorld(connectortest.Settings{Merchant: "m-1", Key: secret.New(sharedSec)}),
		CallbackURL: callbackURL,
	}
	if adapt != nil {
		adapt(&cfg)
	}
	if h.Service, err = payment.New(cfg); err != nil {
		return nil, err
	}
	err = errors.Join(
		install(ctx, connectors, card, "chronopay", `{"product_id":"`+productID+`","shared_sec":"`+sharedSec+`"}`),
		install(ctx, connectors, wallet, connectortest.ScriptedKind, `{"merchant":"m-1","key":"`+sharedSec+`"}`),
	)
	return h, err
}

// install makes a payment method and its connector, unless they are there.
func install(ctx context.Context, connectors *connector.Service, id, kind, settings string) error {
	by := connector.Actor{Reseller: "root", Name: "bench"}
	_, err := connectors.Create(ctx, connector.CreateParams{By: by, ID: id, Name: kind, Kind: kind, Period: 30 * 24 * time.Hour})
	if err != nil && !errors.Is(err, connector.ErrExists) {
		return err
	}
	_, err = connectors.CreateMethod(ctx, connector.CreateMethodParams{
		By: by, ID: id, Connector: id, Name: kind, Settings: json.RawMessage(settings),
	})
	if err != nil && !errors.Is(err, connector.ErrExists) {
		return err
	}
	return nil
}

// create makes the n-th top-up. A thousand accounts take turns, so that their postings need not wait for each other.
func create(ctx context.Context, s *payment.Service, n int) (payment.Payment, error) {
	return s.Create(ctx, payment.CreateParams{
		Key: fmt.Sprintf("topup-%d", n), By: "subscriber", Account: fmt.Sprintf("%05d", n%1000),
		Total: billing.MustMoney("500.00", "RUB"), Purpose: payment.TopUp, Description: "Пополнение баланса",
		Payer: connector.Payer{Email: email},
	})
}

const email = "subscriber@isp.example"

const returnURL = "https://isp.example/cabinet"

func callbackURL(method string) string { return "https://isp.example/callback/" + method }

func (h *host) start(ctx context.Context, id, method string) (payment.Attempt, error) {
	return h.Start(ctx, payment.StartParams{Payment: id, Method: method, By: "subscriber", ReturnURL: returnURL, Language: "ru"})
}

// orderOf is what the gateway was asked for when the attempt was started.
func orderOf(p payment.Payment, try payment.Attempt) *connector.Order {
	return &connector.Order{
		Reference: try.Reference, Amount: try.Asked, Description: p.Description, Account: p.Account, ReturnURL: returnURL,
		CallbackURL: callbackURL(try.Method), Language: "ru", Payer: connector.Payer{Email: email}, StartedAt: try.StartedAt,
	}
}

// hear lets the host hear ChronoPay's callback about an attempt.
func (h *host) hear(ctx context.Context, try payment.Attempt, transactionType string) error {
	got, err := h.Receive(ctx, card, callback(try, transactionType, h.next.Add(1)))
	if err == nil && got.Reply.Status != http.StatusOK {
		err = fmt.Errorf("a callback was answered with %d", got.Reply.Status)
	}
	return err
}

// callback is what ChronoPay posts about what its page was asked for.
func callback(try payment.Attempt, transactionType string, n int64) connector.Inbound {
	sent := make(map[string]string, len(try.Show.Fields))
	for _, f := range try.Show.Fields {
		sent[f.Name] = f.Value
	}
	form := chronopaysim.Callback{
		TransactionType: transactionType, CustomerID: "001234-000000056", TransactionID: fmt.Sprintf("%010d", n),
		SiteID: "001234-0001", ProductID: sent["product_id"], OrderID: sent["order_id"], CS1: sent["cs1"], CS2: sent["cs2"],
		Total: sent["product_price"], Currency: sent["product_price_currency"], At: try.StartedAt,
		Email: sent["email"], Language: "ru",
	}.Form(secret.New(sharedSec))
	return connector.Inbound{
		Method: http.MethodPost, Header: http.Header{"Content-Type": {"application/x-www-form-urlencoded"}},
		Body: []byte(form.Encode()), Addr: netip.MustParseAddr("93.174.51.230"),
	}
}

// tellingLedger is a ledger that tells when a payment was credited.
type tellingLedger struct {
	billing.Ledger
	waiting sync.Map // payment ID → chan struct{}
}

// credited is closed as soon as the payment's credit is in the ledger.
func (l *tellingLedger) credited(payment string) <-chan struct{} {
	told := make(chan struct{})
	l.waiting.Store(payment, told)
	return told
}

// Credit credits and tells.
func (l *tellingLedger) Credit(ctx context.Context, p billing.Posting) error {
	if err := l.Ledger.Credit(ctx, p); err != nil {
		return err
	}
	id, _, _ := strings.Cut(p.Key, "/")
	if told, ok := l.waiting.LoadAndDelete(id); ok {
		if told, ok := told.(chan struct{}); ok {
			close(told)
		}
	}
	return nil
}
