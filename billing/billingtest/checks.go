package billingtest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/oplata-go/oplata/billing"
)

// Checks returns all rules of a billing.Ledger. They are independent of each other.
func Checks() []Check {
	return slices.Concat(basics(), repeats(), refusals(), concurrency())
}

func basics() []Check {
	return []Check{
		check("credits and debits move the balance by their amounts", func(b *bench) error {
			return errors.Join(
				b.open("a", 100_00),
				b.credit(b.posting("plus", "a", 50)),
				b.debit(b.posting("minus", "a", 30_25)),
				b.holds("a", 70_25),
			)
		}),
		check("an account may be emptied to the last minor unit", func(b *bench) error {
			return errors.Join(b.open("a", 100_00), b.debit(b.posting("all", "a", 100_00)), b.holds("a", 0))
		}),
		check("large sums are exact", func(b *bench) error {
			const large = 1<<53 + 1 // the first whole number that a float64 cannot hold
			return errors.Join(
				b.open("a", large), b.holds("a", large),
				b.debit(b.posting("minus", "a", 2)), b.holds("a", large-2),
			)
		}),
		check("a forced debit may take the balance below zero, an ordinary one not even further", func(b *bench) error {
			forced := b.posting("chargeback", "a", 150_00)
			forced.Forced = true
			return errors.Join(
				b.open("a", 100_00),
				b.debit(forced), b.holds("a", -50_00),
				b.refused(b.s.Ledger.Debit, b.posting("more", "a", 1), billing.ErrInsufficientFunds),
				b.credit(b.posting("back", "a", 60_00)), b.holds("a", 10_00),
			)
		}),
		check("keys and accounts are compared byte for byte", func(b *bench) error {
			return errors.Join(
				b.open("a", 1_00), b.open("A", 2_00),
				b.credit(b.posting("key", "a", 10_00)),
				b.credit(b.posting("KEY", "a", 20_00)),
				b.credit(b.posting("ключ", "a", 40_00)),
				b.credit(b.posting("КЛЮЧ", "a", 80_00)),
				b.holds("a", 151_00), b.holds("A", 2_00),
			)
		}),
		check("the longest texts are taken", func(b *bench) error {
			p := b.posting("", "a", 1_00)
			p.Key += strings.Repeat("k", 200-len(p.Key))
			p.Comment = strings.Repeat("ю", 500)
			other := p
			other.Key = p.Key[:199] + "K" // differs in the last byte only
			return errors.Join(b.open("a", 1_00), b.credit(p), b.credit(other), b.holds("a", 3_00))
		}),
	}
}

func repeats() []Check {
	return []Check{
		check("a repeated credit moves nothing", func(b *bench) error {
			p := b.posting("plus", "a", 5_00)
			return errors.Join(b.open("a", 1_00), b.credit(p), b.credit(p), b.credit(p), b.holds("a", 6_00))
		}),
		check("a repeated debit moves nothing", func(b *bench) error {
			p := b.posting("minus", "a", 5_00)
			return errors.Join(b.open("a", 20_00), b.debit(p), b.debit(p), b.debit(p), b.holds("a", 15_00))
		}),
		check("a repeated debit that has emptied the account is no lack of funds", func(b *bench) error {
			p := b.posting("all", "a", 20_00)
			return errors.Join(b.open("a", 20_00), b.debit(p), b.debit(p), b.holds("a", 0))
		}),
		check("a repeat is known after other postings", func(b *bench) error {
			p := b.posting("plus", "a", 5_00)
			return errors.Join(
				b.open("a", 1_00), b.credit(p),
				b.debit(b.posting("minus", "a", 2_00)), b.credit(b.posting("other", "a", 3_00)),
				b.credit(p), b.holds("a", 7_00),
			)
		}),
		check("a repeat may come with another comment and time", func(b *bench) error {
			p := b.posting("plus", "a", 5_00)
			later := p
			later.Comment, later.At = "again", p.At.Add(72*time.Hour)
			return errors.Join(b.open("a", 1_00), b.credit(p), b.credit(later), b.holds("a", 6_00))
		}),
		check("a used key is refused for another amount", func(b *bench) error {
			p := b.posting("key", "a", 5_00)
			return errors.Join(
				b.open("a", 1_00), b.credit(p),
				b.refused(b.s.Ledger.Credit, b.posting("key", "a", 5_01), billing.ErrKeyReused),
				b.credit(p), b.holds("a", 6_00),
			)
		}),
		check("a used key is refused for another account", func(b *bench) error {
			return errors.Join(
				b.open("a", 1_00), b.open("b", 1_00),
				b.credit(b.posting("key", "a", 5_00)),
				b.refused(b.s.Ledger.Credit, b.posting("key", "b", 5_00), billing.ErrKeyReused),
				b.holds("a", 6_00), b.holds("b", 1_00),
			)
		}),
		check("a used key is refused in the other direction", func(b *bench) error {
			return errors.Join(
				b.open("a", 10_00),
				b.credit(b.posting("key", "a", 5_00)),
				b.refused(b.s.Ledger.Debit, b.posting("key", "a", 5_00), billing.ErrKeyReused),
				b.debit(b.posting("other", "a", 5_00)),
				b.refused(b.s.Ledger.Credit, b.posting("other", "a", 5_00), billing.ErrKeyReused),
				b.holds("a", 10_00),
			)
		}),
		check("a reused key is told from a lack of funds", func(b *bench) error {
			return errors.Join(
				b.open("a", 10_00), b.debit(b.posting("key", "a", 5_00)),
				b.refused(b.s.Ledger.Debit, b.posting("key", "a", 50_00), billing.ErrKeyReused),
				b.holds("a", 5_00),
			)
		}),
	}
}

