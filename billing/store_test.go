package billing_test

import (
	"context"
	"slices"
	"sync"

	"github.com/oplata-go/oplata/billing"
)

// mapStore is the smallest correct Store. Its hook, when set, is called around every method.
type mapStore struct {
	mu       sync.Mutex
	accounts map[string]billing.Account
	entries  []billing.Entry
	calls    []string
	// hook may fail a call before it acts, or after.
	hook func(call string, act func() error) error
}

func newStore() *mapStore { return &mapStore{accounts: map[string]billing.Account{}} }

func (s *mapStore) do(ctx context.Context, call string, act func() error) error {
	locked := func() error {
		if err := ctx.Err(); err != nil {
			return err
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		s.calls = append(s.calls, call)
		return act()
	}
	if s.hook != nil {
		return s.hook(call, locked)
	}
	return locked()
}

func (s *mapStore) Account(ctx context.Context, id string) (a billing.Account, err error) {
	return a, s.do(ctx, "Account", func() error {
		var ok bool
		if a, ok = s.accounts[id]; !ok {
			return billing.ErrNotFound
		}
		return nil
	})
}

func (s *mapStore) Open(ctx context.Context, a billing.Account) error {
	return s.do(ctx, "Open", func() error {
		if _, ok := s.accounts[a.ID]; ok {
			return billing.ErrExists
		}
		s.accounts[a.ID] = a
		return nil
	})
}

func (s *mapStore) Append(ctx context.Context, a billing.Account, e billing.Entry) error {
	return s.do(ctx, "Append", func() error {
		if slices.ContainsFunc(s.entries, func(o billing.Entry) bool { return o.Key == e.Key }) {
			return billing.ErrKeyTaken
		}
		old, ok := s.accounts[a.ID]
		if old.Entries != e.Seq-1 || ok && old.Currency != a.Currency {
			return billing.ErrConflict
		}
		if ok {
			old.Balance, old.Entries, old.LastAt = a.Balance, a.Entries, a.LastAt
			a = old
		}
		s.accounts[a.ID] = a
		s.entries = append(s.entries, e)
		return nil
	})
}

func (s *mapStore) EntryByKey(ctx context.Context, key string) (e billing.Entry, err error) {
	return e, s.do(ctx, "EntryByKey", func() error {
		i := slices.IndexFunc(s.entries, func(e billing.Entry) bool { return e.Key == key })
		if i < 0 {
			return billing.ErrNotFound
		}
		e = s.entries[i]
		return nil
	})
}

func (s *mapStore) Entries(ctx context.Context, q billing.EntryQuery) (found []billing.Entry, err error) {
	return found, s.do(ctx, "Entries", func() error {
		for _, e := range s.entries { // in order of appending, so by Seq
			if e.Account == q.Account && e.Seq > q.AfterSeq && !e.At.Before(q.From) &&
				(q.To.IsZero() || e.At.Before(q.To)) && len(found) < q.Limit {
				found = append(found, e)
			}
		}
		return nil
	})
}
