package storetest

import (
	"context"
	"errors"
	"fmt"

	"github.com/oplata-go/oplata/payment"
)

// taskChecks say how changes put, drop and finish tasks, and how tasks are read.
func taskChecks() []Check[payment.Store] {
	return []Check[payment.Store]{
		that("A task put again replaces the one of its ID whole", replaces),
		that("A task put again raises the token, so that its old lease ends", endsLease),
		that("A leased task that is put again can be leased again at once", func(ctx context.Context, s payment.Store) error {
			return errors.Join(
				put(ctx, s, due("t-1", 0)), leases(ctx, s, lease(0), "t-1"),
				put(ctx, s, due("t-1", 0)), leases(ctx, s, lease(0), "t-1"), leases(ctx, s, lease(0)),
			)
		}),
		that("A dead task that is put again lives", func(ctx context.Context, s payment.Store) error {
			return errors.Join(
				put(ctx, s, due("t-1", 0)), kill(ctx, s, 0, "t-1"), leases(ctx, s, lease(100)),
				put(ctx, s, due("t-1", 0)), leases(ctx, s, lease(100), "t-1"),
			)
		}),
		that("A task that is put into another queue and lane leaves the old ones", moves),
		that("A dropped task is gone, leased or not, and others stay", func(ctx context.Context, s payment.Store) error {
			return errors.Join(
				put(ctx, s, due("t-1", 0), due("t-2", 50), due("t-3", 51)), leases(ctx, s, lease(0), "t-1"),
				drop(ctx, s, "t-1", "t-2", "never there"), holdsTasks(ctx, s, "t-3"), leases(ctx, s, lease(100), "t-3"),
			)
		}),
		that("A change finishes a leased task in the same write", func(ctx context.Context, s payment.Store) error {
			return errors.Join(
				put(ctx, s, due("t-1", 0), due("t-2", 50)), done(ctx, s, 0, "t-1"),
				holdsTasks(ctx, s, "t-2"), loads(ctx, s, record("p-9", 1)), leases(ctx, s, lease(100), "t-2"),
			)
		}),
		that("A change whose task was leased anew is refused", func(ctx context.Context, s payment.Store) error {
			first, err := leasedFirst(ctx, s, due("t-1", 0))
			if err != nil {
				return err
			}
			c := change("p-9", 0)
			c.Done = &first
			return errors.Join(
				leases(ctx, s, lease(60), "t-1"),
				refusesWhole(ctx, s, c, payment.ErrLeaseLost), holdsTasks(ctx, s, "t-1"), notFound(ctx, s, "p-9"),
			)
		}),
		that("A task that a change both finishes and puts is replaced, not new", finishesAndPuts),
		that("Tasks are read by ascending ID, after one and up to a limit", pagesTasks),
		that("Tasks are selected by every field of a query and by all together", selectsTasks),
	}
}

// leasedFirst puts a task that is due at the beginning and leases it.
func leasedFirst(ctx context.Context, s payment.Store, t payment.Task) (payment.TaskRef, error) {
	if err := put(ctx, s, t); err != nil {
		return payment.TaskRef{}, err
	}
	tasks, err := leased(ctx, s, lease(0), t.ID)
	if err != nil {
		return payment.TaskRef{}, err
	}
	return ref(tasks[0]), nil
}

func replaces(ctx context.Context, s payment.Store) error {
	first, err := leasedFirst(ctx, s, laned("t-1", "p-1", 1, 0))
	if err != nil {
		return err
	}
	want := payment.Task{
		ID: "t-1", Queue: "outbox", Record: "p-2", Due: moment(7), Tries: 9, Note: "again", Body: []byte("new"),
	}
	if err := put(ctx, s, want); err != nil {
		return err
	}
	want.Token = first.Token + 1
	return errors.Join(keeps(ctx, s, want), holdsTasks(ctx, s, "t-1"))
}

// endsLease has three holders of one task: of the first lease, of the lease that was replaced by a put, and of the last.
func endsLease(ctx context.Context, s payment.Store) error {
	first, err := leasedFirst(ctx, s, due("t-1", 0))
	if err != nil {
		return err
	}
	if err := put(ctx, s, due("t-1", 10)); err != nil {
		return err
	}
	want := due("t-1", 10)
	want.Token = first.Token + 1
	c := change("p-9", 0)
	c.Done = &first
	err = errors.Join(
		keeps(ctx, s, want),
		refusesWhole(ctx, s, c, payment.ErrLeaseLost),
		s.Finish(ctx, []payment.TaskEnd{{TaskRef: first}}),
		keeps(ctx, s, want),
	)
	if err != nil {
		return err
	}
	tasks, err := leased(ctx, s, lease(10), "t-1")
	if err != nil {
		return err
	}
	if tasks[0].Token <= want.Token {
		return fmt.Errorf("got token %d of a lease after token %d, want a greater one", tasks[0].Token, want.Token)
	}
	last := ref(tasks[0])
	c.Done = &last
	return errors.Join(s.Apply(ctx, c), holdsTasks(ctx, s))
}

