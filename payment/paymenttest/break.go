package paymenttest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"sync"

	"github.com/oplata-go/oplata/payment"
)

// Trial is a life in which every call fails once.
type Trial struct {
	// Fresh gives stores for one life, the same every time, and a function that closes them. Required.
	Fresh func(ctx context.Context) (Stores, func() error, error)

	// Life is played on each. Required.
	Life []Move

	// Config is what the hosts are like; Stores, Faults and Listener are set by the trial.
	Config Config

	// Side is how many lives are lived side by side. Default 1.
	Side int
}

// Trials tells what [Trial.Run] did.
type Trials struct {
	Calls map[string]int // of a life in which nothing fails, by name
	Lives int            // with a failing call
}

// Run lives the life once to count the calls of the stores, the ledger, the gateways and the sinks, and then once for each
// call and each way in which it can fail. After the failure the program starts anew; commands that got an error are given
// again under their key, and messages that were not answered are sent again. In the end everything is delivered, and
// [Host.Audit] must find nothing: nothing lost, nothing doubled, and no acknowledged change missing.
func (t Trial) Run(ctx context.Context) (Trials, error) {
	done := Trials{Calls: map[string]int{}}
	calls, err := t.live(ctx, 0, "", done.Calls)
	if err != nil {
		return done, fmt.Errorf("life without failures: %w", err)
	}
	type failure struct {
		n   int
		way Way
	}
	todo := make(chan failure)
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var all sync.WaitGroup
	for range max(1, t.Side) {
		all.Go(func() {
			for f := range todo {
				if _, err := t.live(ctx, f.n, f.way, nil); err != nil {
					cancel(err)
				}
			}
		})
	}
	for n := 1; n <= calls && ctx.Err() == nil; n++ {
		for _, way := range []Way{BeforeActing, AfterActing} {
			todo <- failure{n, way}
			done.Lives++
		}
	}
	close(todo)
	all.Wait()
	return done, context.Cause(ctx)
}

// live lives the life with its n-th call failing, and counts the calls.
func (t Trial) live(ctx context.Context, n int, way Way, names map[string]int) (calls int, err error) {
	stores, done, err := t.Fresh(ctx)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, done()) }()
	f := new(Faults)
	cfg := t.Config
	cfg.Stores, cfg.Faults, cfg.Listener = stores, f, NewListener()
	h, err := New(ctx, cfg)
	if err != nil {
		return 0, err
	}
	l := NewLife(h, "a", "b")
	var acknowledged Acknowledged
	l.Acknowledged = acknowledged.Add
	f.Arm(n, way)
	err = l.Run(ctx, t.Life)
	if err == nil {
		err = l.Finish(ctx)
	}
	f.Disarm()
	if names != nil {
		maps.Copy(names, f.Names())
	}
	if err == nil && n != 0 && f.Failed() == "" {
		err = errors.New("the call was never made")
	}
	if err == nil {
		err = errors.Join(h.Audit(ctx), h.Settled(ctx), acknowledged.Missing(ctx, stores.Payments))
		if err != nil {
			err = l.explain(err)
		}
	}
	if err != nil && n != 0 {
		err = fmt.Errorf("call %d, %s, failed %s: %w", n, f.Failed(), way, err)
	}
	return f.Calls(), err
}

// Settled looks whether everything that waited was delivered: to the ledger, to other payments and to the listener. It is
// what holds after [Life.Finish] and not before.
func (h *Host) Settled(ctx context.Context) error {
	left, err := h.onTheirWay(ctx)
	if err != nil {
		return err
	}
	if left > 0 {
		return fmt.Errorf("%d orders were never delivered", left)
	}
	if charges, backs := h.truth.untold(); len(charges)+len(backs) > 0 {
		return fmt.Errorf("%d charges and %d refunds and disputes were never told", len(charges), len(backs))
	}
	return h.cfg.Listener.heard(ctx, h)
}

// Acknowledged remembers what calls returned. The zero value is ready; safe for concurrent use.
type Acknowledged struct {
	mu   sync.Mutex
	last map[string]acknowledgement // by record
}

type acknowledgement struct {
	version int64
	status  payment.Status
}

// Add remembers that a call returned a record in this version and status.
func (a *Acknowledged) Add(id string, version int64, status payment.Status) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.last == nil {
		a.last = make(map[string]acknowledgement)
	}
	if version > a.last[id].version {
		a.last[id] = acknowledgement{version, status}
	}
}

// Len is how many records were acknowledged.
func (a *Acknowledged) Len() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.last)
}

// Missing looks whether everything that was acknowledged is stored.
func (a *Acknowledged) Missing(ctx context.Context, s payment.Store) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	for id, want := range a.last {
		rec, err := s.Load(ctx, id)
		switch {
		case err != nil:
			return fmt.Errorf("%s was acknowledged: %w", id, err)
		case rec.Version < want.version:
			return fmt.Errorf("version %d of %s was acknowledged, %d is stored", want.version, id, rec.Version)
		case rec.Version == want.version && rec.Status != want.status:
			return fmt.Errorf("%s was acknowledged as %s and is stored as %s", id, want.status, rec.Status)
		}
	}
	return nil
}
