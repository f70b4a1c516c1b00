package payment

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/oplata-go/oplata/billing"
	"github.com/oplata-go/oplata/connector"
)

// clean makes foreign texts fit to be kept: what names money becomes a fingerprint when it is no plain short text, so that
// every store can hold it as a key and it still names the same money; words are cut.
func clean(r connector.Result) connector.Result {
	for _, name := range []*string{&r.Reference, &r.Charge, &r.Operation} {
		if plain := len(*name) <= 200 && utf8.ValidString(*name) && !strings.ContainsFunc(*name, unicode.IsControl); !plain {
			print := sha256.Sum256([]byte(*name))
			*name = "sha256:" + hex.EncodeToString(print[:])
		}
	}
	for _, words := range []*string{&r.Code, &r.Text} {
		*words = strings.ToValidUTF8((*words)[:min(len(*words), 1000)], "")
	}
	return r
}

// tell compares a gateway's result with what is known of the attempt, and passes the difference on.
func (t *turn) tell(number int, r connector.Result, testMethod bool) error {
	if r.Kind != "" && r.Kind != connector.OfCharge && r.Test && !testMethod {
		a := t.p.Attempt(number)
		return t.doubt(&a, "test/"+string(r.Kind)+"/"+r.Operation)
	}
	switch r.Kind {
	case connector.OfRefund:
		return t.refunded(number, r)
	case connector.OfDispute:
		return t.disputed(number, r)
	default:
		return t.charged(number, r, testMethod)
	}
}

// charged passes on what a gateway says about the charge of an attempt.
func (t *turn) charged(number int, r connector.Result, testMethod bool) error {
	a := t.p.Attempt(number)
	if r.Charge == "" && r.State == connector.Succeeded {
		r.Charge = unnamed(a.Reference)
	}
	n := classify(a, r, testMethod)
	w := word{code: r.Code, text: r.Text}
	switch n {
	case newsCharged, newsMischarged:
		w.charge = Charge{Reference: r.Charge, Amount: r.Amount, Fee: r.Fee, At: r.At}
		if r.At.IsZero() {
			w.charge.At = t.now
		}
		if n == newsCharged {
			w.charge.Worth = a.Worth
		}
		t.claims = append(t.claims, Claim{Scope: "charge/" + a.Merchant, Key: r.Charge})
	case newsContradicted, newsTestCharged, newsDeclined, newsLapsed, newsHoldMade:
		doubt := string(n) + "/" + r.Charge
		if slices.Contains(a.Doubts, doubt) {
			return nil
		}
		if row := attemptIndex[attemptCell{a.State, n}]; row != nil && (row.Raise == EventContradiction || row.Raise == EventTestMoney) {
			w.doubt = doubt
		}
	default: // it says nothing to keep
	}
	return t.hear(number, n, w)
}

// unnamed is how the charge of a gateway is called that gives charges no names: it can have one for each of our references.
func unnamed(reference string) string { return "of/" + reference }

// classify turns a result into news by comparing it with the attempt.
func classify(a Attempt, r connector.Result, testMethod bool) news {
	known := slices.IndexFunc(a.Charges, func(c Charge) bool { return c.Reference == r.Charge })
	switch r.State {
	case connector.Succeeded:
		switch {
		case known >= 0 && a.Charges[known].Amount == r.Amount:
			return newsRepeated
		case known >= 0:
			return newsContradicted
		case r.Test && !testMethod:
			return newsTestCharged
		case r.Amount == a.Asked:
			return newsCharged
		}
		return newsMischarged
	case connector.Authorized:
		if known >= 0 {
			return newsRepeated
		}
		return newsHoldMade
	case connector.Failed:
		return newsDeclined
	case connector.Voided:
		return newsLapsed
	default: // pending says nothing; the other states are of refunds and disputes
		return newsRepeated
	}
}

// snapshot passes on what a gateway answered when it was asked: all that was missed, in order.
func (t *turn) snapshot(number int, s connector.Snapshot, testMethod bool) error {
	if !s.Found {
		return nil
	}
	s.Charge = clean(connector.Result{Charge: s.Charge}).Charge
	if s.Charge == "" && s.Captured.Sign() > 0 {
		s.Charge = unnamed(t.p.Attempt(number).Reference)
	}
	said := connector.Result{Charge: s.Charge, State: s.State, Amount: s.Held, Fee: s.Fee, Test: s.Test, Code: s.Code, Text: s.Text}
	if s.Captured.Sign() > 0 {
		said.State, said.Amount = connector.Succeeded, s.Captured
	}
	if err := t.charged(number, clean(said), testMethod); err != nil {
		return err
	}
	if s.Refunded.Sign() <= 0 {
		return nil
	}
	return t.refundedUpTo(number, s)
}

// refundedUpTo records what the gateway gave back in all and we do not know yet.
func (t *turn) refundedUpTo(number int, s connector.Snapshot) error {
	a := t.p.Attempt(number)
	i := slices.IndexFunc(a.Charges, func(c Charge) bool { return c.Reference == s.Charge })
	if i < 0 {
		return nil
	}
	known := billing.Money{}
	for _, b := range a.Charges[i].Backs {
		if b.Kind == Refunded && b.State == BackSucceeded {
			known = plus(known, b.Amount)
		}
	}
	missing := s.Refunded
	if known != (billing.Money{}) {
		var err error
		if missing, err = s.Refunded.Sub(known); err != nil {
			return t.doubt(&a, "refund/"+s.Charge)
		}
	}
	if missing.Sign() <= 0 {
		return nil
	}
	return t.refunded(number, connector.Result{
		Kind: connector.OfRefund, Charge: s.Charge, Operation: s.Charge + "/upto/" + s.Refunded.Value(),
		State: connector.Succeeded, Amount: missing,
	})
}

