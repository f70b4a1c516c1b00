package paymenttest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/oplata-go/oplata/billing"
	"github.com/oplata-go/oplata/payment"
)

// Check is one sentence that must be true of the payment package on given stores.
type Check struct {
	Name string

	// Run returns nil when the sentence is true. The stores must be empty; they are not closed.
	Run func(ctx context.Context, s Stores) error
}

// crowd is how many do the same thing at once.
const crowd = 32

// Races gives the checks about things that happen at once. Each is tried for that many rounds.
func Races(rounds int) []Check {
	list := []struct {
		name string
		run  func(context.Context, *Host, string) error
	}{
		{"one message delivered by 32 at once is one settlement and one credit, and all are answered", sameMessage},
		{"the period's end and the result are decided once", periodAgainstResult},
		{"a cancellation and a late success are decided once", cancelAgainstSuccess},
		{"32 starts at once make one live attempt", manyStarts},
		{"32 creations under one key make one payment", manyCreations},
		{"32 orders to pay from a balance that is enough for one debit it once", manyDebits},
		{"one charge told for two payments at once is in one place", oneChargeForTwo},
		{"an operator's resolutions given at once are decided once", manyResolutions},
	}
	checks := make([]Check, 0, len(list)+1)
	for _, c := range list {
		checks = append(checks, Check{Name: c.name, Run: func(ctx context.Context, s Stores) error {
			h, err := New(ctx, Config{Stores: s, Adapt: func(c *payment.Config) { c.Workers = 8 }})
			if err != nil {
				return err
			}
			for round := range rounds {
				if err := c.run(ctx, h, fmt.Sprintf("account-%d", round)); err != nil {
					return fmt.Errorf("round %d: %w", round, err)
				}
			}
			l := NewLife(h)
			return errors.Join(l.Finish(ctx), h.Audit(ctx), h.Settled(ctx))
		}})
	}
	return append(checks, Check{
		Name: "two programs at work on one store do everything once",
		Run:  func(ctx context.Context, s Stores) error { return twoPrograms(ctx, s, rounds) },
	})
}

// together does things at once and gathers what went wrong.
func together(all ...func() error) error {
	var wg sync.WaitGroup
	start := make(chan struct{})
	errs := make([]error, len(all))
	for i, do := range all {
		wg.Go(func() {
			<-start
			errs[i] = do()
		})
	}
	close(start)
	wg.Wait()
	return errors.Join(errs...)
}

// times gives the same thing n times.
func times(n int, do func(i int) error) []func() error {
	all := make([]func() error, n)
	for i := range all {
		all[i] = func() error { return do(i) }
	}
	return all
}

// lawfully takes refusals for answers.
func lawfully(err error) error {
	if err != nil && refused(err) {
		return nil
	}
	return err
}

var hundred = billing.MustMoney("100.00", "RUB")

// waiting makes a payment of 100.00.
func (h *Host) waiting(ctx context.Context, account string, purpose payment.Purpose) (payment.Payment, error) {
	return h.Create(ctx, payment.CreateParams{Account: account, Total: hundred, Purpose: purpose})
}

// begun makes a payment with an attempt of a mute method, and the letter that it was charged.
func (h *Host) begun(ctx context.Context, account string, purpose payment.Purpose) (payment.Payment, letter, error) {
	p, err := h.waiting(ctx, account, purpose)
	if err != nil {
		return p, letter{}, err
	}
	l, err := h.another(ctx, p)
	return p, l, err
}

// another starts an attempt of a mute method, and gives the letter that it was charged.
func (h *Host) another(ctx context.Context, p payment.Payment) (letter, error) {
	a, err := h.Start(ctx, payment.StartParams{Payment: p.ID, Method: h.methods[muteShow].id})
	if err != nil {
		return letter{}, err
	}
	if p, err = h.Payment(ctx, p.ID); err != nil {
		return letter{}, err
	}
	if err := h.meet(p); err != nil {
		return letter{}, err
	}
	e := Entry{Kind: Took, Merchant: a.Merchant, Reference: a.Reference, Charge: first(a.Reference), Amount: a.Asked}
	if err := h.happen(e); err != nil {
		return letter{}, err
	}
	return h.tellsCharge(e), nil
}

// hand delivers a letter that must be answered.
func (h *Host) hand(ctx context.Context, l letter) error {
	_, err := h.deliver(ctx, l)
	return err
}

