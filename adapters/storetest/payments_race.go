package storetest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/oplata-go/oplata/payment"
)

// raceChecks say that what many do at once comes out as if they had done it one after another.
func raceChecks() []Check[payment.Store] {
	return []Check[payment.Store]{
		that("Of many changes of one version exactly one is written", func(ctx context.Context, s payment.Store) error {
			return errors.Join(inserted(ctx, s, "p-1"), oneWins(ctx, s, payment.ErrConflict, func(i int) payment.Change {
				return raced("p-1", 1, i)
			}))
		}),
		that("Of many inserts of one ID exactly one is written", func(ctx context.Context, s payment.Store) error {
			return oneWins(ctx, s, payment.ErrConflict, func(i int) payment.Change { return raced("p-1", 0, i) })
		}),
		that("Of many records that claim one key exactly one holds it", func(ctx context.Context, s payment.Store) error {
			return oneWins(ctx, s, payment.ErrClaimed, func(i int) payment.Change {
				c := raced(fmt.Sprint("p-", i), 0, i)
				c.Claims = append(c.Claims, charge(c.Record.ID, "wanted"))
				return c
			})
		}),
		that("Of many changes that finish one task exactly one is written", func(ctx context.Context, s payment.Store) error {
			first, err := leasedFirst(ctx, s, task("wanted", "p-0"))
			if err != nil {
				return err
			}
			return oneWins(ctx, s, payment.ErrLeaseLost, func(i int) payment.Change {
				c := raced(fmt.Sprint("p-", i+1), 0, i)
				c.Done = &first
				return c
			})
		}),
		that("No change is lost among many that try again after a conflict", losesNone),
		that("Many leases at once bring every task once", leasesOnce),
		that("Many leases at once bring the tasks of a lane one by one", leasesInOrder),
		that("A task that is put again while it is leased gets one new holder", holdsOnce),
		that("A reader never sees half a change", readsWhole),
	}
}

// raced gives the change of one racer, which leaves a trace of him in everything it writes.
func raced(id string, base int64, racer int) payment.Change {
	c := change(id, base)
	mark := fmt.Sprintf("racer-%02d", racer)
	c.Record.Account, c.Events[0].ID = mark, mark
	c.Claims = []payment.Claim{charge(id, mark)}
	c.Put = []payment.Task{task(mark, id)}
	return c
}

// oneWins lets racers apply their changes. Of the losers' nothing may be left.
func oneWins(ctx context.Context, s payment.Store, lost error, of func(racer int) payment.Change) error {
	won, err := winner(race(func(i int) error { return s.Apply(ctx, of(i)) }), lost)
	if err != nil {
		return err
	}
	if err := gives(ctx, s, withHistory(of(won))); err != nil {
		return fmt.Errorf("the winner's: %w", err)
	}
	tasks, err := s.Tasks(ctx, payment.TaskQuery{Limit: 1000})
	if err := errors.Join(err, sameIDs(tasks, taskID, of(won).Put[0].ID)); err != nil {
		return fmt.Errorf("tasks: %w", err)
	}
	for i := range racers {
		c := of(i)
		if i == won {
			continue
		}
		if err := unclaimed(ctx, s, c.Claims[0]); err != nil {
			return fmt.Errorf("a loser's: %w", err)
		}
		if c.Record.ID == of(won).Record.ID {
			continue
		}
		if err := errors.Join(notFound(ctx, s, c.Record.ID), tells(ctx, s, c.Record.ID)); err != nil {
			return fmt.Errorf("a loser's: %w", err)
		}
	}
	return nil
}

// withHistory adds the events before those of a change.
func withHistory(c payment.Change) payment.Change {
	var all []payment.Event
	for seq := range c.Base {
		all = append(all, event(c.Record.ID, seq+1))
	}
	c.Events = append(all, c.Events...)
	return c
}

// losesNone lets every racer bring the same record forward, reading it again after each conflict.
func losesNone(ctx context.Context, s payment.Store) error {
	const each = 4
	var tries atomic.Int64
	err := errors.Join(race(func(int) error {
		for done := 0; done < each; {
			err := advance(ctx, s, "p-1", func(*payment.Change) {})
			switch {
			case err == nil:
				done++
			case !errors.Is(err, payment.ErrConflict):
				return err
			case tries.Add(1) > 100*racers*each:
				return errors.New("conflicts without end: nobody gets on")
			}
		}
		return nil
	})...)
	if err != nil {
		return err
	}
	var want []payment.Event
	for seq := range int64(racers * each) {
		want = append(want, event("p-1", seq+1))
	}
	return errors.Join(loads(ctx, s, record("p-1", racers*each)), tells(ctx, s, "p-1", want...))
}

