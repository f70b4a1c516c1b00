package billing

import (
	"context"
	"fmt"
	"time"
)

// StatementParams asks for the statement of an account over a period.
type StatementParams struct {
	Account string
	From    time.Time // start of the period; zero: the beginning
	To      time.Time // end of the period, itself not in it; zero: no end
	After   int64     // where the page begins: Next of the page before; 0 for the first page
	Limit   int       // entries on a page, up to 1000; 0 means 100
}

// Statement is a page of an account's entries within a period, with the balances around the period.
type Statement struct {
	Account Account // as it stood when the statement was made
	Opening Money   // balance at the start of the period
	Closing Money   // balance at its end, after all pages
	Entries []Entry // those of the page, by Seq
	Next    int64   // After of the next page; 0 when this is the last
}

// Limits of a statement's page.
const (
	defaultPage = 100
	longestPage = 1000
)

// Statement returns a page of the account's statement. Without postings in between, Opening plus the entries of all
// pages is Closing; a posting with a time in the period that arrives while pages are being read appears in the later
// ones. Errors: ErrUnknownAccount, ErrInvalid.
func (b *Book) Statement(ctx context.Context, p StatementParams) (Statement, error) {
	if err := p.check(); err != nil {
		return Statement{}, err
	}
	a, err := b.Account(ctx, p.Account)
	if err != nil {
		return Statement{}, err
	}
	view := statementView{b.store, a}
	s := Statement{Account: a}
	if s.Opening, err = view.balanceAt(ctx, p.From); err != nil {
		return Statement{}, err
	}
	s.Closing = a.Balance
	if !p.To.IsZero() {
		if s.Closing, err = view.balanceAt(ctx, p.To); err != nil {
			return Statement{}, err
		}
	}
	limit := p.Limit
	if limit == 0 {
		limit = defaultPage
	}
	// One entry more tells whether there is another page.
	s.Entries, err = view.entries(ctx, EntryQuery{From: p.From, To: p.To, AfterSeq: p.After, Limit: limit + 1})
	if err != nil {
		return Statement{}, err
	}
	if len(s.Entries) > limit {
		s.Entries = s.Entries[:limit]
		s.Next = s.Entries[limit-1].Seq
	}
	return s, nil
}

func (p StatementParams) check() error {
	var f faults
	f.name("Account", p.Account, maxAccount)
	if !p.To.IsZero() && p.To.Before(p.From) {
		f.add("To", "is before From")
	}
	if p.After < 0 {
		f.add("After", "is below zero")
	}
	if p.Limit < 0 || p.Limit > longestPage {
		f.add("Limit", fmt.Sprintf("is not between 0 and %d", longestPage))
	}
	return f.invalid("statement", p.Account)
}

// statementView is an account as it was read, without the entries that have come since, so that all figures of a
// statement are of one moment.
type statementView struct {
	store   Store
	account Account
}

func (v statementView) entries(ctx context.Context, q EntryQuery) ([]Entry, error) {
	q.Account = v.account.ID
	q.From, q.To = ceiling(q.From), ceiling(q.To)
	entries, err := v.store.Entries(ctx, q)
	if err != nil {
		return nil, fmt.Errorf("billing: statement of account %q: %w", q.Account, err)
	}
	for i, e := range entries {
		if e.Seq > v.account.Entries {
			return entries[:i], nil
		}
	}
	return entries, nil
}

// balanceAt returns the balance before the first entry that is not earlier than t.
func (v statementView) balanceAt(ctx context.Context, t time.Time) (Money, error) {
	entries, err := v.entries(ctx, EntryQuery{From: t, Limit: 1})
	if err != nil {
		return Money{}, err
	}
	if len(entries) == 0 {
		return v.account.Balance, nil
	}
	return entries[0].Balance.Sub(entries[0].Amount)
}

// ceiling returns the first stored time that is not before t.
func ceiling(t time.Time) time.Time {
	cut := stored(t)
	if cut.Before(t) {
		return cut.Add(time.Microsecond)
	}
	return cut
}
