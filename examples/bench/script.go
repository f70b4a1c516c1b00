package main

import (
	"context"
	"slices"

	"github.com/oplata-go/oplata/payment"
)

// life is what the service reads and writes for one payment: what has to be done by hand, too.
type life struct {
	birth payment.Change // before the clock runs
	turns []turn
}

// turn is one transition: what is read, then what is written.
type turn struct {
	reads  []read
	change payment.Change
	plain  *decoded // the change's texts before they are encoded; nil until they are needed
}

// read looks up a payment by its ID, or by a claim that it owns.
type read struct{ id, scope, key string }

// lifeTurns is how many transitions a life has.
const lifeTurns = 4

// live is a life after its birth: an attempt that is declined, and one that pays.
func (h *host) live(ctx context.Context, id string) error {
	for _, said := range []string{"decline", "Purchase"} {
		try, err := h.start(ctx, id, card)
		if err != nil {
			return err
		}
		if err := h.hear(ctx, try, said); err != nil {
			return err
		}
	}
	return nil
}

// record lets the service live so many lives on a memory store and notes what it reads and writes there.
func record(ctx context.Context, lives int) ([]life, error) {
	kept := inMemory()
	tape := &tape{Store: kept.payments}
	kept.payments = tape
	h, err := newHost(ctx, kept, nil)
	if err != nil {
		return nil, err
	}
	script := make([]life, lives)
	for n := range script {
		p, err := create(ctx, h.Service, n)
		if err != nil {
			return nil, err
		}
		if err := h.live(ctx, p.ID); err != nil {
			return nil, err
		}
		script[n] = life{birth: tape.turns[0].change, turns: slices.Clone(tape.turns[1:])}
		tape.turns = tape.turns[:0]
	}
	return script, nil
}

// tape is a store that notes what it was asked. One goroutine uses it.
type tape struct {
	payment.Store
	reads []read
	turns []turn
}

// Load reads one record.
func (t *tape) Load(ctx context.Context, id string) (payment.Record, error) {
	t.reads = append(t.reads, read{id: id})
	return t.Store.Load(ctx, id)
}

// Owner reads a claim and its record.
func (t *tape) Owner(ctx context.Context, scope, key string) (payment.Record, payment.Claim, error) {
	t.reads = append(t.reads, read{scope: scope, key: key})
	return t.Store.Owner(ctx, scope, key)
}

// Apply writes a change.
func (t *tape) Apply(ctx context.Context, c payment.Change) error {
	t.turns = append(t.turns, turn{reads: t.reads, change: c})
	t.reads = nil
	return t.Store.Apply(ctx, c)
}
