package storetest

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/oplata-go/oplata/payment"
)

// modelChecks compare a store with the simplest thing that can be one.
func modelChecks() []Check[payment.Store] {
	return []Check[payment.Store]{
		that("Whatever is done in whatever order leaves what a simple model holds", func(ctx context.Context, s payment.Store) error {
			const steps = 500
			r := rand.New(rand.NewPCG(2026, 3)) //nolint:gosec // the same walk every time
			w := &walk{rand: r, model: model{versions: map[string]payment.Record{}, claims: map[string]payment.Claim{}}}
			for n := range steps {
				if err := w.step(ctx, s); err != nil {
					return fmt.Errorf("step %d: %w", n+1, err)
				}
			}
			return nil
		}),
	}
}

// model is a store made of slices that are searched from end to end.
type model struct {
	versions map[string]payment.Record // by ID
	events   []payment.Event
	claims   map[string]payment.Claim // by key
	tasks    []payment.Task
}

// refusal gives the error that a change has to be refused with.
func (m *model) refusal(c payment.Change) error {
	if c.Done != nil && m.at(*c.Done) < 0 {
		return payment.ErrLeaseLost
	}
	if m.versions[c.Record.ID].Version != c.Base {
		return payment.ErrConflict
	}
	for _, claim := range c.Claims {
		if _, held := m.claims[claim.Key]; held {
			return payment.ErrClaimed
		}
	}
	return nil
}

// at finds a task as it was leased.
func (m *model) at(ref payment.TaskRef) int {
	return slices.IndexFunc(m.tasks, func(t payment.Task) bool { return t.ID == ref.ID && t.Token == ref.Token })
}

func (m *model) apply(c payment.Change) {
	m.versions[c.Record.ID] = c.Record
	m.events = append(m.events, c.Events...)
	for _, claim := range c.Claims {
		m.claims[claim.Key] = claim
	}
	gone := slices.Clone(c.Drop)
	if c.Done != nil {
		gone = append(gone, c.Done.ID)
	}
	for _, t := range c.Put {
		i := slices.IndexFunc(m.tasks, func(old payment.Task) bool { return old.ID == t.ID })
		if i < 0 {
			m.tasks = append(m.tasks, t)
			continue
		}
		t.Token = m.tasks[i].Token + 1
		m.tasks[i] = t
		gone = slices.DeleteFunc(gone, func(id string) bool { return id == t.ID })
	}
	m.tasks = slices.DeleteFunc(m.tasks, func(t payment.Task) bool { return slices.Contains(gone, t.ID) })
}

// free gives the tasks that a lease may take, the longest due first.
func (m *model) free(l payment.Lease) []payment.Task {
	var free []payment.Task
	for _, t := range m.tasks {
		if t.Queue == l.Queue && !t.Dead && !t.Due.After(l.Now) && !m.behind(t) {
			free = append(free, t)
		}
	}
	slices.SortFunc(free, func(a, b payment.Task) int { return a.Due.Compare(b.Due) })
	return free
}

// behind tells whether another task of the lane has to leave before t.
func (m *model) behind(t payment.Task) bool {
	return slices.ContainsFunc(m.tasks, func(e payment.Task) bool {
		if !before(e, t) {
			return false
		}
		return e.Dead && e.Record == t.Record || !e.Dead && !m.heldUp(e)
	})
}

// heldUp tells whether a task stands behind a dead one of its record.
func (m *model) heldUp(t payment.Task) bool {
	return slices.ContainsFunc(m.tasks, func(e payment.Task) bool { return e.Dead && e.Record == t.Record && before(e, t) })
}

// before tells whether two tasks are of one lane, in this order.
func before(a, b payment.Task) bool {
	return a.Lane != "" && a.Lane == b.Lane && a.Queue == b.Queue &&
		cmp.Or(cmp.Compare(a.Order, b.Order), strings.Compare(a.ID, b.ID)) < 0
}

