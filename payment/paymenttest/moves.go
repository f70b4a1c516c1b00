package paymenttest

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/oplata-go/oplata/billing"
	"github.com/oplata-go/oplata/connector/connectortest"
	"github.com/oplata-go/oplata/payment"
)

// player plays one kind of move.
type player func(*Life, context.Context, Move) error

// moves are all kinds of moves, by name.
var moves = collect(hostMoves, operatorMoves, companyMoves, worldMoves)

// ticket says how often a kind of move is drawn.
type ticket struct {
	often int
	play  player
}

func collect(parts ...map[string]ticket) map[string]player {
	all := make(map[string]player)
	for _, part := range parts {
		for name, t := range part {
			all[name] = t.play
		}
	}
	return all
}

// lottery holds the name of each kind of move as often as it is drawn.
var lottery = fill(hostMoves, operatorMoves, companyMoves, worldMoves)

func fill(parts ...map[string]ticket) []string {
	var names []string
	for _, part := range parts {
		for name, t := range part {
			for range t.often {
				names = append(names, name)
			}
		}
	}
	slices.Sort(names)
	return names
}

// worldMoves are what happens by itself: background work, time, programs that end.
var worldMoves = map[string]ticket{
	"tick":       {6, func(l *Life, ctx context.Context, _ Move) error { return l.background(ctx, "tick", l.host.Tick) }},
	"ask":        {4, func(l *Life, ctx context.Context, _ Move) error { return l.background(ctx, "ask", l.host.Ask) }},
	"deliver":    {7, func(l *Life, ctx context.Context, _ Move) error { return l.background(ctx, "deliver", l.host.Deliver) }},
	"minutes":    {8, passing(time.Minute)},
	"hours":      {3, passing(10 * time.Minute)},
	"days":       {2, passing(3 * time.Hour)},
	"weeks":      {1, passing(12 * time.Hour)},
	"clock back": {1, passing(-time.Minute)},
	"restart":    {1, func(l *Life, _ context.Context, _ Move) error { return l.host.Restart() }},
}

// passing moves the clock by up to 64 units.
func passing(unit time.Duration) player {
	return func(l *Life, _ context.Context, m Move) error {
		l.host.Clock.Move(time.Duration(m.A%64+1) * unit)
		return nil
	}
}

func (l *Life) background(ctx context.Context, name string, do func(context.Context) error) error {
	return l.try(name, func() error { return do(ctx) })
}

// hostMoves are a payer's and a host's own doings. A chooses the payment, the newest first, or the account.
var hostMoves = map[string]ticket{
	"top up":           {3, making(payment.TopUp, false)},
	"order":            {2, making(payment.Order, false)},
	"services":         {3, making(payment.RenderedServices, false)},
	"pending services": {1, making(payment.RenderedServices, true)},
	"start":            {14, (*Life).start}, // B: the method
	"pay in":           {2, (*Life).fund},   // B: how much
	"edit":             {2, (*Life).edit},   // B: to another total
	"join":             {1, (*Life).join},   // with the newest
	"cancel":           {1, commanding("cancel", func(s *payment.Service) does { return s.Cancel })},
	"order cancelled":  {1, commanding("order cancelled", func(s *payment.Service) does { return s.OrderCancelled })},
	"erase":            {1, commanding("erase", func(s *payment.Service) does { return s.Erase })},
	"pay from balance": {4, (*Life).payFromBalance}, // B: a part or all
}

// does is a plain command.
type does func(context.Context, payment.CommandParams) (payment.Payment, error)

// commanding gives a plain command.
func commanding(name string, of func(*payment.Service) does) player {
	return func(l *Life, ctx context.Context, m Move) error {
		id := l.pick(m.A)
		if id == "" {
			return nil
		}
		if err := l.says(name, id, "", billing.Money{}); err != nil {
			return err
		}
		return l.command(name, func(p payment.CommandParams) (payment.Payment, error) { return of(l.host.Service)(ctx, p) }, id)
	}
}

// says notes an operator's order before it is given.
func (l *Life) says(what, subject, target string, amount billing.Money) error {
	return l.host.truth.note(Entry{Kind: Says, What: what, Subject: subject, Target: target, Amount: amount})
}

// pick chooses a payment, the newest first.
func (l *Life) pick(a uint8) string { return latest(l.payments, a) }

