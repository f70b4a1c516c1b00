package storetest_test

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/oplata-go/oplata/payment"
)

// laneRule says whether an earlier task of a lane keeps back a later one. heldUp tells of a task that stands behind a dead
// one of its record.
type laneRule func(earlier, later payment.Task, now time.Time, heldUp func(payment.Task) bool) bool

func rightRule(earlier, later payment.Task, _ time.Time, heldUp func(payment.Task) bool) bool {
	if earlier.Dead {
		return earlier.Record == later.Record
	}
	return !heldUp(earlier)
}

// ruled leases by a lane rule of its own. Reading and writing are two steps, so that it is wrong in races besides.
func ruled(keepsBack laneRule) func(*payments) {
	return choosing(func(all []payment.Task, l payment.Lease) []payment.Task {
		slices.SortFunc(all, func(a, b payment.Task) int {
			return cmp.Or(cmp.Compare(a.Order, b.Order), strings.Compare(a.ID, b.ID))
		})
		together := func(a, b payment.Task) bool { return a.Queue == b.Queue && a.Lane == b.Lane && a.Lane != "" }
		heldUp := func(t payment.Task) bool {
			return slices.ContainsFunc(all, func(e payment.Task) bool {
				return e.Dead && e.Record == t.Record && together(e, t) && cmp.Or(cmp.Compare(e.Order, t.Order), strings.Compare(e.ID, t.ID)) < 0
			})
		}
		var free []payment.Task
		for i, t := range all {
			behind := slices.ContainsFunc(all[:i], func(e payment.Task) bool { return together(e, t) && keepsBack(e, t, l.Now, heldUp) })
			if !behind && !t.Dead {
				free = append(free, t)
			}
		}
		return longestDue(free, l)
	})
}

// longestDue is the right choice among tasks that may leave.
func longestDue(tasks []payment.Task, l payment.Lease) []payment.Task {
	due := slices.DeleteFunc(slices.Clone(tasks), func(t payment.Task) bool { return t.Queue != l.Queue || t.Due.After(l.Now) })
	slices.SortStableFunc(due, func(a, b payment.Task) int { return a.Due.Compare(b.Due) })
	return due[:min(len(due), l.Limit)]
}

// choosing leases what choose takes of all tasks. It puts the tasks again to raise their tokens.
func choosing(choose func(all []payment.Task, l payment.Lease) []payment.Task) func(*payments) {
	return leasing(func(ctx context.Context, p *payments, l payment.Lease) ([]payment.Task, error) {
		all, err := p.right.Tasks(ctx, payment.TaskQuery{Limit: 1000})
		if err != nil {
			return nil, err
		}
		chosen := choose(all, l)
		if len(chosen) > 0 {
			p.between.wait()
		}
		for i, t := range chosen {
			t.Tries, t.Due = t.Tries+1, l.Until
			err = errors.Join(err, p.putOnly(ctx, t))
			t.Token++
			chosen[i] = t
		}
		return chosen, err
	})
}

// meeting is a place between two steps that should have been one. Who comes there waits for another one to come; alone,
// not for long.
type meeting struct {
	mu      sync.Mutex
	waiting chan struct{}
}

func (m *meeting) wait() {
	m.mu.Lock()
	if m.waiting != nil {
		close(m.waiting)
		m.waiting = nil
		m.mu.Unlock()
		return
	}
	other := make(chan struct{})
	m.waiting = other
	m.mu.Unlock()
	select {
	case <-other:
	case <-time.After(20 * time.Millisecond):
		m.mu.Lock()
		defer m.mu.Unlock()
		if m.waiting == other {
			m.waiting = nil
		}
	}
}

// putOnly puts a task without a trace in its record.
func (p *payments) putOnly(ctx context.Context, t payment.Task) error {
	r, err := p.right.Load(ctx, t.Record)
	if err != nil {
		return err
	}
	return p.right.Apply(ctx, payment.Change{Record: r, Base: r.Version, Put: []payment.Task{t}})
}

// disguised stores tasks under other names than it shows.
func disguised(as func(*payment.Task)) func(*payments) {
	return func(p *payments) {
		given := map[string]payment.Task{}
		p.apply = func(ctx context.Context, c payment.Change) error {
			p.mu.Lock()
			defer p.mu.Unlock()
			c.Put = slices.Clone(c.Put)
			for i, t := range c.Put {
				given[t.ID] = t
				as(&c.Put[i])
			}
			return p.right.Apply(ctx, c)
		}
		shown := func(tasks []payment.Task, err error) ([]payment.Task, error) {
			p.mu.Lock()
			defer p.mu.Unlock()
			for i, t := range tasks {
				tasks[i].Queue, tasks[i].Lane, tasks[i].Order, tasks[i].Record = given[t.ID].Queue, given[t.ID].Lane, given[t.ID].Order, given[t.ID].Record
			}
			return tasks, err
		}
		p.tasks = func(ctx context.Context, q payment.TaskQuery) ([]payment.Task, error) {
			return shown(p.right.Tasks(ctx, q))
		}
		p.lease = func(ctx context.Context, l payment.Lease) ([]payment.Task, error) {
			return shown(p.right.Lease(ctx, l))
		}
	}
}

