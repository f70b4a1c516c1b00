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
	acknowledged := make(map[string]int64)
	l.Acknowledged = func(p payment.Payment) { acknowledged[p.ID] = max(acknowledged[p.ID], p.Version) }
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
		err = errors.Join(h.Audit(ctx), h.Settled(ctx), h.missing(ctx, acknowledged))
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

// missing looks whether every acknowledged version is stored.
func (h *Host) missing(ctx context.Context, acknowledged map[string]int64) error {
	for id, version := range acknowledged {
		rec, err := h.cfg.Stores.Payments.Load(ctx, id)
		if err != nil {
			return fmt.Errorf("payment %s was acknowledged: %w", id, err)
		}
		if rec.Version < version {
			return fmt.Errorf("version %d of payment %s was acknowledged, %d is stored", version, id, rec.Version)
		}
	}
	return nil
}