// stands reads a payment that must stand in a status, with that many attempts.
func (h *Host) stands(ctx context.Context, id string, status payment.Status, attempts int) error {
	p, err := h.Payment(ctx, id)
	if err == nil && (p.Status != status || len(p.Attempts) != attempts) {
		err = fmt.Errorf("payment %s is %s with %d attempts, not %s with %d", id, p.Status, len(p.Attempts), status, attempts)
	}
	return err
}

// holds looks at an account's balance and how many entries led to it.
func (h *Host) holds(ctx context.Context, account, balance string, entries int64) error {
	a, err := h.book().Account(ctx, account)
	if err == nil && (a.Balance.Value() != balance || a.Entries != entries) {
		err = fmt.Errorf("account %s holds %s after %d entries, not %s after %d", account, a.Balance, a.Entries, balance, entries)
	}
	return err
}

func sameMessage(ctx context.Context, h *Host, account string) error {
	p, l, err := h.begun(ctx, account, payment.TopUp)
	if err != nil {
		return err
	}
	if err := together(times(crowd, func(int) error { return h.hand(ctx, l) })...); err != nil {
		return err
	}
	if err := together(times(4, func(int) error { return h.Deliver(ctx) })...); err != nil {
		return err
	}
	return errors.Join(h.stands(ctx, p.ID, payment.Completed, 1), h.holds(ctx, account, "100.00", 1))
}

func periodAgainstResult(ctx context.Context, h *Host, account string) error {
	p, l, err := h.begun(ctx, account, payment.TopUp)
	if err != nil {
		return err
	}
	h.Clock.Move(15 * time.Minute)
	err = together(
		func() error { return h.hand(ctx, l) },
		func() error { return h.Tick(ctx) },
		func() error { return h.Tick(ctx) },
		func() error { return h.hand(ctx, l) },
	)
	return errors.Join(err, h.Deliver(ctx), h.stands(ctx, p.ID, payment.Completed, 1), h.holds(ctx, account, "100.00", 1))
}

func cancelAgainstSuccess(ctx context.Context, h *Host, account string) error {
	p, l, err := h.begun(ctx, account, payment.Order)
	if err != nil {
		return err
	}
	h.Clock.Move(15 * time.Minute)
	if err := h.Tick(ctx); err != nil {
		return err
	}
	var cancelled error
	err = together(
		func() error { return h.hand(ctx, l) },
		func() error {
			_, cancelled = h.Cancel(ctx, payment.CommandParams{Payment: p.ID})
			return lawfully(cancelled)
		},
	)
	if err := errors.Join(err, h.Deliver(ctx)); err != nil {
		return err
	}
	if cancelled != nil {
		return h.stands(ctx, p.ID, payment.Completed, 1)
	}
	return errors.Join(h.stands(ctx, p.ID, payment.Cancelled, 1), h.holds(ctx, account, "100.00", 1))
}

func manyStarts(ctx context.Context, h *Host, account string) error {
	p, err := h.waiting(ctx, account, payment.TopUp)
	if err != nil {
		return err
	}
	err = together(times(crowd, func(i int) error {
		_, err := h.Start(ctx, payment.StartParams{
			Payment: p.ID, Method: h.methods[muteShow+i%2*3].id, By: fmt.Sprintf("payer-%d", i%4),
		})
		return lawfully(err)
	})...)
	return errors.Join(err, h.stands(ctx, p.ID, payment.Processing, 1))
}

func manyCreations(ctx context.Context, h *Host, account string) error {
	ids := make([]string, crowd)
	err := together(times(crowd, func(i int) error {
		p, err := h.Create(ctx, payment.CreateParams{Key: account, Account: account, Total: hundred, Purpose: payment.TopUp})
		ids[i] = p.ID
		return err
	})...)
	for _, id := range ids {
		if err == nil && (id == "" || id != ids[0]) {
			err = fmt.Errorf("one key made payments %q and %q", ids[0], id)
		}
	}
	return err
}

func manyDebits(ctx context.Context, h *Host, account string) error {
	e := Entry{Kind: Funds, Subject: "fund/" + account, Target: account, Amount: hundred}
	if err := h.truth.note(e); err != nil {
		return err
	}
	if err := h.book().Credit(ctx, billing.Posting{Key: e.Subject, Account: account, Amount: hundred, At: h.Clock.Now()}); err != nil {
		return err
	}
	p, err := h.waiting(ctx, account, payment.Order)
	if err != nil {
		return err
	}
	q, err := h.waiting(ctx, account, payment.Order)
	if err != nil {
		return err
	}
	err = together(times(crowd, func(i int) error {
		_, err := h.PayFromBalance(ctx, payment.PayFromBalanceParams{
			CommandParams: payment.CommandParams{Payment: []string{p.ID, q.ID}[i%2]},
		})
		return lawfully(err)
	})...)
	h.Clock.Move(time.Minute) // what another worker had in its hands is done by now, or done again
	return errors.Join(err, h.Deliver(ctx), h.holds(ctx, account, "0.00", 2))
}

