package billingtest

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/oplata-go/oplata/billing"
)

// Harness says how to get a ledger to check.
type Harness struct {
	// New returns an empty ledger. Each check calls it once, with accounts and keys of its own, so that a ledger over
	// one shared database needs no emptying as long as it never ran the checks before.
	New func(ctx context.Context) (Subject, error)
	// Currency is the currency of the checked accounts, with two decimal places or more; empty means RUB.
	Currency billing.Currency
	// Foreign is another currency that a posting may come in; empty means KZT.
	Foreign billing.Currency
}

// Subject is a ledger under check.
type Subject struct {
	Ledger billing.Ledger
	// Balance returns what the ledger says an account holds.
	Balance func(ctx context.Context, account string) (billing.Money, error)
	// Open makes an account in the harness's currency before the check uses it; nil when accounts come into being
	// with their first credit.
	Open func(ctx context.Context, account string) error
	// Close is called after the check; it may be nil.
	Close func() error
}

// Check is one rule of the Ledger interface. Its Name is a sentence that says the rule.
type Check struct {
	Name string
	// Run makes a ledger, tries it and returns nil when it keeps the rule.
	Run func(ctx context.Context, h Harness) error
}

// check turns a function on a prepared bench into a Check.
func check(name string, try func(b *bench) error) Check {
	run := func(ctx context.Context, h Harness) (err error) {
		subject, err := h.New(ctx)
		if err != nil {
			return fmt.Errorf("making a ledger: %w", err)
		}
		if subject.Close != nil {
			defer func() { err = errors.Join(err, subject.Close()) }()
		}
		if h.Currency == "" {
			h.Currency = "RUB"
		}
		if h.Foreign == "" {
			h.Foreign = "KZT"
		}
		return try(&bench{ctx: ctx, h: h, s: subject, prefix: name})
	}
	return Check{Name: name, Run: run}
}

// bench is what a check works with. Its accounts and keys begin with the check's name, so that checks do not meet.
type bench struct {
	ctx    context.Context //nolint:containedctx // lives as long as one check
	h      Harness
	s      Subject
	prefix string
}

// money returns minor units of the harness's currency.
func (b *bench) money(minor int64) billing.Money {
	m, _ := billing.FromMinor(minor, b.h.Currency) // an unknown currency shows as a refused posting
	return m
}

func (b *bench) posting(key, account string, minor int64) billing.Posting {
	return billing.Posting{
		Key:     b.name(key),
		Account: b.name(account),
		Amount:  b.money(minor),
		Comment: "check",
		At:      time.Date(2026, time.March, 1, 12, 0, 0, 0, time.UTC),
	}
}

// name makes an id unique among the checks and short enough for an account.
func (b *bench) name(s string) string { return s + "@" + shorten(b.prefix) }

func shorten(s string) string {
	const longest = 60
	if len(s) > longest {
		return s[:longest]
	}
	return s
}

// prepare makes the account where accounts have to be made.
func (b *bench) prepare(account string) error {
	if b.s.Open == nil {
		return nil
	}
	if err := b.s.Open(b.ctx, b.name(account)); err != nil {
		return fmt.Errorf("opening account %q: %w", account, err)
	}
	return nil
}

// open makes the account and puts money on it.
func (b *bench) open(account string, minor int64) error {
	return errors.Join(b.prepare(account), b.credit(b.posting("open "+account, account, minor)))
}

// credit makes a posting that has to succeed.
func (b *bench) credit(p billing.Posting) error { return b.done(b.s.Ledger.Credit, "credit", p) }

// debit makes a posting that has to succeed.
func (b *bench) debit(p billing.Posting) error { return b.done(b.s.Ledger.Debit, "debit", p) }

type post = func(context.Context, billing.Posting) error

func (b *bench) done(do post, direction string, p billing.Posting) error {
	if err := b.persist(do, p); err != nil {
		return fmt.Errorf("%s %q of %v was refused: %w", direction, p.Key, p.Amount, err)
	}
	return nil
}

// persist repeats a posting while its outcome is unknown, as callers do; a ledger may give up under contention.
func (b *bench) persist(do post, p billing.Posting) error {
	const tries = 1000
	var err error
	for range tries {
		if err = do(b.ctx, p); err == nil || billing.Permanent(err) {
			return err
		}
	}
	return fmt.Errorf("no final answer after %d tries: %w", tries, err)
}

// refused makes a posting that has to be refused for the reason.
func (b *bench) refused(do post, p billing.Posting, reason error) error {
	err := b.persist(do, p)
	switch {
	case err == nil:
		return fmt.Errorf("posting %q of %v was taken, not refused with %q", p.Key, p.Amount, reason.Error())
	case !errors.Is(err, reason):
		return fmt.Errorf("posting %q of %v was refused with %w, not with %q", p.Key, p.Amount, err, reason.Error())
	}
	return nil
}

// holds checks the balance.
func (b *bench) holds(account string, minor int64) error {
	got, err := b.s.Balance(b.ctx, b.name(account))
	if err != nil {
		return fmt.Errorf("balance of %q: %w", account, err)
	}
	if want := b.money(minor); got != want {
		return fmt.Errorf("account %q holds %v, not %v", account, got, want)
	}
	return nil
}