// leasesOnce lets racers take tasks until they find none. A lease may bring less than there is while others are at work.
func leasesOnce(ctx context.Context, s payment.Store) error {
	ids := numbered("t", 200)
	c := change("p-1", 0)
	for i, id := range ids {
		c.Put = append(c.Put, due(id, i%7))
	}
	if err := s.Apply(ctx, c); err != nil {
		return err
	}
	var mu sync.Mutex
	taken := map[string]int{}
	takeAll := func(int) error {
		l := lease(10)
		l.Limit = 3
		for {
			tasks, err := s.Lease(ctx, l)
			if err != nil || len(tasks) == 0 {
				return err
			}
			mu.Lock()
			for _, t := range tasks {
				taken[t.ID]++
			}
			mu.Unlock()
		}
	}
	if err := errors.Join(append(race(takeAll), takeAll(0))...); err != nil {
		return fmt.Errorf("lease: %w", err)
	}
	for _, id := range ids {
		if taken[id] != 1 {
			return fmt.Errorf("task %s was leased %d times, want once", id, taken[id])
		}
	}
	return nil
}

// leasesInOrder lets racers want the next task of a lane, which is finished before they want the one behind it.
func leasesInOrder(ctx context.Context, s payment.Store) error {
	ids := numbered("t", 20)
	for i, id := range ids {
		if err := put(ctx, s, laned(id, "p-1", int64(i), 0)); err != nil {
			return err
		}
	}
	for n, id := range ids {
		taken, err := raceToLease(ctx, s, lease(n))
		if err := errors.Join(err, sameIDs(taken, taskID, id)); err != nil {
			return fmt.Errorf("lease: %w", err)
		}
		if err := s.Finish(ctx, []payment.TaskEnd{{TaskRef: ref(taken[0])}}); err != nil {
			return fmt.Errorf("finish: %w", err)
		}
	}
	return nil
}

// holdsOnce frees a leased task again and again by putting it, and lets racers lease it.
func holdsOnce(ctx context.Context, s payment.Store) error {
	var last int64
	for range 10 {
		if err := put(ctx, s, due("t-1", 0)); err != nil {
			return err
		}
		taken, err := raceToLease(ctx, s, lease(0))
		if err := errors.Join(err, sameIDs(taken, taskID, "t-1")); err != nil {
			return fmt.Errorf("lease: %w", err)
		}
		if taken[0].Token <= last {
			return fmt.Errorf("got token %d after %d", taken[0].Token, last)
		}
		last = taken[0].Token
	}
	return nil
}

// raceToLease gives what all racers got together.
func raceToLease(ctx context.Context, s payment.Store, l payment.Lease) ([]payment.Task, error) {
	var mu sync.Mutex
	var taken []payment.Task
	err := errors.Join(race(func(int) error {
		tasks, err := s.Lease(ctx, l)
		mu.Lock()
		defer mu.Unlock()
		taken = append(taken, tasks...)
		return err
	})...)
	return taken, err
}

// readsWhole watches a record of which every version says the same in all its parts, so that a mixture shows.
func readsWhole(ctx context.Context, s payment.Store) error {
	if err := s.Apply(ctx, versioned(0)); err != nil {
		return err
	}
	write := func(version int64) error { return s.Apply(ctx, versioned(version-1)) }
	read := func(acknowledged int64) error { return seesOne(ctx, s, acknowledged) }
	return watch(60, write, read)
}

// versioned gives a change whose parts all carry its version. It replaces the task of the version before by its own.
func versioned(base int64) payment.Change {
	c := change("p-1", base)
	mark := fmt.Sprint("v", base+1)
	c.Record.Account, c.Record.Body = mark, []byte(mark)
	c.Claims = []payment.Claim{charge("p-1", mark)}
	c.Put, c.Drop = []payment.Task{task(mark, "p-1")}, []string{fmt.Sprint("v", base)}
	return c
}

// seesOne reads in every way what a reader can tell of the version that was acknowledged last, or of a later one.
func seesOne(ctx context.Context, s payment.Store, acknowledged int64) error {
	r, err := s.Load(ctx, "p-1")
	if err != nil {
		return fmt.Errorf("load: %w", err)
	}
	if r.Version < acknowledged {
		return fmt.Errorf("read version %d after %d was acknowledged", r.Version, acknowledged)
	}
	want := versioned(r.Version - 1)
	events, err := s.Events(ctx, "p-1", r.Version-1, 1)
	if err != nil {
		return fmt.Errorf("events: %w", err)
	}
	owner, _, err := s.Owner(ctx, "charge", want.Claims[0].Key)
	if err != nil {
		return fmt.Errorf("owner of version %d: %w", r.Version, err)
	}
	tasks, err := s.Tasks(ctx, payment.TaskQuery{Record: "p-1", Limit: 10})
	if err != nil {
		return fmt.Errorf("tasks: %w", err)
	}
	if owner.Version < r.Version || len(tasks) != 1 {
		return fmt.Errorf("read version %d, its owner at %d and %d tasks, want one", r.Version, owner.Version, len(tasks))
	}
	return errors.Join(
		about("record", same(r, want.Record)), about("events", sameAll(events, want.Events)),
		about("owner", same(owner, versioned(owner.Version-1).Record)),
	)
}
