package storetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/oplata-go/oplata/payment"
)

// Payments returns the checks for a payment.Store. None of them takes more than some seconds on an ordinary disk.
func Payments() []Check[payment.Store] {
	return slices.Concat(
		recordChecks(),
		byteChecks(),
		changeChecks(),
		claimChecks(),
		listChecks(),
		leaseChecks(),
		laneChecks(),
		taskChecks(),
		endingChecks(),
		contextChecks(),
		modelChecks(),
		raceChecks(),
		paymentReopenChecks(),
	)
}

// moment gives the n-th second of the suite's time, with microseconds that have to be kept.
func moment(n int) time.Time {
	return time.Date(2026, time.March, 1, 9, 30, 0, 123456000, time.UTC).Add(time.Duration(n) * time.Second)
}

// numbered gives n texts that sort like their numbers.
func numbered(prefix string, n int) []string {
	texts := make([]string, n)
	for i := range texts {
		texts[i] = fmt.Sprintf("%s-%03d", prefix, i+1)
	}
	return texts
}

// record gives a record of the suite as it stands in a version.
func record(id string, version int64) payment.Record {
	return payment.Record{
		Kind:      payment.PaymentRecord,
		ID:        id,
		Version:   version,
		Reseller:  "reseller-1",
		Account:   "42",
		Status:    payment.WaitingForPayment,
		CreatedAt: moment(0),
		UpdatedAt: moment(int(version)),
		Body:      fmt.Appendf(nil, `{"id":%q,"version":%d}`, id, version),
		Personal:  []byte(`{"phone":"+7 700 000-00-00"}`),
	}
}

// event gives an event of the suite.
func event(record string, seq int64) payment.Event {
	return payment.Event{
		Record: record,
		Seq:    seq,
		ID:     fmt.Sprintf("%s/%d", record, seq),
		At:     moment(int(seq)),
		Name:   "created",
		Body:   fmt.Appendf(nil, `{"seq":%d}`, seq),
		KeyID:  "k1",
		MAC:    []byte{0x00, 0xff, byte(seq)},
	}
}

// claim gives a claim for the record of a change.
func claim(c payment.Change, key string) payment.Claim {
	return payment.Claim{Scope: "charge", Key: key, Record: c.Record.ID, Print: "print of " + key}
}

// task gives a task of the suite that is due at once.
func task(id, record string) payment.Task {
	return payment.Task{ID: id, Queue: "timers", Record: record, Due: moment(0), Body: []byte(`{"do":"it"}`)}
}

// change gives the write that brings a record from a version to the next one, with one event.
func change(id string, base int64) payment.Change {
	return payment.Change{Record: record(id, base+1), Base: base, Events: []payment.Event{event(id, base+1)}}
}

// with adds to a change.
func with(c payment.Change, more func(*payment.Change)) payment.Change {
	more(&c)
	return c
}

// inserted puts records into a store.
func inserted(ctx context.Context, s payment.Store, ids ...string) error {
	for _, id := range ids {
		if err := s.Apply(ctx, change(id, 0)); err != nil {
			return fmt.Errorf("insert record %s: %w", id, err)
		}
	}
	return nil
}

// put writes tasks, each with a change of its own record, in the order given.
func put(ctx context.Context, s payment.Store, tasks ...payment.Task) error {
	for _, t := range tasks {
		if err := advance(ctx, s, t.Record, func(c *payment.Change) { c.Put = []payment.Task{t} }); err != nil {
			return fmt.Errorf("put task %s: %w", t.ID, err)
		}
	}
	return nil
}

// advance brings a record to its next version, inserting it if it is not there.
func advance(ctx context.Context, s payment.Store, id string, more func(*payment.Change)) error {
	stored, err := s.Load(ctx, id)
	if err != nil && !errors.Is(err, payment.ErrNotFound) {
		return err
	}
	return s.Apply(ctx, with(change(id, stored.Version), more))
}

// loads says how a stored record differs from what it should be.
func loads(ctx context.Context, s payment.Store, want payment.Record) error {
	got, err := s.Load(ctx, want.ID)
	if err != nil {
		return fmt.Errorf("load record %s: %w", want.ID, err)
	}
	return about("record "+want.ID, same(got, want))
}

// tells says how a record's history differs from what it should be.
func tells(ctx context.Context, s payment.Store, id string, want ...payment.Event) error {
	got, err := s.Events(ctx, id, 0, 1000)
	if err != nil {
		return fmt.Errorf("events of %s: %w", id, err)
	}
	return about("events of "+id, sameAll(got, want))
}

// owns says how a claim differs from what it should be.
func owns(ctx context.Context, s payment.Store, want payment.Claim) error {
	owner, got, err := s.Owner(ctx, want.Scope, want.Key)
	if err != nil {
		return fmt.Errorf("owner of %q: %w", want.Key, err)
	}
	if owner.ID != want.Record {
		return fmt.Errorf("owner of %q: got record %q, want %q", want.Key, owner.ID, want.Record)
	}
	return about("claim "+want.Key, same(got, want))
}

// unclaimed says that somebody holds a claim.
func unclaimed(ctx context.Context, s payment.Store, c payment.Claim) error {
	_, _, err := s.Owner(ctx, c.Scope, c.Key)
	return about("owner of "+c.Key, refused(err, payment.ErrNotFound))
}

