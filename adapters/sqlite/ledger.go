package sqlite

import (
	"context"
	"fmt"
	"math"

	"github.com/oplata-go/oplata/billing"
)

// Ledger is the view of a [DB] or a [Tx] that keeps the accounts and entries of a book. It implements [billing.Store].
type Ledger struct{ at place }

var _ billing.Store = Ledger{}

// Account returns the account, or [billing.ErrNotFound].
func (l Ledger) Account(ctx context.Context, id string) (billing.Account, error) {
	var a billing.Account
	err := l.at.read(ctx, "load account", func(c *conn) error {
		var bad error
		found, err := c.one(selectAccount, []any{id}, func(from *row) { a, bad = scanAccount(from) })
		return orNotFound(found, firstError(err, bad), billing.ErrNotFound)
	})
	return a, err
}

// Open inserts an account without entries.
func (l Ledger) Open(ctx context.Context, a billing.Account) error {
	return l.at.write(ctx, "open account", func(c *conn) error {
		changed, err := c.exec(insertAccount, accountValues(a)...)
		return unless(changed, err, billing.ErrExists)
	})
}

// Append inserts an entry and advances its account.
func (l Ledger) Append(ctx context.Context, a billing.Account, e billing.Entry) error {
	return l.at.write(ctx, "append entry", func(c *conn) error { return appendEntry(c, a, e) })
}

func appendEntry(c *conn, a billing.Account, e billing.Entry) error {
	changed, err := c.exec(advanceAccount, a.Balance.Minor(), a.Entries, a.LastAt, a.ID, e.Seq-1, string(a.Currency))
	if err == nil && changed == 0 && e.Seq == 1 {
		changed, err = c.exec(insertAccount, accountValues(a)...)
	}
	if err := unless(changed, err, billing.ErrConflict); err != nil {
		return err
	}
	changed, err = c.exec(insertEntry, e.Account, e.Seq, e.Key, string(e.Amount.Currency()), e.Amount.Minor(),
		e.Balance.Minor(), e.Comment, e.Forced, e.At)
	return unless(changed, err, billing.ErrKeyTaken)
}

// EntryByKey returns the entry with this key, of whatever account, or [billing.ErrNotFound].
func (l Ledger) EntryByKey(ctx context.Context, key string) (billing.Entry, error) {
	var e billing.Entry
	err := l.at.read(ctx, "load entry", func(c *conn) error {
		var bad error
		found, err := c.one(selectEntryByKey, []any{key}, func(from *row) { e, bad = scanEntry(from) })
		return orNotFound(found, firstError(err, bad), billing.ErrNotFound)
	})
	return e, err
}

// Entries returns the selected entries of an account by ascending Seq.
func (l Ledger) Entries(ctx context.Context, q billing.EntryQuery) ([]billing.Entry, error) {
	from, to := int64(math.MinInt64), int64(math.MaxInt64)
	if !q.From.IsZero() {
		from = q.From.UnixMicro()
	}
	if !q.To.IsZero() {
		to = q.To.UnixMicro()
	}
	var found []billing.Entry
	err := l.at.read(ctx, "list entries", func(c *conn) error {
		var bad error
		err := c.while(ctx, selectEntries, []any{q.Account, q.AfterSeq, from, to, q.Limit}, func(from *row) bool {
			var e billing.Entry
			e, bad = scanEntry(from)
			found = append(found, e)
			return bad == nil
		})
		return firstError(err, bad)
	})
	return found, err
}

func accountValues(a billing.Account) []any {
	return []any{
		a.ID, a.Reseller, a.Name, string(a.Currency), a.Balance.Minor(), a.Entries, a.OpenedAt, a.LastAt,
	}
}

func scanAccount(from *row) (a billing.Account, err error) {
	a = billing.Account{
		ID: from.text(), Reseller: from.text(), Name: from.text(), Currency: billing.Currency(from.text()),
	}
	if a.Balance, err = billing.FromMinor(from.int(), a.Currency); err != nil {
		return a, fmt.Errorf("%w: account %q: %w", ErrCorrupt, a.ID, err)
	}
	a.Entries, a.OpenedAt, a.LastAt = from.int(), from.time(), from.time()
	return a, nil
}

func scanEntry(from *row) (e billing.Entry, err error) {
	e = billing.Entry{Account: from.text(), Seq: from.int(), Key: from.text()}
	currency := billing.Currency(from.text())
	amount, bad := billing.FromMinor(from.int(), currency)
	balance, worse := billing.FromMinor(from.int(), currency)
	if err := firstError(bad, worse); err != nil {
		return e, fmt.Errorf("%w: account %q, entry %d: %w", ErrCorrupt, e.Account, e.Seq, err)
	}
	e.Amount, e.Balance = amount, balance
	e.Comment, e.Forced, e.At = from.text(), from.bool(), from.time()
	return e, nil
}
