package memory

import (
	"bytes"
	"cmp"
	"math"
	"strings"
	"time"

	"github.com/oplata-go/oplata/payment"
)

// taskData holds the tasks of all queues.
type taskData struct {
	byID  tree[text, *payment.Task]
	live  tree[dueKey, *payment.Task]  // all that are not dead
	ready tree[dueKey, *payment.Task]  // those of them that nothing stands before: a lease looks nowhere else
	lanes tree[laneKey, *payment.Task] // all that have a lane, dead ones too
	heads tree[lane, *payment.Task]    // of each lane the one that is ready
}

// dueKey sorts the tasks of a queue, the longest due first.
type dueKey struct {
	queue string
	due   time.Time
	id    string
}

func (a dueKey) compare(b dueKey) int {
	return cmp.Or(strings.Compare(a.queue, b.queue), a.due.Compare(b.due), strings.Compare(a.id, b.id))
}

func dueOf(t *payment.Task) dueKey { return dueKey{t.Queue, t.Due, t.ID} }

// lane is what tasks leave in order from.
type lane struct{ queue, name string }

func (a lane) compare(b lane) int {
	return cmp.Or(strings.Compare(a.queue, b.queue), strings.Compare(a.name, b.name))
}

func laneOf(t *payment.Task) lane { return lane{t.Queue, t.Lane} }

// laneKey sorts the tasks of a lane, the one to leave next first.
type laneKey struct {
	lane
	order int64
	id    string
}

func (a laneKey) compare(b laneKey) int {
	return cmp.Or(a.lane.compare(b.lane), cmp.Compare(a.order, b.order), strings.Compare(a.id, b.id))
}

// held gives a task that is still as it was leased, nil if it is gone or leased to somebody else.
func (d *taskData) held(ref payment.TaskRef) *payment.Task {
	if t, ok := d.byID.find(text(ref.ID)); ok && t.Token == ref.Token {
		return t
	}
	return nil
}

// apply writes the tasks of a change. One that is put again in the change that finishes or drops it is replaced, not
// deleted and made anew: its token must not begin again while an old lease is about.
func (d *taskData) apply(c payment.Change) {
	put := make(map[string]bool, len(c.Put))
	for _, given := range c.Put {
		t := copyTask(given)
		old, ok := d.byID.find(text(t.ID))
		if ok {
			t.Token = old.Token + 1
		}
		d.replace(old, &t)
		put[t.ID] = true
	}
	gone := c.Drop
	if c.Done != nil {
		gone = append([]string{c.Done.ID}, gone...)
	}
	for _, id := range gone {
		if old, ok := d.byID.find(text(id)); ok && !put[id] {
			d.replace(old, nil)
		}
	}
}

// lease takes due tasks. They are chosen before the first is changed, so that of a lane there is one at most.
func (d *taskData) lease(l payment.Lease) []payment.Task {
	var due []*payment.Task
	for key, t := range d.ready.from(dueKey{queue: l.Queue}) {
		if key.queue != l.Queue || key.due.After(l.Now) || len(due) >= l.Limit {
			break
		}
		due = append(due, t)
	}
	leased := make([]payment.Task, 0, len(due))
	for _, old := range due {
		t := *old
		t.Tries++
		t.Token++
		t.Due = micro(l.Until)
		d.replace(old, &t)
		leased = append(leased, copyTask(t))
	}
	return leased
}

// finish ends a lease. Somebody else's is left alone.
func (d *taskData) finish(end payment.TaskEnd) {
	old := d.held(end.TaskRef)
	if old == nil {
		return
	}
	if !end.Dead && end.Retry.IsZero() {
		d.replace(old, nil)
		return
	}
	t := *old
	t.Note, t.Dead = end.Note, end.Dead
	if !end.Retry.IsZero() {
		t.Due = micro(end.Retry)
	}
	d.replace(old, &t)
}

// nextDue is the earliest due time of a queue, whatever stands before the task in its lane.
func (d *taskData) nextDue(queue string) time.Time {
	for key := range d.live.from(dueKey{queue: queue}) {
		if key.queue == queue {
			return key.due
		}
		break
	}
	return time.Time{}
}

// replace puts t, if not nil, into the place of old, if not nil. It is the only way tasks change.
func (d *taskData) replace(old, t *payment.Task) {
	if old != nil {
		d.unlist(old)
	}
	if t != nil {
		d.list(t)
	}
	if old != nil {
		d.promote(laneOf(old))
	}
	if t != nil {
		d.promote(laneOf(t))
	}
}

func (d *taskData) list(t *payment.Task) {
	d.byID.put(text(t.ID), t)
	if !t.Dead {
		d.live.put(dueOf(t), t)
	}
	switch {
	case t.Lane != "":
		d.lanes.put(laneKey{laneOf(t), t.Order, t.ID}, t) // ready when it is promoted
	case !t.Dead:
		d.ready.put(dueOf(t), t)
	}
}

func (d *taskData) unlist(t *payment.Task) {
	d.byID.remove(text(t.ID))
	d.live.remove(dueOf(t))
	d.ready.remove(dueOf(t))
	d.lanes.remove(laneKey{laneOf(t), t.Order, t.ID})
}

// promote sees to it that of a lane the first task, and it alone, is ready.
func (d *taskData) promote(l lane) {
	if l.name == "" {
		return
	}
	was, _ := d.heads.find(l)
	head := d.first(l)
	if head == was {
		return
	}
	if was != nil {
		d.ready.remove(dueOf(was))
		d.heads.remove(l)
	}
	if head != nil {
		d.ready.put(dueOf(head), head)
		d.heads.put(l, head)
	}
}

// first gives the task of a lane that has to leave next. A dead one does not leave, and holds up those of its record.
func (d *taskData) first(l lane) *payment.Task {
	heldUp := map[string]bool{}
	for key, t := range d.lanes.from(laneKey{l, math.MinInt64, ""}) {
		switch {
		case key.lane != l:
			return nil
		case t.Dead:
			heldUp[t.Record] = true
		case !heldUp[t.Record]:
			return t
		}
	}
	return nil
}

func copyTask(t payment.Task) payment.Task {
	t.Due = micro(t.Due)
	t.Body = bytes.Clone(t.Body)
	return t
}