// stored reads one task.
func stored(ctx context.Context, s payment.Store, id string) (payment.Task, error) {
	tasks, err := s.Tasks(ctx, payment.TaskQuery{Limit: 1000})
	if err != nil {
		return payment.Task{}, fmt.Errorf("tasks: %w", err)
	}
	for _, t := range tasks {
		if t.ID == id {
			return t, nil
		}
	}
	return payment.Task{}, fmt.Errorf("task %s is not there", id)
}

// keeps says how a stored task differs from what it should be.
func keeps(ctx context.Context, s payment.Store, want payment.Task) error {
	got, err := stored(ctx, s, want.ID)
	if err != nil {
		return err
	}
	return about("task "+want.ID, same(got, want))
}

// holdsTasks says which tasks are stored, if they are not these.
func holdsTasks(ctx context.Context, s payment.Store, want ...string) error {
	tasks, err := s.Tasks(ctx, payment.TaskQuery{Limit: 1000})
	if err != nil {
		return fmt.Errorf("tasks: %w", err)
	}
	return about("stored tasks", sameIDs(tasks, taskID, want...))
}

// lease asks for the tasks of the suite's queue that are due at the n-th second, for a minute.
func lease(n int) payment.Lease {
	return payment.Lease{Queue: "timers", Now: moment(n), Until: moment(n + 60), Limit: 100}
}

// leases takes a lease and says which tasks it brought, if they are not these.
func leases(ctx context.Context, s payment.Store, l payment.Lease, want ...string) error {
	_, err := leased(ctx, s, l, want...)
	return err
}

// leased is leases for checks that go on with the tasks: they are as many as were wanted.
func leased(ctx context.Context, s payment.Store, l payment.Lease, want ...string) ([]payment.Task, error) {
	tasks, err := s.Lease(ctx, l)
	if err != nil {
		return nil, fmt.Errorf("lease at %v: %w", l.Now, err)
	}
	if err := sameIDs(tasks, taskID, want...); err != nil {
		return nil, fmt.Errorf("leased tasks at %v: %w", l.Now, err)
	}
	return tasks, nil
}

func taskID(t payment.Task) string { return t.ID }

func recordID(r payment.Record) string { return r.ID }

func ref(t payment.Task) payment.TaskRef { return payment.TaskRef{ID: t.ID, Token: t.Token} }

// picture is all that a store shows of what it holds.
type picture struct {
	records []payment.Record
	events  []payment.Event
	claims  []payment.Claim
	tasks   []payment.Task
}

// picturing reads everything; of claims, those that are named.
func picturing(ctx context.Context, s payment.Store, claims ...payment.Claim) (picture, error) {
	var p picture
	var err error
	if p.records, err = s.List(ctx, payment.Query{Limit: 1000}); err != nil {
		return picture{}, fmt.Errorf("list: %w", err)
	}
	for _, r := range p.records {
		events, err := s.Events(ctx, r.ID, 0, 1000)
		if err != nil {
			return picture{}, fmt.Errorf("events of %s: %w", r.ID, err)
		}
		p.events = append(p.events, events...)
	}
	for _, c := range claims {
		_, held, err := s.Owner(ctx, c.Scope, c.Key)
		if err != nil && !errors.Is(err, payment.ErrNotFound) {
			return picture{}, fmt.Errorf("owner of %q: %w", c.Key, err)
		}
		p.claims = append(p.claims, held)
	}
	if p.tasks, err = s.Tasks(ctx, payment.TaskQuery{Limit: 1000}); err != nil {
		return picture{}, fmt.Errorf("tasks: %w", err)
	}
	return p, nil
}

// differs says what of a picture is not as it was.
func (p picture) differs(was picture) error {
	return errors.Join(
		about("records", sameAll(p.records, was.records)),
		about("events", sameAll(p.events, was.events)),
		about("claims", sameAll(p.claims, was.claims)),
		about("tasks", sameAll(p.tasks, was.tasks)),
	)
}

// refusesWhole says that a change was not refused with the wanted error, or that something of it was written.
func refusesWhole(ctx context.Context, s payment.Store, c payment.Change, want error) error {
	before, err := picturing(ctx, s, c.Claims...)
	if err != nil {
		return err
	}
	if err := refused(s.Apply(ctx, c), want); err != nil {
		return err
	}
	// An event that was written without its record shows only when it is asked for.
	if fault := noneAfter(ctx, s, c); fault != nil {
		return fault
	}
	after, err := picturing(ctx, s, c.Claims...)
	if err != nil {
		return err
	}
	if fault := after.differs(before); fault != nil {
		return fmt.Errorf("written although refused: %w", fault)
	}
	return nil
}

// noneAfter says that a record has events it never came to.
func noneAfter(ctx context.Context, s payment.Store, c payment.Change) error {
	stored, err := s.Load(ctx, c.Record.ID)
	if err != nil && !errors.Is(err, payment.ErrNotFound) {
		return fmt.Errorf("load record %s: %w", c.Record.ID, err)
	}
	events, err := s.Events(ctx, c.Record.ID, stored.Version, 1)
	if err != nil {
		return fmt.Errorf("events of %s: %w", c.Record.ID, err)
	}
	if len(events) > 0 {
		return fmt.Errorf("written although refused: event %d of %s", events[0].Seq, c.Record.ID)
	}
	return nil
}
