package storetest_test

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/oplata-go/oplata/payment"
)

func brokenTasks() []broken[payments] {
	neverDrops := changing(func(_ *payments, c *payment.Change) { c.Drop = nil })
	neverDone := changing(func(_ *payments, c *payment.Change) { c.Done = nil })
	const pages = "Tasks are read by ascending ID, after one and up to a limit"
	const selected = "Tasks are selected by every field of a query and by all together"
	return []broken[payments]{
		wrong("puts the due time alone", remembering(func(old payment.Task, t *payment.Task) { old.Due = t.Due; *t = old }),
			"A task put again replaces the one of its ID whole"),
		wrong("keeps the tries of what is put again", remembering(func(old payment.Task, t *payment.Task) { t.Tries = old.Tries }),
			"A task put again replaces the one of its ID whole"),
		wrong("keeps the token of what is put again", countingPuts, "A task put again raises the token, so that its old lease ends",
			"A task put again replaces the one of its ID whole"),
		wrong("keeps what is put again hidden", remembering(func(old payment.Task, t *payment.Task) { t.Due = old.Due }),
			"A leased task that is put again can be leased again at once"),
		wrong("lets the dead rest", remembering(func(old payment.Task, t *payment.Task) { t.Dead = old.Dead }),
			"A dead task that is put again lives", "What a dead task held up goes on when that is put again, dropped or done"),
		wrong("keeps the queue of what is put again", remembering(func(old payment.Task, t *payment.Task) { t.Queue = old.Queue }),
			"A task that is put into another queue and lane leaves the old ones"),
		wrong("keeps the lane of what is put again", remembering(func(old payment.Task, t *payment.Task) { t.Lane, t.Queue = old.Lane, old.Queue }),
			"A task that is put into another queue and lane leaves the old ones"),
		wrong("never drops", neverDrops, "A dropped task is gone, leased or not, and others stay",
			"A lane goes on when its first task was finished, dropped or done"),
		wrong("drops only what was never leased", changing(func(p *payments, c *payment.Change) {
			c.Drop = slices.DeleteFunc(slices.Clone(c.Drop), func(id string) bool { return p.storedTask(context.Background(), id).Tries > 0 })
		}), "A dropped task is gone, leased or not, and others stay"),
		wrong("drops what it was not told", changing(func(_ *payments, c *payment.Change) {
			if len(c.Drop) > 0 {
				c.Drop = append(slices.Clone(c.Drop), "t-3")
			}
		}), "A dropped task is gone, leased or not, and others stay"),
		wrong("never finishes what is done", neverDone, "A change finishes a leased task in the same write",
			"A lane goes on when its first task was finished, dropped or done"),
		wrong("takes any token for what is done", changing(func(p *payments, c *payment.Change) {
			if c.Done == nil {
				return
			}
			if t := p.storedTask(context.Background(), c.Done.ID); t.ID != "" {
				c.Done = &payment.TaskRef{ID: t.ID, Token: t.Token}
			}
		}), "A change whose task was leased anew is refused", "A lost lease writes nothing"),
		wrong("finishes after it puts", changing(func(_ *payments, c *payment.Change) {
			c.Put = slices.DeleteFunc(c.Put, func(t payment.Task) bool { return c.Done != nil && t.ID == c.Done.ID })
		}), "A task that a change both finishes and puts is replaced, not new",
			"Whatever is done in whatever order leaves what a simple model holds"),
		wrong("finishes before it puts", func(p *payments) {
			p.apply = func(ctx context.Context, c payment.Change) error {
				again := slices.ContainsFunc(c.Put, func(t payment.Task) bool { return c.Done != nil && t.ID == c.Done.ID })
				if !again {
					return p.right.Apply(ctx, c)
				}
				put := c.Put
				c.Put = nil
				err := p.right.Apply(ctx, c)
				return errors.Join(
					err, p.right.Apply(ctx, payment.Change{Record: c.Record, Base: c.Record.Version, Put: put}),
				)
			}
		}, "A task that a change both finishes and puts is replaced, not new"),
		wrong("repeats the task after", asking(func(q *payment.TaskQuery) {
			if q.After != "" {
				q.After = q.After[:len(q.After)-1]
			}
		}), pages),
		wrong("reads tasks without a limit", asking(func(q *payment.TaskQuery) { q.Limit = 1000 }), pages),
		wrong("reads tasks descending", func(p *payments) {
			p.tasks = func(ctx context.Context, q payment.TaskQuery) ([]payment.Task, error) {
				tasks, err := p.right.Tasks(ctx, q)
				slices.Reverse(tasks)
				return tasks, err
			}
		}, pages),
		wrong("selects tasks without the queue", asking(func(q *payment.TaskQuery) { q.Queue = "" }), selected),
		wrong("selects tasks without the record", asking(func(q *payment.TaskQuery) { q.Record = "" }), selected),
		wrong("selects the living with the dead", asking(func(q *payment.TaskQuery) { q.Dead = false }), selected),
		wrong("selects the living only", func(p *payments) {
			p.tasks = func(ctx context.Context, q payment.TaskQuery) ([]payment.Task, error) {
				tasks, err := p.right.Tasks(ctx, q)
				return slices.DeleteFunc(tasks, func(t payment.Task) bool { return t.Dead != q.Dead }), err
			}
		}, selected),
	}
}

