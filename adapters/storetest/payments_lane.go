package storetest

import (
	"context"
	"errors"

	"github.com/oplata-go/oplata/payment"
)

// laneChecks say that the tasks of a lane leave one by one and in order.
func laneChecks() []Check[payment.Store] {
	return []Check[payment.Store]{
		that("Of a lane only the first task is leased, though others are due longer", func(ctx context.Context, s payment.Store) error {
			return errors.Join(
				put(ctx, s, laned("t-3", "p-1", 3, 0), laned("t-2", "p-1", 2, 10), laned("t-1", "p-1", 1, 20)),
				leases(ctx, s, lease(20), "t-1"),
			)
		}),
		that("A lane waits for its first task to be due", func(ctx context.Context, s payment.Store) error {
			return errors.Join(
				put(ctx, s, laned("t-1", "p-1", 1, 20), laned("t-2", "p-2", 2, 0)),
				leases(ctx, s, lease(19)), leases(ctx, s, lease(20), "t-1"),
			)
		}),
		that("A lane waits while its first task is leased", func(ctx context.Context, s payment.Store) error {
			return errors.Join(
				put(ctx, s, laned("t-1", "p-1", 1, 0), laned("t-2", "p-1", 2, 0), laned("t-3", "p-2", 3, 0)),
				leases(ctx, s, lease(0), "t-1"), leases(ctx, s, lease(1)), leases(ctx, s, lease(60), "t-1"),
				leases(ctx, s, lease(61)),
			)
		}),
		that("A lane goes on when its first task was finished, dropped or done", goesOn),
		that("A lane is ordered by number, and by ID among equals", func(ctx context.Context, s payment.Store) error {
			return errors.Join(
				put(ctx, s, laned("t-a", "p-1", 10, 0), laned("t-b", "p-1", 9, 0)),
				put(ctx, s, laned("t-d", "p-1", -1, 0), laned("t-c", "p-1", -1, 0)),
				finish(ctx, s, 0, "t-c"), finish(ctx, s, 0, "t-d"), finish(ctx, s, 0, "t-b"), finish(ctx, s, 0, "t-a"),
				holdsTasks(ctx, s),
			)
		}),
		that("A task put before the first one of a lane becomes the first", func(ctx context.Context, s payment.Store) error {
			return errors.Join(
				put(ctx, s, laned("t-2", "p-1", 2, 0)), put(ctx, s, laned("t-1", "p-1", 1, 50)),
				leases(ctx, s, lease(0)), leases(ctx, s, lease(50), "t-1"),
			)
		}),
		that("A first task that failed and waits for its next try holds up the lane", func(ctx context.Context, s payment.Store) error {
			return errors.Join(
				put(ctx, s, laned("t-1", "p-1", 1, 0), laned("t-2", "p-2", 2, 0)),
				retry(ctx, s, 0, 500, "t-1"),
				leases(ctx, s, lease(499)), leases(ctx, s, lease(500), "t-1"),
			)
		}),
		that("A dead task holds up the later tasks of its record", func(ctx context.Context, s payment.Store) error {
			return errors.Join(
				put(ctx, s, laned("t-1", "p-1", 1, 0), laned("t-2", "p-1", 2, 0), laned("t-3", "p-1", 3, 0)),
				kill(ctx, s, 0, "t-1"), leases(ctx, s, lease(1000)),
			)
		}),
		that("A dead task holds up no task of another record", func(ctx context.Context, s payment.Store) error {
			return errors.Join(
				put(ctx, s, laned("t-1", "p-1", 1, 0), laned("t-2", "p-2", 2, 0), laned("t-3", "p-1", 3, 0)),
				put(ctx, s, laned("t-4", "p-3", 4, 0), laned("t-5", "p-2", 5, 0)),
				kill(ctx, s, 0, "t-1"), finish(ctx, s, 0, "t-2"), finish(ctx, s, 0, "t-4"), finish(ctx, s, 0, "t-5"),
				leases(ctx, s, lease(1000)), holdsTasks(ctx, s, "t-1", "t-3"),
			)
		}),
		that("A dead task holds up no earlier task of its record", func(ctx context.Context, s payment.Store) error {
			return errors.Join(
				put(ctx, s, laned("t-2", "p-1", 2, 0)), kill(ctx, s, 0, "t-2"),
				put(ctx, s, laned("t-1", "p-1", 1, 0)), leases(ctx, s, lease(0), "t-1"),
			)
		}),
		that("A task that is put as a dead one holds up what was first before, until it is dropped", func(ctx context.Context, s payment.Store) error {
			dead := laned("t-1", "p-1", 1, 0)
			dead.Dead = true
			return errors.Join(
				put(ctx, s, laned("t-2", "p-1", 2, 0), dead), leases(ctx, s, lease(0)),
				drop(ctx, s, "t-1"), leases(ctx, s, lease(0), "t-2"),
			)
		}),
		that("What a dead task held up goes on when that is put again, dropped or done", revives),
		that("A lane has no say in another lane, another queue or outside of lanes", apart),
	}
}

