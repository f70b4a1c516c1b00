package payment

import (
	"fmt"
	"slices"

	"github.com/oplata-go/oplata/billing"
)

// money carries out the table's effect. It is the only place where charges find their place and postings are made.
func (t *turn) money(e effect, a *Attempt, c *Charge) error {
	switch e {
	case doNothing:
		return nil
	case doSettle:
		return t.settle(c)
	case doSurplus:
		return t.surplus(c)
	case doOnward:
		return t.onward(c)
	case doSetAside:
		c.Place = Discrepancy
	case doReturn:
		c.Place = Returned
	case doDebit:
		order := t.post(debit, a.Asked, "")
		order.Attempt, order.Whole = a.Number, a.Asked == t.p.Outstanding()
	case doSpend:
		t.p.FromBalance = plus(t.p.FromBalance, a.Asked)
	case doGiveBack:
		t.giveBack(a)
	case doReserve, doUnreserve, doPayOut:
		return t.settleBacks(c, debit)
	case doTakeBack, doDispute, doUndispute:
		return t.settleBacks(c, forcedDebit)
	default:
		return fmt.Errorf("payment: effect %q is not known", e)
	}
	return nil
}

// settle makes the charge the payment's own money. What was paid from the balance and is not needed any more goes back.
func (t *turn) settle(c *Charge) error {
	c.Place = Settled
	sum := plus(t.p.FromBalance, c.Worth)
	over, err := sum.Sub(t.p.Total)
	if err != nil {
		return fmt.Errorf("payment: settle %s: %w", t.p.ID, err)
	}
	if over.Sign() > 0 && t.p.FromBalance.Sign() > 0 {
		over = least(over, t.p.FromBalance)
		t.post(credit, over, "")
		t.p.FromBalance, _ = t.p.FromBalance.Sub(over) // of one currency, and not less
	}
	if t.credits() {
		return t.credit(c)
	}
	return nil
}

func (t *turn) surplus(c *Charge) error {
	c.Place = Surplus
	return t.credit(c)
}

// credit credits the charge to the account, less what of it went back while it was a discrepancy.
func (t *turn) credit(c *Charge) error {
	t.post(credit, c.Worth, t.topUpComment)
	c.Credited = c.Worth
	return t.settleBacks(c, forcedDebit)
}

// onward sends the charge to the payment that took this one's place.
func (t *turn) onward(c *Charge) error {
	if t.p.Successor == "" {
		return t.surplus(c)
	}
	c.Place = Onward
	t.cur.Transfer = &transfer{Key: t.key(0), To: t.p.Successor, Amount: c.Worth}
	if t.credits() {
		c.Credited = c.Worth // by the successor
	}
	return t.settleBacks(c, forcedDebit)
}

// credits reports whether settling this payment, or the successor that is like it, credits the account.
func (t *turn) credits() bool { return t.p.Purpose == TopUp || t.creditAll }

// giveBack credits a debit that came too late, or else all that was paid from the balance.
func (t *turn) giveBack(a *Attempt) {
	amount := t.p.FromBalance
	if a != nil {
		amount = a.Asked
	} else {
		t.p.FromBalance = billing.Money{}
	}
	if amount.Sign() > 0 {
		t.post(credit, amount, "")
	}
}

// settleBacks brings the account in line with what of the charge was given back: of what was credited, the share that
// refunds and disputes take is debited. The last part takes the remainder, so that nothing is left by rounding.
func (t *turn) settleBacks(c *Charge, kind postingKind) error {
	if c.Place == Onward && c.Credited.Sign() == 0 && len(c.Backs) > 0 {
		t.concern(t.cur.name, nil, c) // only the successor knows whether the account was credited
	}
	if c.Credited.Sign() == 0 || c.Amount.Sign() == 0 || len(c.Backs) == 0 {
		return nil
	}
	owed, err := c.Credited.MulRatio(c.Returned().Minor(), c.Amount.Minor(), billing.HalfEven)
	if err != nil {
		return fmt.Errorf("payment: refund of charge of %s: %w", t.p.ID, err)
	}
	change := owed
	if c.Debited != (billing.Money{}) {
		change, _ = owed.Sub(c.Debited) // of one currency, both at most Credited
	}
	switch {
	case change.Sign() > 0:
		t.post(kind, change, "")
	case change.Sign() < 0:
		t.post(credit, change.Neg(), "")
	}
	c.Debited = owed
	return nil
}

// check refuses to write what breaks the money rule, whatever led to it.
func (p Payment) check() error {
	settled := 0
	for _, a := range p.Attempts {
		for _, c := range a.Charges {
			switch {
			case !slices.Contains([]Place{Settled, Surplus, Discrepancy, Returned, Onward}, c.Place):
				return fmt.Errorf("payment: %s: a charge of attempt %d has no place", p.ID, a.Number)
			case c.Place == Settled:
				settled++
			}
			if back := c.Returned(); back.Sign() > 0 {
				if rest, err := c.Amount.Sub(back); err != nil || rest.Sign() < 0 {
					return fmt.Errorf("payment: %s: more went back than a charge of attempt %d brought", p.ID, a.Number)
				}
			}
		}
	}
	if settled > 1 {
		return fmt.Errorf("payment: %s would be settled twice", p.ID)
	}
	if settled == 1 && p.Status != Completed {
		return fmt.Errorf("payment: %s is settled but %s", p.ID, p.Status)
	}
	return nil
}

func least(a, b billing.Money) billing.Money {
	if order, err := a.Cmp(b); err == nil && order > 0 {
		return b
	}
	return a
}
