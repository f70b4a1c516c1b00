package payment_test

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/oplata-go/oplata/adapters/memory"
	"github.com/oplata-go/oplata/billing"
	"github.com/oplata-go/oplata/connector"
	"github.com/oplata-go/oplata/connector/connectortest"
	"github.com/oplata-go/oplata/connector/secret"
	"github.com/oplata-go/oplata/payment"
)

// A payer gives up and pays again; then both attempts turn out to have taken the money. The first success settles the
// payment, the second is surplus on the account.
func ExampleService_Receive() {
	ctx, shop := context.Background(), newShop()
	p, err := shop.payments.Create(ctx, payment.CreateParams{
		Account: "42", Total: billing.MustMoney("100.00", "RUB"), Purpose: payment.TopUp,
	})
	fmt.Println(p.Status, err)

	first, err := shop.payments.Start(ctx, payment.StartParams{Payment: p.ID, Method: shop.card})
	fmt.Println(first.State, err)
	shop.now = shop.now.Add(time.Hour) // longer than the processing period
	fmt.Println(shop.payments.Tick(ctx))
	second, err := shop.payments.Start(ctx, payment.StartParams{Payment: p.ID, Method: shop.card})
	fmt.Println(second.State, err)

	for _, a := range []payment.Attempt{first, second} {
		said := shop.gateway.Charged(a.Reference, "charge-of-"+fmt.Sprint(a.Number), a.Asked)
		got, err := shop.payments.Receive(ctx, shop.card, said)
		charge := got.Payment.Attempt(a.Number).Charges[0]
		fmt.Println(got.Payment.Status, charge.Place, got.Reply.Status, err)
	}
	fmt.Println(shop.payments.Deliver(ctx))
	fmt.Println(shop.book.Balance(ctx, "42"))
	// Output:
	// waiting_for_payment <nil>
	// live <nil>
	// <nil>
	// live <nil>
	// completed settled 200 <nil>
	// completed surplus 200 <nil>
	// <nil>
	// 200.00 RUB <nil>
}

// shop is a host with one payment method of a scripted gateway.
type shop struct {
	payments *payment.Service
	book     *billing.Book
	gateway  connectortest.Sender
	card     string
	now      time.Time
}

func newShop() *shop {
	ctx := context.Background()
	s := &shop{now: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}
	clock := func() time.Time { return s.now }
	db := new(memory.DB)
	s.book = billing.NewBook(db.Ledger())
	keys := must(secret.NewRing(must(secret.GenerateKey("k1"))))
	connectors := must(connector.New(connector.Config{
		Store: db.Connectors(), Kinds: []connector.Kind{connectortest.KindMute()}, Secrets: keys, Now: clock,
	}))
	root := connector.Actor{Reseller: "root"}
	c := must(connectors.Create(ctx, connector.CreateParams{
		By: root, Name: "Scripted", Kind: connectortest.KindMute().Name(), Period: 15 * time.Minute,
	}))
	s.card = must(connectors.CreateMethod(ctx, connector.CreateMethodParams{
		By: root, Connector: c.ID, Name: "Card", Settings: json.RawMessage(`{"merchant":"m-1","key":"a-signing-key"}`),
	})).ID
	s.gateway = connectortest.Sender{Merchant: "m-1", Key: secret.New("a-signing-key")}
	s.payments = must(payment.New(payment.Config{Store: db.Payments(), Connectors: connectors, Ledger: s.book, Now: clock}))
	return s
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
