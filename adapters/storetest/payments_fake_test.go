package storetest_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/oplata-go/oplata/adapters/memory"
	"github.com/oplata-go/oplata/payment"
)

// payments is a right store whose methods can be replaced one by one.
type payments struct {
	db    *memory.DB
	right payment.Store
	mu    sync.Mutex // for what a broken store remembers

	between meeting // of those who do in two steps what is one

	load   func(context.Context, string) (payment.Record, error)
	owner  func(context.Context, string, string) (payment.Record, payment.Claim, error)
	apply  func(context.Context, payment.Change) error
	list   func(context.Context, payment.Query) ([]payment.Record, error)
	events func(context.Context, string, int64, int) ([]payment.Event, error)
	lease  func(context.Context, payment.Lease) ([]payment.Task, error)
	finish func(context.Context, []payment.TaskEnd) error
	tasks  func(context.Context, payment.TaskQuery) ([]payment.Task, error)
	next   func(context.Context, string) (time.Time, error)
}

func newPayments(db *memory.DB) *payments {
	s := db.Payments()
	return &payments{
		db: db, right: s,
		load: s.Load, owner: s.Owner, apply: s.Apply, list: s.List, events: s.Events,
		lease: s.Lease, finish: s.Finish, tasks: s.Tasks, next: s.NextDue,
	}
}

func (p *payments) Load(ctx context.Context, id string) (payment.Record, error) {
	return p.load(ctx, id)
}

func (p *payments) Owner(ctx context.Context, scope, key string) (payment.Record, payment.Claim, error) {
	return p.owner(ctx, scope, key)
}

func (p *payments) Apply(ctx context.Context, c payment.Change) error { return p.apply(ctx, c) }

func (p *payments) List(ctx context.Context, q payment.Query) ([]payment.Record, error) {
	return p.list(ctx, q)
}

func (p *payments) Events(ctx context.Context, id string, after int64, limit int) ([]payment.Event, error) {
	return p.events(ctx, id, after, limit)
}

func (p *payments) Lease(ctx context.Context, l payment.Lease) ([]payment.Task, error) {
	return p.lease(ctx, l)
}

func (p *payments) Finish(ctx context.Context, ends []payment.TaskEnd) error {
	return p.finish(ctx, ends)
}

func (p *payments) Tasks(ctx context.Context, q payment.TaskQuery) ([]payment.Task, error) {
	return p.tasks(ctx, q)
}

func (p *payments) NextDue(ctx context.Context, queue string) (time.Time, error) {
	return p.next(ctx, queue)
}

// The usual ways to spoil.

// changing alters every change before it is written.
func changing(alter func(p *payments, c *payment.Change)) func(*payments) {
	return func(p *payments) {
		p.apply = func(ctx context.Context, c payment.Change) error {
			c.Put, c.Claims, c.Events = slices.Clone(c.Put), slices.Clone(c.Claims), slices.Clone(c.Events)
			alter(p, &c)
			return p.right.Apply(ctx, c)
		}
	}
}

// putting alters every task before it is written.
func putting(alter func(*payment.Task)) func(*payments) {
	return changing(func(_ *payments, c *payment.Change) {
		for i := range c.Put {
			alter(&c.Put[i])
		}
	})
}

// refusing does something else when a change is refused with want.
func refusing(want error, do func(ctx context.Context, p *payments, c payment.Change, refusal error) error) func(*payments) {
	return func(p *payments) {
		p.apply = func(ctx context.Context, c payment.Change) error {
			err := p.right.Apply(ctx, c)
			if !errors.Is(err, want) {
				return err
			}
			return do(ctx, p, c, err)
		}
	}
}

// leaking writes a part of each refused change by itself and then tells the refusal all the same.
func leaking(want error, part func(c, only *payment.Change)) func(*payments) {
	return refusing(want, func(ctx context.Context, p *payments, c payment.Change, refusal error) error {
		stored, err := p.right.Load(ctx, c.Record.ID)
		if err != nil {
			stored = c.Record
			stored.Version = 1
		}
		only := payment.Change{Record: stored, Base: stored.Version}
		if err != nil {
			only.Base = 0
		}
		part(&c, &only)
		return errors.Join(p.right.Apply(ctx, only), refusal)
	})
}

// reading alters every record that is read.
func reading(alter func(*payment.Record)) func(*payments) {
	return func(p *payments) {
		p.load = func(ctx context.Context, id string) (payment.Record, error) {
			r, err := p.right.Load(ctx, id)
			alter(&r)
			return r, err
		}
	}
}

// leasing replaces every lease.
func leasing(instead func(ctx context.Context, p *payments, l payment.Lease) ([]payment.Task, error)) func(*payments) {
	return func(p *payments) {
		p.lease = func(ctx context.Context, l payment.Lease) ([]payment.Task, error) { return instead(ctx, p, l) }
	}
}

// ending alters every finish.
func ending(alter func(ctx context.Context, p *payments, end *payment.TaskEnd)) func(*payments) {
	return func(p *payments) {
		p.finish = func(ctx context.Context, ends []payment.TaskEnd) error {
			ends = slices.Clone(ends)
			for i := range ends {
				alter(ctx, p, &ends[i])
			}
			return p.right.Finish(ctx, ends)
		}
	}
}

// asking alters every question for tasks.
func asking(alter func(*payment.TaskQuery)) func(*payments) {
	return func(p *payments) {
		p.tasks = func(ctx context.Context, q payment.TaskQuery) ([]payment.Task, error) {
			alter(&q)
			return p.right.Tasks(ctx, q)
		}
	}
}

// selecting alters every list.
func selecting(alter func(*payment.Query)) func(*payments) {
	return func(p *payments) {
		p.list = func(ctx context.Context, q payment.Query) ([]payment.Record, error) {
			alter(&q)
			return p.right.List(ctx, q)
		}
	}
}

// storedTask reads a task from the right store; the zero task if there is none.
func (p *payments) storedTask(ctx context.Context, id string) payment.Task {
	tasks, _ := p.right.Tasks(ctx, payment.TaskQuery{Limit: 1000})
	for _, t := range tasks {
		if t.ID == id {
			return t
		}
	}
	return payment.Task{}
}

// version reads a version from the right store; 0 if there is no record.
func (p *payments) version(ctx context.Context, id string) int64 {
	r, _ := p.right.Load(ctx, id)
	return r.Version
}
