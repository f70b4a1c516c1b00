package storetest

import (
	"context"
	"errors"
	"fmt"

	"github.com/oplata-go/oplata/payment"
)

// leaseChecks say when a task is leased and to how many.
func leaseChecks() []Check[payment.Store] {
	return []Check[payment.Store]{
		that("A task is leased when it is due, and not a microsecond before", func(ctx context.Context, s payment.Store) error {
			before, exactly := lease(10), lease(10)
			before.Now = before.Now.Add(-1000)
			return errors.Join(
				put(ctx, s, due("t-1", 10)),
				leases(ctx, s, lease(0)), leases(ctx, s, before), leases(ctx, s, exactly, "t-1"),
			)
		}),
		that("A leased task is hidden until the lease ends, and can be leased again then", func(ctx context.Context, s payment.Store) error {
			before := lease(60)
			before.Now = before.Now.Add(-1000)
			return errors.Join(
				put(ctx, s, due("t-1", 0)), leases(ctx, s, lease(0), "t-1"),
				leases(ctx, s, lease(0)), leases(ctx, s, before), leases(ctx, s, lease(60), "t-1"),
			)
		}),
		that("A lease raises tries and token, moves the due time, and returns the task as it is stored then", leasesWhole),
		that("The tokens of a task grow with every lease", tokensGrow),
		that("A lease takes only tasks of its queue", func(ctx context.Context, s payment.Store) error {
			other, l := due("t-2", 0), lease(0)
			other.Queue = "outbox"
			l.Queue = "none"
			return errors.Join(
				put(ctx, s, due("t-1", 0), other), leases(ctx, s, l), leases(ctx, s, lease(0), "t-1"),
				keeps(ctx, s, other),
			)
		}),
		that("A lease takes the longest due first, whatever their IDs", func(ctx context.Context, s payment.Store) error {
			return errors.Join(
				put(ctx, s, due("t-1", 30), due("t-2", 10), due("t-3", 20), due("t-4", 40)),
				leases(ctx, s, lease(30), "t-2", "t-3", "t-1"),
			)
		}),
		that("A lease takes as many as its limit, and the next one goes on", func(ctx context.Context, s payment.Store) error {
			l := lease(100)
			l.Limit = 2
			return errors.Join(
				put(ctx, s, due("t-1", 50), due("t-2", 40), due("t-3", 30), due("t-4", 20), due("t-5", 10)),
				leases(ctx, s, l, "t-5", "t-4"), leases(ctx, s, l, "t-3", "t-2"), leases(ctx, s, l, "t-1"),
				leases(ctx, s, l),
			)
		}),
		that("A lease leaves the tasks that it does not take as they were", func(ctx context.Context, s payment.Store) error {
			l := lease(20)
			l.Limit = 1
			return errors.Join(
				put(ctx, s, due("t-1", 10), due("t-2", 15), due("t-3", 30)), leases(ctx, s, l, "t-1"),
				keeps(ctx, s, due("t-2", 15)), keeps(ctx, s, due("t-3", 30)),
			)
		}),
		that("A lease leaves records and their history alone", func(ctx context.Context, s payment.Store) error {
			return errors.Join(
				put(ctx, s, due("t-1", 0)), leases(ctx, s, lease(0), "t-1"),
				loads(ctx, s, record("p-1", 1)), tells(ctx, s, "p-1", event("p-1", 1)),
			)
		}),
		that("A dead task is not leased", func(ctx context.Context, s payment.Store) error {
			return errors.Join(
				put(ctx, s, due("t-1", 0), due("t-2", 1)), kill(ctx, s, 1, "t-1", "t-2"), leases(ctx, s, lease(1000)),
			)
		}),
		that("The next due time is the earliest of a queue's tasks that are not dead", nextDue),
	}
}

// due gives a task of record p-1 that is due at the n-th second.
func due(id string, n int) payment.Task {
	t := task(id, "p-1")
	t.Due = moment(n)
	return t
}

// kill leases all that is due and declares it dead.
func kill(ctx context.Context, s payment.Store, n int, want ...string) error {
	tasks, err := leased(ctx, s, lease(n), want...)
	if err != nil {
		return err
	}
	var ends []payment.TaskEnd
	for _, t := range tasks {
		ends = append(ends, payment.TaskEnd{TaskRef: ref(t), Dead: true, Note: "refused"})
	}
	return about("finish", s.Finish(ctx, ends))
}

func leasesWhole(ctx context.Context, s payment.Store) error {
	want := due("t-1", 0)
	want.Lane, want.Order, want.Tries, want.Note = "ledger", 7, 3, "no answer"
	if err := put(ctx, s, want); err != nil {
		return err
	}
	tasks, err := leased(ctx, s, lease(5), "t-1")
	if err != nil {
		return err
	}
	want.Tries, want.Token, want.Due = 4, tasks[0].Token, moment(65)
	if want.Token < 1 {
		return fmt.Errorf("got token %d of the first lease, want a greater one than before", want.Token)
	}
	return errors.Join(about("leased task", same(tasks[0], want)), keeps(ctx, s, want))
}

func tokensGrow(ctx context.Context, s payment.Store) error {
	if err := put(ctx, s, due("t-1", 0)); err != nil {
		return err
	}
	var last int64
	for n := range 5 {
		tasks, err := leased(ctx, s, lease(n*60), "t-1")
		if err != nil {
			return err
		}
		if tasks[0].Token <= last || tasks[0].Tries != n+1 {
			return fmt.Errorf("got token %d after %d and %d tries in lease %d", tasks[0].Token, last, tasks[0].Tries, n+1)
		}
		last = tasks[0].Token
	}
	return nil
}

func nextDue(ctx context.Context, s payment.Store) error {
	is := func(queue string, n int) error {
		got, err := s.NextDue(ctx, queue)
		return about("next due of "+queue, errors.Join(err, sameField(got, moment(n))))
	}
	none := func(queue string) error {
		got, err := s.NextDue(ctx, queue)
		if err != nil || !got.IsZero() {
			return fmt.Errorf("next due of %s: got %v and error %w, want the zero time", queue, got, orNone(err))
		}
		return nil
	}
	other := due("t-0", 1)
	other.Queue = "outbox"
	err := errors.Join(
		none("timers"),
		put(ctx, s, due("t-1", 30), due("t-2", 10), due("t-3", 20), other),
		is("timers", 10), is("outbox", 1), none("none"),
		leases(ctx, s, lease(10), "t-2"), // due again after 70
		is("timers", 20), is("outbox", 1),
		kill(ctx, s, 20, "t-3"),
		is("timers", 30),
	)
	if err != nil {
		return err
	}
	return errors.Join(
		leases(ctx, s, lease(50), "t-1"), // due again after 110
		is("timers", 70),
		kill(ctx, s, 200, "t-2", "t-1"),
		none("timers"), is("outbox", 1),
	)
}
