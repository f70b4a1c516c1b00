// Quickstart takes a top-up through ChronoPay that is paid late, and told of twice.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/oplata-go/oplata/adapters/chronopay"
	"github.com/oplata-go/oplata/adapters/memory"
	"github.com/oplata-go/oplata/billing"
	"github.com/oplata-go/oplata/connector"
	"github.com/oplata-go/oplata/connector/secret"
	"github.com/oplata-go/oplata/payment"
)

func main() { run(context.Background(), os.Stdout) }

func run(ctx context.Context, out io.Writer) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	clock := func() time.Time { return now }
	keys := must(secret.NewRing(must(secret.GenerateKey("k1")))) // keep yours: secret.RingFromFile

	db := new(memory.DB)                 // sqlite.Open("pay.db"): the same program
	book := billing.NewBook(db.Ledger()) // or your own billing.Ledger: two methods
	connectors := must(connector.New(connector.Config{
		Store: db.Connectors(), Kinds: []connector.Kind{chronopay.Kind()}, Secrets: keys, Now: clock,
	}))
	payments := must(payment.New(payment.Config{
		Store: db.Payments(), Connectors: connectors, Ledger: book, Now: clock,
	}))

	root := connector.Actor{Reseller: "root"}
	chrono := must(connectors.Create(ctx, connector.CreateParams{
		By: root, Name: "ChronoPay", Kind: "chronopay", Period: 15 * time.Minute,
	}))
	card := must(connectors.CreateMethod(ctx, connector.CreateMethodParams{ // wrong settings: *settings.Error, every field
		By: root, Connector: chrono.ID, Name: "Bank card",
		Settings: json.RawMessage(`{"product_id":"001234-0001-0001","shared_sec":"4G0i8590sl5Da37I"}`),
	}))

	p := must(payments.Create(ctx, payment.CreateParams{
		Account: "42", Total: billing.MustMoney("100.00", "RUB"), Purpose: payment.TopUp, Key: "topup-7",
	}))
	try := must(payments.Start(ctx, payment.StartParams{
		Payment: p.ID, Method: card.ID, ReturnURL: "https://isp.example/back",
	}))
	fmt.Fprintln(out, try.Show.Method, try.Show.URL) // send the payer there

	now = now.Add(20 * time.Minute)
	must(0, payments.Tick(ctx)) // the period has ended: the payment waits again
	for range 2 {               // ChronoPay's answer: late, and twice
		got := must(payments.Receive(ctx, card.ID, callback(try.Show)))
		fmt.Fprintln(out, got.Payment.Status)
	}
	must(0, payments.Deliver(ctx)) // to the ledger; payments.Run does Tick and Deliver for you
	fmt.Fprintln(out, must(book.Balance(ctx, "42")))
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
