package billing

import (
	"context"
	"time"
)

// Posting is an order to a ledger: move an amount to or from an account, once for its key.
type Posting struct {
	// Key is the posting's permanent name, unique in the whole ledger; 1 to 200 bytes of UTF-8 without control
	// characters, compared byte for byte.
	Key string
	// Account is the account's id; 1 to 100 bytes of UTF-8 without control characters, compared byte for byte.
	Account string
	// Amount is what is moved: above zero for a credit and for a debit.
	Amount Money
	// Comment is shown in the statement: up to 1000 bytes of UTF-8 without NUL; it may be empty.
	Comment string
	// Forced lets a debit take the balance below zero: the money is gone already, as after a chargeback or a refund
	// made from outside. It means nothing for a credit.
	Forced bool
	// At is the time of the posting. It is required.
	At time.Time
}

// Ledger keeps the balances of accounts. The host's billing system implements it; Book is the shipped one, and package
// billingtest tells whether an implementation keeps these rules.
//
// Both methods are idempotent by the posting's key, for ever: a posting with a known key and the same account, amount
// and direction returns nil and moves nothing, whatever its comment and time, and also when the balance would not
// allow it today; with another account, amount or direction it is ErrKeyReused. A key is known once its posting is
// done; a refused posting leaves its key free, so the caller must not repeat a posting whose refusal it has acted upon.
//
// After nil the posting is done and durable. After an error for which Permanent is true nothing was moved: ErrInvalid
// (Posting.Validate finds it), ErrUnknownAccount, ErrKeyReused, ErrCurrencyMismatch (the account is kept in another
// currency), ErrOverflow, ErrInsufficientFunds. After any other error, a cancelled context among them, it is unknown
// whether the posting was done; the caller repeats it under the same key. With a context that is cancelled before the
// call nothing is moved.
//
// Callers may use a Ledger from many goroutines and processes at once, with the same key too.
type Ledger interface {
	// Credit adds the amount to the account.
	Credit(ctx context.Context, p Posting) error
	// Debit takes the amount from the account. One that would leave less than zero is refused with
	// ErrInsufficientFunds unless it is forced.
	Debit(ctx context.Context, p Posting) error
}

// AccountChecker is an ability that a Ledger may have besides: it tells beforehand whether it would take a credit for
// an account, as payment networks ask before they take the payer's money.
type AccountChecker interface {
	// CheckAccount returns nil when the account would be credited, ErrUnknownAccount when there is no such account
	// and ErrInvalid when there cannot be one. It writes nothing.
	CheckAccount(ctx context.Context, account string) error
}
