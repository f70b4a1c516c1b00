package memory

import (
	"context"

	"github.com/oplata-go/oplata/billing"
)

// Ledger is the view of a [DB] that keeps accounts and their entries. It implements [billing.Store].
type Ledger struct{ db *DB }

var _ billing.Store = Ledger{}

// Ledger returns the view for the billing package. Views are small values; any number of them may be in use.
func (db *DB) Ledger() Ledger { return Ledger{db} }

// ledgerData is what a [Ledger] view holds.
type ledgerData struct {
	accounts tree[text, *billing.Account]
	entries  tree[place, *billing.Entry]
	keys     tree[text, *billing.Entry]
}

// Account returns an account as it stands after its newest entry.
func (l Ledger) Account(ctx context.Context, id string) (billing.Account, error) {
	now, err := l.db.read(ctx)
	if err != nil {
		return billing.Account{}, err
	}
	a, ok := now.ledger.accounts.find(text(id))
	if !ok {
		return billing.Account{}, billing.ErrNotFound
	}
	return *a, nil
}

// Open inserts an account without entries.
func (l Ledger) Open(ctx context.Context, a billing.Account) error {
	return l.db.write(ctx, func(next *content) error {
		if _, taken := next.ledger.accounts.find(text(a.ID)); taken {
			return billing.ErrExists
		}
		next.ledger.put(a)
		return nil
	})
}

// Append inserts an entry and writes its account as it stands after it, both or nothing.
func (l Ledger) Append(ctx context.Context, a billing.Account, e billing.Entry) error {
	return l.db.write(ctx, func(next *content) error { return next.ledger.append(a, e) })
}

func (d *ledgerData) append(a billing.Account, e billing.Entry) error {
	if _, taken := d.keys.find(text(e.Key)); taken {
		return billing.ErrKeyTaken
	}
	stored, open := d.accounts.find(text(a.ID))
	switch {
	case !open && e.Seq != 1:
		return billing.ErrConflict
	case open && (stored.Currency != a.Currency || stored.Entries != e.Seq-1):
		return billing.ErrConflict
	case open:
		after := *stored
		after.Balance, after.Entries, after.LastAt = a.Balance, a.Entries, a.LastAt
		a = after
	}
	d.put(a)
	e.At = micro(e.At)
	d.entries.put(place{e.Account, e.Seq}, &e)
	d.keys.put(text(e.Key), &e)
	return nil
}

func (d *ledgerData) put(a billing.Account) {
	a.OpenedAt, a.LastAt = micro(a.OpenedAt), micro(a.LastAt)
	d.accounts.put(text(a.ID), &a)
}

// EntryByKey returns the entry with a key, of whatever account.
func (l Ledger) EntryByKey(ctx context.Context, key string) (billing.Entry, error) {
	now, err := l.db.read(ctx)
	if err != nil {
		return billing.Entry{}, err
	}
	e, ok := now.ledger.keys.find(text(key))
	if !ok {
		return billing.Entry{}, billing.ErrNotFound
	}
	return *e, nil
}

// Entries returns entries of one account by ascending number.
func (l Ledger) Entries(ctx context.Context, q billing.EntryQuery) ([]billing.Entry, error) {
	now, err := l.db.read(ctx)
	if err != nil {
		return nil, err
	}
	var found []billing.Entry
	for key, e := range now.ledger.entries.from(place{q.Account, q.AfterSeq}) {
		if key.owner != q.Account || len(found) >= q.Limit {
			break
		}
		if key.seq > q.AfterSeq && within(q, e) {
			found = append(found, *e)
		}
	}
	return found, nil
}

func within(q billing.EntryQuery, e *billing.Entry) bool {
	return !e.At.Before(q.From) && (q.To.IsZero() || e.At.Before(q.To))
}