// tokened shows other tokens than the right store has, and takes them back.
func tokened(shown func(p *payments, t payment.Task) int64) func(*payments) {
	return func(p *payments) {
		show := func(tasks []payment.Task, err error) ([]payment.Task, error) {
			for i, t := range tasks {
				tasks[i].Token = shown(p, t)
			}
			return tasks, err
		}
		actual := func(ctx context.Context, ref payment.TaskRef) payment.TaskRef {
			t := p.storedTask(ctx, ref.ID)
			if t.ID != "" && shown(p, t) == ref.Token {
				return payment.TaskRef{ID: t.ID, Token: t.Token}
			}
			return payment.TaskRef{ID: ref.ID, Token: -1}
		}
		p.tasks = func(ctx context.Context, q payment.TaskQuery) ([]payment.Task, error) {
			return show(p.right.Tasks(ctx, q))
		}
		p.lease = func(ctx context.Context, l payment.Lease) ([]payment.Task, error) { return show(p.right.Lease(ctx, l)) }
		ending(func(ctx context.Context, _ *payments, end *payment.TaskEnd) { end.TaskRef = actual(ctx, end.TaskRef) })(p)
		changing(func(_ *payments, c *payment.Change) {
			if c.Done != nil {
				done := actual(context.Background(), *c.Done)
				c.Done = &done
			}
		})(p)
	}
}

// countingPuts shows the tokens of leases alone: what a put added is taken off.
func countingPuts(p *payments) {
	puts := map[string]int64{}
	tokened(func(p *payments, t payment.Task) int64 {
		p.mu.Lock()
		defer p.mu.Unlock()
		return t.Token - puts[t.ID]
	})(p)
	apply := p.apply
	p.apply = func(ctx context.Context, c payment.Change) error {
		known := map[string]bool{}
		for _, t := range c.Put {
			known[t.ID] = p.storedTask(ctx, t.ID).ID != ""
		}
		err := apply(ctx, c)
		p.mu.Lock()
		defer p.mu.Unlock()
		for _, t := range c.Put {
			if err == nil && known[t.ID] {
				puts[t.ID]++
			}
		}
		return err
	}
}

// remembering alters tasks that are put over others.
func remembering(alter func(old payment.Task, t *payment.Task)) func(*payments) {
	return changing(func(p *payments, c *payment.Change) {
		for i, t := range c.Put {
			if old := p.storedTask(context.Background(), t.ID); old.ID != "" {
				alter(old, &c.Put[i])
			}
		}
	})
}

// touching writes a new version of every record of the tasks that are given to it.
func (p *payments) touch(ctx context.Context, record string) {
	r, err := p.right.Load(ctx, record)
	if err != nil {
		return
	}
	r.Version++
	_ = p.right.Apply(ctx, payment.Change{Record: r, Base: r.Version - 1})
}

