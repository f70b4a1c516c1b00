package payment

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// tries bounds the loop of read, decide, write. Every lost race means that somebody else's write won.
const tries = 64

// loaded is a payment as it was read, with what it takes to write it again.
type loaded struct {
	rec Record
	doc document
}

func read(rec Record) (loaded, error) {
	l := loaded{rec: rec}
	if rec.Kind != PaymentRecord {
		return loaded{}, fmt.Errorf("%w: %s is no payment", ErrNotFound, rec.ID)
	}
	if err := json.Unmarshal(rec.Body, &l.doc); err != nil {
		return loaded{}, fmt.Errorf("payment: body of %s cannot be read: %w", rec.ID, err)
	}
	return l, nil
}

func (s *Service) load(ctx context.Context, id string) (loaded, error) {
	rec, err := s.store.Load(ctx, id)
	if err != nil {
		return loaded{}, err
	}
	return read(rec)
}

// actor is who a turn is for, and why.
type actor struct{ by, reason string }

// change reads a payment, decides, and writes the outcome, again while others win the race. A decision without facts
// writes nothing, and leaves the task it answers to the caller.
func (s *Service) change(ctx context.Context, id string, who actor, task *TaskRef, decide func(*turn) error) (Payment, error) {
	l, err := s.load(ctx, id)
	if err != nil {
		return Payment{}, err
	}
	return s.changeLoaded(ctx, l, who, task, decide)
}

func (s *Service) changeLoaded(ctx context.Context, l loaded, who actor, task *TaskRef, decide func(*turn) error) (Payment, error) {
	for range tries {
		t := s.turn(l.doc.Payment, who)
		if err := decide(t); err != nil {
			return Payment{}, err
		}
		if len(t.facts) == 0 {
			return l.view(), nil
		}
		p, err := s.commit(ctx, l, t, task)
		if err == nil {
			return p, nil
		}
		again, err := s.again(ctx, err)
		if !again {
			return Payment{}, err
		}
		if l, err = s.load(ctx, l.rec.ID); err != nil {
			return Payment{}, err
		}
	}
	return Payment{}, ErrConflict
}

// again says whether a failed write may simply be tried again after reading anew.
func (s *Service) again(ctx context.Context, err error) (bool, error) {
	if errors.Is(err, ErrConflict) && !s.inTx && ctx.Err() == nil {
		return true, nil
	}
	return false, err
}

func (s *Service) turn(p Payment, who actor) *turn {
	return &turn{rules: s.rules(), now: s.now(), by: who.by, reason: who.reason, p: p}
}

// commit writes what a turn gathered. An error after which it is unknown whether the write took place is answered by
// reading the history: the write took place if our last event is there.
func (s *Service) commit(ctx context.Context, l loaded, t *turn, task *TaskRef) (Payment, error) {
	c, doc, err := s.prepare(ctx, l, t, task)
	if err != nil {
		return Payment{}, err
	}
	err = s.store.Apply(ctx, c)
	if err != nil && !refused(err) && ctx.Err() == nil {
		err = s.ascertain(ctx, c, err)
	}
	if err != nil {
		return Payment{}, err
	}
	s.observe(ctx, l.doc.Payment, doc.Payment, t.facts)
	s.wake.ring(c.Put)
	return readPersonal(c.Record.Personal).view(doc.Payment), nil
}

// refused errors prove that nothing was written.
func refused(err error) bool {
	return errors.Is(err, ErrConflict) || errors.Is(err, ErrClaimed) || errors.Is(err, ErrLeaseLost)
}

// ascertain finds out whether a write with an unknown outcome took place. If it did not, writing again is safe: should
// the first write land after all, the version guards against the second.
func (s *Service) ascertain(ctx context.Context, c Change, cause error) error {
	last := c.Events[len(c.Events)-1]
	events, err := s.store.Events(ctx, c.Record.ID, last.Seq-1, 1)
	switch {
	case err != nil:
		return fmt.Errorf("payment: unknown whether %s was written: %w", c.Record.ID, cause)
	case len(events) == 1 && bytes.Equal(events[0].MAC, last.MAC):
		return nil
	case s.inTx:
		return cause
	default:
		s.cfg.Logger.WarnContext(ctx, "payment: write failed and is tried again", "record", c.Record.ID, "error", cause)
		return ErrConflict
	}
}

// prepare builds the one write of a turn.
func (s *Service) prepare(ctx context.Context, l loaded, t *turn, task *TaskRef) (Change, document, error) {
	if err := t.p.check(); err != nil {
		return Change{}, document{}, err
	}
	before := l.doc.Payment
	c := Change{Base: before.Version, Claims: t.claims, Put: t.tasks, Done: task}
	doc := l.doc.clone()
	at := after(t.now, before.UpdatedAt)
	for i, f := range t.facts {
		e, err := s.event(ctx, t.p.ID, before.Version+int64(i)+1, at.Add(time.Duration(i)*time.Microsecond), string(f.name), f, doc.Head)
		if err != nil {
			return Change{}, document{}, err
		}
		doc.apply(e, f)
		c.Events = append(c.Events, e)
		c.Put = append(c.Put, s.orders(e, f, t.p.Reseller, t.now)...)
	}
	put, drop := s.rearm(before, doc.Payment, task)
	c.Put, c.Drop = append(c.Put, put...), drop
	for i := range c.Claims {
		c.Claims[i].Record = t.p.ID
	}
	rec, err := doc.record()
	if err != nil {
		return Change{}, document{}, err
	}
	rec.Personal = readPersonal(l.rec.Personal).after(doc.Payment, t.shows).text()
	c.Record = rec
	return c, doc, nil
}

// event makes the next link of a record's history.
func (s *Service) event(ctx context.Context, id string, seq int64, at time.Time, name string, body any, prev []byte) (Event, error) {
	text, err := json.Marshal(body)
	if err != nil {
		return Event{}, fmt.Errorf("payment: event of %s: %w", id, err)
	}
	eid, err := s.newID("evt_")
	if err != nil {
		return Event{}, err
	}
	e := Event{Record: id, Seq: seq, ID: eid, At: at, Name: name, Body: text}
	if err := s.chain.link(ctx, &e, prev); err != nil {
		return Event{}, err
	}
	return e, nil
}

// after keeps a record's times growing even when the clock is stepped back.
func after(now, last time.Time) time.Time {
	if now.After(last) {
		return now
	}
	return last.Add(time.Microsecond)
}
