// Package billingtest tells whether a billing.Ledger keeps the rules: idempotent by key, nothing moved by a refusal,
// no lost or doubled posting among concurrent callers, exact sums.
//
// Each check runs on a ledger of its own, which the harness makes, and returns what it found wrong:
//
//	harness := billingtest.Harness{New: func(ctx context.Context) (billingtest.Subject, error) {
//		ledger := acme.NewLedger(emptyDatabase())
//		return billingtest.Subject{Ledger: ledger, Balance: ledger.Balance}, nil
//	}}
//	for _, check := range billingtest.Checks() {
//		t.Run(check.Name, func(t *testing.T) {
//			if err := check.Run(t.Context(), harness); err != nil {
//				t.Error(err)
//			}
//		})
//	}
//
// The checks do not look at comments, times and statements, which a Ledger need not show, and do not prove durability:
// kill the process of a real ledger, and see that acknowledged postings are still there.
package billingtest
