// Package paymenttest shows that the payment package loses no money and counts none twice, on whatever stores it is given.
//
// A [Host] is a program in miniature that embeds the SDK: a payment.Service over stores, eight payment methods of two
// companies that are played by connector/connectortest, a billing.Book and a clock that moves. Beside it the host keeps an
// account of its own of what the companies truly took, what operators said and who paid in. A [Life] plays moves on the
// host: commands, messages that are lost, doubled, late, reordered, forged or contradict each other, clocks that jump,
// programs that are started anew. [Host.Audit] then compares what the stores hold with the host's own account, by the law
// book and not by the code under test.
//
//	host, err := paymenttest.New(ctx, paymenttest.Config{Stores: stores, Seed: seed})
//	life := paymenttest.NewLife(host, "a", "b")
//	err = life.Run(ctx, paymenttest.Draw(seed, 200))
//	err = life.Finish(ctx) // everything is told and delivered
//	err = host.Audit(ctx)
//
// [Faults] let the n-th call of a store, a ledger, a gateway or a sink fail, before it acts or after.
//
// The package imports neither testing nor an assertion library: whatever does not hold is an error. It does not check what
// a store promises by itself; that is adapters/storetest.
package paymenttest