func (m *model) finish(end payment.TaskEnd) {
	i := m.at(end.TaskRef)
	switch {
	case i < 0:
	case end.Dead:
		m.tasks[i].Dead, m.tasks[i].Note = true, end.Note
	case !end.Retry.IsZero():
		m.tasks[i].Due, m.tasks[i].Note = end.Retry, end.Note
	default:
		m.tasks = slices.Delete(m.tasks, i, i+1)
	}
}

// picture gives what a store should show.
func (m *model) picture() picture {
	var p picture
	for _, r := range m.versions {
		p.records = append(p.records, r)
	}
	slices.SortFunc(p.records, func(a, b payment.Record) int { return strings.Compare(b.ID, a.ID) })
	for _, r := range p.records {
		for _, e := range m.events {
			if e.Record == r.ID {
				p.events = append(p.events, e)
			}
		}
	}
	for _, key := range walkKeys() {
		p.claims = append(p.claims, m.claims[key])
	}
	p.tasks = slices.Clone(m.tasks)
	slices.SortFunc(p.tasks, func(a, b payment.Task) int { return strings.Compare(a.ID, b.ID) })
	return p
}

// walk is a random walk over a store and a model of it. Few IDs make many encounters.
type walk struct {
	rand   *rand.Rand
	model  model
	leases []payment.TaskRef // ever taken, lost ones too
	clock  int               // microseconds: every due time of a walk is different, so that the order is certain
}

func walkKeys() []string { return numbered("key", 200) }

func (w *walk) one(of ...string) string { return of[w.rand.IntN(len(of))] }

// soon gives a time around the present of the walk.
func (w *walk) soon() time.Time {
	w.clock += 1 + w.rand.IntN(1000)
	return moment(0).Add(time.Duration(w.clock+w.rand.IntN(3000)*1000) * time.Microsecond)
}

func (w *walk) step(ctx context.Context, s payment.Store) error {
	var err error
	switch w.rand.IntN(5) {
	case 0, 1:
		err = w.change(ctx, s)
	case 2, 3:
		err = w.lease(ctx, s)
	default:
		err = w.finish(ctx, s)
	}
	if err == nil {
		err = w.nextDue(ctx, s)
	}
	if err != nil {
		return err
	}
	var claims []payment.Claim
	for _, key := range walkKeys() {
		claims = append(claims, payment.Claim{Scope: "charge", Key: key})
	}
	if w.rand.IntN(10) > 0 { // looking at everything takes its time
		claims = nil
	}
	got, err := picturing(ctx, s, claims...)
	if err != nil {
		return err
	}
	want := w.model.picture()
	if claims == nil {
		want.claims = nil
	}
	return got.differs(want)
}

// nextDue checks the next due times. A store may look at lanes or not, so that the right answer lies between the earliest
// of all tasks and the earliest of those that nothing stands before.
func (w *walk) nextDue(ctx context.Context, s payment.Store) error {
	for _, queue := range []string{"timers", "outbox"} {
		var all, free time.Time
		for _, t := range w.model.tasks {
			if t.Queue != queue || t.Dead {
				continue
			}
			if all.IsZero() || t.Due.Before(all) {
				all = t.Due
			}
			if !w.model.behind(t) && (free.IsZero() || t.Due.Before(free)) {
				free = t.Due
			}
		}
		got, err := s.NextDue(ctx, queue)
		if err != nil || !got.Equal(all) && !got.Equal(free) && (got.Before(all) || !free.IsZero() && got.After(free)) {
			return fmt.Errorf("next due of %s: got %v and error %w, want %v or %v", queue, got, orNone(err), all, free)
		}
	}
	return nil
}

