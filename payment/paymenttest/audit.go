package paymenttest

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/oplata-go/oplata/billing"
	"github.com/oplata-go/oplata/payment"
)

// Audit compares what the stores hold with the host's own account of what truly happened. It may be called whenever
// nothing is going on, also right after a crash: money and orders on their way are counted in. What must hold:
//
//   - every charge that a company took, and that the host knows of, is in exactly one place over all payments and
//     unallocated receipts, with the amount that the company said, and no other charge is anywhere;
//   - every refund and dispute that the host knows of is recorded once;
//   - nothing is settled, resolved, assigned or given back without a gateway's or an operator's word;
//   - a payment is settled at most once, and completed is never left; at most one attempt is live at any time;
//   - money that went on to another payment arrived there once, or is on its way;
//   - each account's balance, with the orders on their way, is what was paid in and what the places say;
//   - a gateway hears the call that begins an order once at most;
//   - every history is whole, and the record is what its history says.
func (h *Host) Audit(ctx context.Context) error {
	v, err := h.look(ctx)
	if err != nil {
		return err
	}
	return errors.Join(v.charges(), v.backs(), v.statuses(), v.transfers(), v.accounts(), v.calls(), h.histories(ctx, v))
}

// spot is where a charge of a gateway was found.
type spot struct {
	record  string
	place   payment.Place
	amount  billing.Money
	worth   billing.Money
	attempt payment.Attempt
}

// unallocated is the place of a charge in an unallocated receipt.
const unallocated payment.Place = "unallocated"

// charges compares the charges with what the companies took.
func (v *view) charges() error {
	var faults []error
	places := make(map[string][]spot)
	for _, p := range v.payments {
		for _, a := range p.Attempts {
			for _, c := range a.Charges {
				if a.Merchant == "" {
					faults = append(faults, v.ownCharge(p, a, c))
					continue
				}
				k := key(a.Merchant, c.Reference)
				places[k] = append(places[k], spot{p.ID, c.Place, c.Amount, c.Worth, a})
			}
		}
	}
	for _, r := range v.receipts {
		k := key(r.Merchant, r.Charge)
		places[k] = append(places[k], spot{r.ID, unallocated, r.Amount, r.Worth, payment.Attempt{}})
		faults = append(faults, v.receipt(r))
	}
	for k, spots := range places {
		faults = append(faults, v.charge(k, spots))
	}
	for k, c := range v.truth.charges {
		if c.told && len(places[k]) == 0 {
			faults = append(faults, fmt.Errorf("charge %s of %s was told of and is nowhere", k, c.Amount))
		}
	}
	return errors.Join(faults...)
}

// charge judges one charge.
func (v *view) charge(k string, spots []spot) error {
	at := spots[0]
	c := v.truth.charges[k]
	switch {
	case len(spots) > 1:
		return fmt.Errorf("charge %s is in %d places: %s %s and %s %s", k, len(spots), at.record, at.place, spots[1].record, spots[1].place)
	case c == nil:
		return fmt.Errorf("charge %s in %s was never taken", k, at.record)
	case at.place == unallocated && !c.told:
		return nil // a refund before its charge tells of it, and not of how much it was
	case !c.lawful(at.amount, v.learns(at.attempt)):
		return fmt.Errorf("charge %s in %s is of %s, the company said %v", k, at.record, at.amount, c.heard)
	case at.place == unallocated:
		return nil
	}
	if at.amount == at.attempt.Asked {
		if at.worth != at.attempt.Worth || at.place == payment.Discrepancy || at.place == payment.Returned {
			return fmt.Errorf("charge %s in %s is as asked, worth %s, and went to %s", k, at.record, at.worth, at.place)
		}
		return nil
	}
	lawful := false
	switch at.place {
	case payment.Discrepancy:
		lawful = true
	case payment.Returned:
		lawful = v.truth.said(saysResolve+string(payment.ResolveReturn), at.record, c.Charge, billing.Money{})
	case payment.Settled, payment.Onward:
		lawful = v.truth.said(saysResolve+string(payment.ResolveSettle), at.record, c.Charge, at.worth)
	case payment.Surplus:
		lawful = v.truth.said(saysResolve+string(payment.ResolveSettle), at.record, c.Charge, at.worth) ||
			v.truth.said(saysResolve+string(payment.ResolveCredit), at.record, c.Charge, at.worth)
	}
	if !lawful {
		return fmt.Errorf("charge %s in %s is not as asked and went to %s, worth %s, without a word", k, at.record, at.place, at.worth)
	}
	return nil
}

// learns reports whether the host learns of an attempt's charge in other ways than by a message.
func (v *view) learns(a payment.Attempt) bool {
	m := v.methods[a.Method]
	return a.Askable || m != nil && m.charged()
}

