package main

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/oplata-go/oplata/adapters/sqlite"
	"github.com/oplata-go/oplata/payment"
)

// The queues of the payment package whose tasks are looked at here.
const (
	timerQueue = "timer"
	askQueue   = "ask"
)

const (
	dueTogether  = 100 // timers that are due at once: one lease's worth
	duePerSecond = 200 // how many become due while Run works
)

// measureTimers claims due timers among few and among many processing payments.
func measureTimers(ctx context.Context, b *bench) (_ table, err error) {
	t := table{
		Name: "Timer claims on SQLite (processing periods that end)",
		About: []string{
			fmt.Sprintf("A lease takes %d due timers, Tick acts on them. Late: by Run, %d becoming due a second, each with a", dueTogether, duePerSecond),
			"question to a gateway that answers at once. Budget: the same however much is stored; p99 ≤ 250 ms late.",
		},
		Columns: []string{"stored", "µs per lease", "µs per timer leased", "µs per timer acted on", "late p50 ms", "late p99 ms"},
	}
	crowds := make([]*crowd, len(b.stored))
	for i, stored := range b.stored {
		if crowds[i], err = newCrowd(ctx, b.file("timers.db"), stored); err != nil {
			return t, err
		}
		defer func() { err = errors.Join(err, crowds[i].db.Close()) }() //nolint:revive // to the end of the measurement
	}
	for range b.rounds {
		for _, c := range crowds {
			if err := c.round(ctx); err != nil {
				return t, err
			}
		}
	}
	for _, c := range crowds {
		late, err := c.lateness(ctx, int(duePerSecond*b.time.Seconds()))
		if err != nil {
			return t, err
		}
		t.Rows = append(t.Rows, []any{
			c.stored, median(c.leases), median(c.leases) / dueTogether, median(c.ticks) / dueTogether, percentile(late, 50), percentile(late, 99),
		})
	}
	for _, row := range t.Rows[1:] { // as they stand before these rows are added
		t.Rows = append(t.Rows, againstFirst(t.Rows[0], row))
	}
	return t, nil
}

// againstFirst is a row of ratios.
func againstFirst(first, other []any) []any {
	row := []any{fmt.Sprintf("%v : %v", other[0], first[0])}
	for i := 1; i < 4; i++ {
		a, _ := first[i].(float64)
		b, _ := other[i].(float64)
		row = append(row, b/a)
	}
	return append(row, "", "")
}

// crowd is many payments that are being processed, the period of one of them ending every second.
type crowd struct {
	stored int
	db     *sqlite.DB
	first  time.Time // when the first period ends
	acted  int       // how many have ended

	leases, ticks []float64 // in µs
}

// newCrowd stores one payment through the service and copies it as often as is wanted.
func newCrowd(ctx context.Context, path string, stored int) (*crowd, error) {
	c := &crowd{stored: stored, first: time.Now().Add(time.Hour).Truncate(time.Second)}
	db, err := sqlite.Open(path)
	if err != nil {
		return nil, err
	}
	h, err := newHost(ctx, onSQLite(db), nil)
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	p, err := create(ctx, h.Service, 0)
	if err == nil {
		_, err = h.start(ctx, p.ID, wallet)
	}
	if err = errors.Join(err, db.Close()); err != nil {
		return nil, err
	}
	if err := multiply(path, p.ID, stored, c.first); err != nil {
		return nil, err
	}
	c.db, err = sqlite.Open(path)
	return c, err
}

// multiply copies a payment and its timer, and deletes the first. Nothing of it has to outlive a power cut.
func multiply(path, id string, copies int, first time.Time) (err error) {
	c, err := dial(path, `PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -200000`)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.close()) }()
	const numbers = `WITH RECURSIVE numbers (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM numbers LIMIT ?3) `
	for _, step := range []struct {
		text string
		args []driver.Value
	}{
		{`BEGIN IMMEDIATE`, nil},
		{numbers + `INSERT INTO oplata_payments
			(id, version, status, attention, updated_at, kind, reseller, account, created_at, body, personal)
			SELECT ?2 || printf('%09d', n), version, status, attention, updated_at, kind, reseller, account, created_at,
				CAST(replace(CAST(body AS TEXT), ?1, ?2 || printf('%09d', n)) AS BLOB), personal
			FROM numbers, oplata_payments WHERE id = ?1`, []driver.Value{id, id[:len(id)-9], int64(copies)}},
		{
			numbers + `INSERT INTO oplata_payment_tasks
			(id, queue, lane, place, record, due, tries, token, dead, parked, note, body)
			SELECT replace(id, ?1, ?2 || printf('%09d', n)), queue, lane, place, ?2 || printf('%09d', n), ?4 + n * 1000000, tries,
				token, dead, parked, note, body
			FROM numbers, oplata_payment_tasks WHERE record = ?1 AND queue = 'timer'`,
			[]driver.Value{id, id[:len(id)-9], int64(copies), stamp(first)},
		},
		{`DELETE FROM oplata_payment_tasks WHERE record = ?1`, []driver.Value{id}},
		{`COMMIT`, nil},
	} {
		if err := c.run(step.text, step.args...); err != nil {
			return err
		}
	}
	return nil
}

