package paymenttest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/oplata-go/oplata/billing"
	"github.com/oplata-go/oplata/payment"
)

// statuses judges where payments stand.
func (v *view) statuses() error {
	var faults []error
	for _, p := range v.payments {
		if err := v.status(p); err != nil {
			faults = append(faults, err)
		}
	}
	return errors.Join(faults...)
}

func (v *view) status(p payment.Payment) error {
	settled := 0
	for _, a := range p.Attempts {
		for _, c := range a.Charges {
			if c.Place == payment.Settled {
				settled++
			}
			back := int64(0)
			for _, b := range c.Backs {
				if b.State != payment.BackWon {
					back += b.Amount.Minor()
				}
			}
			if back > c.Amount.Minor() {
				return fmt.Errorf("payment %s: %d of charge %s went back, it brought %s", p.ID, back, c.Reference, c.Amount)
			}
		}
	}
	current := p.Attempt(p.Current)
	switch {
	case settled > 1:
		return fmt.Errorf("payment %s is settled %d times", p.ID, settled)
	case settled == 1 && p.Status != payment.Completed:
		return fmt.Errorf("payment %s is settled and %s", p.ID, p.Status)
	case settled == 0 && p.Status == payment.Completed && !v.truth.said(saysAutocomplete, p.ID, "", billing.Money{}):
		return fmt.Errorf("payment %s is completed by nobody's word", p.ID)
	case p.Status == payment.PaidFromBalance && p.FromBalance != p.Total:
		return fmt.Errorf("payment %s of %s is paid from the balance, with %s", p.ID, p.Total, p.FromBalance)
	case p.Status == payment.Processing && current.State != payment.AttemptLive:
		return fmt.Errorf("payment %s is processing, its current attempt is %q", p.ID, current.State)
	case p.Status == payment.Authorized && current.State != payment.AttemptAuthorized:
		return fmt.Errorf("payment %s is authorized, its current attempt is %q", p.ID, current.State)
	}
	return nil
}

// histories reads every history: its links, what it leads to, and what it passes through.
func (h *Host) histories(ctx context.Context, v *view) error {
	service, err := h.aside()
	if err != nil {
		return err
	}
	var faults []error
	for _, r := range v.receipts {
		faults = append(faults, service.Verify(ctx, payment.VerifyParams{Record: r.ID}))
	}
	for _, p := range v.payments {
		faults = append(faults, service.Verify(ctx, payment.VerifyParams{Record: p.ID}), h.history(ctx, p))
	}
	return errors.Join(faults...)
}

// final statuses are never left.
var final = []payment.Status{payment.Completed, payment.PaidFromBalance, payment.Cancelled}

func (h *Host) history(ctx context.Context, p payment.Payment) error {
	events, err := h.cfg.Stores.Payments.Events(ctx, p.ID, 0, 1000)
	if err != nil {
		return err
	}
	var was payment.Status
	states := make(map[int]payment.AttemptState)
	for _, e := range events {
		var said struct {
			Condition *payment.Condition `json:"condition"`
			Attempts  []payment.Attempt  `json:"attempts"`
		}
		if err := json.Unmarshal(e.Body, &said); err != nil {
			return err
		}
		for _, a := range said.Attempts {
			states[a.Number] = a.State
		}
		live := 0
		for _, s := range states {
			if s == payment.AttemptLive {
				live++
			}
		}
		if live > 1 {
			return fmt.Errorf("payment %s: %d attempts are live after event %d, %s", p.ID, live, e.Seq, e.Name)
		}
		if said.Condition == nil {
			continue
		}
		if slices.Contains(final, was) && said.Condition.Status != was {
			return fmt.Errorf("payment %s left %s with event %d, %s", p.ID, was, e.Seq, e.Name)
		}
		was = said.Condition.Status
	}
	if was != p.Status {
		return fmt.Errorf("payment %s is %s, its history ends with %s", p.ID, p.Status, was)
	}
	return nil
}