func brokenLeases() []broken[payments] {
	now := func(shift time.Duration) func(*payments) {
		return leasing(func(ctx context.Context, p *payments, l payment.Lease) ([]payment.Task, error) {
			l.Now = l.Now.Add(shift)
			return p.right.Lease(ctx, l)
		})
	}
	until := func(alter func(*payment.Lease)) func(*payments) {
		return leasing(func(ctx context.Context, p *payments, l payment.Lease) ([]payment.Task, error) {
			alter(&l)
			return p.right.Lease(ctx, l)
		})
	}
	returning := func(alter func(*payment.Task)) func(*payments) {
		return leasing(func(ctx context.Context, p *payments, l payment.Lease) ([]payment.Task, error) {
			tasks, err := p.right.Lease(ctx, l)
			for i := range tasks {
				alter(&tasks[i])
			}
			return tasks, err
		})
	}
	nexting := func(choose func(tasks []payment.Task, queue string) []payment.Task) func(*payments) {
		return func(p *payments) {
			p.next = func(ctx context.Context, queue string) (time.Time, error) {
				tasks, err := p.right.Tasks(ctx, payment.TaskQuery{Limit: 1000})
				chosen := choose(tasks, queue)
				if err != nil || len(chosen) == 0 {
					return time.Time{}, err
				}
				return slices.MinFunc(chosen, func(a, b payment.Task) int { return a.Due.Compare(b.Due) }).Due, nil
			}
		}
	}
	const hidden = "A leased task is hidden until the lease ends, and can be leased again then"
	const nextDue = "The next due time is the earliest of a queue's tasks that are not dead"
	return []broken[payments]{
		wrong("leases early", now(time.Microsecond), "A task is leased when it is due, and not a microsecond before"),
		wrong("leases late", now(-time.Microsecond), "A task is leased when it is due, and not a microsecond before"),
		wrong("does not hide what it leases", until(func(l *payment.Lease) { l.Until = l.Now }), hidden),
		wrong("hides for a day", until(func(l *payment.Lease) { l.Until = l.Until.Add(24 * time.Hour) }), hidden),
		wrong("returns tasks as they were before", returning(func(t *payment.Task) { t.Tries-- }),
			"A lease raises tries and token, moves the due time, and returns the task as it is stored then"),
		wrong("returns tasks without their body", returning(func(t *payment.Task) { t.Body = nil }),
			"A lease raises tries and token, moves the due time, and returns the task as it is stored then"),
		wrong("forgets to raise the token with a lease", tokened(func(*payments, payment.Task) int64 { return 1 }),
			"The tokens of a task grow with every lease",
			"A finish for a task that was leased anew changes nothing",
			"A change whose task was leased anew is refused"),
		wrong("leases from every queue", choosing(func(all []payment.Task, l payment.Lease) []payment.Task {
			for i := range all {
				all[i].Queue = l.Queue
			}
			return longestDue(all, l)
		}), "A lease takes only tasks of its queue"),
		wrong("leases by ID", choosing(func(all []payment.Task, l payment.Lease) []payment.Task {
			due := longestDue(all, payment.Lease{Queue: l.Queue, Now: l.Now, Limit: 1000})
			slices.SortFunc(due, func(a, b payment.Task) int { return strings.Compare(a.ID, b.ID) })
			return due[:min(len(due), l.Limit)]
		}), "A lease takes the longest due first, whatever their IDs"),
		wrong("leases the latest first", reordering(func(tasks []payment.Task) { slices.Reverse(tasks) }),
			"A lease takes the longest due first, whatever their IDs"),
		wrong("leases without a limit", until(func(l *payment.Lease) { l.Limit = 1000 }), "A lease takes as many as its limit, and the next one goes on"),
		wrong("leases one at a time", until(func(l *payment.Lease) { l.Limit = 1 }), "A lease takes as many as its limit, and the next one goes on"),
		wrong("takes more than it returns", leasing(func(ctx context.Context, p *payments, l payment.Lease) ([]payment.Task, error) {
			tasks, err := p.right.Lease(ctx, l)
			_, _ = p.right.Lease(ctx, l)
			return tasks, err
		}), "A lease leaves the tasks that it does not take as they were"),
		wrong("touches the records of what it leases", leasing(func(ctx context.Context, p *payments, l payment.Lease) ([]payment.Task, error) {
			tasks, err := p.right.Lease(ctx, l)
			for _, t := range tasks {
				p.touch(ctx, t.Record)
			}
			return tasks, err
		}), "A lease leaves records and their history alone"),
		wrong("leases the dead", choosing(longestDue), "A dead task is not leased"),
		wrong("counts the dead as due", nexting(func(tasks []payment.Task, queue string) []payment.Task {
			return slices.DeleteFunc(tasks, func(t payment.Task) bool { return t.Queue != queue })
		}), nextDue),
		wrong("looks for due times in every queue", nexting(func(tasks []payment.Task, _ string) []payment.Task {
			return slices.DeleteFunc(tasks, func(t payment.Task) bool { return t.Dead })
		}), nextDue),
		wrong("forgets leased tasks in the next due time", nexting(func(tasks []payment.Task, queue string) []payment.Task {
			return slices.DeleteFunc(tasks, func(t payment.Task) bool { return t.Dead || t.Queue != queue || t.Tries > 0 })
		}), nextDue),
	}
}

// reordering alters the list that a lease returns.
func reordering(alter func([]payment.Task)) func(*payments) {
	return leasing(func(ctx context.Context, p *payments, l payment.Lease) ([]payment.Task, error) {
		tasks, err := p.right.Lease(ctx, l)
		alter(tasks)
		return tasks, err
	})
}

