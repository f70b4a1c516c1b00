package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"os"

	"github.com/oplata-go/oplata/connector"
	"github.com/oplata-go/oplata/payment"
)

// script is a file of lives, one a line. They are in memory only while they are written by hand: whatever the service
// lives beside would lie in the way of its garbage collector.
type script struct {
	path  string
	lives int
}

// life is what the service reads and writes for one payment: what has to be done by hand, too.
type life struct {
	Birth payment.Change // before the clock runs
	Turns []turn
}

// turn is one transition: what a gateway is asked or says, what is read, then what is written.
type turn struct {
	Order  *connector.Order // that an attempt begins with, or else
	Heard  string           // the transaction type of the callback about Try
	Try    payment.Attempt
	Reads  []read
	Change payment.Change

	plain *decoded // the change's texts before they are encoded
}

// read looks up a payment by its ID, or by a claim that it owns.
type read struct{ ID, Scope, Key string }

// lifeTurns is how many transitions a life has.
const lifeTurns = 4

// live is a life after its birth: an attempt that is declined, and one that pays.
func (h *host) live(ctx context.Context, id string) (tries [lifeTurns / 2]payment.Attempt, err error) {
	for i, said := range said() {
		if tries[i], err = h.start(ctx, id, card); err != nil {
			return tries, err
		}
		if err = h.hear(ctx, tries[i], said); err != nil {
			return tries, err
		}
	}
	return tries, nil
}

// said is what ChronoPay says about the attempts of a life.
func said() [lifeTurns / 2]string { return [...]string{"decline", "Purchase"} }

// record lets the service live so many lives on a memory store and notes what it reads and writes there.
func record(ctx context.Context, path string, lives int) (_ script, err error) {
	file, err := os.Create(path)
	if err != nil {
		return script{}, err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	kept := inMemory()
	tape := &tape{Store: kept.payments}
	kept.payments = tape
	h, err := newHost(ctx, kept, nil)
	if err != nil {
		return script{}, err
	}
	lines := json.NewEncoder(file)
	for n := range lives {
		p, err := create(ctx, h.Service, n)
		if err != nil {
			return script{}, err
		}
		tries, err := h.live(ctx, p.ID)
		if err != nil {
			return script{}, err
		}
		l := life{Birth: tape.turns[0].Change, Turns: tape.turns[1:]}
		for i, try := range tries {
			l.Turns[2*i].Order = orderOf(p, try)
			l.Turns[2*i+1].Heard, l.Turns[2*i+1].Try = said()[i], try
		}
		if err := lines.Encode(l); err != nil {
			return script{}, err
		}
		tape.turns = tape.turns[:0]
	}
	return script{path, lives}, nil
}

// read gives the first lives, their texts taken apart.
func (s script) read(lives int) (_ []life, err error) {
	file, err := os.Open(s.path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	lines := json.NewDecoder(bufio.NewReader(file))
	script := make([]life, lives)
	for i := range script {
		if err := lines.Decode(&script[i]); err != nil {
			return nil, err
		}
		for j := range script[i].Turns {
			t := &script[i].Turns[j]
			if t.plain, err = decode(t.Change); err != nil {
				return nil, err
			}
		}
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
	t.reads = append(t.reads, read{ID: id})
	return t.Store.Load(ctx, id)
}

// Owner reads a claim and its record.
func (t *tape) Owner(ctx context.Context, scope, key string) (payment.Record, payment.Claim, error) {
	t.reads = append(t.reads, read{Scope: scope, Key: key})
	return t.Store.Owner(ctx, scope, key)
}

// Apply writes a change.
func (t *tape) Apply(ctx context.Context, c payment.Change) error {
	t.turns = append(t.turns, turn{Reads: t.reads, Change: c})
	t.reads = nil
	return t.Store.Apply(ctx, c)
}