// laned gives a task in the suite's lane.
func laned(id, record string, order int64, n int) payment.Task {
	t := task(id, record)
	t.Lane, t.Order, t.Due = "ledger", order, moment(n)
	return t
}

// finish leases what is due and finishes it; the lease must bring just these.
func finish(ctx context.Context, s payment.Store, n int, want ...string) error {
	return end(ctx, s, n, payment.TaskEnd{}, want...)
}

// retry leases what is due and lets it be due again later.
func retry(ctx context.Context, s payment.Store, n, later int, want ...string) error {
	return end(ctx, s, n, payment.TaskEnd{Retry: moment(later), Note: "no answer"}, want...)
}

func end(ctx context.Context, s payment.Store, n int, how payment.TaskEnd, want ...string) error {
	tasks, err := leased(ctx, s, lease(n), want...)
	if err != nil {
		return err
	}
	var ends []payment.TaskEnd
	for _, t := range tasks {
		how.TaskRef = ref(t)
		ends = append(ends, how)
	}
	return about("finish", s.Finish(ctx, ends))
}

// done leases what is due and lets a change of record p-9 finish it.
func done(ctx context.Context, s payment.Store, n int, id string) error {
	tasks, err := leased(ctx, s, lease(n), id)
	if err != nil {
		return err
	}
	finished := ref(tasks[0])
	return advance(ctx, s, "p-9", func(c *payment.Change) { c.Done = &finished })
}

// drop lets a change of record p-9 delete tasks.
func drop(ctx context.Context, s payment.Store, ids ...string) error {
	return advance(ctx, s, "p-9", func(c *payment.Change) { c.Drop = ids })
}

func goesOn(ctx context.Context, s payment.Store) error {
	return errors.Join(
		put(ctx, s, laned("t-1", "p-1", 1, 0), laned("t-2", "p-1", 2, 0), laned("t-3", "p-2", 3, 0), laned("t-4", "p-2", 4, 0)),
		finish(ctx, s, 0, "t-1"),
		drop(ctx, s, "t-2"),
		done(ctx, s, 0, "t-3"),
		leases(ctx, s, lease(0), "t-4"),
	)
}

func revives(ctx context.Context, s payment.Store) error {
	return errors.Join(
		put(ctx, s, laned("t-1", "p-1", 1, 0), laned("t-2", "p-1", 2, 0), laned("t-3", "p-1", 3, 0), laned("t-4", "p-1", 4, 0)),
		kill(ctx, s, 0, "t-1"), leases(ctx, s, lease(100)),
		put(ctx, s, laned("t-1", "p-1", 1, 100)), finish(ctx, s, 100, "t-1"),
		kill(ctx, s, 100, "t-2"), leases(ctx, s, lease(100)),
		drop(ctx, s, "t-2"),
		kill(ctx, s, 100, "t-3"), leases(ctx, s, lease(100)),
		put(ctx, s, laned("t-3", "p-1", 3, 100)), done(ctx, s, 100, "t-3"),
		leases(ctx, s, lease(100), "t-4"),
	)
}

// apart holds up one lane in every way and looks at the tasks around it.
func apart(ctx context.Context, s payment.Store) error {
	free, otherLane, otherQueue := laned("t-4", "p-1", 9, 1), laned("t-5", "p-1", 9, 2), laned("t-6", "p-1", 9, 3)
	free.Lane, otherLane.Lane, otherQueue.Queue = "", "webhook", "outbox"
	loose := free
	loose.ID, loose.Due = "t-7", moment(4)
	l := lease(10)
	l.Queue = "outbox"
	return errors.Join(
		put(ctx, s, laned("t-1", "p-1", 1, 0), laned("t-2", "p-2", 2, 0), laned("t-3", "p-1", 3, 0)),
		kill(ctx, s, 0, "t-1"), leases(ctx, s, lease(0), "t-2"),
		put(ctx, s, free, otherLane, otherQueue, loose),
		leases(ctx, s, lease(10), "t-4", "t-5", "t-7"), leases(ctx, s, l, "t-6"),
	)
}
