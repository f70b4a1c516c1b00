package storetest

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/oplata-go/oplata/billing"
)

// entryChecks say how entries are read.
func entryChecks() []Check[billing.Store] {
	return []Check[billing.Store]{
		that("An entry of a key that nobody used is not found", func(ctx context.Context, s billing.Store) error {
			return errors.Join(unkeyed(ctx, s, "a-1/1"), appended(ctx, s, "a-1", 1, 1), unkeyed(ctx, s, "a-1/2"))
		}),
		that("An entry is found by its key in whatever account", func(ctx context.Context, s billing.Store) error {
			return errors.Join(
				appended(ctx, s, "a-1", 1, 3), appended(ctx, s, "a-2", 1, 2), keyed(ctx, s, entry("a-1", 2)),
				keyed(ctx, s, entry("a-2", 1)),
			)
		}),
		that("Entries are those of one account", func(ctx context.Context, s billing.Store) error {
			return errors.Join(
				appended(ctx, s, "a-1", 1, 2), appended(ctx, s, "a-11", 1, 1), appended(ctx, s, "A-1", 1, 1),
				appended(ctx, s, "a-", 1, 1),
				posted(ctx, s, "a-1", entries("a-1", 2)...), posted(ctx, s, "a-2"),
			)
		}),
		that("Entries are read by ascending number, after one and up to a limit", readsEntries),
		that("Entries are selected from a time on and up to another one, which is left out", selectsEntries),
	}
}

const manyEntries = 12 // more than one digit

func readsEntries(ctx context.Context, s billing.Store) error {
	if err := appended(ctx, s, "a-1", 1, manyEntries); err != nil {
		return err
	}
	all := entries("a-1", manyEntries)
	for after := range int64(manyEntries + 2) {
		for _, limit := range []int{1, 3, manyEntries, 1000} {
			begin := min(int(after), manyEntries)
			got, err := s.Entries(ctx, billing.EntryQuery{Account: "a-1", AfterSeq: after, Limit: limit})
			if err := errors.Join(err, sameAll(got, all[begin:min(begin+limit, manyEntries)])); err != nil {
				return fmt.Errorf("entries after %d, at most %d: %w", after, limit, err)
			}
		}
	}
	return nil
}

// selectsEntries has pairs of entries at one time, so that a limit and a number can cut a pair.
func selectsEntries(ctx context.Context, s billing.Store) error {
	var all []billing.Entry
	for n := int64(1); n <= 8; n++ {
		a, e := account("a-1", n), entry("a-1", n)
		e.At = moment(int((n + 1) / 2 * 10)) // 10, 10, 20, 20, …
		a.LastAt = e.At
		if err := s.Append(ctx, a, e); err != nil {
			return err
		}
		all = append(all, e)
	}
	micro := time.Microsecond
	times := []time.Time{
		{}, moment(10).Add(-micro), moment(10), moment(10).Add(micro), moment(25), moment(40), moment(40).Add(micro),
	}
	for _, from := range times {
		for _, to := range times {
			for _, after := range []int64{0, 1, 5} {
				q := billing.EntryQuery{Account: "a-1", From: from, To: to, AfterSeq: after, Limit: 3}
				var want []billing.Entry
				for _, e := range all {
					if e.Seq > after && !e.At.Before(from) && (to.IsZero() || e.At.Before(to)) && len(want) < q.Limit {
						want = append(want, e)
					}
				}
				got, err := s.Entries(ctx, q)
				if err := errors.Join(err, sameAll(got, want)); err != nil {
					return fmt.Errorf("entries of %+v: %w", q, err)
				}
			}
		}
	}
	return nil
}

