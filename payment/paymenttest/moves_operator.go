package paymenttest

import (
	"context"
	"time"

	"github.com/oplata-go/oplata/billing"
	"github.com/oplata-go/oplata/payment"
)

// What operators say that moves money, as the audit looks for it.
const (
	saysApprove      = "approve"
	saysReceiptPaid  = "receipt paid"
	saysAutocomplete = "autocomplete"
	saysResolve      = "resolve " // and how
	saysAssign       = "assign to "
	saysReturn       = "return receipt"
)

// operatorMoves are an operator's doings. A chooses the payment or the receipt, the newest first.
var operatorMoves = map[string]ticket{
	"start receipt":    {2, commanding("start receipt", func(s *payment.Service) does { return s.StartReceipt })},
	"send receipt":     {2, commanding("send receipt", func(s *payment.Service) does { return s.SendReceipt })},
	"withdraw receipt": {1, commanding("withdraw receipt", func(s *payment.Service) does { return s.WithdrawReceipt })},
	"receipt paid":     {2, commanding(saysReceiptPaid, func(s *payment.Service) does { return s.ReceiptPaid })},
	"approve":          {1, commanding(saysApprove, func(s *payment.Service) does { return s.Approve })},
	"autocomplete":     {1, commanding(saysAutocomplete, func(s *payment.Service) does { return s.Autocomplete })},
	"acknowledge":      {2, commanding("acknowledge", func(s *payment.Service) does { return s.Acknowledge })},
	"release":          {2, commanding("release", func(s *payment.Service) does { return s.Release })},
	"approve billing":  {2, (*Life).approveBilling}, // B: with an external total; C: with a due date
	"resolve":          {5, (*Life).resolve},        // B: how; C: for how much
	"assign":           {4, (*Life).assign},         // B: to which payment or account; C: for how much
	"return receipt":   {1, (*Life).returnReceipt},
}

func (l *Life) approveBilling(ctx context.Context, m Move) error {
	params := payment.ApproveBillingParams{}
	switch m.B % 4 {
	case 1:
		params.External = billing.MustMoney("1.50", "USD")
	case 2:
		params.External = billing.MustMoney("40.00", "RUB")
	}
	if m.C%2 == 0 {
		params.DueAt = l.host.Clock.Now().Add(time.Duration(m.C) * time.Hour)
	}
	return l.command("approve billing", func(p payment.CommandParams) (payment.Payment, error) {
		params.CommandParams = p
		return l.host.ApproveBilling(ctx, params)
	}, l.pick(m.A))
}

// resolve resolves the payment's first open discrepancy.
func (l *Life) resolve(ctx context.Context, m Move) error {
	for _, id := range l.payments {
		var found payment.Charge
		var worth billing.Money
		if err := l.try("look", func() error {
			p, err := l.host.Payment(ctx, id)
			found = discrepancy(p)
			worth = p.Total
			return err
		}); err != nil {
			return err
		}
		if found.Reference == "" {
			continue
		}
		how := []payment.Resolution{payment.ResolveSettle, payment.ResolveCredit, payment.ResolveReturn}[m.B%3]
		if m.C%2 == 1 && found.Amount.Currency() == worth.Currency() {
			worth = found.Amount
		}
		if how == payment.ResolveReturn {
			worth = billing.Money{}
		}
		if err := l.says(saysResolve+string(how), id, found.Reference, worth); err != nil {
			return err
		}
		return l.command("resolve", func(p payment.CommandParams) (payment.Payment, error) {
			return l.host.Resolve(ctx, payment.ResolveParams{CommandParams: p, Charge: found.Reference, How: how, Worth: worth})
		}, id)
	}
	return nil
}

func discrepancy(p payment.Payment) payment.Charge {
	for _, a := range p.Attempts {
		for _, c := range a.Charges {
			if c.Place == payment.Discrepancy {
				return c
			}
		}
	}
	return payment.Charge{}
}

func (l *Life) assign(ctx context.Context, m Move) error {
	id := latest(l.receipts, m.A)
	if id == "" {
		return nil
	}
	params := payment.AssignParams{By: "operator", Reason: "because", Receipt: id}
	params.Worth = billing.MustMoney(amounts[int(m.C)%len(amounts)], "RUB")
	what, target := saysAssign+"account", l.accounts[int(m.B)%len(l.accounts)]
	params.Account = target
	if to := l.pick(m.B / 2); m.B%2 == 1 && to != "" {
		what, target = saysAssign+"payment", to
		params.Account, params.Payment = "", to
	}
	if err := l.says(what, id, target, params.Worth); err != nil {
		return err
	}
	return l.try("assign", func() error {
		r, err := l.host.Assign(ctx, params)
		l.acknowledge(r.ID, r.Version, r.Status)
		return err
	})
}

func (l *Life) returnReceipt(ctx context.Context, m Move) error {
	id := latest(l.receipts, m.A)
	if id == "" {
		return nil
	}
	if err := l.says(saysReturn, id, "", billing.Money{}); err != nil {
		return err
	}
	return l.try("return receipt", func() error {
		r, err := l.host.ReturnReceipt(ctx, payment.ReturnParams{By: "operator", Reason: "because", Receipt: id})
		l.acknowledge(r.ID, r.Version, r.Status)
		return err
	})
}