func brokenFinishes() []broken[payments] {
	const again = "A task to be tried again is due then, and keeps its tries, its token and the reason"
	const dead = "A task declared dead is kept with the reason"
	const gone = "A finish for a task that is gone is no error and makes none"
	const all = "A finish ends every lease it names, lost ones among them left alone"
	current := func(accept func(stored, given int64) bool) func(*payments) {
		return ending(func(ctx context.Context, p *payments, end *payment.TaskEnd) {
			if t := p.storedTask(ctx, end.ID); t.ID != "" && accept(t.Token, end.Token) {
				end.Token = t.Token
			}
		})
	}
	return []broken[payments]{
		wrong("finishes by declaring dead", ending(func(_ context.Context, _ *payments, end *payment.TaskEnd) { end.Dead = end.Retry.IsZero() }),
			"A finished task is gone"),
		wrong("deletes what is to be tried again", ending(func(_ context.Context, _ *payments, end *payment.TaskEnd) { end.Retry = time.Time{} }), again),
		wrong("forgets the reason", ending(func(_ context.Context, _ *payments, end *payment.TaskEnd) { end.Note = "" }), again, dead),
		wrong("tries again when the lease would have ended", ending(func(ctx context.Context, p *payments, end *payment.TaskEnd) {
			if t := p.storedTask(ctx, end.ID); !end.Retry.IsZero() && end.Retry.Before(t.Due) {
				end.Retry = t.Due
			}
		}), "A task to be tried again may be due before its lease would have ended, or at once"),
		wrong("deletes the dead", ending(func(_ context.Context, _ *payments, end *payment.TaskEnd) { end.Dead = false }), dead),
		wrong("keeps the last reason it heard", ending(func(ctx context.Context, p *payments, end *payment.TaskEnd) {
			if end.Note == "" {
				end.Note = p.storedTask(ctx, end.ID).Note
			}
		}), "The reason of the last try takes the place of the one before"),
		wrong("finishes with any token", current(func(_, _ int64) bool { return true }),
			"A finish for a task that was leased anew changes nothing", "A finish for a token still to come changes nothing"),
		wrong("finishes with a later token", current(func(stored, given int64) bool { return given > stored }),
			"A finish for a token still to come changes nothing"),
		wrong("tells that a task is gone", func(p *payments) {
			p.finish = func(ctx context.Context, ends []payment.TaskEnd) error {
				for _, end := range ends {
					if p.storedTask(ctx, end.ID).ID == "" {
						return payment.ErrLeaseLost
					}
				}
				return p.right.Finish(ctx, ends)
			}
		}, gone, all),
		wrong("makes the task that it should end", ending(func(ctx context.Context, p *payments, end *payment.TaskEnd) {
			if p.storedTask(ctx, end.ID).ID == "" && end.Dead {
				_ = p.right.Apply(ctx, payment.Change{Record: payment.Record{ID: "p", Version: 1}, Put: []payment.Task{{ID: end.ID}}})
			}
		}), gone),
		wrong("stops at the first lost lease", func(p *payments) {
			p.finish = func(ctx context.Context, ends []payment.TaskEnd) error {
				for i, end := range ends {
					if p.storedTask(ctx, end.ID).Token != end.Token {
						return p.right.Finish(ctx, ends[:i])
					}
				}
				return p.right.Finish(ctx, ends)
			}
		}, all),
		wrong("ends the first lease only", func(p *payments) {
			p.finish = func(ctx context.Context, ends []payment.TaskEnd) error {
				return p.right.Finish(ctx, ends[:min(1, len(ends))])
			}
		}, all),
		wrong("touches the records of what it finishes", ending(func(ctx context.Context, p *payments, end *payment.TaskEnd) {
			p.touch(ctx, p.storedTask(ctx, end.ID).Record)
		}), "A finish leaves records and their history alone"),
	}
}