func refusals() []Check {
	return []Check{
		check("a debit beyond the balance moves nothing and leaves its key free", func(b *bench) error {
			p := b.posting("minus", "a", 10_01)
			return errors.Join(
				b.open("a", 10_00),
				b.refused(b.s.Ledger.Debit, p, billing.ErrInsufficientFunds), b.holds("a", 10_00),
				b.credit(b.posting("plus", "a", 1)),
				b.debit(p), b.holds("a", 0),
			)
		}),
		check("an account that does not exist cannot be debited", func(b *bench) error {
			p := b.posting("minus", "nobody", 1)
			p.Forced = true
			return errors.Join(
				b.refused(b.s.Ledger.Debit, b.posting("minus", "nobody", 1), billing.ErrUnknownAccount),
				b.refused(b.s.Ledger.Debit, p, billing.ErrUnknownAccount),
			)
		}),
		check("another currency is refused and leaves its key free", func(b *bench) error {
			p := b.posting("key", "a", 5_00)
			foreign := p
			var err error
			if foreign.Amount, err = billing.FromMinor(5_00, b.h.Foreign); err != nil {
				return err
			}
			return errors.Join(
				b.open("a", 10_00),
				b.refused(b.s.Ledger.Credit, foreign, billing.ErrCurrencyMismatch),
				b.refused(b.s.Ledger.Debit, foreign, billing.ErrCurrencyMismatch),
				b.holds("a", 10_00), b.credit(p), b.holds("a", 15_00),
			)
		}),
		check("malformed postings are invalid and move nothing", malformed),
		check("a cancelled context writes nothing", func(b *bench) error {
			if err := b.open("a", 10_00); err != nil {
				return err
			}
			cancelled, cancel := context.WithCancel(b.ctx)
			cancel()
			plus, minus := b.posting("plus", "a", 1_00), b.posting("minus", "a", 2_00)
			if b.s.Ledger.Credit(cancelled, plus) == nil || b.s.Ledger.Debit(cancelled, minus) == nil {
				return errors.New("a posting with a cancelled context returned nil")
			}
			return errors.Join(
				b.holds("a", 10_00), b.credit(plus), b.debit(minus), b.holds("a", 9_00),
			)
		}),
	}
}

func malformed(b *bench) error {
	if err := b.open("a", 10_00); err != nil {
		return err
	}
	for _, c := range []struct {
		name  string
		spoil func(*billing.Posting)
	}{
		{"no key", func(p *billing.Posting) { p.Key = "" }},
		{"a key of 201 bytes", func(p *billing.Posting) { p.Key = strings.Repeat("k", 201) }},
		{"a key that is not UTF-8", func(p *billing.Posting) { p.Key = "\xff" }},
		{"a key with NUL", func(p *billing.Posting) { p.Key = "a\x00" }},
		{"no account", func(p *billing.Posting) { p.Account = "" }},
		{"an account of 101 bytes", func(p *billing.Posting) { p.Account = strings.Repeat("a", 101) }},
		{"an account with a line break", func(p *billing.Posting) { p.Account += "\n" }},
		{"no amount", func(p *billing.Posting) { p.Amount = billing.Money{} }},
		{"an amount of zero", func(p *billing.Posting) { p.Amount = b.money(0) }},
		{"an amount below zero", func(p *billing.Posting) { p.Amount = b.money(-1) }},
		{"a comment of 1001 bytes", func(p *billing.Posting) { p.Comment = strings.Repeat("c", 1001) }},
		{"a comment that is not UTF-8", func(p *billing.Posting) { p.Comment = "\xd0" }},
		{"no time", func(p *billing.Posting) { p.At = time.Time{} }},
	} {
		p := b.posting("key", "a", 1_00)
		c.spoil(&p)
		err := errors.Join(
			b.refused(b.s.Ledger.Credit, p, billing.ErrInvalid),
			b.refused(b.s.Ledger.Debit, p, billing.ErrInvalid),
		)
		if err != nil {
			return fmt.Errorf("%s: %w", c.name, err)
		}
	}
	return b.holds("a", 10_00)
}