// ownCharge judges a charge that no gateway took.
func (v *view) ownCharge(p payment.Payment, a payment.Attempt, c payment.Charge) error {
	if a.Method == payment.MethodTransfer {
		return nil // see transfers
	}
	said := v.truth.said(saysApprove, p.ID, "", billing.Money{}) || v.truth.said(saysReceiptPaid, p.ID, "", billing.Money{})
	if a.Method != payment.MethodOffline || !said {
		return fmt.Errorf("charge %s of %s came by %s without a word", c.Reference, p.ID, a.Method)
	}
	return nil
}

// receipt judges an unallocated receipt.
func (v *view) receipt(r payment.Receipt) error {
	lawful := false
	switch r.Status {
	case payment.ReceiptOpen:
		lawful = true
	case payment.ReceiptAssigned:
		what, target := saysAssign+"account", r.Account
		if r.Payment != "" {
			what, target = saysAssign+"payment", r.Payment
		}
		lawful = v.truth.said(what, r.ID, target, r.Worth)
	case payment.ReceiptReturned:
		lawful = v.truth.said(saysReturn, r.ID, "", billing.Money{}) || len(r.Backs) > 0
	}
	if !lawful {
		return fmt.Errorf("receipt %s is %s without a word", r.ID, r.Status)
	}
	return nil
}

// calls looks whether a call that begins an order was repeated.
func (v *view) calls() error {
	for k, n := range v.truth.called {
		if n > 1 {
			return fmt.Errorf("the call that begins order %s was made %d times", k, n)
		}
	}
	return nil
}

// backs compares refunds and disputes with those that truly happened. One that does not fit its charge has moved nothing,
// and an operator was told.
func (v *view) backs() error {
	var faults []error
	found := make(map[string][]payment.Back)
	doubts := ""
	sum := make(map[string]int64) // of refunds, by charge: a company that is asked tells them all together
	for _, p := range v.payments {
		for _, a := range p.Attempts {
			doubts += strings.Join(a.Doubts, "\n") + "\n"
			for _, c := range a.Charges {
				for _, b := range c.Backs {
					found[key(a.Merchant, b.ID)] = append(found[key(a.Merchant, b.ID)], b)
					if b.Kind == payment.Refunded && b.State == payment.BackSucceeded {
						sum[key(a.Merchant, c.Reference)] += b.Amount.Minor()
					}
				}
			}
		}
	}
	for _, r := range v.receipts {
		for _, b := range r.Backs {
			found[key(r.Merchant, b.ID)] = append(found[key(r.Merchant, b.ID)], b)
		}
	}
	known, all := make(map[string]int64), make(map[string]int64)
	for k, b := range v.truth.backs {
		if !v.cumulative(b) {
			if err := b.judge(k, found[k], strings.Contains(doubts, b.Operation)); err != nil {
				faults = append(faults, err)
			}
			continue
		}
		all[key(b.Merchant, b.Charge)] += b.Amount.Minor()
		if b.told[b.What] {
			known[key(b.Merchant, b.Charge)] += b.Amount.Minor()
		}
	}
	for k, n := range all {
		_, charge, _ := strings.Cut(k, " ")
		if sum[k] > n || sum[k] < known[k] && !strings.Contains(doubts, charge+"/upto/") {
			faults = append(faults, fmt.Errorf("of charge %s %d was refunded, %d of it is known and %d recorded", k, n, known[k], sum[k]))
		}
	}
	return errors.Join(faults...)
}

// cumulative reports whether the host learns of a refund by asking: then only their sum is told.
func (v *view) cumulative(b *back) bool {
	order, met := v.truth.orders[key(b.Merchant, b.Reference)]
	m := v.methods[order.Method]
	return met && m != nil && m.company.askable() && b.What == string(payment.Refunded) &&
		v.truth.asked[key(b.Merchant, b.Reference)] == b.Charge
}

// judge compares what is recorded of a refund or a dispute with what is known of it.
func (b *back) judge(k string, found []payment.Back, doubted bool) error {
	switch {
	case len(found) > 1:
		return fmt.Errorf("%s is recorded %d times", k, len(found))
	case len(found) == 1 && found[0].Amount != b.Amount:
		return fmt.Errorf("%s is of %s and recorded with %s", k, b.Amount, found[0].Amount)
	case len(found) == 0 && b.told[b.What] && !doubted:
		return fmt.Errorf("%s of %s was told of and is nowhere", k, b.Amount)
	case len(found) == 1 && b.ended != "" && b.told[b.ended] && !doubted && string(found[0].State) != b.ended:
		return fmt.Errorf("%s was %s and is recorded as %s", k, b.ended, found[0].State)
	}
	return nil
}