func oneChargeForTwo(ctx context.Context, h *Host, account string) error {
	p, l, err := h.begun(ctx, account, payment.TopUp)
	if err != nil {
		return err
	}
	q, other, err := h.begun(ctx, account, payment.TopUp)
	if err != nil {
		return err
	}
	swapped := l
	swapped.says.Reference = other.says.Reference
	if err := together(times(crowd, func(i int) error { return h.hand(ctx, []letter{l, swapped}[i%2]) })...); err != nil {
		return err
	}
	if err := h.Deliver(ctx); err != nil {
		return err
	}
	if h.stands(ctx, p.ID, payment.Completed, 1) == nil {
		err = h.stands(ctx, q.ID, payment.Processing, 1)
	} else {
		err = errors.Join(h.stands(ctx, p.ID, payment.Processing, 1), h.stands(ctx, q.ID, payment.Completed, 1))
	}
	return errors.Join(err, h.holds(ctx, account, "100.00", 1))
}

func manyResolutions(ctx context.Context, h *Host, account string) error {
	p, l, err := h.begun(ctx, account, payment.TopUp)
	if err != nil {
		return err
	}
	wrong := Entry{
		Kind: Took, Merchant: h.methods[muteShow].company.name, Reference: l.says.Reference, Charge: l.says.Charge + "-2",
		Amount: billing.MustMoney("90.00", "RUB"),
	}
	if err := errors.Join(h.happen(wrong), h.hand(ctx, h.tellsCharge(wrong))); err != nil {
		return err
	}
	hows := []payment.Resolution{payment.ResolveSettle, payment.ResolveCredit, payment.ResolveReturn}
	for _, how := range hows {
		worth := wrong.Amount
		if how == payment.ResolveReturn {
			worth = billing.Money{}
		}
		if err := h.truth.note(Entry{Kind: Says, What: saysResolve + string(how), Subject: p.ID, Target: wrong.Charge, Amount: worth}); err != nil {
			return err
		}
	}
	done := make([]bool, crowd)
	err = together(times(crowd, func(i int) error {
		params := payment.ResolveParams{
			CommandParams: payment.CommandParams{By: "operator", Reason: "because", Payment: p.ID}, Charge: wrong.Charge, How: hows[i%3],
		}
		if params.How != payment.ResolveReturn {
			params.Worth = wrong.Amount
		}
		_, err := h.Resolve(ctx, params)
		done[i] = err == nil
		return lawfully(err)
	})...)
	winners := 0
	for _, won := range done {
		if won {
			winners++
		}
	}
	if winners != 1 {
		err = errors.Join(err, fmt.Errorf("%d resolutions of one discrepancy were carried out", winners))
	}
	return err
}

// twoPrograms lets two programs run on one store while lives go on, and a third takes over what they leave.
func twoPrograms(ctx context.Context, s Stores, rounds int) error {
	listener := NewListener()
	h, err := New(ctx, Config{Stores: s, Listener: listener, Adapt: func(c *payment.Config) {
		c.Workers, c.Poll = 4, time.Millisecond
	}})
	if err != nil {
		return err
	}
	running, stop := context.WithCancel(ctx)
	defer stop()
	var programs sync.WaitGroup
	ended := make([]error, 2)
	for i := range ended {
		_, service, err := h.program()
		if err != nil {
			return err
		}
		programs.Go(func() { ended[i] = service.Run(running) })
	}
	err = together(times(4, func(i int) error {
		l := NewLife(h, fmt.Sprintf("account-%d", i))
		moves := Draw(uint64(i), 10*rounds)
		for j := range moves {
			if moves[j].What == "restart" || moves[j].What == "clock back" {
				moves[j].What = "minutes"
			}
		}
		return errors.Join(l.Run(ctx, moves), l.Finish(ctx))
	})...)
	stop()
	programs.Wait()
	h.Clock.Move(time.Hour) // leases of the two end
	l := NewLife(h)
	return errors.Join(err, errors.Join(ended...), l.Finish(ctx), h.Audit(ctx), h.Settled(ctx))
}