func moves(ctx context.Context, s payment.Store) error {
	first, second := laned("t-1", "p-1", 1, 100), laned("t-2", "p-1", 2, 0)
	moved := first
	moved.Queue, moved.Lane = "outbox", "webhook"
	elsewhere := lease(100)
	elsewhere.Queue = "outbox"
	return errors.Join(
		put(ctx, s, first, second), leases(ctx, s, lease(0)),
		put(ctx, s, moved), leases(ctx, s, lease(0), "t-2"), leases(ctx, s, lease(200), "t-2"),
		leases(ctx, s, elsewhere, "t-1"),
	)
}

// finishesAndPuts lets a task put itself off in the write that finishes it. Were it deleted and made anew, its token would
// begin again, and a lease from before could end a later one.
func finishesAndPuts(ctx context.Context, s payment.Store) error {
	first, err := leasedFirst(ctx, s, due("t-1", 0))
	if err != nil {
		return err
	}
	c, want := change("p-9", 0), due("t-1", 20)
	c.Put, c.Done = []payment.Task{want}, &first
	want.Token = first.Token + 1
	return errors.Join(
		s.Apply(ctx, c), keeps(ctx, s, want), leases(ctx, s, lease(19)), leases(ctx, s, lease(20), "t-1"),
	)
}

func pagesTasks(ctx context.Context, s payment.Store) error {
	page := func(after string, limit int, want ...string) error {
		got, err := s.Tasks(ctx, payment.TaskQuery{After: after, Limit: limit})
		return about(fmt.Sprintf("at most %d tasks after %q", limit, after), errors.Join(err, sameIDs(got, taskID, want...)))
	}
	return errors.Join(
		put(ctx, s, due("t-3", 1), due("t-1", 3), due("t-5", 2)),
		page("", 1, "t-1"), page("", 3, "t-1", "t-3", "t-5"), page("", 1000, "t-1", "t-3", "t-5"),
		page("t-1", 1, "t-3"), page("t-2", 10, "t-3", "t-5"), page("t-5", 10),
	)
}

func selectsTasks(ctx context.Context, s payment.Store) error {
	some := func(q payment.TaskQuery, want ...string) error {
		q.Limit = 1000
		got, err := s.Tasks(ctx, q)
		return about(fmt.Sprintf("tasks of %+v", q), errors.Join(err, sameIDs(got, taskID, want...)))
	}
	tasks := []payment.Task{
		task("t-1", "p-1"), task("t-2", "p-2"), task("t-3", "p-1"), task("t-4", "p-2"), task("t-5", "p-1"),
		task("t-6", "p-2"),
	}
	tasks[0].Due = moment(1)
	tasks[2].Queue, tasks[3].Queue = "outbox", "outbox"
	tasks[4].Dead, tasks[5].Dead = true, true
	return errors.Join(
		put(ctx, s, tasks...),
		some(payment.TaskQuery{}, "t-1", "t-2", "t-3", "t-4", "t-5", "t-6"),
		some(payment.TaskQuery{Queue: "timers"}, "t-1", "t-2", "t-5", "t-6"),
		some(payment.TaskQuery{Queue: "outbox"}, "t-3", "t-4"),
		some(payment.TaskQuery{Queue: "none"}),
		some(payment.TaskQuery{Record: "p-1"}, "t-1", "t-3", "t-5"),
		some(payment.TaskQuery{Dead: true}, "t-5", "t-6"),
		some(payment.TaskQuery{Queue: "timers", Record: "p-2"}, "t-2", "t-6"),
		some(payment.TaskQuery{Queue: "timers", Record: "p-2", Dead: true}, "t-6"),
		some(payment.TaskQuery{Queue: "outbox", Dead: true}),
		some(payment.TaskQuery{Record: "p-1", After: "t-1"}, "t-3", "t-5"),
		leases(ctx, s, lease(1), "t-2", "t-1"), // a leased task is read like any other
		some(payment.TaskQuery{Queue: "timers", Record: "p-1"}, "t-1", "t-5"),
	)
}