// ledgerContextChecks say that a caller who is gone is not served.
func ledgerContextChecks() []Check[billing.Store] {
	return []Check[billing.Store]{
		that("A write to a ledger with a cancelled context writes nothing", func(ctx context.Context, s billing.Store) error {
			if err := appended(ctx, s, "a-1", 1, 1); err != nil {
				return err
			}
			return ended(ctx, func(over context.Context, want error) error {
				return errors.Join(
					about("open", refused(s.Open(over, account("a-2", 0)), want)),
					about("append", refused(s.Append(over, account("a-1", 2), entry("a-1", 2)), want)),
					about("append to a new account", refused(s.Append(over, account("a-3", 1), entry("a-3", 1)), want)),
					noAccount(ctx, s, "a-2"), noAccount(ctx, s, "a-3"), unkeyed(ctx, s, "a-3/1"),
					unkeyed(ctx, s, "a-1/2"),
					stands(ctx, s, account("a-1", 1)), posted(ctx, s, "a-1", entry("a-1", 1)),
				)
			})
		}),
		that("Every read of a ledger tells that its context was cancelled", func(ctx context.Context, s billing.Store) error {
			if err := appended(ctx, s, "a-1", 1, 1); err != nil {
				return err
			}
			return ended(ctx, func(over context.Context, want error) error {
				_, account := s.Account(over, "a-1")
				_, byKey := s.EntryByKey(over, "a-1/1")
				_, entries := s.Entries(over, billing.EntryQuery{Account: "a-1", Limit: 1})
				return errors.Join(
					about("account", refused(account, want)), about("entry by key", refused(byKey, want)),
					about("entries", refused(entries, want)),
				)
			})
		}),
	}
}

// ledgerRaceChecks say that what many do at once comes out as if they had done it one after another.
func ledgerRaceChecks() []Check[billing.Store] {
	return []Check[billing.Store]{
		that("Of many who open one account exactly one does", func(ctx context.Context, s billing.Store) error {
			opened := func(i int) billing.Account {
				a := account("a-1", 0)
				a.Name = fmt.Sprint("racer ", i)
				return a
			}
			won, err := winner(race(func(i int) error { return s.Open(ctx, opened(i)) }), billing.ErrExists)
			if err != nil {
				return err
			}
			return stands(ctx, s, opened(won))
		}),
		that("Of many entries of one number exactly one is written", func(ctx context.Context, s billing.Store) error {
			return errors.Join(
				oneEntry(ctx, s, "a-1", billing.ErrConflict), // which opens the account
				s.Open(ctx, account("a-2", 0)), oneEntry(ctx, s, "a-2", billing.ErrConflict),
			)
		}),
		that("Of many entries of one key exactly one is written, and all others find it", oneKey),
		that("No entry is lost among many that try again after a conflict", losesNoEntry),
		that("A reader never sees an account without its newest entry", readsBalanced),
	}
}

// oneEntry lets racers append the first entry of an account, each with a key of its own.
func oneEntry(ctx context.Context, s billing.Store, id string, lost error) error {
	of := func(i int) billing.Entry {
		e := entry(id, 1)
		e.Key = fmt.Sprint(id, " racer ", i)
		return e
	}
	won, err := winner(race(func(i int) error { return s.Append(ctx, account(id, 1), of(i)) }), lost)
	if err != nil {
		return err
	}
	faults := []error{stands(ctx, s, account(id, 1)), posted(ctx, s, id, of(won)), keyed(ctx, s, of(won))}
	for i := range racers {
		if i != won {
			faults = append(faults, unkeyed(ctx, s, of(i).Key))
		}
	}
	return errors.Join(faults...)
}

// oneKey lets racers use one key, each in an account of his own. Whoever is told that it is taken must see by whom.
func oneKey(ctx context.Context, s billing.Store) error {
	of := func(i int) billing.Entry {
		e := entry(fmt.Sprint("a-", i), 1)
		e.Key = "wanted"
		return e
	}
	won, err := winner(race(func(i int) error {
		e := of(i)
		err := s.Append(ctx, account(e.Account, 1), e)
		if !errors.Is(err, billing.ErrKeyTaken) {
			return err
		}
		if _, unseen := s.EntryByKey(ctx, "wanted"); unseen != nil {
			return fmt.Errorf("entry by a key that is taken: %w", unseen)
		}
		return err
	}), billing.ErrKeyTaken)
	if err != nil {
		return err
	}
	faults := []error{keyed(ctx, s, of(won)), stands(ctx, s, account(of(won).Account, 1))}
	for i := range racers {
		if i != won {
			faults = append(faults, noAccount(ctx, s, of(i).Account), posted(ctx, s, of(i).Account))
		}
	}
	return errors.Join(faults...)
}

