package payment

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/oplata-go/oplata/billing"
)

// successorOrder makes the payment that takes the place of others. It is written with the first of them that gives its
// place up, so that a crash in between loses nothing; its ID is chosen before.
type successorOrder struct {
	ID          string        `json:"id"`
	By          string        `json:"by,omitempty"`
	Reason      string        `json:"reason,omitempty"`
	Members     []string      `json:"members"`
	Total       billing.Money `json:"total,omitzero"` // of an edit; joined payments add theirs
	Description string        `json:"description,omitempty"`
}

// EditParams say what the new payment is like. What is not stated stays as it was.
type EditParams struct {
	CommandParams
	Total       billing.Money
	Description string
}

// Edit cancels a waiting order or top-up payment and opens another of the same kind in its place. Money that a gateway takes
// late for the old one goes to the new one. It returns the new payment.
//
// Errors: [*TransitionError] unless the payment waits; for rendered services always.
func (s *Service) Edit(ctx context.Context, p EditParams) (Payment, error) {
	var faults faults
	faults.add(p.Total != (billing.Money{}) && p.Total.Sign() <= 0, "Total", "must be positive")
	faults.text("Description", p.Description, 0, 1000)
	if err := faults.err(); err != nil {
		return Payment{}, err
	}
	id, err := s.newID("pay_")
	if err != nil {
		return Payment{}, err
	}
	order := successorOrder{
		ID: id, By: p.By, Reason: p.Reason, Members: []string{p.Payment}, Total: p.Total, Description: p.Description,
	}
	kind := commandKind{name: "edit", asks: true, params: []any{p.Total, p.Description}}
	old, err := s.run(ctx, p.CommandParams, kind, func(t *turn) error {
		if p.Total != (billing.Money{}) && p.Total.Currency() != t.p.Total.Currency() {
			return &ParamError{Field: "Total", Reason: "not in the payment's currency"}
		}
		if order.Total == (billing.Money{}) {
			order.Total = t.p.Total
		}
		return t.supersede(order, true)
	})
	if err != nil {
		return Payment{}, err
	}
	order.ID = old.Successor
	return s.succeed(ctx, order)
}

// JoinParams name the payments to join.
type JoinParams struct {
	Key      string // idempotency key; empty: none
	By       string
	Reason   string
	Payments []string // at least two
}

// Join cancels waiting payments of one account, purpose and currency and opens one for their sum. One that stops waiting in
// the meantime is left out; Joined of the new payment names those that were taken in.
//
// Errors: [*TransitionError] when one does not wait; [*ParamError] when they do not fit together.
func (s *Service) Join(ctx context.Context, p JoinParams) (Payment, error) {
	if len(p.Payments) < 2 || len(p.Payments) > 100 || len(slices.Compact(slices.Sorted(slices.Values(p.Payments)))) != len(p.Payments) {
		return Payment{}, &ParamError{Field: "Payments", Reason: "from 2 to 100 different ones"}
	}
	first := CommandParams{Key: p.Key, By: p.By, Reason: p.Reason, Payment: p.Payments[0]}
	if err := s.joinable(ctx, p); err != nil {
		return s.joinedBefore(ctx, first, p, err)
	}
	id, err := s.newID("pay_")
	if err != nil {
		return Payment{}, err
	}
	order := successorOrder{ID: id, By: p.By, Reason: p.Reason, Members: p.Payments}
	kind := commandKind{name: "join", asks: true, params: p.Payments}
	old, err := s.run(ctx, first, kind, func(t *turn) error { return t.supersede(order, true) })
	if err != nil {
		return Payment{}, err
	}
	order.ID = old.Successor
	return s.succeed(ctx, order)
}

// joinedBefore answers a join whose payments do not wait any more because an earlier one with the same key took them.
func (s *Service) joinedBefore(ctx context.Context, first CommandParams, p JoinParams, cause error) (Payment, error) {
	if p.Key == "" || !errors.Is(cause, ErrTransition) {
		return Payment{}, cause
	}
	old, err := s.run(ctx, first, commandKind{name: "join", params: p.Payments}, func(*turn) error { return cause })
	if err != nil {
		return Payment{}, err
	}
	return s.succeed(ctx, successorOrder{ID: old.Successor, By: p.By, Reason: p.Reason, Members: p.Payments})
}

// joinable checks that the payments fit together.
func (s *Service) joinable(ctx context.Context, p JoinParams) error {
	var (
		first Payment
		sum   billing.Money
	)
	for i, id := range p.Payments {
		pay, err := s.Payment(ctx, id)
		if err != nil {
			return err
		}
		if i == 0 {
			first = pay
		}
		if pay.Status != WaitingForPayment || pay.Purpose == RenderedServices {
			return &TransitionError{ID: id, From: pay.Status, On: EventSuperseded}
		}
		alike := pay.Reseller == first.Reseller && pay.Account == first.Account && pay.Purpose == first.Purpose
		if !alike || pay.Total.Currency() != first.Total.Currency() {
			return &ParamError{Field: "Payments", Reason: "not of one account, purpose and currency"}
		}
		if sum, err = together(sum, pay.Total); err != nil {
			return &ParamError{Field: "Payments", Reason: "their sum is too large"}
		}
	}
	return nil
}

// together adds totals, the first of which may not be there yet.
func together(sum, total billing.Money) (billing.Money, error) {
	if sum == (billing.Money{}) {
		return total, nil
	}
	return sum.Add(total)
}

// supersede cancels a payment in favour of its successor. The first one carries the order that makes it.
func (t *turn) supersede(o successorOrder, carries bool) error {
	if t.p.Purpose == RenderedServices || t.p.UnderReview() {
		return &TransitionError{ID: t.p.ID, From: t.p.Status, On: EventSuperseded}
	}
	t.p.Successor = o.ID
	if carries {
		t.tasks = append(t.tasks, Task{
			ID: "successor/" + o.ID, Queue: successorQueue, Record: t.p.ID, Due: t.now, Body: encode(o),
		})
	}
	return t.raise(EventSuperseded, nil, nil)
}

// succeed takes in the members that still wait and makes the successor, unless it is there already.
func (s *Service) succeed(ctx context.Context, o successorOrder) (Payment, error) {
	if there, err := s.Payment(ctx, o.ID); !errors.Is(err, ErrNotFound) {
		return there, err
	}
	var (
		params CreateParams
		taken  []string
	)
	for _, id := range o.Members {
		old, err := s.change(ctx, id, actor{o.By, o.Reason}, nil, func(t *turn) error {
			if t.p.Status != WaitingForPayment || t.p.Successor != "" || t.p.UnderReview() {
				return nil
			}
			return t.supersede(o, false)
		})
		if err != nil {
			return Payment{}, err
		}
		if old.Successor != o.ID {
			continue
		}
		taken = append(taken, id)
		if err := params.inherit(old); err != nil {
			return Payment{}, fmt.Errorf("payment: total of %s: %w", o.ID, err)
		}
	}
	if o.Total != (billing.Money{}) {
		params.Total = o.Total
	}
	if o.Description != "" {
		params.Description = o.Description
	}
	params.By = o.By
	return s.create(ctx, o.ID, params, taken)
}

// inherit adds a predecessor to what the successor is like.
func (p *CreateParams) inherit(old Payment) (err error) {
	p.Reseller, p.Account, p.Purpose = old.Reseller, old.Account, old.Purpose
	if p.Description == "" {
		p.Description = old.Description
	}
	if p.Order == "" {
		p.Order = old.Order
	}
	p.Total, err = together(p.Total, old.Total)
	return err
}
