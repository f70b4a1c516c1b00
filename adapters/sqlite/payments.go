package sqlite

import (
	"context"
	"time"

	"github.com/oplata-go/oplata/payment"
)

// Payments is the view of a [DB] or a [Tx] that keeps payments, their history and their tasks. It implements
// [payment.Store].
type Payments struct{ at place }

var _ payment.Store = Payments{}

// Load reads one record.
func (p Payments) Load(ctx context.Context, id string) (payment.Record, error) {
	var r payment.Record
	err := p.at.read(ctx, "load payment", func(c *conn) error {
		found, err := c.one(selectPayment, []any{id}, func(from *row) { r = scanPayment(from) })
		return orNotFound(found, err, payment.ErrNotFound)
	})
	return r, err
}

// Owner reads a claim and the record that owns it.
func (p Payments) Owner(ctx context.Context, scope, key string) (payment.Record, payment.Claim, error) {
	var r payment.Record
	var claim payment.Claim
	err := p.at.read(ctx, "load owner of claim", func(c *conn) error {
		found, err := c.one(selectOwner, []any{scope, key}, func(from *row) {
			r, claim = scanPayment(from), scanClaim(from)
		})
		return orNotFound(found, err, payment.ErrNotFound)
	})
	return r, claim, err
}

// Apply writes a change, everything or nothing.
func (p Payments) Apply(ctx context.Context, change payment.Change) error {
	return p.at.write(ctx, "apply change", func(c *conn) error { return applyChange(c, change) })
}

// applyChange looks for what refuses the change in the order that the store promises, and may stop anywhere: the
// savepoint undoes what was written.
func applyChange(c *conn, change payment.Change) error {
	if change.Done != nil {
		if err := checkLease(c, *change.Done); err != nil {
			return err
		}
	}
	if err := putPayment(c, change.Record, change.Base); err != nil {
		return err
	}
	for _, claim := range change.Claims {
		if err := putClaim(c, claim); err != nil {
			return err
		}
	}
	for _, e := range change.Events {
		err := c.run(insertEvent, e.Record, e.Seq, e.ID, e.At, e.Name, e.Body, e.KeyID, e.MAC)
		if err != nil {
			return err
		}
	}
	return changeTasks(c, change)
}

func putPayment(c *conn, r payment.Record, base int64) error {
	args := [...]any{
		string(r.Kind), r.ID, r.Version, r.Reseller, r.Account, string(r.Status), r.Attention, r.CreatedAt, r.UpdatedAt,
		r.Body, r.Personal, base,
	}
	if base == 0 {
		changed, err := c.exec(insertPayment, args[:11]...)
		return unless(changed, err, payment.ErrConflict)
	}
	changed, err := c.exec(updatePayment, args[:]...)
	if err != nil || changed > 0 {
		return err
	}
	changed, err = c.exec(replacePayment, args[:]...)
	return unless(changed, err, payment.ErrConflict)
}

func putClaim(c *conn, claim payment.Claim) error {
	changed, err := c.exec(insertClaim, claim.Scope, claim.Key, claim.Record, claim.Print)
	if err != nil || changed > 0 {
		return err
	}
	var held payment.Claim
	_, err = c.one(selectClaim, []any{claim.Scope, claim.Key}, func(from *row) { held = scanClaim(from) })
	if err != nil {
		return err
	}
	return refusal{&payment.ClaimedError{Claim: held}}
}

// List reads records by descending ID.
func (p Payments) List(ctx context.Context, q payment.Query) ([]payment.Record, error) {
	var found []payment.Record
	err := p.at.read(ctx, "list payments", func(c *conn) error {
		text, args := listPayments(q)
		return c.each(ctx, text, args, func(from *row) { found = append(found, scanPayment(from)) })
	})
	return found, err
}

// Events reads a record's events, ascending.
func (p Payments) Events(ctx context.Context, record string, after int64, limit int) ([]payment.Event, error) {
	var found []payment.Event
	err := p.at.read(ctx, "load events", func(c *conn) error {
		return c.each(ctx, selectEvents, []any{record, after, limit}, func(from *row) {
			found = append(found, scanEvent(from))
		})
	})
	return found, err
}

// Lease takes due tasks of a queue for the caller.
func (p Payments) Lease(ctx context.Context, l payment.Lease) ([]payment.Task, error) {
	var leased []payment.Task
	err := p.at.write(ctx, "lease tasks", func(c *conn) (err error) {
		leased, err = leaseTasks(c, l)
		return err
	})
	if err != nil {
		return nil, err
	}
	return leased, nil
}

// Finish ends leased tasks without touching a record.
func (p Payments) Finish(ctx context.Context, ends []payment.TaskEnd) error {
	return p.at.write(ctx, "finish tasks", func(c *conn) error {
		for _, end := range ends {
			if err := finishLease(c, end); err != nil {
				return err
			}
		}
		return nil
	})
}

// Tasks reads tasks of any state by ascending ID.
func (p Payments) Tasks(ctx context.Context, q payment.TaskQuery) ([]payment.Task, error) {
	var found []payment.Task
	err := p.at.read(ctx, "list tasks", func(c *conn) error {
		text, args := listTasks(q)
		return c.each(ctx, text, args, func(from *row) { found = append(found, scanTask(from)) })
	})
	return found, err
}

// NextDue reads the earliest Due of the queue's tasks that are not dead, those aside that were found waiting for
// another one of their lane.
func (p Payments) NextDue(ctx context.Context, queue string) (time.Time, error) {
	var next time.Time
	err := p.at.read(ctx, "read next due time", func(c *conn) error {
		_, err := c.one(selectNextDue, []any{queue}, func(from *row) { next = from.time() })
		return err
	})
	return next, err
}

// Columns of a row are read in the order of the fields.

func scanPayment(from *row) payment.Record {
	return payment.Record{
		Kind: payment.RecordKind(from.text()), ID: from.text(), Version: from.int(), Reseller: from.text(),
		Account: from.text(), Status: payment.Status(from.text()), Attention: from.bool(), CreatedAt: from.time(),
		UpdatedAt: from.time(), Body: from.bytes(), Personal: from.bytes(),
	}
}

func scanEvent(from *row) payment.Event {
	return payment.Event{
		Record: from.text(), Seq: from.int(), ID: from.text(), At: from.time(), Name: from.text(), Body: from.bytes(),
		KeyID: from.text(), MAC: from.bytes(),
	}
}

func scanClaim(from *row) payment.Claim {
	return payment.Claim{Scope: from.text(), Key: from.text(), Record: from.text(), Print: from.text()}
}

func scanTask(from *row) payment.Task {
	return payment.Task{
		ID: from.text(), Queue: from.text(), Lane: from.text(), Order: from.int(), Record: from.text(), Due: from.time(),
		Tries: int(from.int()), Token: from.int(), Dead: from.bool(), Note: from.text(), Body: from.bytes(),
	}
}

// orNotFound turns the outcome of a query for one row into an error.
func orNotFound(found bool, err, missing error) error {
	if err == nil && !found {
		return refusal{missing}
	}
	return err
}

// unless turns the outcome of a guarded write into an error: nothing changed is a refusal.
func unless(changed int64, err, why error) error {
	if err == nil && changed == 0 {
		return refusal{why}
	}
	return err
}

// firstError gives the first of two errors that is one.
func firstError(a, b error) error {
	if a != nil {
		return a
	}
	return b
}