func (w *walk) change(ctx context.Context, s payment.Store) error {
	id := w.one("p-1", "p-2", "p-3")
	base := w.model.versions[id].Version
	if w.rand.IntN(6) == 0 {
		base = max(0, base+w.rand.Int64N(3)-1)
	}
	c := change(id, base)
	for range w.rand.IntN(3) {
		key := w.one(walkKeys()...)
		if !slices.ContainsFunc(c.Claims, func(c payment.Claim) bool { return c.Key == key }) {
			c.Claims = append(c.Claims, claim(c, key))
		}
	}
	ids := numbered("t", 12)
	w.rand.Shuffle(len(ids), func(i, j int) { ids[i], ids[j] = ids[j], ids[i] })
	puts, drops := w.rand.IntN(4), w.rand.IntN(2)
	for _, id := range ids[:puts] {
		t := task(id, w.one("p-1", "p-2", "p-3"))
		t.Queue, t.Lane, t.Order, t.Due = w.one("timers", "outbox"), w.one("", "a", "a", "b"), w.rand.Int64N(5), w.soon()
		t.Dead = w.rand.IntN(10) == 0
		if _, ok := w.model.versions[t.Record]; !ok {
			t.Record = c.Record.ID
		}
		c.Put = append(c.Put, t)
	}
	c.Drop = ids[puts : puts+drops]
	if len(w.leases) > 0 && w.rand.IntN(2) == 0 {
		done := w.leases[max(0, len(w.leases)-1-w.rand.IntN(4))]
		c.Done = &done
	}
	want := w.model.refusal(c)
	got := s.Apply(ctx, c)
	if want != nil {
		return about("change", refused(got, want))
	}
	w.model.apply(c)
	return about("change", got)
}

// lease checks that the store chose rightly and lets the model follow it.
func (w *walk) lease(ctx context.Context, s payment.Store) error {
	l := payment.Lease{Queue: w.one("timers", "outbox"), Now: w.soon(), Limit: 1 + w.rand.IntN(3)}
	l.Until = l.Now.Add(time.Duration(w.rand.IntN(2000)) * time.Millisecond)
	free := w.model.free(l)
	free = free[:min(len(free), l.Limit)]
	got, err := s.Lease(ctx, l)
	if err != nil || len(got) != len(free) {
		return fmt.Errorf("lease: got %d tasks and error %w, want %d", len(got), orNone(err), len(free))
	}
	for n, t := range got {
		i := slices.IndexFunc(w.model.tasks, func(known payment.Task) bool { return known.ID == t.ID && known.Token < t.Token })
		if i < 0 || !w.model.tasks[i].Due.Equal(free[n].Due) {
			return fmt.Errorf("lease: got task %s with token %d, want %s or one due at the same time", t.ID, t.Token, free[n].ID)
		}
		want := w.model.tasks[i]
		want.Tries, want.Token, want.Due = want.Tries+1, t.Token, l.Until
		if err := same(t, want); err != nil {
			return fmt.Errorf("leased task %s: %w", t.ID, err)
		}
		w.model.tasks[i] = want
		w.leases = append(w.leases, ref(t))
	}
	return nil
}

func (w *walk) finish(ctx context.Context, s payment.Store) error {
	var ends []payment.TaskEnd
	for range min(len(w.leases), 2) {
		end := payment.TaskEnd{TaskRef: w.leases[max(0, len(w.leases)-1-w.rand.IntN(6))]}
		switch w.rand.IntN(4) {
		case 0:
			end.Retry, end.Note = w.soon(), "no answer"
		case 1:
			end.Dead, end.Note = true, "refused"
		}
		if !slices.ContainsFunc(ends, func(e payment.TaskEnd) bool { return e.ID == end.ID }) {
			ends = append(ends, end)
		}
	}
	if err := s.Finish(ctx, ends); err != nil {
		return about("finish", err)
	}
	for _, end := range ends {
		w.model.finish(end)
	}
	return w.learnDue(ctx, s)
}

// learnDue reads the due times of dead tasks, which are not laid down.
func (w *walk) learnDue(ctx context.Context, s payment.Store) error {
	for i, t := range w.model.tasks {
		if !t.Dead {
			continue
		}
		got, err := stored(ctx, s, t.ID)
		if err != nil {
			return err
		}
		w.model.tasks[i].Due = got.Due
	}
	return nil
}
