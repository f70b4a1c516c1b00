package payment

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
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

// usesOf gives some uses of every cell of both tables. They are gathered once.
var usesOf = sync.OnceValues(gather)

// gather walks the model and keeps uses of different kinds.
func gather() (map[cell][]sample, map[attemptCell][]sample) {
	payments, attempts := make(map[cell][]sample), make(map[attemptCell][]sample)
	moves := allMoves()
	kept := make(map[string]int)
	_, err := explore(slices.Concat(allStarts(), deepStarts()), moves, 3, 1_000_000, func(before, after *state) error {
		use := sample{before, moves[slices.IndexFunc(moves, func(m move) bool { return m.name == after.trail[len(after.trail)-1] })]}
		for _, s := range after.steps {
			kind := fmt.Sprint(s.from, s.on, s.previous, before.p.Purpose, before.p.FromBalance)
			if kept[kind]++; kept[kind] <= 4 {
				payments[cell{s.from, s.on}] = append(payments[cell{s.from, s.on}], use)
			}
		}
		if after.saidOf != 0 {
			heard := attemptCell{before.p.Attempt(after.saidOf).State, after.said}
			if kind := fmt.Sprint(heard, before.p.Status, before.p.Purpose); kept[kind] < 2 {
				kept[kind]++
				attempts[heard] = append(attempts[heard], use)
			}
		}
		return nil
	})
	if err != nil {
		panic(err)
	}
	return payments, attempts
}

// deepStarts are states that many moves lead to, so that every cell is tried where it matters.
func deepStarts() []*state {
	const (
		part, whole, answers, acts = "pay part from balance", "pay from balance", "ledger answers", "ledger acts, crash before the answer"
		c1, d1, w1, held1          = " succeeded c1 of 1", " succeeded d1 of 1", " succeeded w1 of 1", " authorized c1 of 1"
		c2, held2                  = " succeeded c2 of 2", " authorized c2 of 2"
	)
	var found []*state
	for _, purpose := range []Purpose{TopUp, Order, RenderedServices} {
		for _, path := range [][]string{
			{"start", "release", "start"},
			{"start", "release", "start", c1},
			{"start", "release", "start", held2},
			{"start", w1, "resolve credit", "start", held2},
			{"start", w1, "resolve credit", "refund_requested", "refund_approved"},
			{"start", w1, "resolve credit", "refund_requested", "refund_approved", "start"},
			{"start", w1, "resolve credit", "refund_requested", "refund_approved", "start", held2},
			{"start", w1, "resolve credit", "refund_requested", "refund_approved", "due_passed"},
			{"start", w1, "resolve credit", "refund_requested", "refund_approved", "receipt_started"},
			{"start", w1, "resolve credit", "refund_requested", "refund_approved", "receipt_started", "receipt_dispatched"},
			{"start", w1, "resolve credit", "refund_requested", "refund_approved", "cancel"},
			{"start", w1, "resolve credit", "refund_requested", "refund_approved", whole, answers},
			{"start", w1, "resolve credit", "start", held2, "refund_requested"},
			{"start", w1, "resolve credit", "start", "refund_requested"},
			{"start", w1, "resolve credit", "due_passed", "refund_requested"},
			{"start", w1, "resolve credit", "receipt_started", "refund_requested"},
			{"start", w1, "resolve credit", "receipt_started", "receipt_dispatched", "refund_requested"},
			{"start", held1, "capture"},
			{"start", held1, "void"},
			{"start", "release", "edit", "successor is made"},
			{"start", w1, "edit"},
			{"start", "release", "cancel"},
			{"start", w1, "receipt_started", "receipt_dispatched"},
			{"start", "release", "receipt_started", "receipt_dispatched"},
			{"start", w1, "due_passed"},
			{"start", "release", "due_passed"},
			{"start", c1, "refund_requested", "refund_approved"},
			{"start", c1, "dispute opened c1 of 1"},
			{"start", w1, "dispute opened c1 of 1", "start"},
			{"start", w1, "resolve credit", "dispute opened c1 of 1"},
			{"start", w1, "resolve credit", "dispute opened c1 of 1", "start", held2},
			{"start", w1, "resolve credit", "dispute opened c1 of 1", "start"},
			{"start", w1, "resolve credit", "dispute opened c1 of 1", "due_passed"},
			{"start", w1, "resolve credit", "dispute opened c1 of 1", "receipt_started"},
			{"start", w1, "resolve credit", "dispute opened c1 of 1", "receipt_started", "receipt_dispatched"},
			{part, answers},
			{part, answers, "due_passed"},
			{part, answers, "start"},
			{part, answers, "start", held1},
			{part, answers, "start", "release", "start"},
			{part, answers, "start", "release", "receipt_started"},
			{part, answers, "start", "release", "receipt_started", "receipt_dispatched"},
			{part, answers, "start", w1},
			{part, answers, whole, answers},
			{part, answers, "approve"},
			{part, answers, "autocompleted"},
			{part, answers, "start", c1},
			{"start", "release", part, answers},
			{"start", "release", whole, answers},
			{"start", "release", whole, acts},
			{"start", w1, "autocompleted"},
			{"start", w1, "start", "release", whole, answers},
			{"start", "release", "start", "release", whole, answers},
			{whole, "ledger refuses"},
			{whole, "ledger refuses", "start"},
		} {
			if s := follow(unborn(purpose), append([]string{"create"}, path...)); s != nil {
				found = append(found, s)
			}
		}
	}
	pending := follow(unborn(RenderedServices), []string{"create pending"})
	return append(found, pending)
}

