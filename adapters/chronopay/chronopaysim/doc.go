// Package chronopaysim plays ChronoPay: a hosted page that checks the shop's signature and a server that posts signed
// callbacks. It is a simulator for tests, demonstrations and reference servers; no money moves, and nothing here
// belongs in a production program.
//
// A [Simulator] is an [http.Handler]. The payer's browser brings the shop's form to "/"; the page shows the order and lets
// a person choose what ChronoPay will do: pay, decline, say nothing, pay later, and the misfortunes of real life. Tests
// choose with [Simulator.Act] and send what is due with [Simulator.Deliver].
//
//	sim, err := chronopaysim.New(chronopaysim.Config{Products: []chronopaysim.Product{
//		{ID: "001234-0001-0001", SharedSec: sec},
//	}})
//	go sim.Run(ctx)                                        // timers and repeats
//	http.ListenAndServe("127.0.0.1:8081", sim)             // the page
//	...
//	err = sim.Act("100045", chronopaysim.Action{Kind: chronopaysim.Pay}) // or without a person
//	err = sim.Deliver(ctx)
//
// The wire format is that of ChronoPay's current generation as far as it is known. Callbacks that are not answered with
// 200 are repeated, a bounded number of times. How ChronoPay announces a refusal today is unknown: the legacy type
// "decline" is sent. Everything is kept in memory, and of old orders only the newest.
package chronopaysim
