// Package payment takes payments: it keeps each one's whole life, with its timers, its late and repeated results, and
// gives every result a destination.
//
// A [Payment] is a debt of an account: a total, a purpose, a status. An [Attempt] is one try to pay it with one payment
// method. A [Charge] is money that a gateway says it took; it is the unit of money, unique over all payments, and it is in
// exactly one [Place]: it settled its payment, or it is surplus on the account, or a discrepancy that waits for an
// operator, or it went back, or on to a successor. Verified money that fits no attempt is a [Receipt]. Two transition
// tables decide, and two laws stand behind them: only commands can be refused, and only the gateway's word settles.
//
//	payments, err := payment.New(payment.Config{Store: db.Payments(), Connectors: connectors, Ledger: book})
//	go payments.Run(ctx) // timers, questions to gateways, deliveries
//
//	p, err := payments.Create(ctx, payment.CreateParams{
//		Account: "42", Total: billing.MustMoney("100.00", "RUB"), Purpose: payment.TopUp, Key: "topup-7",
//	})
//	try, err := payments.Start(ctx, payment.StartParams{Payment: p.ID, Method: card, ReturnURL: back})
//	// send the payer to try.Show.URL; when the gateway calls back:
//	got, err := payments.Receive(ctx, card, inbound)
//	// and answer it with got.Reply
//
// # Errors
//
// A [*ParamError] says what is wrong with a command, a [*TransitionError] that it does not fit the status, [ErrKeyReused]
// that its idempotency key stands for another one: nothing was written. After any other error of a command it is unknown
// whether it was carried out; give it again with the same key.
//
// # Storage
//
// A [Store] writes one [Change] at a time, everything or nothing, guarded by a version. adapters/memory, adapters/sqlite
// and, for many processes, a database of your own implement it; adapters/storetest says whether an implementation holds.
// Every event of a payment is kept in a chain of HMACs, which [Service.Verify] checks, and from which the payment can be
// rebuilt.
//
// # What it does not do
//
// It keeps no accounts: a [billing.Ledger] does. It makes no HTTP calls: a [connector.Transport] does, for the gateways of
// package connector. It serves no pages. It never sees a card number.
package payment
