// Package storetest is the suite that says what a store must do. An adapter that passes it needs no tests of its own for
// what it stores, only for how: durability, files, statements, speed.
//
// There is one list of checks per interface: [Payments] for payment.Store, [Ledger] for billing.Store and [Connectors]
// for connector.Store. A [Check] has a sentence for a name and returns an error that says what was got and what was
// wanted. The suite imports no test framework, so that it can run in a test, in a program or at the start of a service:
//
//	for _, check := range storetest.Payments() {
//		t.Run(check.Name, func(t *testing.T) {
//			err := check.Run(t.Context(), func(ctx context.Context) (storetest.Opened[payment.Store], error) {
//				db, err := mystore.Open(ctx, filepath.Join(t.TempDir(), "pay.db"))
//				if err != nil {
//					return storetest.Opened[payment.Store]{}, err
//				}
//				return storetest.Opened[payment.Store]{Store: db.Payments(), Close: db.Close}, nil
//			})
//			if err != nil {
//				t.Fatal(err)
//			}
//		})
//	}
//
// Every check opens a store of its own, uses only what the interface promises and keeps to what it asks of a caller.
// Checks that reopen their store say so in [Check.Reopens]; a store that keeps nothing leaves them out by that mark.
//
// What the suite does not do: prove durability against a power cut, measure, or try what callers guarantee not to do.
package storetest
