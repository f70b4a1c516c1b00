package payment

import (
	"slices"
	"time"

	"github.com/oplata-go/oplata/billing"
	"github.com/oplata-go/oplata/connector"
)

// rules are the choices a host made that the tables leave open.
type rules struct {
	periodToWaiting bool   // the processing period leads to waiting, not to the previous status
	creditAll       bool   // settling credits the account whatever the purpose
	topUpComment    string //
	confirmWithin   time.Duration
}

// turn is one step of a payment: pure, without I/O or clock. It raises events by the tables and gathers the facts,
// claims and orders that have to be written with them.
type turn struct {
	rules
	now    time.Time
	by     string
	reason string
	p      Payment // as it stands after the facts gathered so far
	facts  []fact
	claims []Claim
	tasks  []Task
	sealed string                 // step state to store with the next fact
	birth  *Payment               // of a payment that is being made
	shows  map[int]connector.Show // what attempts show from now on
	cur    fact                   // the fact being made
}

// word is what a gateway, an operator or the clock says about an attempt.
type word struct {
	charge Charge // with Charged and Mischarged news
	code   string
	text   string
	doubt  string // fingerprint of a contradiction
}

// hear gives news about an attempt to the attempt table, and what that raises to the payment table. News that the table
// swallows leaves no fact.
func (t *turn) hear(number int, n news, w word) error {
	a := t.p.Attempt(number)
	row, ok := attemptIndex[attemptCell{a.State, n}]
	if !ok {
		return &TransitionError{ID: t.p.ID, From: Status(a.State), On: EventName(n)}
	}
	if row.Raise == "" {
		return nil
	}
	a.Charges = slices.Clone(a.Charges)
	if row.To != stay {
		a.State = row.To
	}
	if a.State.final() || a.State == AttemptOverdue {
		a.EndedAt = t.now
	}
	if w.code != "" || w.text != "" {
		a.Code, a.Message = w.code, w.text
	}
	if w.doubt != "" {
		a.Doubts = append(slices.Clone(a.Doubts), w.doubt)
	}
	var c *Charge
	if w.charge.Reference != "" {
		a.Charges = append(a.Charges, w.charge)
		c = &a.Charges[len(a.Charges)-1]
	}
	return t.raise(row.Raise, &a, c)
}

// raise applies the payment table. The attempt, if the event has one, is stored as it was changed by the caller; the
// charge, if there is one, points into it.
func (t *turn) raise(on EventName, a *Attempt, c *Charge) error {
	if a != nil && a.Number != t.p.Current && lateForm[on] != "" {
		on = lateForm[on]
	}
	row, ok := rowFor(t.status(), on)
	if !ok {
		return &TransitionError{ID: t.p.ID, From: t.p.Status, On: on}
	}
	was := t.p.Status
	t.cur = fact{name: on, By: t.by, Reason: t.reason, Sealed: t.sealed, Birth: t.birth}
	t.sealed, t.birth = "", nil
	t.p.Postponed, t.p.Concerns = slices.Clone(t.p.Postponed), slices.Clone(t.p.Concerns)
	t.move(row.To, on, a)
	if err := t.money(row.Money, a, c); err != nil {
		return err
	}
	t.duty(row.Then, on, a, c)
	t.close(a)
	return t.afterwards(was)
}

func (t *turn) status() Status {
	if t.p.Status == "" {
		return newborn
	}
	return t.p.Status
}

// move takes the payment to the status of the table's To column.
func (t *turn) move(to Status, on EventName, a *Attempt) {
	p := &t.p
	switch to {
	case same:
		return
	case previous:
		to = p.Previous
		if on == EventPeriodEnded && t.periodToWaiting {
			to = WaitingForPayment
		}
	default: // the table names it
	}
	if !isBusy(p.Status) && isBusy(to) {
		p.Previous = p.Status
	}
	switch {
	case isBusy(to):
		p.Current = a.Number
	default:
		p.Current, p.Previous = 0, ""
	}
	p.ConfirmBy = time.Time{}
	if to == Authorized && t.confirmWithin > 0 {
		p.ConfirmBy = t.now.Add(t.confirmWithin)
	}
	if slices.Contains(done, to) {
		p.ClosedAt = t.now
	}
	if isBusy(to) || slices.Contains(paid, to) {
		p.Message = ""
	}
	p.Status = to
}

// duty does what has to follow beside the money.
func (t *turn) duty(d duty, on EventName, a *Attempt, c *Charge) {
	p := &t.p
	switch d {
	case thenNothing, thenCapture: // a capture is sent by the command or the timer that raised it
	case thenTell:
		p.Message = a.Message
	case thenPostpone:
		if on == EventCancelOrdered {
			on = EventOrderCancelled
		}
		if !slices.Contains(p.Postponed, on) {
			p.Postponed = append(p.Postponed, on)
		}
	case thenDropHold:
		a.DropHold = true
	case thenDropOthers:
		for _, other := range p.Attempts {
			if other.State == AttemptAuthorized && other.Number != a.Number {
				other.DropHold = true
				t.cur.Attempts = append(t.cur.Attempts, other)
			}
		}
	case thenLook:
		t.concern(on, a, c)
	}
}

// concern puts the payment on the operators' list.
func (t *turn) concern(on EventName, a *Attempt, c *Charge) {
	seen := Concern{Event: on, At: t.now}
	if a != nil {
		seen.Attempt = a.Number
	}
	if c != nil {
		seen.Charge = c.Reference
	}
	t.p.Concerns = append(t.p.Concerns, seen)
}

// close ends the fact being made.
func (t *turn) close(a *Attempt) {
	if a != nil {
		kept := *a
		kept.Show = connector.Show{} // stands beside the history, see personal
		t.cur.Attempts = append([]Attempt{kept}, t.cur.Attempts...)
	}
	t.p.Attempts = slices.Clone(t.p.Attempts)
	for _, changed := range t.cur.Attempts {
		t.p.put(changed)
	}
	condition := t.p.Condition
	t.cur.Condition = &condition
	t.facts = append(t.facts, t.cur)
	t.p.Version++
}

// afterwards applies what waited for an attempt to end. When it ended with success the host's cancelled order is told
// to an operator instead; due dates no longer matter.
func (t *turn) afterwards(was Status) error {
	if !isBusy(was) || isBusy(t.p.Status) || len(t.p.Postponed) == 0 {
		return nil
	}
	waiting := t.p.Postponed
	t.p.Postponed = nil
	for _, on := range waiting {
		if err := t.raise(on, nil, nil); err != nil {
			return err
		}
	}
	return nil
}

// post orders a posting. Keys count within the event that makes them, whose number is permanent.
func (t *turn) post(kind postingKind, amount billing.Money, comment string) *posting {
	t.cur.Postings = append(t.cur.Postings, posting{
		Key: t.key(len(t.cur.Postings)), Kind: kind, Account: t.p.Account, Amount: amount, Comment: comment,
	})
	return &t.cur.Postings[len(t.cur.Postings)-1]
}

// key is unique and permanent: the payment, the event's number, and the order's number within the event.
func (t *turn) key(n int) string {
	return t.p.ID + "/" + digits(t.p.Version+1) + "/" + digits(int64(n)+1)
}

func isBusy(s Status) bool { return s == Processing || s == Authorized }
