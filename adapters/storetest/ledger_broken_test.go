package storetest_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/oplata-go/oplata/adapters/memory"
	"github.com/oplata-go/oplata/adapters/storetest"
	"github.com/oplata-go/oplata/billing"
)

func TestLedgerTellsBrokenStores(t *testing.T) {
	tellsBroken(t, storetest.Ledger(), slices.Concat(brokenAccounts(), brokenAppends(), brokenEntries(), brokenLedgers()),
		func(db *memory.DB, spoil func(*ledger)) billing.Store {
			l := newLedger(db)
			spoil(l)
			return l
		})
}

// ledger is a right store whose methods can be replaced one by one.
type ledger struct {
	db      *memory.DB
	right   billing.Store
	between meeting

	account func(context.Context, string) (billing.Account, error)
	open    func(context.Context, billing.Account) error
	add     func(context.Context, billing.Account, billing.Entry) error
	byKey   func(context.Context, string) (billing.Entry, error)
	entries func(context.Context, billing.EntryQuery) ([]billing.Entry, error)
}

func newLedger(db *memory.DB) *ledger {
	s := db.Ledger()
	return &ledger{db: db, right: s, account: s.Account, open: s.Open, add: s.Append, byKey: s.EntryByKey, entries: s.Entries}
}

func (l *ledger) Account(ctx context.Context, id string) (billing.Account, error) {
	return l.account(ctx, id)
}

func (l *ledger) Open(ctx context.Context, a billing.Account) error { return l.open(ctx, a) }

func (l *ledger) Append(ctx context.Context, a billing.Account, e billing.Entry) error {
	return l.add(ctx, a, e)
}

func (l *ledger) EntryByKey(ctx context.Context, key string) (billing.Entry, error) {
	return l.byKey(ctx, key)
}

func (l *ledger) Entries(ctx context.Context, q billing.EntryQuery) ([]billing.Entry, error) {
	return l.entries(ctx, q)
}

// opening alters accounts before they are opened.
func opening(alter func(*billing.Account)) func(*ledger) {
	return func(l *ledger) {
		l.open = func(ctx context.Context, a billing.Account) error {
			alter(&a)
			return l.right.Open(ctx, a)
		}
	}
}

// appending alters accounts and entries before they are written.
func appending(alter func(l *ledger, a *billing.Account, e *billing.Entry)) func(*ledger) {
	return func(l *ledger) {
		l.add = func(ctx context.Context, a billing.Account, e billing.Entry) error {
			alter(l, &a, &e)
			return l.right.Append(ctx, a, e)
		}
	}
}

// unappended does something else when an append is refused with want.
func unappended(want error, do func(ctx context.Context, l *ledger, a billing.Account, e billing.Entry, refusal error) error) func(*ledger) {
	return func(l *ledger) {
		l.add = func(ctx context.Context, a billing.Account, e billing.Entry) error {
			err := l.right.Append(ctx, a, e)
			if !errors.Is(err, want) {
				return err
			}
			return do(ctx, l, a, e, err)
		}
	}
}

// querying alters every question for entries.
func querying(alter func(*billing.EntryQuery)) func(*ledger) {
	return func(l *ledger) {
		l.entries = func(ctx context.Context, q billing.EntryQuery) ([]billing.Entry, error) {
			alter(&q)
			return l.right.Entries(ctx, q)
		}
	}
}

// now reads an account from the right store; the zero account if there is none.
func (l *ledger) now(id string) billing.Account {
	a, _ := l.right.Account(context.Background(), id)
	return a
}

func brokenAccounts() []broken[ledger] {
	return []broken[ledger]{
		wrong("forgets the reseller", opening(func(a *billing.Account) { a.Reseller = "" }), "An opened account is read back whole"),
		wrong("makes up accounts", func(l *ledger) {
			l.account = func(ctx context.Context, id string) (billing.Account, error) {
				a, err := l.right.Account(ctx, id)
				if errors.Is(err, billing.ErrNotFound) {
					err = nil
				}
				return a, err
			}
		}, "An account that nobody opened is not found"),
		wrong("opens again", func(l *ledger) {
			l.open = func(ctx context.Context, a billing.Account) error {
				if err := l.right.Open(ctx, a); !errors.Is(err, billing.ErrExists) {
					return err
				}
				return nil
			}
		}, "An account that was opened before stays as it was", "Of many who open one account exactly one does"),
		wrong("folds the case of IDs", func(l *ledger) {
			opening(func(a *billing.Account) { a.ID = strings.ToLower(a.ID) })(l)
			l.account = func(ctx context.Context, id string) (billing.Account, error) {
				return l.right.Account(ctx, strings.ToLower(id))
			}
		}, "Account IDs are compared byte by byte"),
		wrong("gives every account a time", opening(func(a *billing.Account) {
			if a.OpenedAt.IsZero() {
				a.OpenedAt = time.Unix(0, 0)
			}
		}), "An account may be without reseller, name and time"),
	}
}