// refunded records a refund that was made in the bank's workstation. A refund of a charge that we were never told of
// proves the charge: it is applied first.
func (t *turn) refunded(number int, r connector.Result) error {
	if r.State != connector.Succeeded {
		return nil
	}
	c, err := t.chargeOf(number, r)
	if c == nil || err != nil {
		return err
	}
	a := t.p.Attempt(number)
	id := r.Operation
	if id == "" {
		id = "refund/" + c.Reference
	}
	if c.back(id) >= 0 {
		return nil
	}
	amount := r.Amount
	if amount == (billing.Money{}) {
		amount = c.rest()
	}
	return t.back(a, c, EventRefundedOutside, Back{
		ID: id, Kind: Refunded, Amount: amount, State: BackSucceeded, Origin: "gateway", At: t.now,
	})
}

// disputed records a chargeback, or how it ended. An end that is told of before its beginning tells of both.
func (t *turn) disputed(number int, r connector.Result) error {
	c, err := t.chargeOf(number, r)
	if c == nil || err != nil || disputeStates[r.State] == "" {
		return err
	}
	id := r.Operation
	if id == "" {
		id = "dispute/" + c.Reference
	}
	if c.back(id) < 0 {
		amount := r.Amount
		if amount == (billing.Money{}) {
			amount = c.rest()
		}
		if err := t.back(t.p.Attempt(number), c, EventDisputeOpened, Back{
			ID: id, Kind: Disputed, Amount: amount, State: BackOpened, Origin: "gateway", At: t.now,
		}); err != nil {
			return err
		}
	}
	a := t.p.Attempt(number)
	c = a.named(c.Reference)
	i := c.back(id)
	if i < 0 || c.Backs[i].State != BackOpened || r.State == connector.Opened {
		return nil
	}
	c.Backs = slices.Clone(c.Backs)
	c.Backs[i].State = disputeStates[r.State]
	if r.State == connector.Won {
		return t.raiseCharge(a, *c, EventDisputeWon)
	}
	return t.raiseCharge(a, *c, EventDisputeLost)
}

// back adds a refund or a dispute to a charge. One that takes more than the charge still has, or another currency,
// moves nothing: an operator has to look.
func (t *turn) back(a Attempt, c *Charge, on EventName, b Back) error {
	if b.Amount.Sign() <= 0 || c.Amount == (billing.Money{}) {
		return t.doubt(&a, string(b.Kind)+"/"+b.ID)
	}
	if c.Amount != (billing.Money{}) {
		if rest, err := c.rest().Sub(b.Amount); err != nil || rest.Sign() < 0 {
			return t.doubt(&a, string(b.Kind)+"/"+b.ID)
		}
	}
	c.Backs = append(slices.Clone(c.Backs), b)
	return t.raiseCharge(a, *c, on)
}

// rest is what of a charge did not go back.
func (c Charge) rest() billing.Money {
	back := c.Returned()
	if back == (billing.Money{}) {
		return c.Amount
	}
	rest, _ := c.Amount.Sub(back) // of one currency, and at most Amount
	return rest
}

// chargeOf finds the charge that a refund or a dispute is about. Some gateways name a refund by an operation of its own, so
// with charges of ours that do not have the name it is the oldest that still has the money. Without any charge the refund
// proves one, whose reference may be the refund's: an operator is told. Nil: none, and an operator was told.
func (t *turn) chargeOf(number int, r connector.Result) (*Charge, error) {
	if c := t.p.Attempt(number).charge(r); c != nil {
		return c, nil
	}
	a := t.p.Attempt(number)
	if r.Charge == "" || len(a.Charges) > 0 {
		return nil, t.doubt(&a, string(r.Kind)+"/"+r.Charge+"/"+r.Operation)
	}
	implied := connector.Result{Charge: r.Charge, State: connector.Succeeded, Amount: a.Asked}
	if err := t.charged(number, implied, true); err != nil {
		return nil, err
	}
	a = t.p.Attempt(number)
	if err := t.doubt(&a, "implied/"+r.Charge); err != nil {
		return nil, err
	}
	return t.p.Attempt(number).charge(r), nil
}

func (a Attempt) charge(r connector.Result) *Charge {
	for _, c := range a.Charges {
		if r.Operation != "" && c.back(r.Operation) >= 0 {
			return &c // a repeat, or how it ended
		}
	}
	if c := a.named(r.Charge); c != nil {
		return c
	}
	for _, c := range a.Charges {
		rest, err := c.rest().Sub(r.Amount)
		if r.Amount == (billing.Money{}) || err == nil && rest.Sign() >= 0 {
			return &c
		}
	}
	return nil
}

func (a Attempt) named(charge string) *Charge {
	for _, c := range a.Charges {
		if c.Reference == charge {
			return &c
		}
	}
	return nil
}

// back finds the refund or dispute of that ID; -1 if there is none.
func (c Charge) back(id string) int {
	return slices.IndexFunc(c.Backs, func(b Back) bool { return b.ID == id })
}

// raiseCharge raises an event about a charge that was changed.
func (t *turn) raiseCharge(a Attempt, c Charge, on EventName) error {
	a.Charges = slices.Clone(a.Charges)
	i := slices.IndexFunc(a.Charges, func(known Charge) bool { return known.Reference == c.Reference })
	a.Charges[i] = c
	return t.raise(on, &a, &a.Charges[i])
}

// doubt tells an operator, once, of a word that does not fit.
func (t *turn) doubt(a *Attempt, what string) error {
	if slices.Contains(a.Doubts, what) {
		return nil
	}
	a.Doubts = append(slices.Clone(a.Doubts), what)
	return t.raise(EventContradiction, a, nil)
}
