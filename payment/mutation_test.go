package payment

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The mutation test changes the tables, one cell at a time, and expects the law to notice. It looks at no golden file. A
// cell is tried where the model check used it, and for two moves after.

// sample is a move that used a cell.
type sample struct {
	before *state
	move   move
}

// gather walks the model and keeps some uses of every cell of both tables.
func gather(t *testing.T) (map[cell][]sample, map[attemptCell][]sample) {
	payments, attempts := make(map[cell][]sample), make(map[attemptCell][]sample)
	moves := allMoves()
	_, err := explore(allStarts(), moves, 5, 1_000_000, func(before, after *state) error {
		use := sample{before, moves[slices.IndexFunc(moves, func(m move) bool { return m.name == after.trail[len(after.trail)-1] })]}
		for _, s := range after.steps {
			keep(payments, cell{s.from, s.on}, use)
		}
		if after.saidOf != 0 {
			keep(attempts, attemptCell{before.p.Attempt(after.saidOf).State, after.said}, use)
		}
		return nil
	})
	require.NoError(t, err)
	return payments, attempts
}

// keep keeps the first uses and thins out the rest, so that different depths are among them.
func keep[K comparable](uses map[K][]sample, k K, use sample) {
	if n := len(uses[k]); n < 24 {
		uses[k] = append(uses[k], use)
	}
}

// noticed reports whether the law sees the present tables break it from one of the samples on.
func noticed(samples []sample, judge func(before, after *state) error) bool {
	moves := allMoves()
	for _, use := range samples {
		after := use.before.clone()
		happened, err := safely(use.move, after)
		if err != nil {
			return true
		}
		if !happened {
			return true // a command that must be possible is refused
		}
		if judge(use.before, after) != nil {
			return true
		}
	}
	for _, use := range samples[:min(3, len(samples))] {
		after := use.before.clone()
		if ok, _ := safely(use.move, after); ok {
			if _, err := explore([]*state{after}, moves, 2, 5000, judge); err != nil {
				return true
			}
		}
	}
	return false
}

// alike effects are one on the cell: refunds of ours share a calculation, and so do those from outside; without a successor
// money goes nowhere else; what is never paid from the balance has nothing to give back.
func alike(c cell, a, b effect) bool {
	same := func(set ...effect) bool { return slices.Contains(set, a) && slices.Contains(set, b) }
	switch {
	case same(doReserve, doUnreserve, doPayOut), same(doTakeBack, doDispute, doUndispute):
		return true
	case same(doSurplus, doOnward):
		return c.status != Cancelled
	}
	return false
}

func TestEveryChangeOfAMoneyEffectIsNoticed(t *testing.T) {
	uses, _ := gather(t)
	effects := []effect{
		doNothing, doSettle, doSurplus, doOnward, doSetAside, doReturn, doDebit, doSpend, doGiveBack, doReserve, doTakeBack,
	}
	original := index
	defer func() { index = original }()
	var tried, unused int
	var missed []string
	for c, r := range original {
		if len(uses[c]) == 0 {
			unused++
			continue
		}
		for _, e := range effects {
			if e == r.Money || alike(c, e, r.Money) {
				continue
			}
			changed := *r
			changed.Money = e
			index = maps.Clone(original)
			index[c] = &changed
			tried++
			if !noticed(uses[c], judgeMoney) {
				missed = append(missed, fmt.Sprintf("%s in %s: %q became %q", c.event, c.status, r.Money, e))
			}
		}
	}
	slices.Sort(missed)
	require.Empty(t, missed, strings.Join(missed, "\n"))
	t.Logf("%d changes of money effects, all noticed; %d of %d cells are used within the bound", tried, len(original)-unused, len(original))
}

func TestEveryChangeOfATargetIsNoticed(t *testing.T) {
	uses, _ := gather(t)
	original := index
	defer func() { index = original }()
	tried := 0
	var missed []string
	for c, r := range original {
		for _, to := range append(Statuses(), same, previous) {
			if len(uses[c]) == 0 || to == r.To || r.To == same && to == c.status || to == same && r.To == c.status {
				continue
			}
			if isBusy(c.status) && to == previous && r.To == WaitingForPayment {
				continue
			}
			changed := *r
			changed.To = to
			index = maps.Clone(original)
			index[c] = &changed
			tried++
			if !noticed(uses[c], judgeTargets) {
				missed = append(missed, fmt.Sprintf("%s in %s: %s became %s", c.event, c.status, r.To, to))
			}
		}
	}
	slices.Sort(missed)
	require.Empty(t, missed, strings.Join(missed, "\n"))
	t.Logf("%d changes of targets, all noticed", tried)
}

func TestEveryChangeOfTheAttemptTableIsNoticed(t *testing.T) {
	_, uses := gather(t)
	original := attemptIndex
	defer func() { attemptIndex = original }()
	raises := []EventName{
		"", EventSuccess, EventFailure, EventHeld, EventHoldGone, EventDiscrepancy, EventSecondCharge, EventContradiction,
		EventPeriodEnded, EventReleased,
	}
	tried := 0
	var missed []string
	try := func(c attemptCell, changed attemptRow, what string) {
		attemptIndex = maps.Clone(original)
		attemptIndex[c] = &changed
		tried++
		if !noticed(uses[c], judge) {
			missed = append(missed, fmt.Sprintf("%s in %s: %s", c.news, c.state, what))
		}
	}
	for c, r := range original {
		if len(uses[c]) == 0 {
			continue
		}
		for _, on := range raises {
			if on != r.Raise {
				changed := *r
				changed.Raise = on
				try(c, changed, fmt.Sprintf("raises %q instead of %q", on, r.Raise))
			}
		}
		for _, to := range append(AttemptStates(), stay) {
			if r.Raise == "" || to == r.To || r.To == stay && to == c.state || to == stay && r.To == c.state {
				continue
			}
			changed := *r
			changed.To = to
			try(c, changed, fmt.Sprintf("leads to %s instead of %s", to, r.To))
		}
	}
	slices.Sort(missed)
	require.Empty(t, missed, strings.Join(missed, "\n"))
	t.Logf("%d changes of the attempt table, all noticed", tried)
}
