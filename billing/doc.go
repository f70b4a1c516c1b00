// Package billing holds money and the ledger that payments are booked in.
//
// Money is an exact amount: a whole number of minor units of one ISO 4217 currency. It parses and prints with exactly
// the currency's decimal places, refuses to overflow and to mix currencies, and rounds only where it is told how.
//
// A Ledger keeps the balances of accounts. It has two methods, Credit and Debit, idempotent by the posting's key for
// ever, so that an order that is delivered twice moves money once. A host with a billing system of its own implements
// Ledger; package billingtest says whether the implementation holds. Book is the Ledger that is shipped: accounts with
// entries that are never rewritten, each with the balance after it, and statements by period, over a Store.
//
//	book := billing.NewBook(db.Ledger()) // any Store; those in adapters/memory and adapters/sqlite are ready
//
//	err := book.Credit(ctx, billing.Posting{
//		Key:     "payment-17", // permanent: repeating the posting moves nothing
//		Account: "42",
//		Amount:  billing.MustMoney("100.00", "RUB"),
//		Comment: "Top-up",
//		At:      time.Now(),
//	})
//	switch {
//	case billing.Permanent(err): // refused: nothing was moved, and repeating cannot mend it
//	case err != nil: // unknown: repeat with the same key
//	}
//	balance, err := book.Balance(ctx, "42")
//
// The package converts no currencies, formats nothing for people's eyes beyond plain decimals, and is no double-entry
// bookkeeping: an account has one balance, and where the money came from is the payment's story.
package billing