// losesNoEntry lets every racer append to one account, reading it again after each conflict.
func losesNoEntry(ctx context.Context, s billing.Store) error {
	const each = 4
	if err := s.Open(ctx, account("a-1", 0)); err != nil {
		return err
	}
	var tries atomic.Int64
	err := errors.Join(race(func(int) error {
		for done := 0; done < each; {
			now, err := s.Account(ctx, "a-1")
			if err != nil {
				return err
			}
			n := now.Entries + 1
			e := entry("a-1", n)
			e.Key = fmt.Sprint("try ", tries.Add(1))
			err = s.Append(ctx, account("a-1", n), e)
			switch {
			case err == nil:
				done++
			case !errors.Is(err, billing.ErrConflict):
				return err
			case tries.Load() > 100*racers*each:
				return errors.New("conflicts without end: nobody gets on")
			}
		}
		return nil
	})...)
	if err != nil {
		return err
	}
	got, err := s.Entries(ctx, billing.EntryQuery{Account: "a-1", Limit: 1000})
	if err != nil || len(got) != racers*each {
		return fmt.Errorf("got %d entries and error %w, want %d", len(got), orNone(err), racers*each)
	}
	return stands(ctx, s, account("a-1", racers*each))
}

// readsBalanced lets one racer append while the others read.
func readsBalanced(ctx context.Context, s billing.Store) error {
	if err := appended(ctx, s, "a-1", 1, 1); err != nil {
		return err
	}
	const many = 60
	return watch(many, func(n int64) error {
		return appended(ctx, s, "a-1", n, n)
	}, func(acknowledged int64) error {
		a, err := s.Account(ctx, "a-1")
		if err != nil {
			return fmt.Errorf("account: %w", err)
		}
		if a.Entries < acknowledged {
			return fmt.Errorf("read %d entries after %d were acknowledged", a.Entries, acknowledged)
		}
		newest, err := s.Entries(ctx, billing.EntryQuery{Account: "a-1", AfterSeq: a.Entries - 1, Limit: 1})
		return errors.Join(
			err, about("account", same(a, account("a-1", a.Entries))),
			about("newest entry", sameAll(newest, entries("a-1", a.Entries)[a.Entries-1:])),
			keyed(ctx, s, entry("a-1", a.Entries)),
		)
	})
}

// ledgerReopenChecks say what a durable ledger holds after its process ended.
func ledgerReopenChecks() []Check[billing.Store] {
	return []Check[billing.Store]{
		thatReopened("Accounts, entries and keys are there after reopening",
			func(ctx context.Context, s billing.Store) error {
				return errors.Join(
					s.Open(ctx, account("a-1", 0)), s.Open(ctx, account("a-2", 0)), appended(ctx, s, "a-1", 1, 3),
				)
			},
			func(ctx context.Context, s billing.Store) error {
				taken, again := entry("a-2", 1), entry("a-1", 3)
				taken.Key, again.Key = "a-1/2", "new"
				return errors.Join(
					stands(ctx, s, account("a-1", 3)), posted(ctx, s, "a-1", entries("a-1", 3)...),
					stands(ctx, s, account("a-2", 0)),
					refused(s.Open(ctx, account("a-2", 0)), billing.ErrExists),
					refused(s.Append(ctx, account("a-2", 1), taken), billing.ErrKeyTaken),
					refused(s.Append(ctx, account("a-1", 3), again), billing.ErrConflict),
					appended(ctx, s, "a-1", 4, 4), stands(ctx, s, account("a-1", 4)),
				)
			}),
	}
}