// follow makes the named moves; nil if one cannot be made.
func follow(s *state, path []string) *state {
	for _, name := range path {
		moves := allMoves()
		i := slices.IndexFunc(moves, func(m move) bool { return m.name == name })
		s = s.clone()
		if ok, err := moves[i].do(s); !ok || err != nil {
			return nil
		}
		s.trail = append(s.trail, name)
	}
	return s
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
		if fairly(judge, use.before, after) != nil {
			return true
		}
	}
	for _, use := range samples[:min(6, len(samples))] {
		after := use.before.clone()
		if ok, _ := safely(use.move, after); ok {
			if _, err := explore([]*state{after}, moves, 1, 5000, judge); err != nil {
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
	backs := []effect{doReserve, doUnreserve, doPayOut, doTakeBack, doDispute, doUndispute}
	switch {
	case slices.Contains([]EventName{EventDisputeWon, EventRefundDeclined, EventRefundRejected}, c.event):
		return same(backs...) // a credit is never refused, so force changes nothing
	case slices.Contains([]EventName{EventDisputeLost, EventRefundApproved, EventRefundSucceeded}, c.event):
		return same(append(backs, doNothing)...) // the money has gone before
	case same(doReserve, doUnreserve, doPayOut), same(doTakeBack, doDispute, doUndispute):
		return true
	case same(doSurplus, doOnward):
		return c.status != Cancelled
	case same(doNothing, doGiveBack):
		return slices.Contains([]Status{newborn, PendingBilling, Cancelled}, c.status) // nothing of them is paid from the balance
	}
	return false
}

func TestEveryChangeOfAMoneyEffectIsNoticed(t *testing.T) {
	uses, _ := usesOf()
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
	golden(t, "testdata/unreachable.golden", unreachable(uses))
	t.Logf("%d changes of money effects, all noticed; %d of %d cells are used within the bound", tried, len(original)-unused, len(original))
}

// unreachable lists the cells that nothing leads to: what a current attempt says where no attempt is current, and money of
// a payment that could not be paid yet. They have rows all the same, because a message must never be refused.
func unreachable(uses map[cell][]sample) string {
	byEvent := make(map[EventName][]string)
	for c := range index {
		if len(uses[c]) == 0 {
			byEvent[c.event] = append(byEvent[c.event], string(c.status))
		}
	}
	var lines []string
	for on, statuses := range byEvent {
		slices.Sort(statuses)
		lines = append(lines, fmt.Sprintf("%s: %s\n", on, strings.Join(statuses, ", ")))
	}
	slices.Sort(lines)
	return strings.Join(lines, "")
}

func TestEveryChangeOfATargetIsNoticed(t *testing.T) {
	uses, _ := usesOf()
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
	_, uses := usesOf()
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
	money := []EventName{EventSuccess, EventDiscrepancy, EventSecondCharge}
	for c, r := range original {
		if len(uses[c]) == 0 {
			continue
		}
		for _, on := range raises {
			if on != r.Raise && (slices.Contains(money, on) || slices.Contains(money, r.Raise)) {
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