func brokenContexts() []broken[payments] {
	const reads = "Every read tells that its context was cancelled"
	on := context.WithoutCancel
	return []broken[payments]{
		wrong("changes for nobody", func(p *payments) {
			p.apply = func(ctx context.Context, c payment.Change) error { return p.right.Apply(on(ctx), c) }
		}, "A change with a cancelled context writes nothing"),
		wrong("changes, and then looks at the context", func(p *payments) {
			p.apply = func(ctx context.Context, c payment.Change) error {
				return errors.Join(p.right.Apply(on(ctx), c), ctx.Err())
			}
		}, "A change with a cancelled context writes nothing"),
		wrong("leases for nobody", leasing(func(ctx context.Context, p *payments, l payment.Lease) ([]payment.Task, error) {
			tasks, err := p.right.Lease(on(ctx), l)
			return tasks, errors.Join(err, ctx.Err())
		}), "A lease with a cancelled context takes nothing"),
		wrong("finishes for nobody", func(p *payments) {
			p.finish = func(ctx context.Context, ends []payment.TaskEnd) error {
				return errors.Join(p.right.Finish(on(ctx), ends), ctx.Err())
			}
		}, "A finish with a cancelled context ends nothing"),
		wrong("loads for nobody", func(p *payments) {
			p.load = func(ctx context.Context, id string) (payment.Record, error) { return p.right.Load(on(ctx), id) }
		}, reads),
		wrong("looks up owners for nobody", func(p *payments) {
			p.owner = func(ctx context.Context, scope, key string) (payment.Record, payment.Claim, error) {
				return p.right.Owner(on(ctx), scope, key)
			}
		}, reads),
		wrong("lists for nobody", func(p *payments) {
			p.list = func(ctx context.Context, q payment.Query) ([]payment.Record, error) { return p.right.List(on(ctx), q) }
		}, reads),
		wrong("reads events for nobody", func(p *payments) {
			p.events = func(ctx context.Context, id string, after int64, limit int) ([]payment.Event, error) {
				return p.right.Events(on(ctx), id, after, limit)
			}
		}, reads),
		wrong("reads tasks for nobody", func(p *payments) {
			p.tasks = func(ctx context.Context, q payment.TaskQuery) ([]payment.Task, error) {
				return p.right.Tasks(on(ctx), q)
			}
		}, reads),
		wrong("looks for due times for nobody", func(p *payments) {
			p.next = func(ctx context.Context, queue string) (time.Time, error) { return p.right.NextDue(on(ctx), queue) }
		}, reads),
		wrong("stops in the middle of a change", inHalves(func(ctx context.Context) error {
			select {
			case <-ctx.Done():
			case <-time.After(20 * time.Millisecond):
			}
			return ctx.Err()
		}), "A change whose context is cancelled meanwhile is written whole or not at all"),
	}
}

// inHalves writes the record and its events first and the rest afterwards, unless between says no.
func inHalves(between func(context.Context) error) func(*payments) {
	return func(p *payments) {
		p.apply = func(ctx context.Context, c payment.Change) error {
			first := payment.Change{Record: c.Record, Base: c.Base, Events: c.Events, Done: c.Done}
			if err := p.right.Apply(ctx, first); err != nil {
				return err
			}
			if err := between(ctx); err != nil {
				return err
			}
			return p.right.Apply(ctx, payment.Change{Record: c.Record, Base: c.Record.Version, Claims: c.Claims, Put: c.Put, Drop: c.Drop})
		}
	}
}