func brokenAppends() []broken[ledger] {
	follow := func(l *ledger, a *billing.Account, e *billing.Entry) {
		if now := l.now(a.ID); now.ID != "" {
			a.Entries, e.Seq = now.Entries+1, now.Entries+1
		}
	}
	const number, first, later = "An entry of a number that is taken is a conflict",
		"An entry of number one on an account with entries is a conflict", "An entry of a number still to come is a conflict"
	const key, otherKey = "A key that the same account has is taken", "A key that another account has is taken"
	return []broken[ledger]{
		wrong("writes the account alone", func(l *ledger) {
			l.entries = func(context.Context, billing.EntryQuery) ([]billing.Entry, error) { return nil, nil }
		}, "An append writes the entry and its account"),
		wrong("writes the entry alone", func(l *ledger) {
			l.account = func(ctx context.Context, id string) (billing.Account, error) {
				a, err := l.right.Account(ctx, id)
				a.Balance = billing.MustMoney("0.00", "RUB")
				return a, err
			}
		}, "An append writes the entry and its account", "An append opens an account that is not there"),
		wrong("opens no accounts", appending(func(l *ledger, a *billing.Account, e *billing.Entry) {
			if l.now(a.ID).ID == "" {
				a.Entries, e.Seq = 9, 9
			}
		}), "An append opens an account that is not there"),
		wrong("opens accounts without their names", appending(func(l *ledger, a *billing.Account, _ *billing.Entry) { a.Name = "" }),
			"An append opens an account that is not there"),
		wrong("renames accounts", func(l *ledger) {
			names := map[string]string{}
			l.add = func(ctx context.Context, a billing.Account, e billing.Entry) error {
				names[a.ID] = a.Name
				return l.right.Append(ctx, a, e)
			}
			l.account = func(ctx context.Context, id string) (billing.Account, error) {
				a, err := l.right.Account(ctx, id)
				if name, ok := names[id]; ok {
					a.Name = name
				}
				return a, err
			}
		}, "An append changes nothing else of the account"),
		wrong("lost update: takes any number", appending(follow), number, first, later),
		wrong("lets numbers have gaps", appending(func(l *ledger, a *billing.Account, e *billing.Entry) {
			if e.Seq > l.now(a.ID).Entries {
				follow(l, a, e)
			}
		}), later),
		wrong("takes any currency", appending(func(l *ledger, a *billing.Account, _ *billing.Entry) {
			if now := l.now(a.ID); now.ID != "" {
				a.Currency = now.Currency
			}
		}), "An entry in another currency is a conflict"),
		wrong("opens an account with any number", appending(func(l *ledger, a *billing.Account, e *billing.Entry) {
			if l.now(a.ID).ID == "" {
				a.Entries, e.Seq = 1, 1
			}
		}), "A later entry on an account that is not there is a conflict"),
		wrong("takes any key", appending(func(_ *ledger, _ *billing.Account, e *billing.Entry) {
			e.Key += "/" + e.At.String() + e.Account
		}), key, otherKey, "A key that another account has is taken for a new account"),
		wrong("has keys for each account", appending(func(_ *ledger, _ *billing.Account, e *billing.Entry) { e.Key += "/" + e.Account }), otherKey),
		wrong("takes a key twice silently", unappended(billing.ErrKeyTaken, func(context.Context, *ledger, billing.Account, billing.Entry, error) error {
			return nil
		}), key, otherKey),
		wrong("opens the account although the key is taken", unappended(billing.ErrKeyTaken, func(ctx context.Context, l *ledger, a billing.Account, _ billing.Entry, refusal error) error {
			_ = l.right.Open(ctx, a)
			return refusal
		}), "A key that another account has is taken for a new account"),
		wrong("takes the key although in conflict", unappended(billing.ErrConflict, func(ctx context.Context, l *ledger, a billing.Account, e billing.Entry, refusal error) error {
			follow(l, &a, &e)
			_ = l.right.Append(ctx, a, e)
			return refusal
		}), number, later),
		wrong("writes although key and number are taken", unappended(billing.ErrKeyTaken, func(ctx context.Context, l *ledger, a billing.Account, e billing.Entry, refusal error) error {
			follow(l, &a, &e)
			e.Key += "!"
			_ = l.right.Append(ctx, a, e)
			return refusal
		}), "A taken key and a conflict together write nothing"),
		wrong("trims keys", func(l *ledger) {
			appending(func(_ *ledger, _ *billing.Account, e *billing.Entry) { e.Key = strings.TrimSpace(e.Key) })(l)
			l.byKey = func(ctx context.Context, key string) (billing.Entry, error) {
				e, err := l.right.EntryByKey(ctx, strings.TrimSpace(key))
				e.Key = key
				return e, err
			}
		}, "Keys are compared byte by byte"),
		wrong("counts in floats", appending(func(_ *ledger, a *billing.Account, e *billing.Entry) {
			e.Amount, _ = billing.FromMinor(int64(float64(e.Amount.Minor()/2))*2, e.Amount.Currency())
		}), "Amounts are kept to the last digit, in every currency"),
		wrong("keeps every amount in roubles", appending(func(_ *ledger, _ *billing.Account, e *billing.Entry) {
			e.Balance, _ = billing.FromMinor(e.Balance.Minor(), "RUB")
		}), "Amounts are kept to the last digit, in every currency"),
		wrong("forgets that a debit was forced", appending(func(_ *ledger, _ *billing.Account, e *billing.Entry) { e.Forced = false }),
			"Amounts are kept to the last digit, in every currency"),
		wrong("keeps milliseconds", appending(func(_ *ledger, _ *billing.Account, e *billing.Entry) { e.At = e.At.Truncate(time.Millisecond) }),
			"The times and texts of entries are kept exactly"),
		wrong("trims comments", appending(func(_ *ledger, _ *billing.Account, e *billing.Entry) { e.Comment = strings.TrimSpace(e.Comment) }),
			"The times and texts of entries are kept exactly"),
	}
}

