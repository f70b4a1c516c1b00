package billing

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Errors of money.
var (
	// ErrUnknownCurrency says that a currency is not in the table; see Currency.
	ErrUnknownCurrency = errors.New("billing: unknown currency")
	// ErrCurrencyMismatch says that amounts of different currencies met, in arithmetic or in a ledger. An amount that
	// states no currency, the zero Money, mixes with nothing.
	ErrCurrencyMismatch = errors.New("billing: currencies differ")
	// ErrOverflow says that an amount does not fit: its minor units are outside ±(2⁶³−1).
	ErrOverflow = errors.New("billing: amount out of range")
	// ErrMalformedAmount says that a text is not an amount as it has to be written.
	ErrMalformedAmount = errors.New("billing: malformed amount")
	// ErrBadRatio says that a ratio, a list of weights or a number of parts cannot divide an amount.
	ErrBadRatio = errors.New("billing: bad ratio")
)

// MoneyError says what is wrong with a text or number that should have become money. With errors.Is it is the sentinel
// in Err.
type MoneyError struct {
	// Field is what was wrong: "value", "currency", "money" (the whole text or JSON object) or "ratio".
	Field string
	// Text is the offending text; empty when it is longer than 40 bytes or not printable.
	Text string
	// Why is the reason in English; empty when Err says all.
	Why string
	// Err is ErrUnknownCurrency, ErrMalformedAmount, ErrOverflow or ErrBadRatio.
	Err error
}

// Error returns the message: field, text, reason.
func (e *MoneyError) Error() string {
	var b strings.Builder
	b.WriteString("billing: ")
	b.WriteString(e.Field)
	if e.Text != "" {
		b.WriteString(" " + strconv.Quote(e.Text))
	}
	b.WriteString(": ")
	b.WriteString(strings.TrimPrefix(e.Err.Error(), "billing: "))
	if e.Why != "" {
		b.WriteString(": " + e.Why)
	}
	return b.String()
}

// Unwrap returns Err.
func (e *MoneyError) Unwrap() error { return e.Err }

// Errors of ledgers. Permanent tells which of them repeating cannot mend.
var (
	// ErrInsufficientFunds refuses a debit that would take the balance below zero.
	ErrInsufficientFunds = errors.New("billing: insufficient funds")
	// ErrUnknownAccount says that there is no such account.
	ErrUnknownAccount = errors.New("billing: unknown account")
	// ErrKeyReused says that the key was used before for another account, amount or direction.
	ErrKeyReused = errors.New("billing: key reused for another posting")
	// ErrInvalid says that a posting, an account or statement parameters are malformed; *InvalidError tells how.
	ErrInvalid = errors.New("billing: invalid")
)

// Permanent reports whether err is a ledger's final answer to a posting, which repeating cannot mend: invalid posting,
// unknown account, another currency, reused key, balance out of range, insufficient funds. A caller that goes another
// way when the money is lacking asks for ErrInsufficientFunds first. Any other error leaves open whether the posting
// was done: repeat it under the same key.
func Permanent(err error) bool {
	for _, final := range []error{
		ErrInvalid, ErrUnknownAccount, ErrKeyReused, ErrCurrencyMismatch, ErrOverflow, ErrInsufficientFunds,
	} {
		if errors.Is(err, final) {
			return true
		}
	}
	return false
}

// Errors of a Store.
var (
	// ErrNotFound says that there is no such account or entry.
	ErrNotFound = errors.New("billing: not found")
	// ErrExists says that there is an account with this id already.
	ErrExists = errors.New("billing: account exists")
	// ErrConflict says that the account has changed since it was read. A Book returns it after many vain tries.
	ErrConflict = errors.New("billing: account changed meanwhile")
	// ErrKeyTaken says that there is an entry with this key already.
	ErrKeyTaken = errors.New("billing: key taken")
)

// Fault is one thing wrong with one field.
type Fault struct {
	Field  string // name of the field, such as "Amount"
	Reason string // why it is refused, in English; never the field's content
}

// InvalidError lists everything that is wrong with a posting, an account or statement parameters. With errors.Is it is
// ErrInvalid.
type InvalidError struct {
	What   string  // "posting", "account" or "statement"
	ID     string  // the posting's key or the account's id; empty when longer than 40 bytes or not printable
	Faults []Fault // at least one, in the order of the fields
}

// Error returns the message with all faults.
func (e *InvalidError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "billing: %s", e.What)
	if e.ID != "" {
		fmt.Fprintf(&b, " %q", e.ID)
	}
	b.WriteString(": invalid: ")
	for i, f := range e.Faults {
		if i > 0 {
			b.WriteString("; ")
		}
		b.WriteString(f.Field + " " + f.Reason)
	}
	return b.String()
}

// Is reports whether target is ErrInvalid.
func (e *InvalidError) Is(target error) bool { return target == ErrInvalid }

// printable returns s when it may stand in an error: short, and nothing in it that a terminal or a log would not show
// as it is.
func printable(s string) string {
	const longest = 40
	if len(s) > longest || !utf8.ValidString(s) {
		return ""
	}
	for _, r := range s {
		if !strconv.IsPrint(r) {
			return ""
		}
	}
	return s
}