// latest chooses one of the last few.
func latest(list []string, a uint8) string {
	if len(list) == 0 {
		return ""
	}
	return list[len(list)-1-int(a)%min(len(list), 5)]
}

// amounts are what payments are of. The last one is of no account's currency.
var amounts = []string{"100.00", "33.33", "7.01", "0.05"}

func making(purpose payment.Purpose, pending bool) player {
	return func(l *Life, ctx context.Context, m Move) error {
		params := payment.CreateParams{
			Key: l.key(), By: "payer", Account: l.accounts[int(m.A)%len(l.accounts)], Purpose: purpose, Pending: pending,
			Total: billing.MustMoney(amounts[int(m.B)%len(amounts)], "RUB"),
		}
		if m.B >= 250 {
			params.Total = billing.MustMoney("5.00", "USD") // which the ledger will not take
		}
		if purpose == payment.RenderedServices && !pending && m.C%2 == 0 {
			params.DueAt = l.host.Clock.Now().Add(time.Duration(m.C) * time.Hour)
		}
		return l.try("create", func() error {
			p, err := l.host.Create(ctx, params)
			if err == nil {
				l.own(p)
			}
			return err
		})
	}
}

// own takes a new payment into the life.
func (l *Life) own(p payment.Payment) {
	l.seen(p)
	if !slices.Contains(l.payments, p.ID) {
		l.payments = append(l.payments, p.ID)
	}
}

func (l *Life) start(ctx context.Context, m Move) error {
	id := l.pick(m.A)
	if id == "" {
		return nil
	}
	method := l.host.methods[int(m.B)%len(l.host.methods)]
	if err := l.try("start", func() error {
		a, err := l.host.Start(ctx, payment.StartParams{
			Key: l.key(), By: fmt.Sprintf("payer-%d", m.C%2), Payment: id, Method: method.id, ReturnURL: "https://host.example/back",
		})
		if err == nil {
			l.note("by %s → %s", method.id, a.State)
		}
		return err
	}); err != nil {
		return err
	}
	return l.look(ctx, id)
}

// fund pays into an account past the SDK.
func (l *Life) fund(ctx context.Context, m Move) error {
	l.funds++
	e := Entry{
		Kind: Funds, Subject: fmt.Sprintf("fund/%s/%d", l.name, l.funds), Target: l.accounts[int(m.A)%len(l.accounts)],
		Amount: billing.MustMoney(amounts[int(m.B)%len(amounts)], "RUB"),
	}
	if err := l.host.truth.note(e); err != nil {
		return err
	}
	err := l.host.book().Credit(ctx, billing.Posting{Key: e.Subject, Account: e.Target, Amount: e.Amount, At: l.host.Clock.Now()})
	if billing.Permanent(err) {
		return nil // the account is kept in another currency
	}
	return err
}

func (l *Life) edit(ctx context.Context, m Move) error {
	id := l.pick(m.A)
	if id == "" {
		return nil
	}
	var total billing.Money
	if m.B%2 == 1 {
		total = billing.MustMoney(amounts[int(m.B/2)%len(amounts)], "RUB")
	}
	return l.try("edit", func() error {
		p, err := l.host.Edit(ctx, payment.EditParams{
			CommandParams: payment.CommandParams{Key: l.key(), By: "payer", Payment: id}, Total: total, Description: "edited",
		})
		if err == nil {
			l.own(p)
		}
		return err
	})
}

func (l *Life) join(ctx context.Context, m Move) error {
	first, second := l.pick(m.A), l.pick(0)
	if first == second {
		return nil
	}
	return l.try("join", func() error {
		p, err := l.host.Join(ctx, payment.JoinParams{Key: l.key(), By: "payer", Payments: []string{first, second}})
		if err == nil {
			l.own(p)
		}
		return err
	})
}

func (l *Life) payFromBalance(ctx context.Context, m Move) error {
	var part billing.Money
	if m.B%2 == 1 {
		part = billing.MustMoney([]string{"0.01", "5.00", "30.00"}[int(m.B/2)%3], "RUB")
	}
	return l.command("pay from balance", func(p payment.CommandParams) (payment.Payment, error) {
		return l.host.PayFromBalance(ctx, payment.PayFromBalanceParams{CommandParams: p, Amount: part})
	}, l.pick(m.A))
}

// charged reports whether a method takes the money as it begins.
func (m *method) charged() bool {
	return m.begin == connectortest.BeginCharged || m.begin == connectortest.BeginCall
}