func brokenLanes() []broken[payments] {
	never := func(payment.Task, payment.Task, time.Time, func(payment.Task) bool) bool { return false }
	arrival := func(p *payments) {
		var n int64
		disguised(func(t *payment.Task) { n++; t.Order = n })(p)
	}
	deadForEver := func(p *payments) {
		dead := map[string]bool{}
		ruled(func(earlier, later payment.Task, now time.Time, heldUp func(payment.Task) bool) bool {
			return rightRule(earlier, later, now, heldUp)
		})(p)
		lease := p.lease
		p.lease = func(ctx context.Context, l payment.Lease) ([]payment.Task, error) {
			all, _ := p.right.Tasks(ctx, payment.TaskQuery{Dead: true, Limit: 1000})
			for _, t := range all {
				dead[t.Record] = true
			}
			tasks, err := lease(ctx, l)
			return slices.DeleteFunc(tasks, func(t payment.Task) bool { return dead[t.Record] && !t.Dead }), err
		}
	}
	return []broken[payments]{
		wrong("ignores lanes", ruled(never),
			"Of a lane only the first task is leased, though others are due longer",
			"A lane waits for its first task to be due",
			"A lane waits while its first task is leased",
			"A first task that failed and waits for its next try holds up the lane",
			"A dead task holds up the later tasks of its record",
			"Many leases at once bring the tasks of a lane one by one",
		),
		wrong("leads lanes by due time", disguised(func(t *payment.Task) { t.Order = t.Due.Unix() }),
			"Of a lane only the first task is leased, though others are due longer", "A lane waits for its first task to be due"),
		wrong("leads lanes by arrival", arrival,
			"A lane is ordered by number, and by ID among equals", "A task put before the first one of a lane becomes the first"),
		wrong("leads lanes by ID", disguised(func(t *payment.Task) { t.Order = 0 }), "A lane is ordered by number, and by ID among equals"),
		wrong("passes by what is not due", ruled(func(earlier, later payment.Task, now time.Time, heldUp func(payment.Task) bool) bool {
			return rightRule(earlier, later, now, heldUp) && !earlier.Due.After(now)
		}), "A lane waits for its first task to be due", "A lane waits while its first task is leased",
			"A first task that failed and waits for its next try holds up the lane"),
		wrong("passes by what was tried", ruled(func(earlier, later payment.Task, now time.Time, heldUp func(payment.Task) bool) bool {
			return rightRule(earlier, later, now, heldUp) && earlier.Tries == 0
		}), "A lane waits while its first task is leased", "A first task that failed and waits for its next try holds up the lane"),
		wrong("lets the dead hold up the whole lane", ruled(func(earlier, later payment.Task, now time.Time, heldUp func(payment.Task) bool) bool {
			return rightRule(earlier, later, now, heldUp) || earlier.Dead
		}), "A dead task holds up no task of another record"),
		wrong("lets the held up hold up others", ruled(func(earlier, later payment.Task, _ time.Time, _ func(payment.Task) bool) bool {
			return !earlier.Dead || earlier.Record == later.Record
		}), "A dead task holds up no task of another record"),
		wrong("lets the dead hold up nobody", ruled(func(earlier, later payment.Task, now time.Time, heldUp func(payment.Task) bool) bool {
			return rightRule(earlier, later, now, heldUp) && !earlier.Dead
		}), "A dead task holds up the later tasks of its record"),
		wrong("takes for dead only what was tried", ruled(func(earlier, later payment.Task, now time.Time, heldUp func(payment.Task) bool) bool {
			return rightRule(earlier, later, now, heldUp) && (!earlier.Dead || earlier.Tries > 0)
		}), "A task that is put as a dead one holds up what was first before, until it is dropped"),
		wrong("lets the dead hold up whatever their record has", choosing(func(all []payment.Task, l payment.Lease) []payment.Task {
			return longestDue(slices.DeleteFunc(slices.Clone(all), func(t payment.Task) bool {
				return slices.ContainsFunc(all, func(e payment.Task) bool { return e.Dead && e.Record == t.Record })
			}), l)
		}), "A dead task holds up no earlier task of its record", "A lane has no say in another lane, another queue or outside of lanes"),
		wrong("holds up for ever", deadForEver, "What a dead task held up goes on when that is put again, dropped or done"),
		wrong("takes no lane for a lane", disguised(func(t *payment.Task) { t.Lane += "lane" }), "A lane has no say in another lane, another queue or outside of lanes"),
		wrong("takes all lanes for one", disguised(func(t *payment.Task) {
			if t.Lane != "" {
				t.Lane = "lane"
			}
		}), "A lane has no say in another lane, another queue or outside of lanes"),
	}
}

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
				return errors.Join(err, p.right.Apply(ctx, payment.Change{Record: c.Record, Base: c.Record.Version, Put: put}))
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