func brokenEntries() []broken[ledger] {
	const pages = "Entries are read by ascending number, after one and up to a limit"
	const times = "Entries are selected from a time on and up to another one, which is left out"
	micro := time.Microsecond
	return []broken[ledger]{
		wrong("makes up entries", func(l *ledger) {
			l.byKey = func(ctx context.Context, key string) (billing.Entry, error) {
				e, err := l.right.EntryByKey(ctx, key)
				if errors.Is(err, billing.ErrNotFound) {
					err = nil
				}
				return e, err
			}
		}, "An entry of a key that nobody used is not found"),
		wrong("finds the keys of one account only", func(l *ledger) {
			l.byKey = func(ctx context.Context, key string) (billing.Entry, error) {
				if !strings.HasPrefix(key, "a-1/") {
					return billing.Entry{}, billing.ErrNotFound
				}
				return l.right.EntryByKey(ctx, key)
			}
		}, "An entry is found by its key in whatever account"),
		wrong("reads the accounts that begin alike", func(l *ledger) {
			l.entries = func(ctx context.Context, q billing.EntryQuery) ([]billing.Entry, error) {
				found, err := l.right.Entries(ctx, q)
				q.Account += "1"
				more, _ := l.right.Entries(ctx, q)
				return append(found, more...), err
			}
		}, "Entries are those of one account"),
		wrong("repeats the entry after", querying(func(q *billing.EntryQuery) { q.AfterSeq-- }), pages),
		wrong("reads without a limit", querying(func(q *billing.EntryQuery) { q.Limit = 1000 }), pages),
		wrong("reads the newest first", func(l *ledger) {
			l.entries = func(ctx context.Context, q billing.EntryQuery) ([]billing.Entry, error) {
				found, err := l.right.Entries(ctx, q)
				slices.Reverse(found)
				return found, err
			}
		}, pages),
		wrong("leaves the first time out", querying(func(q *billing.EntryQuery) { q.From = q.From.Add(micro) }), times),
		wrong("takes the last time in", querying(func(q *billing.EntryQuery) {
			if !q.To.IsZero() {
				q.To = q.To.Add(micro)
			}
		}), times),
		wrong("reads to the end of times as to their beginning", querying(func(q *billing.EntryQuery) {
			if q.To.IsZero() {
				q.To = time.Unix(0, 0)
			}
		}), times),
		wrong("cuts before it selects", func(l *ledger) {
			l.entries = func(ctx context.Context, q billing.EntryQuery) ([]billing.Entry, error) {
				found, err := l.right.Entries(ctx, billing.EntryQuery{Account: q.Account, AfterSeq: q.AfterSeq, Limit: q.Limit})
				return slices.DeleteFunc(found, func(e billing.Entry) bool {
					return e.At.Before(q.From) || !q.To.IsZero() && !e.At.Before(q.To)
				}), err
			}
		}, times),
	}
}

