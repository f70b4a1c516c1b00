package storetest

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"time"

	"github.com/oplata-go/oplata/payment"
)

// contextChecks say that a caller who is gone is not served.
func contextChecks() []Check[payment.Store] {
	return []Check[payment.Store]{
		that("A change with a cancelled context writes nothing", func(ctx context.Context, s payment.Store) error {
			return ended(ctx, func(over context.Context, want error) error {
				return writesNothing(ctx, s, want, func(c payment.Change, _ []payment.Task) error { return s.Apply(over, c) })
			})
		}),
		that("A lease with a cancelled context takes nothing", func(ctx context.Context, s payment.Store) error {
			return ended(ctx, func(over context.Context, want error) error {
				return writesNothing(ctx, s, want, func(payment.Change, []payment.Task) error {
					_, err := s.Lease(over, lease(1000))
					return err
				})
			})
		}),
		that("A finish with a cancelled context ends nothing", func(ctx context.Context, s payment.Store) error {
			return ended(ctx, func(over context.Context, want error) error {
				return writesNothing(ctx, s, want, func(_ payment.Change, held []payment.Task) error {
					return s.Finish(over, []payment.TaskEnd{{TaskRef: ref(held[0])}})
				})
			})
		}),
		that("Every read tells that its context was cancelled", func(ctx context.Context, s payment.Store) error {
			if err := s.Apply(ctx, full("p-1")); err != nil {
				return err
			}
			return ended(ctx, func(over context.Context, want error) error {
				_, load := s.Load(over, "p-1")
				_, _, owner := s.Owner(over, "charge", "key of p-1")
				_, list := s.List(over, payment.Query{Limit: 10})
				_, events := s.Events(over, "p-1", 0, 10)
				_, tasks := s.Tasks(over, payment.TaskQuery{Limit: 10})
				_, next := s.NextDue(over, "timers")
				return errors.Join(
					about("load", refused(load, want)), about("owner", refused(owner, want)),
					about("list", refused(list, want)),
					about("events", refused(events, want)), about("tasks", refused(tasks, want)),
					about("next due", refused(next, want)),
				)
			})
		}),
		that("A change whose context is cancelled meanwhile is written whole or not at all", cancelledMeanwhile),
	}
}

// ended tries with a context that was cancelled and with one whose deadline is over.
func ended(ctx context.Context, try func(over context.Context, want error) error) error {
	cancelled, cancel := context.WithCancel(ctx)
	cancel()
	late, cancel := context.WithDeadline(ctx, time.Unix(0, 0))
	defer cancel()
	return errors.Join(
		about("cancelled", try(cancelled, context.Canceled)),
		about("deadline", try(late, context.DeadlineExceeded)),
	)
}

// writesNothing prepares a change and a lease, tries something with them, and looks at what became of it.
func writesNothing(ctx context.Context, s payment.Store, want error, try func(payment.Change, []payment.Task) error) error {
	if err := drop(ctx, s, "t-1", "t-2"); err != nil { // what an earlier call left
		return err
	}
	if err := put(ctx, s, due("t-1", 0), due("t-2", 500)); err != nil {
		return err
	}
	held, err := leased(ctx, s, lease(0), "t-1")
	if err != nil {
		return err
	}
	p1, err := s.Load(ctx, "p-1")
	if err != nil {
		return err
	}
	c := change("p-1", p1.Version)
	c.Claims = []payment.Claim{charge("p-1", "a")}
	c.Put, c.Drop = []payment.Task{task("t-3", "p-1")}, []string{"t-2"}
	before, err := picturing(ctx, s, c.Claims...)
	if err != nil {
		return err
	}
	if err := refused(try(c, held), want); err != nil {
		return err
	}
	after, err := picturing(ctx, s, c.Claims...)
	if err != nil {
		return err
	}
	return about("written although cancelled", after.differs(before))
}

// cancelledMeanwhile cancels changes at about the moment they are written.
func cancelledMeanwhile(ctx context.Context, s payment.Store) error {
	for i, id := range numbered("p", 60) {
		c := full(id)
		meanwhile, cancel := context.WithCancel(ctx)
		begun, outcome := make(chan struct{}), make(chan error, 1)
		go func() {
			close(begun)
			outcome <- s.Apply(meanwhile, c)
		}()
		<-begun
		for n := 0; n < i && len(outcome) == 0; n++ { // a little later every time
			runtime.Gosched()
		}
		cancel()
		err := <-outcome
		_, missing := s.Load(ctx, id)
		switch {
		case missing == nil:
			if fault := gives(ctx, s, c); fault != nil {
				return fmt.Errorf("written in part: %w", fault)
			}
		case err == nil:
			return fmt.Errorf("acknowledged and not written: %w", missing)
		default:
			if fault := absent(ctx, s, c); fault != nil {
				return fmt.Errorf("written in part: %w", fault)
			}
		}
	}
	return nil
}

// absent says that something of a full insert is there.
func absent(ctx context.Context, s payment.Store, c payment.Change) error {
	tasks, err := s.Tasks(ctx, payment.TaskQuery{Record: c.Record.ID, Limit: 10})
	return errors.Join(
		err, notFound(ctx, s, c.Record.ID), unclaimed(ctx, s, c.Claims[0]), tells(ctx, s, c.Record.ID),
		about("tasks", sameIDs(tasks, taskID)),
	)
}