// round lets some periods end and acts on them, a few times.
func (c *crowd) round(ctx context.Context) error {
	var now time.Time
	watch := &watch{Store: c.db.Payments()}
	h, err := newHost(ctx, stores{watch, c.db.Ledger(), c.db.Connectors()}, func(cfg *payment.Config) {
		cfg.Now, cfg.Batch = func() time.Time { return now }, dueTogether
	})
	if err != nil {
		return err
	}
	for range 5 {
		if c.acted+dueTogether > c.stored/2 {
			break // the other half is for Run
		}
		c.acted += dueTogether
		now = c.first.Add(time.Duration(c.acted-1) * time.Second)
		begin := time.Now()
		if err := h.Tick(ctx); err != nil {
			return err
		}
		c.ticks = append(c.ticks, micros(time.Since(begin)))
	}
	if watch.leased != len(watch.leases)*dueTogether {
		return fmt.Errorf("%d leases took %d timers", len(watch.leases), watch.leased)
	}
	c.leases = append(c.leases, watch.leases...)
	return nil
}

// lateness lets periods end while Run works, and gives how late each was acted on.
func (c *crowd) lateness(ctx context.Context, most int) ([]time.Duration, error) {
	most = min(most, c.stored/2)
	ids, err := c.lastIDs(ctx, most)
	if err != nil {
		return nil, err
	}
	w := &watch{Store: c.db.Payments(), due: make(map[string]time.Time, most), all: make(chan struct{})}
	h, err := newHost(ctx, stores{w, c.db.Ledger(), c.db.Connectors()}, nil)
	if err != nil {
		return nil, err
	}
	begin := time.Now().Add(time.Duration(most) * time.Millisecond) // it takes less to set them
	for n, id := range ids {
		w.due[id] = begin.Add(time.Duration(n) * time.Second / duePerSecond).Truncate(time.Microsecond)
	}
	if _, err := race(ctx, 32, len(ids), time.Time{}, func(ctx context.Context, n int) error {
		return c.expect(ctx, ids[n], w.due[ids[n]])
	}); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	ended := make(chan error, 1)
	go func() { ended <- h.Run(ctx) }()
	select {
	case <-w.all:
		cancel()
		return w.late, <-ended
	case err := <-ended:
		return nil, errors.Join(err, ctx.Err())
	}
}

// lastIDs lists the payments whose periods would end last.
func (c *crowd) lastIDs(ctx context.Context, most int) ([]string, error) {
	var ids []string
	for q := (payment.Query{Kind: payment.PaymentRecord, Status: payment.Processing, Limit: min(most, 1000)}); len(ids) < most; {
		page, err := c.db.Payments().List(ctx, q)
		if err != nil || len(page) == 0 {
			return ids, err
		}
		for _, r := range page {
			ids = append(ids, r.ID)
		}
		q.Before = ids[len(ids)-1]
	}
	return ids[:most], nil
}

// expect moves the end of a payment's period, and has the gateway asked at that moment, too.
func (c *crowd) expect(ctx context.Context, id string, due time.Time) error {
	r, err := c.db.Payments().Load(ctx, id)
	if err != nil {
		return err
	}
	return c.db.Payments().Apply(ctx, payment.Change{Record: r, Base: r.Version, Put: []payment.Task{
		{ID: "timer/" + id + "/period/1", Queue: timerQueue, Record: id, Due: due, Body: []byte(`{"event":"period_ended","attempt":1}`)},
		{ID: "ask/" + id + "/ask/1", Queue: askQueue, Record: id, Due: due, Body: []byte(`{"attempt":1}`)},
	}})
}

// watch is a store that looks at the clock.
type watch struct {
	payment.Store

	mu     sync.Mutex
	leases []float64 // µs of those that took timers
	leased int
	due    map[string]time.Time // by payment; nil: nobody asks how late they were
	late   []time.Duration
	all    chan struct{} // closed when every one of due was acted on
}

// Lease takes due tasks and notes how long that took.
func (w *watch) Lease(ctx context.Context, l payment.Lease) ([]payment.Task, error) {
	begin := time.Now()
	tasks, err := w.Store.Lease(ctx, l)
	took := micros(time.Since(begin))
	if l.Queue == timerQueue && len(tasks) > 0 {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.leases = append(w.leases, took)
		w.leased += len(tasks)
	}
	return tasks, err
}

// Apply writes a change, and notes how late it was when a timer led to it.
func (w *watch) Apply(ctx context.Context, c payment.Change) error {
	err := w.Store.Apply(ctx, c)
	if err != nil || c.Done == nil || !strings.HasPrefix(c.Done.ID, timerQueue+"/") {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if due, ok := w.due[c.Record.ID]; ok {
		w.late = append(w.late, time.Since(due))
		if len(w.late) == len(w.due) {
			close(w.all)
		}
	}
	return nil
}
