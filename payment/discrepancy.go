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
		c.Worth = p.Worth
		t.p.Concerns = slices.DeleteFunc(slices.Clone(t.p.Concerns), func(seen Concern) bool {
			return seen.Attempt == a.Number && seen.Charge == c.Reference
		})
		return t.raiseCharge(a, c, on)
	})
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
