package memory

import (
	"bytes"
	"cmp"
	"context"
	"math"
	"strings"
	"time"

	"github.com/oplata-go/oplata/payment"
)

// Payments is the view of a [DB] that keeps payments, their history and their tasks. It implements [payment.Store].
type Payments struct{ db *DB }

var _ payment.Store = Payments{}

// Payments returns the view for the payment package. Views are small values; any number of them may be in use.
func (db *DB) Payments() Payments { return Payments{db} }

// paymentData is what a [Payments] view holds. Bytes in it are never changed and never handed out.
type paymentData struct {
	records tree[text, *payment.Record]
	events  tree[place, *payment.Event]
	claims  tree[claimKey, payment.Claim]
	tasks   taskData
}

type claimKey struct{ scope, key string }

func (a claimKey) compare(b claimKey) int {
	return cmp.Or(strings.Compare(a.scope, b.scope), strings.Compare(a.key, b.key))
}

// Load reads one record.
func (p Payments) Load(ctx context.Context, id string) (payment.Record, error) {
	now, err := p.db.read(ctx)
	if err != nil {
		return payment.Record{}, err
	}
	r, ok := now.payments.records.find(text(id))
	if !ok {
		return payment.Record{}, payment.ErrNotFound
	}
	return copyRecord(*r), nil
}

// Owner reads a claim and the record that owns it.
func (p Payments) Owner(ctx context.Context, scope, key string) (payment.Record, payment.Claim, error) {
	now, err := p.db.read(ctx)
	if err != nil {
		return payment.Record{}, payment.Claim{}, err
	}
	claim, ok := now.payments.claims.find(claimKey{scope, key})
	if !ok {
		return payment.Record{}, payment.Claim{}, payment.ErrNotFound
	}
	r, ok := now.payments.records.find(text(claim.Record))
	if !ok {
		return payment.Record{}, payment.Claim{}, payment.ErrNotFound
	}
	return copyRecord(*r), claim, nil
}

// Apply writes a change, everything or nothing.
func (p Payments) Apply(ctx context.Context, c payment.Change) error {
	return p.db.write(ctx, func(next *content) error { return next.payments.apply(c) })
}

// apply may stop anywhere with an error: what it changed so far is thrown away then.
func (d *paymentData) apply(c payment.Change) error {
	if c.Done != nil && d.tasks.held(*c.Done) == nil {
		return payment.ErrLeaseLost
	}
	var version int64
	if stored, ok := d.records.find(text(c.Record.ID)); ok {
		version = stored.Version
	}
	if version != c.Base {
		return payment.ErrConflict
	}
	for _, claim := range c.Claims {
		key := claimKey{claim.Scope, claim.Key}
		if stored, taken := d.claims.find(key); taken {
			return &payment.ClaimedError{Claim: stored}
		}
		d.claims.put(key, claim)
	}
	r := copyRecord(c.Record)
	d.records.put(text(r.ID), &r)
	for _, given := range c.Events {
		e := copyEvent(given)
		d.events.put(place{e.Record, e.Seq}, &e)
	}
	d.tasks.apply(c)
	return nil
}

// List reads records by descending ID.
func (p Payments) List(ctx context.Context, q payment.Query) ([]payment.Record, error) {
	now, err := p.db.read(ctx)
	if err != nil {
		return nil, err
	}
	records := now.payments.records.backward()
	if q.Before != "" {
		records = now.payments.records.before(text(q.Before))
	}
	var found []payment.Record
	for _, r := range records {
		if len(found) >= q.Limit {
			break
		}
		if selects(q, r) {
			found = append(found, copyRecord(*r))
		}
	}
	return found, nil
}

func selects(q payment.Query, r *payment.Record) bool {
	return (q.Kind == "" || q.Kind == r.Kind) &&
		(q.Reseller == "" || q.Reseller == r.Reseller) &&
		(q.Account == "" || q.Account == r.Account) &&
		(q.Status == "" || q.Status == r.Status) &&
		(!q.Attention || r.Attention)
}

// Events reads a record's events, ascending.
func (p Payments) Events(ctx context.Context, record string, after int64, limit int) ([]payment.Event, error) {
	now, err := p.db.read(ctx)
	if err != nil || after == math.MaxInt64 {
		return nil, err
	}
	var found []payment.Event
	for key, e := range now.payments.events.from(place{record, after + 1}) {
		if key.owner != record || len(found) >= limit {
			break
		}
		found = append(found, copyEvent(*e))
	}
	return found, nil
}

// Lease takes due tasks of a queue for the caller.
func (p Payments) Lease(ctx context.Context, l payment.Lease) ([]payment.Task, error) {
	var leased []payment.Task
	err := p.db.write(ctx, func(next *content) error {
		leased = next.payments.tasks.lease(l)
		return nil
	})
	return leased, err
}

// Finish ends leased tasks without touching a record.
func (p Payments) Finish(ctx context.Context, ends []payment.TaskEnd) error {
	return p.db.write(ctx, func(next *content) error {
		for _, end := range ends {
			next.payments.tasks.finish(end)
		}
		return nil
	})
}

// Tasks reads tasks of any state by ascending ID.
func (p Payments) Tasks(ctx context.Context, q payment.TaskQuery) ([]payment.Task, error) {
	now, err := p.db.read(ctx)
	if err != nil {
		return nil, err
	}
	var found []payment.Task
	for id, t := range now.payments.tasks.byID.from(text(q.After)) {
		if len(found) >= q.Limit {
			break
		}
		if string(id) != q.After && selectsTask(q, t) {
			found = append(found, copyTask(*t))
		}
	}
	return found, nil
}

func selectsTask(q payment.TaskQuery, t *payment.Task) bool {
	return (q.Queue == "" || q.Queue == t.Queue) && (q.Record == "" || q.Record == t.Record) && (!q.Dead || t.Dead)
}

// NextDue reads the earliest Due of the queue's tasks that are not dead.
func (p Payments) NextDue(ctx context.Context, queue string) (time.Time, error) {
	now, err := p.db.read(ctx)
	if err != nil {
		return time.Time{}, err
	}
	return now.payments.tasks.nextDue(queue), nil
}

func copyRecord(r payment.Record) payment.Record {
	r.CreatedAt, r.UpdatedAt = micro(r.CreatedAt), micro(r.UpdatedAt)
	r.Body, r.Personal = bytes.Clone(r.Body), bytes.Clone(r.Personal)
	return r
}

func copyEvent(e payment.Event) payment.Event {
	e.At = micro(e.At)
	e.Body, e.MAC = bytes.Clone(e.Body), bytes.Clone(e.MAC)
	return e
}
