package paymenttest

import (
	"errors"
	"fmt"
	"math/big"

	"github.com/oplata-go/oplata/billing"
	"github.com/oplata-go/oplata/payment"
)

// purse counts amounts in minor units, by currency.
type purse map[billing.Currency]int64

func (p purse) add(m billing.Money)  { p[m.Currency()] += m.Minor() }
func (p purse) take(m billing.Money) { p[m.Currency()] -= m.Minor() }

// equals compares two purses; a currency of which there is nothing counts as none.
func (p purse) equals(other purse) bool {
	for c, n := range p {
		if other[c] != n {
			return false
		}
	}
	for c, n := range other {
		if p[c] != n {
			return false
		}
	}
	return true
}

// transfers compares money that went on to a payment with money that arrived there or is on its way.
func (v *view) transfers() error {
	var faults []error
	moved := make(map[string]purse) // by destination: what went there, less what arrived
	at := func(id string) purse {
		if moved[id] == nil {
			moved[id] = purse{}
		}
		return moved[id]
	}
	arrived := make(map[string]bool)
	for _, p := range v.payments {
		for _, a := range p.Attempts {
			for _, c := range a.Charges {
				if c.Place == payment.Onward {
					at(p.Successor).add(c.Worth)
				}
				if a.Method != payment.MethodTransfer {
					continue
				}
				if arrived[c.Reference] {
					faults = append(faults, fmt.Errorf("transfer %s arrived twice", c.Reference))
				}
				arrived[c.Reference] = true
				at(p.ID).take(c.Worth)
			}
		}
	}
	for _, r := range v.receipts {
		if r.Status == payment.ReceiptAssigned && r.Payment != "" {
			at(r.Payment).add(r.Worth)
		}
	}
	for _, m := range v.moving {
		if !arrived[m.Key] {
			at(m.To).take(m.Amount)
		}
	}
	for id, left := range moved {
		if !left.equals(purse{}) {
			faults = append(faults, fmt.Errorf("money sent to payment %s and money that arrived or is on its way differ by %v", id, left))
		}
	}
	return errors.Join(faults...)
}

// accounts compares the ledger, with the orders on their way, with what was paid in and what the places say.
func (v *view) accounts() error {
	owed, held := make(map[string]purse), make(map[string]purse)
	at := func(all map[string]purse, account string) purse {
		if all[account] == nil {
			all[account] = purse{}
		}
		return all[account]
	}
	posted := make(map[string]bool)
	for account, entries := range v.entries {
		for _, e := range entries {
			posted[e.Key] = true
			at(held, account).add(e.Amount)
		}
	}
	for _, o := range v.orders {
		switch {
		case o.Attempt != 0 && posted[o.Key]:
			at(held, o.Account).add(o.Amount) // the payment does not know of its debit yet
		case o.Attempt != 0 || posted[o.Key]:
		case o.Kind == "credit":
			at(held, o.Account).add(o.Amount)
		default:
			at(held, o.Account).take(o.Amount)
		}
	}
	for _, f := range v.truth.funds {
		if posted[f.Subject] {
			at(owed, f.Target).add(f.Amount)
		}
	}
	for _, r := range v.receipts {
		if r.Status == payment.ReceiptAssigned && r.Account != "" {
			at(owed, r.Account).add(r.Worth)
		}
	}
	var faults []error
	for _, p := range v.payments {
		if err := owedBy(p, at(owed, p.Account)); err != nil {
			faults = append(faults, err)
		}
	}
	for account, sum := range owed {
		if have := at(held, account); !have.equals(sum) {
			faults = append(faults, fmt.Errorf("account %s: the ledger with the orders on their way holds %v, the places say %v", account, have, sum))
		}
	}
	return errors.Join(faults...)
}

// owedBy adds what a payment has done to its account in all: section 8 of the law book.
func owedBy(p payment.Payment, sum purse) error {
	settled := billing.Money{}
	for _, a := range p.Attempts {
		for _, c := range a.Charges {
			credited, elsewhere := credits(p, c)
			if credited {
				if !elsewhere {
					sum.add(c.Worth)
				}
				sum[c.Worth.Currency()] -= share(c)
			}
			if c.Place == payment.Settled {
				settled = c.Worth
			}
		}
	}
	kept := keptOfBalance(p, settled)
	if p.FromBalance.Minor() != kept {
		return fmt.Errorf("payment %s says that %s was paid from the balance, it was %d", p.ID, p.FromBalance, kept)
	}
	sum[p.Total.Currency()] -= kept
	return nil
}

// credits reports whether a charge was credited to the account, and whether another payment did it.
func credits(p payment.Payment, c payment.Charge) (credited, elsewhere bool) {
	switch c.Place {
	case payment.Settled:
		return p.Purpose == payment.TopUp, false
	case payment.Surplus:
		return true, false
	case payment.Onward:
		return p.Purpose == payment.TopUp, true
	default:
		return false, false
	}
}

// share is what refunds and disputes take back of what a charge credited: its part, rounded half to even.
func share(c payment.Charge) int64 {
	back := int64(0)
	for _, b := range c.Backs {
		switch b.State {
		case payment.BackDeclined, payment.BackRejected, payment.BackWon:
		default:
			back += b.Amount.Minor()
		}
	}
	if c.Amount.Minor() == 0 {
		return 0
	}
	whole := new(big.Int).Mul(big.NewInt(c.Worth.Minor()), big.NewInt(back))
	quotient, rest := whole.QuoRem(whole, big.NewInt(c.Amount.Minor()), new(big.Int))
	n := quotient.Int64()
	switch twice := rest.Lsh(rest, 1).Cmp(big.NewInt(c.Amount.Minor())); {
	case twice > 0, twice == 0 && n%2 == 1:
		n++
	}
	return n
}

// keptOfBalance is what of the debits for the payment it keeps: nothing once it was cancelled, and what a gateway's money
// left open once that settled it.
func keptOfBalance(p payment.Payment, settled billing.Money) int64 {
	debited := int64(0)
	for _, a := range p.Attempts {
		if a.Method == payment.MethodBalance && a.State == payment.AttemptSucceeded {
			debited += a.Asked.Minor()
		}
	}
	switch {
	case p.Status == payment.Cancelled:
		return 0
	case settled != billing.Money{}:
		return max(0, min(debited, p.Total.Minor()-settled.Minor()))
	}
	return debited
}