func brokenLedgers() []broken[ledger] {
	on := context.WithoutCancel
	const writes = "A write to a ledger with a cancelled context writes nothing"
	const reads = "Every read of a ledger tells that its context was cancelled"
	// slowly looks first and writes later, and takes for granted then what it has seen.
	slowly := func(l *ledger) {
		l.open = func(ctx context.Context, a billing.Account) error {
			if l.now(a.ID).ID != "" {
				return billing.ErrExists
			}
			l.between.wait()
			if err := l.right.Open(ctx, a); !errors.Is(err, billing.ErrExists) {
				return err
			}
			return nil
		}
		l.add = func(ctx context.Context, a billing.Account, e billing.Entry) error {
			if l.now(a.ID).Entries != e.Seq-1 {
				return billing.ErrConflict
			}
			if _, err := l.right.EntryByKey(ctx, e.Key); err == nil {
				return billing.ErrKeyTaken
			}
			l.between.wait()
			_ = l.right.Append(ctx, a, e)
			return nil
		}
	}
	halves := func(l *ledger) {
		l.entries = func(ctx context.Context, q billing.EntryQuery) ([]billing.Entry, error) {
			found, err := l.right.Entries(ctx, q)
			l.between.wait()
			return found, err
		}
		l.account = func(ctx context.Context, id string) (billing.Account, error) {
			a, err := l.right.Account(ctx, id)
			if a.Entries > 1 {
				a.Entries++
			}
			return a, err
		}
	}
	stale := func(l *ledger) {
		var old billing.Account
		l.account = func(ctx context.Context, id string) (billing.Account, error) {
			l.between.mu.Lock()
			defer l.between.mu.Unlock()
			if old.ID == id {
				return old, nil
			}
			a, err := l.right.Account(ctx, id)
			old = a
			return a, err
		}
	}
	unseen := func(l *ledger) {
		l.byKey = func(ctx context.Context, key string) (billing.Entry, error) {
			e, err := l.right.EntryByKey(ctx, key)
			if l.now(e.Account).Entries == 1 {
				return billing.Entry{}, billing.ErrNotFound
			}
			return e, err
		}
	}
	forgetful := func(l *ledger) {
		quick := l.db.Clone().Ledger()
		l.account, l.open, l.add, l.byKey, l.entries = quick.Account, quick.Open, quick.Append, quick.EntryByKey, quick.Entries
	}
	return []broken[ledger]{
		wrong("opens for nobody", func(l *ledger) {
			l.open = func(ctx context.Context, a billing.Account) error {
				return errors.Join(l.right.Open(on(ctx), a), ctx.Err())
			}
		}, writes),
		wrong("appends for nobody", func(l *ledger) {
			l.add = func(ctx context.Context, a billing.Account, e billing.Entry) error {
				return errors.Join(l.right.Append(on(ctx), a, e), ctx.Err())
			}
		}, writes),
		wrong("reads accounts for nobody", func(l *ledger) {
			l.account = func(ctx context.Context, id string) (billing.Account, error) { return l.right.Account(on(ctx), id) }
		}, reads),
		wrong("reads keys for nobody", func(l *ledger) {
			l.byKey = func(ctx context.Context, key string) (billing.Entry, error) { return l.right.EntryByKey(on(ctx), key) }
		}, reads),
		wrong("reads entries for nobody", func(l *ledger) {
			l.entries = func(ctx context.Context, q billing.EntryQuery) ([]billing.Entry, error) {
				return l.right.Entries(on(ctx), q)
			}
		}, reads),
		wrong("looks first and writes later", slowly,
			"Of many who open one account exactly one does",
			"Of many entries of one number exactly one is written",
			"Of many entries of one key exactly one is written, and all others find it",
			"No entry is lost among many that try again after a conflict"),
		wrong("does not find the key that it says is taken", unseen, "Of many entries of one key exactly one is written, and all others find it"),
		wrong("shows an account before its entry", halves, "A reader never sees an account without its newest entry"),
		wrong("reads what it read before", stale, "A reader never sees an account without its newest entry"),
		wrong("keeps everything in memory", forgetful, "Accounts, entries and keys are there after reopening"),
	}
}
