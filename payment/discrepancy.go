package payment

import (
	"context"
	"slices"

	"github.com/oplata-go/oplata/billing"
)

// Resolution is what an operator does with a discrepancy.
type Resolution string

// The resolutions.
const (
	ResolveSettle Resolution = "settle" // it pays the payment; surplus if that needs no money any more
	ResolveCredit Resolution = "credit" // it is credited to the account
	ResolveReturn Resolution = "return" // it was given back outside
)

var resolutions = map[Resolution]EventName{
	ResolveSettle: EventDiscrepancySettled,
	ResolveCredit: EventDiscrepancyCredited,
	ResolveReturn: EventDiscrepancyReturned,
}

// ResolveParams resolve a discrepancy.
type ResolveParams struct {
	CommandParams
	Charge string        // the gateway's reference of the charge
	How    Resolution    //
	Worth  billing.Money // in the payment's currency; required unless it is returned
}

// Resolve resolves an open discrepancy.
//
// Errors: [ErrNotFound] when the payment has no such open discrepancy; [*ParamError].
func (s *Service) Resolve(ctx context.Context, p ResolveParams) (Payment, error) {
	on, known := resolutions[p.How]
	var faults faults
	faults.add(!known, "How", "unknown")
	faults.add(p.How != ResolveReturn && p.Worth.Sign() <= 0, "Worth", "must be positive")
	if err := faults.err(); err != nil {
		return Payment{}, err
	}
	kind := commandKind{name: "resolve", operator: true, params: []any{p.Charge, p.How, p.Worth}}
	return s.run(ctx, p.CommandParams, kind, func(t *turn) error {
		a, c, ok := t.p.discrepancy(p.Charge)
		if !ok {
			return ErrNotFound
		}
		if p.How != ResolveReturn && p.Worth.Currency() != t.p.Total.Currency() {
			return &ParamError{Field: "Worth", Reason: "not in the payment's currency"}
		}
		if err := c.covers(t.p, p); err != nil {
			return err
		}
		c.Worth = p.Worth
		t.p.Concerns = slices.DeleteFunc(slices.Clone(t.p.Concerns), func(seen Concern) bool {
			return seen.Attempt == a.Number && seen.Charge == c.Reference
		})
		return t.raiseCharge(a, c, on)
	})
}

// covers refuses to make more of a charge than there is, and to settle more than is outstanding where that is not credited.
func (c Charge) covers(pay Payment, p ResolveParams) error {
	if p.How == ResolveReturn {
		return nil
	}
	if rest, err := c.rest().Sub(p.Worth); err == nil && rest.Sign() < 0 {
		return &ParamError{Field: "Worth", Reason: "more than the charge has"}
	}
	if rest, err := pay.Outstanding().Sub(p.Worth); p.How == ResolveSettle && pay.Purpose != TopUp && (err != nil || rest.Sign() < 0) {
		return &ParamError{Field: "Worth", Reason: "more than is outstanding: credit it instead"}
	}
	return nil
}

func (p Payment) discrepancy(charge string) (Attempt, Charge, bool) {
	for _, a := range p.Attempts {
		for _, c := range a.Charges {
			if c.Reference == charge && c.Place == Discrepancy {
				return a, c, true
			}
		}
	}
	return Attempt{}, Charge{}, false
}
