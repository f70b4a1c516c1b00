package main

import (
	"context"
	"errors"
	"math"
	"sync"
	"time"

	"github.com/oplata-go/oplata/adapters/sqlite"
)

// measureLifecycles lets payments go through their whole life while Run delivers beside them.
func measureLifecycles(ctx context.Context, b *bench) (table, error) {
	t := table{
		Name: "Lifecycles (create, start, ChronoPay's callback, credited by Run)",
		About: []string{
			"From the call of Create until the credit is in the ledger. CPU is that of the whole process, callers included.",
			"Commits are those of the store that changed something or looked for work, of all queues together.",
		},
		Columns: []string{"store", "callers", "lives/s", "p50 ms", "p95 ms", "p99 ms", "commits each", "CPU µs each"},
	}
	for _, callers := range b.callers {
		rows, err := lifecycleRows(ctx, b, callers)
		if err != nil {
			return t, err
		}
		t.Rows = append(t.Rows, rows...)
	}
	return t, nil
}

// lifecycleRows measures the stores in turns.
func lifecycleRows(ctx context.Context, b *bench, callers int) (_ [][]any, err error) {
	db, err := sqlite.Open(b.file("lifecycles.db"))
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	all := []*town{
		{name: "memory", stores: inMemory(), commits: func() int64 { return 0 }},
		{name: "SQLite", stores: onSQLite(db), commits: func() int64 { return db.Stats().Commits }},
	}
	for _, w := range all {
		stop, err := w.open(ctx)
		if err != nil {
			return nil, err
		}
		defer func() { err = errors.Join(err, stop()) }() //nolint:revive // two of them, to the end of the measurement
	}
	for range b.rounds {
		for _, w := range all {
			if err := w.round(ctx, callers, b.time/time.Duration(b.rounds)); err != nil {
				return nil, err
			}
		}
	}
	rows := make([][]any, 0, len(all))
	for _, w := range all {
		rows = append(rows, []any{
			w.name, callers, median(each(w.laps, lap.perSecond)),
			percentile(w.took, 50), percentile(w.took, 95), percentile(w.took, 99),
			median(each(w.laps, func(l lap) float64 { return float64(l.commits) / float64(l.count) })), median(each(w.laps, lap.cpuEach)),
		})
	}
	return rows, nil
}

// town is a host on one store, and what its subscribers waited.
type town struct {
	name    string
	stores  stores
	commits func() int64

	host *host
	born int // payments made in earlier rounds
	laps []lap

	mu   sync.Mutex
	took []time.Duration
}

// open makes the host and lets it work in the background until stop.
func (w *town) open(ctx context.Context) (stop func() error, err error) {
	if w.host, err = newHost(ctx, w.stores, nil); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- w.host.Run(ctx) }()
	return func() error {
		cancel()
		return <-ended
	}, nil
}

// round lets lives begin until the time is over.
func (w *town) round(ctx context.Context, callers int, span time.Duration) error {
	before := w.commits()
	l, err := clocked(func() (int, error) {
		return race(ctx, callers, math.MaxInt, time.Now().Add(span), func(ctx context.Context, n int) error {
			return w.live(ctx, w.born+n)
		})
	})
	l.commits = w.commits() - before
	w.born += l.count
	w.laps = append(w.laps, l)
	return err
}

// live is the n-th life, to its credit.
func (w *town) live(ctx context.Context, n int) error {
	begin := time.Now()
	p, err := create(ctx, w.host.Service, n)
	if err != nil {
		return err
	}
	credited := w.host.ledger.credited(p.ID)
	try, err := w.host.start(ctx, p.ID, card)
	if err != nil {
		return err
	}
	if err := w.host.hear(ctx, try, "Purchase"); err != nil {
		return err
	}
	select {
	case <-credited:
	case <-ctx.Done():
		return ctx.Err()
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.took = append(w.took, time.Since(begin))
	return nil
}