func brokenRaces() []broken[payments] {
	// slowly looks first and writes later, and takes for granted then what it has seen.
	slowly := func(p *payments) {
		p.apply = func(ctx context.Context, c payment.Change) error {
			if v := p.version(ctx, c.Record.ID); v != c.Base {
				return payment.ErrConflict
			}
			for _, claim := range c.Claims {
				if _, held, err := p.right.Owner(ctx, claim.Scope, claim.Key); err == nil {
					return &payment.ClaimedError{Claim: held}
				}
			}
			if c.Done != nil && p.storedTask(ctx, c.Done.ID).Token != c.Done.Token {
				return payment.ErrLeaseLost
			}
			p.between.wait()
			p.mu.Lock()
			defer p.mu.Unlock()
			c.Base = p.version(ctx, c.Record.ID)
			c.Claims = slices.DeleteFunc(slices.Clone(c.Claims), func(claim payment.Claim) bool {
				_, _, err := p.right.Owner(ctx, claim.Scope, claim.Key)
				return err == nil
			})
			if c.Done != nil && p.storedTask(ctx, c.Done.ID).ID == "" {
				c.Done = nil
			}
			return p.right.Apply(ctx, c)
		}
	}
	stale := func(p *payments) {
		cache := map[string]payment.Record{}
		p.load = func(ctx context.Context, id string) (payment.Record, error) {
			p.mu.Lock()
			defer p.mu.Unlock()
			if r, ok := cache[id]; ok {
				return r, nil
			}
			r, err := p.right.Load(ctx, id)
			if err == nil {
				cache[id] = r
			}
			return r, err
		}
	}
	return []broken[payments]{
		wrong("looks first and writes later", slowly,
			"Of many changes of one version exactly one is written",
			"Of many inserts of one ID exactly one is written",
			"Of many records that claim one key exactly one holds it",
			"Of many changes that finish one task exactly one is written",
			"No change is lost among many that try again after a conflict"),
		wrong("looks first and leases later", ruled(rightRule),
			"Many leases at once bring every task once",
			"Many leases at once bring the tasks of a lane one by one",
			"A task that is put again while it is leased gets one new holder"),
		wrong("writes in two halves", inHalves(func(context.Context) error { <-time.After(time.Millisecond); return nil }), "A reader never sees half a change"),
		wrong("reads what it read before", stale, "A reader never sees half a change"),
	}
}

// forgetful are stores that acknowledge what they keep in memory only.
func forgetful() []broken[payments] {
	// aside answers everything from memory and passes on to the right store what keep names.
	aside := func(changes, leases, finishes bool) func(*payments) {
		return func(p *payments) {
			quick := p.db.Clone().Payments()
			p.load, p.owner, p.list, p.events, p.tasks, p.next = quick.Load, quick.Owner, quick.List, quick.Events, quick.Tasks, quick.NextDue
			p.apply = func(ctx context.Context, c payment.Change) error {
				if changes {
					_ = p.right.Apply(ctx, c)
				}
				return quick.Apply(ctx, c)
			}
			p.lease = func(ctx context.Context, l payment.Lease) ([]payment.Task, error) {
				if leases {
					_, _ = p.right.Lease(ctx, l)
				}
				return quick.Lease(ctx, l)
			}
			p.finish = func(ctx context.Context, ends []payment.TaskEnd) error {
				if finishes {
					_ = p.right.Finish(ctx, ends)
				}
				return quick.Finish(ctx, ends)
			}
		}
	}
	return []broken[payments]{
		wrong("keeps changes in memory", aside(false, true, true), "Everything acknowledged is there after reopening",
			"Versions and claims are guarded after reopening", "Lanes and dead tasks stand after reopening"),
		wrong("keeps leases in memory", aside(true, false, true), "A lease holds after reopening, and its token"),
		wrong("keeps ends of leases in memory", aside(true, true, false), "Lanes and dead tasks stand after reopening",
			"What was finished, dropped and erased stays so after reopening"),
	}
}
