package sqlite

import (
	"context"
	"database/sql/driver"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/oplata-go/oplata/payment"
)

// BenchmarkTransitions compares, in rounds that take turns, durable transitions (read a payment, write the next state
// of it) through Payments with the same rows written by hand over the same connections: once with a commit for each
// transition, once with a bare group commit that guards nothing, isolates nobody and cannot be cancelled. Ratios are
// medians over the rounds; the flush time of the disk stands beside them.
func BenchmarkTransitions(b *testing.B) {
	for _, callers := range []int{1, 8, 32, 128} {
		b.Run(fmt.Sprintf("callers=%d", callers), func(b *testing.B) {
			const rounds = 9
			lives := 100 + 4*callers
			var store, group, single, perFlush []float64
			b.ResetTimer()
			for range b.N * rounds {
				single = append(single, openBare(b, startSingle).race(b, callers, lives))
				group = append(group, openBare(b, startGroup).race(b, callers, lives))
				c := openStore(b)
				store = append(store, c.race(b, callers, lives))
				perFlush = append(perFlush, float64(lives*lifeLength)/float64(c.commits.Load()))
			}
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(median(ratios(store, group)), "store:group")
			b.ReportMetric(median(ratios(store, single)), "store:single")
			b.ReportMetric(median(store), "store/s")
			b.ReportMetric(median(group), "group/s")
			b.ReportMetric(median(single), "single/s")
			b.ReportMetric(median(perFlush), "transitions/flush")
			b.ReportMetric(float64(flushTime(b).Microseconds()), "µs/flush")
		})
	}
}

func median(of []float64) float64 {
	slices.Sort(of)
	return of[len(of)/2]
}

func ratios(a, b []float64) []float64 {
	out := make([]float64, len(a))
	for i := range a {
		out[i] = a[i] / b[i]
	}
	return out
}

// contender is a database and one way to make transitions: to read a payment, unless it is new, and write its change.
type contender struct {
	transition func(payment.Change) error
	commits    atomic.Int64
	close      func()
}

// openStore is the way through the store.
func openStore(b *testing.B) *contender {
	db, err := Open(filepath.Join(b.TempDir(), "store.db"))
	require.NoError(b, err)
	ctx := context.Background()
	c := &contender{close: func() { require.NoError(b, db.Close()) }}
	require.NoError(b, db.writer.lend(ctx, func(w *conn) error { return countCommits(w, &c.commits) }))
	c.transition = func(change payment.Change) error {
		if change.Base > 0 {
			if _, err := db.Payments().Load(ctx, change.Record.ID); err != nil {
				return err
			}
		}
		return db.Payments().Apply(ctx, change)
	}
	return c
}

// openBare is a way by hand over connections of the same kind: one that writes, and a pool that reads.
func openBare(b *testing.B, start func(writer *conn) (write func(payment.Change) error, stop func())) *contender {
	path := filepath.Join(b.TempDir(), "bare.db")
	db, err := Open(path)
	require.NoError(b, err)
	require.NoError(b, db.Close())
	writer, err := dial(path, writerSetup)
	require.NoError(b, err)
	readers := make(chan *conn, 4)
	for range cap(readers) {
		r, err := dial(path, readerSetup)
		require.NoError(b, err)
		readers <- r
	}
	c := new(contender)
	require.NoError(b, countCommits(writer, &c.commits))
	write, stop := start(writer)
	c.close = func() {
		stop()
		for range cap(readers) {
			(<-readers).close()
		}
		writer.close()
	}
	c.transition = func(change payment.Change) error {
		if change.Base > 0 {
			r := <-readers
			_, err := r.one(selectPayment, []any{change.Record.ID}, func(from *row) { scanPayment(from) })
			readers <- r
			if err != nil {
				return err
			}
		}
		return write(change)
	}
	return c
}

// startSingle commits each transition by itself.
func startSingle(w *conn) (write func(payment.Change) error, stop func()) {
	var writing sync.Mutex
	return func(c payment.Change) error {
		writing.Lock()
		defer writing.Unlock()
		return firstOf(w.run(beginWrite), writeBare(w, c), w.run(commit))
	}, func() {}
}

// startGroup commits together what is waiting.
func startGroup(w *conn) (write func(payment.Change) error, stop func()) {
	type job struct {
		change payment.Change
		done   chan error
	}
	jobs, stopped := make(chan job, 1024), make(chan struct{})
	go func() {
		defer close(stopped)
		var batch []job
		for first := range jobs {
			err := firstOf(w.run(beginWrite), writeBare(w, first.change))
			batch = append(batch[:0], first)
			for len(batch) < maxBatch && len(jobs) > 0 {
				j := <-jobs
				err = firstOf(err, writeBare(w, j.change))
				batch = append(batch, j)
			}
			err = firstOf(err, w.run(commit))
			for _, j := range batch {
				j.done <- err
			}
		}
	}()
	write = func(c payment.Change) error {
		j := job{c, make(chan error, 1)}
		jobs <- j
		return <-j.done
	}
	return write, func() {
		close(jobs)
		<-stopped
	}
}

