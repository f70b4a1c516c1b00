package payment

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/oplata-go/oplata/connector"
)

// ask asks a gateway for the state of an attempt and writes what it learns. An answer that says nothing new writes
// nothing and gives the payment as it is. An error means that nothing was learned; it never means that the attempt failed.
// Told is the charge that the answer tells of.
func (s *Service) ask(ctx context.Context, l loaded, number int) (p Payment, told string, err error) {
	a := l.doc.Payment.Attempt(number)
	opened, err := s.cfg.Connectors.Open(ctx, a.Method, a.Settings)
	if err != nil {
		return Payment{}, "", err
	}
	querier, ok := opened.Gateway.(connector.StatusQuerier)
	if !ok {
		return Payment{}, "", fmt.Errorf("payment: method %s cannot be asked any more", a.Method)
	}
	state, err := s.unseal(ctx, l.doc, number)
	if err != nil {
		return Payment{}, "", err
	}
	call, err := querier.Status(connector.Query{Reference: a.Reference, Amount: a.Asked, StartedAt: a.StartedAt, State: state})
	if err != nil {
		return Payment{}, "", fmt.Errorf("payment: ask about %s: %w", l.rec.ID, err)
	}
	answer, err := s.query(ctx, opened, call)
	if err != nil {
		return Payment{}, "", err
	}
	test := isTest(opened)
	p, err = s.decideOn(ctx, l, a, func(t *turn) error { return t.snapshot(number, answer, test) })
	return p, answer.Charge, err
}

// query makes the call, bounded in time.
func (s *Service) query(ctx context.Context, opened connector.OpenedMethod, call connector.Call[connector.Snapshot]) (connector.Snapshot, error) {
	ctx, cancel := context.WithTimeout(ctx, s.cfg.AskTimeout)
	defer cancel()
	call.Request.Connector, call.Request.Repeatable = opened.Connector.ID, true
	answer, err := s.cfg.Transport.Do(ctx, call.Request)
	if err != nil {
		return connector.Snapshot{}, err
	}
	return call.Read(answer)
}

// askOverdue asks about every attempt that nobody waits for any more, before something is decided over its gateway's
// head. A gateway that gives no answer in time is decided over: its result, when it comes, has its place.
func (s *Service) askOverdue(ctx context.Context, l loaded) (loaded, error) {
	for _, a := range l.doc.Payment.Attempts {
		if a.State != AttemptOverdue || !a.Askable {
			continue
		}
		if s.inTx {
			return l, ErrInTx
		}
		if _, _, err := s.ask(ctx, l, a.Number); err != nil {
			if ctx.Err() != nil {
				return l, ctx.Err()
			}
			s.cfg.Logger.WarnContext(ctx, "payment: no answer about an overdue attempt", "payment", l.rec.ID,
				"attempt", a.Number, "error", err)
			continue
		}
		fresh, err := s.load(ctx, l.rec.ID)
		if err != nil {
			return l, err
		}
		l = fresh
	}
	return l, nil
}

// decideOn writes a decision about an attempt. A charge that another record holds already was told of before: the same
// money is never taken twice, so nothing moves here.
func (s *Service) decideOn(ctx context.Context, l loaded, a Attempt, decide func(*turn) error) (Payment, error) {
	p, err := s.changeLoaded(ctx, l, actor{}, nil, decide)
	if held, ok := heldCharge(err, a); ok {
		s.cfg.Logger.WarnContext(ctx, "payment: a charge was told of for two payments; nothing moved",
			"payment", l.rec.ID, "attempt", a.Number, "held_by", held.Record)
		return l.view(), nil
	}
	return p, err
}

// heldCharge reports whether err says that another record has the charge.
func heldCharge(err error, a Attempt) (Claim, bool) {
	var taken *ClaimedError
	if !errors.As(err, &taken) || taken.Claim.Scope != "charge/"+a.Merchant {
		return Claim{}, false
	}
	return taken.Claim, true
}

// result writes one result about an attempt.
func (s *Service) result(ctx context.Context, id string, number int, opened connector.OpenedMethod, r connector.Result) (Payment, error) {
	l, err := s.load(ctx, id)
	if err != nil {
		return Payment{}, err
	}
	test := isTest(opened)
	r.At = r.At.UTC().Truncate(time.Microsecond)
	return s.decideOn(ctx, l, l.doc.Payment.Attempt(number), func(t *turn) error { return t.tell(number, r, test) })
}

// isTest reports whether the gateway plays with test money by its settings.
func isTest(opened connector.OpenedMethod) bool {
	t, ok := opened.Gateway.(connector.Tester)
	return ok && t.Test()
}

// pause is how long to wait before the next question or delivery: it grows with every try.
func pause(first, most time.Duration, tries int) time.Duration {
	wait := first
	for range min(tries, 64) {
		if wait >= most {
			return most
		}
		wait += wait / 2
	}
	return min(wait, most)
}
