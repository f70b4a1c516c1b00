package billing

import (
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Limits of texts in bytes.
const (
	maxKey     = 200
	maxAccount = 100
	maxName    = 200
	maxComment = 1000
)

// faults collects what is wrong with a record.
type faults []Fault

func (f *faults) add(field, reason string) { *f = append(*f, Fault{field, reason}) }

// name checks a text that is used as a key: it must be there, short, and without characters that cannot be seen.
func (f *faults) name(field, s string, longest int) {
	if s == "" {
		f.add(field, "is required")
		return
	}
	f.label(field, s, longest)
}

// label checks a name that may be missing.
func (f *faults) label(field, s string, longest int) {
	f.text(field, s, longest)
	if strings.IndexFunc(s, unicode.IsControl) >= 0 {
		f.add(field, "has control characters")
	}
}

// text checks a text for people. NUL is refused because PostgreSQL cannot store it.
func (f *faults) text(field, s string, longest int) {
	if len(s) > longest {
		f.add(field, fmt.Sprintf("is longer than %d bytes", longest))
	}
	if !utf8.ValidString(s) {
		f.add(field, "is not UTF-8")
	}
}

// invalid returns the faults as an error, nil when there are none.
func (f *faults) invalid(what, id string) error {
	if len(*f) == 0 {
		return nil
	}
	return &InvalidError{What: what, ID: printable(id), Faults: *f}
}

// Validate returns an *InvalidError with everything that is malformed in the posting, or nil. Ledgers call it first.
func (p Posting) Validate() error {
	var f faults
	f.name("Key", p.Key, maxKey)
	f.name("Account", p.Account, maxAccount)
	switch {
	case p.Amount.Currency() == "":
		f.add("Amount", "is required")
	case p.Amount.Sign() <= 0:
		f.add("Amount", "is not above zero")
	}
	f.text("Comment", p.Comment, maxComment)
	if strings.IndexByte(p.Comment, 0) >= 0 {
		f.add("Comment", "has a NUL")
	}
	if p.At.IsZero() {
		f.add("At", "is required")
	}
	return f.invalid("posting", p.Key)
}

func (a Account) check() error {
	var f faults
	f.name("ID", a.ID, maxAccount)
	f.label("Reseller", a.Reseller, maxAccount)
	f.label("Name", a.Name, maxName)
	if !a.Currency.Valid() {
		f.add("Currency", "is unknown")
	}
	if a.Balance.Sign() != 0 || a.Entries != 0 || !a.LastAt.IsZero() {
		f.add("Balance", "is not zero: an account opens without entries, bring money in with a credit")
	}
	return f.invalid("account", a.ID)
}

func checkAccountID(id string) error {
	var f faults
	f.name("ID", id, maxAccount)
	return f.invalid("account", id)
}

// stored returns a time as it is stored.
func stored(t time.Time) time.Time {
	if t.IsZero() {
		return time.Time{}
	}
	return t.UTC().Truncate(time.Microsecond)
}