// countCommits counts what a connection commits from now on.
func countCommits(c *conn, n *atomic.Int64) error {
	s, err := c.prepare(commit)
	c.stmts[commit] = countedStmt{s, n}
	return err
}

type countedStmt struct {
	rawStmt
	n *atomic.Int64
}

func (s countedStmt) ExecContext(ctx context.Context, args []driver.NamedValue) (driver.Result, error) {
	s.n.Add(1)
	return s.rawStmt.ExecContext(ctx, args)
}

// race lets callers take lives from a common heap, and gives the transitions per second.
func (c *contender) race(b *testing.B, callers, lives int) float64 {
	var next atomic.Int64
	var all sync.WaitGroup
	c.commits.Store(0)
	begin := time.Now()
	for range callers {
		all.Go(func() {
			for n := next.Add(1); n <= int64(lives); n = next.Add(1) {
				for _, change := range life(n) {
					if err := c.transition(change); err != nil {
						b.Error(err)
						return
					}
				}
			}
		})
	}
	all.Wait()
	took := time.Since(begin)
	c.close()
	return float64(lives*lifeLength) / took.Seconds()
}

const lifeLength = 4

// life is what a payment writes from its creation to its credit: a record that grows to 2 KB, events, claims, a timer
// that is set and dropped, and outbox entries in the payment's lane.
func life(n int64) []payment.Change {
	id := fmt.Sprintf("0190a0b0-%012x-7000-8000", n)
	at := time.UnixMicro(1_700_000_000_000_000 + n)
	record := payment.Record{
		Kind: payment.PaymentRecord, ID: id, Reseller: "root", Account: fmt.Sprintf("account-%d", n%1000),
		CreatedAt: at, UpdatedAt: at,
	}
	timer := payment.Task{ID: id + "/timer", Queue: "timer", Record: id, Due: at.Add(time.Hour), Body: make([]byte, 60)}
	claims := []string{"key", "reference", "charge", ""}
	statuses := []payment.Status{payment.WaitingForPayment, payment.Processing, payment.Completed, payment.Completed}
	changes := make([]payment.Change, lifeLength)
	for i := range changes {
		base := int64(i)
		record.Version, record.Status, record.Body = base+1, statuses[i], make([]byte, 500*(i+1))
		c := payment.Change{Record: record, Base: base}
		c.Events = []payment.Event{{
			Record: id, Seq: base + 1, ID: fmt.Sprintf("%s/%d", id, base+1), At: at, Name: "event", Body: make([]byte, 350),
			KeyID: "k1", MAC: make([]byte, 32),
		}}
		if claims[i] != "" {
			c.Claims = []payment.Claim{{Scope: claims[i], Key: id, Record: id, Print: "fingerprint"}}
		}
		c.Put = []payment.Task{{
			ID: c.Events[0].ID, Queue: "events", Lane: id, Order: base + 1, Record: id, Due: at, Body: make([]byte, 100),
		}}
		switch i {
		case 1:
			c.Put = append(c.Put, timer)
		case 2:
			c.Drop = []string{timer.ID}
		}
		changes[i] = c
	}
	return changes
}

// writeBare writes the rows of a change and looks at nothing.
func writeBare(c *conn, change payment.Change) error {
	r := change.Record
	args := []any{
		string(r.Kind), r.ID, r.Version, r.Reseller, r.Account, string(r.Status), r.Attention, r.CreatedAt, r.UpdatedAt,
		r.Body, r.Personal, change.Base,
	}
	var err error
	if change.Base == 0 {
		err = c.run(insertPayment, args[:11]...)
	} else {
		err = c.run(updatePayment, args...)
	}
	for _, e := range change.Events {
		err = firstOf(err, c.run(insertEvent, e.Record, e.Seq, e.ID, e.At, e.Name, e.Body, e.KeyID, e.MAC))
	}
	for _, cl := range change.Claims {
		err = firstOf(err, c.run(insertClaim, cl.Scope, cl.Key, cl.Record, cl.Print))
	}
	for _, t := range change.Put {
		err = firstOf(err, c.run(insertTask, t.ID, t.Queue, t.Lane, t.Order, t.Record, t.Due, t.Tries, t.Dead, t.Note, t.Body, t.Token))
	}
	for _, id := range change.Drop {
		err = firstOf(err, c.run(deleteTask, id))
	}
	return err
}

func firstOf(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// flushTime is how long the disk takes to make a page durable.
func flushTime(b *testing.B) time.Duration {
	file, err := os.Create(filepath.Join(b.TempDir(), "flush"))
	require.NoError(b, err)
	defer file.Close()
	page := make([]byte, 4096)
	const flushes = 200
	begin := time.Now()
	for i := range int64(flushes) {
		_, err := file.WriteAt(page, i*int64(len(page)))
		require.NoError(b, firstOf(err, file.Sync()))
	}
	return time.Since(begin) / flushes
}
