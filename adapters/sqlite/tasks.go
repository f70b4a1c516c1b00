package sqlite

import (
	"context"
	"slices"

	"github.com/oplata-go/oplata/payment"
)

// held is what a task's lease and lane are at this moment.
type held struct {
	token       int64
	queue, lane string
}

func lookUpTask(c *conn, id string) (held, bool, error) {
	var h held
	found, err := c.one(selectLease, []any{id}, func(from *row) {
		h = held{token: from.int(), queue: from.text(), lane: from.text()}
	})
	return h, found, err
}

func checkLease(c *conn, ref payment.TaskRef) error {
	h, found, err := lookUpTask(c, ref.ID)
	if err == nil && (!found || h.token != ref.Token) {
		return refusal{payment.ErrLeaseLost}
	}
	return err
}

// changeTasks writes the tasks of a change. One that is put again in the change that finishes or drops it is replaced,
// not deleted and made anew: its token must not begin again while an old lease is about.
func changeTasks(c *conn, change payment.Change) error {
	for _, t := range change.Put {
		if err := putTask(c, t); err != nil {
			return err
		}
	}
	gone := change.Drop
	if change.Done != nil {
		gone = append(slices.Clip(gone), change.Done.ID)
	}
	for _, id := range gone {
		if slices.ContainsFunc(change.Put, func(t payment.Task) bool { return t.ID == id }) {
			continue
		}
		if err := dropTask(c, id); err != nil {
			return err
		}
	}
	return nil
}

func putTask(c *conn, t payment.Task) error {
	args := [...]any{
		t.ID, t.Queue, t.Lane, t.Order, t.Record, t.Due, t.Tries, t.Dead, t.Note, t.Body, t.Token,
	}
	inserted, err := c.exec(insertTask, args[:]...)
	if err != nil || inserted > 0 && !t.Dead {
		return err
	}
	if inserted == 0 {
		old, _, err := lookUpTask(c, t.ID)
		if err != nil {
			return err
		}
		if err := c.run(replaceTask, args[:10]...); err != nil {
			return err
		}
		if err := unpark(c, old.queue, old.lane); err != nil {
			return err
		}
	}
	return unpark(c, t.Queue, t.Lane)
}

func dropTask(c *conn, id string) error {
	h, found, err := lookUpTask(c, id)
	if err != nil || !found {
		return err
	}
	if err := c.run(deleteTask, id); err != nil {
		return err
	}
	return unpark(c, h.queue, h.lane)
}

// unpark keeps the promise that the first of a lane is never parked. It is called whenever a task has left a lane, has
// moved in it, has died or has been revived: after anything that can make another task the first.
func unpark(c *conn, queue, lane string) error {
	if lane == "" {
		return nil
	}
	return c.run(unparkFirst, queue, lane)
}

// leaseTasks takes due tasks. All are chosen before the first is changed, so that of a lane there is one at most.
// Those whose turn it is not are parked, so that the next lease does not come across them again: a lane that is held up
// for a day costs each of its tasks one visit.
func leaseTasks(c *conn, l payment.Lease) ([]payment.Task, error) {
	if l.Limit < 1 {
		return nil, nil
	}
	var due []payment.Task
	var waiting []string
	err := c.while(context.Background(), selectDue, []any{l.Queue, l.Now}, func(from *row) bool {
		t := scanTask(from)
		if itsTurn := from.bool(); itsTurn {
			due = append(due, t)
		} else {
			waiting = append(waiting, t.ID)
		}
		return len(due) < l.Limit
	})
	if err != nil {
		return nil, err
	}
	for _, id := range waiting {
		if err := c.run(parkTask, id); err != nil {
			return nil, err
		}
	}
	for i := range due {
		t := &due[i]
		t.Tries++
		t.Token++
		t.Due = micro(l.Until)
		if err := c.run(leaseTask, t.ID, t.Tries, t.Token, t.Due); err != nil {
			return nil, err
		}
	}
	return due, nil
}

// finishLease ends a lease. Somebody else's is left alone.
func finishLease(c *conn, end payment.TaskEnd) error {
	h, found, err := lookUpTask(c, end.ID)
	if err != nil || !found || h.token != end.Token {
		return err
	}
	if !end.Dead && end.Retry.IsZero() {
		return dropTask(c, end.ID)
	}
	var due any
	if !end.Retry.IsZero() {
		due = end.Retry
	}
	if err := c.run(finishTask, end.ID, due, end.Dead, end.Note); err != nil {
		return err
	}
	return unpark(c, h.queue, h.lane)
}
