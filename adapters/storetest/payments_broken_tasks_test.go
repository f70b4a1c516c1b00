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
		ruled(rightRule)(p)
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
