package payment

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/oplata-go/oplata/billing"
	"github.com/oplata-go/oplata/connector"
)

// StartParams begin an attempt.
type StartParams struct {
	Key       string // idempotency key; empty: none
	By        string // who pays, as the host calls them: a double click of the same one returns the live attempt
	Payment   string
	Method    string // a payment method
	ReturnURL string // where the payer's browser goes afterwards
	Language  string // BCP 47; empty: the gateway's default
}

// Start begins an attempt with a payment method. The attempt is written before the gateway is called, and what the payer
// has to be shown is in the attempt's Show. Starting again with the same method by the same payer while the attempt is live
// returns that attempt. An attempt that surely was not sent comes back failed; one with an unknown outcome stays live.
//
// Errors: [*TransitionError] when the payment cannot be paid now; [ErrUnderReview] while a discrepancy is open;
// connector.ErrNotFound for a method of another reseller, connector.ErrInactive for one that is switched off;
// [ErrKeyReused]; [ErrInTx] inside a host's transaction.
func (s *Service) Start(ctx context.Context, p StartParams) (Attempt, error) {
	if s.inTx {
		return Attempt{}, ErrInTx
	}
	var faults faults
	faults.text("Key", p.Key, 0, 200)
	faults.text("By", p.By, 0, 100)
	faults.text("Method", p.Method, 1, 100)
	if err := faults.err(); err != nil {
		return Attempt{}, err
	}
	l, err := s.load(ctx, p.Payment)
	if err != nil {
		return Attempt{}, err
	}
	if a, ok := l.view().liveWith(p); ok {
		return a, nil
	}
	opened, err := s.open(ctx, p.Method, l.doc.Payment.Reseller)
	if err != nil {
		return Attempt{}, err
	}
	if l, err = s.askOverdue(ctx, l); err != nil {
		return Attempt{}, err
	}
	return s.start(ctx, l, p, opened)
}

// open gives the gateway of an active payment method that the payment's reseller offers.
func (s *Service) open(ctx context.Context, method, reseller string) (connector.OpenedMethod, error) {
	opened, err := s.cfg.Connectors.Open(ctx, method, 0)
	switch {
	case err != nil:
		return connector.OpenedMethod{}, err
	case opened.Method.Reseller != reseller:
		return connector.OpenedMethod{}, fmt.Errorf("payment: method %s: %w", method, connector.ErrNotFound)
	case !opened.Method.Active:
		return connector.OpenedMethod{}, fmt.Errorf("payment: method %s: %w", method, connector.ErrInactive)
	}
	return opened, nil
}

// liveWith finds the attempt that a double click would start again.
func (p Payment) liveWith(want StartParams) (Attempt, bool) {
	a := p.Attempt(p.Current)
	return a, p.Status == Processing && a.State == AttemptLive && a.Method == want.Method && a.By == want.By
}

// start writes the attempt with its first step, then makes the calls that the step asks for.
func (s *Service) start(ctx context.Context, l loaded, p StartParams, opened connector.OpenedMethod) (Attempt, error) {
	claim := s.keyClaim(l.doc.Payment.Reseller, "start", p.Key, p)
	for range tries {
		begun, err := s.begin(l, p, opened)
		if err != nil {
			return s.startedBefore(ctx, claim, err)
		}
		t := s.turn(l.doc.Payment, actor{by: p.By})
		t.claims = append(t.claims, Claim{Scope: "reference/" + begun.attempt.Merchant, Key: begun.attempt.Reference})
		if claim != nil {
			t.claims = append(t.claims, claim.about(begun.attempt.Number))
		}
		if t.sealed, err = s.seal(ctx, t.p.ID, begun.attempt.Number, begun.state); err != nil {
			return Attempt{}, err
		}
		t.shows = map[int]connector.Show{begun.attempt.Number: begun.attempt.Show}
		if err := t.raise(EventStarted, &begun.attempt, nil); err != nil {
			return Attempt{}, err
		}
		written, err := s.commit(ctx, l, t, nil)
		switch _, keyed := claimedBy(err, claim); {
		case err == nil:
			return s.carryOn(ctx, written, begun.attempt, opened, begun.step)
		case keyed:
			return s.startedBefore(ctx, claim, err)
		case errors.Is(err, ErrClaimed): // the reference is taken: the next round draws another
		case !errors.Is(err, ErrConflict):
			return Attempt{}, err
		}
		if l, err = s.load(ctx, p.Payment); err != nil {
			return Attempt{}, err
		}
		if a, ok := l.view().liveWith(p); ok {
			return a, nil
		}
	}
	return Attempt{}, ErrConflict
}

// about adds the number of an attempt to the claim's fingerprint, so that a repeat finds what the first one made.
func (c Claim) about(attempt int) Claim {
	c.Print += "/" + digits(int64(attempt))
	return c
}

// startedBefore answers a start that cannot be: if its key was used before, with what it made then.
func (s *Service) startedBefore(ctx context.Context, claim *Claim, cause error) (Attempt, error) {
	if claim == nil {
		return Attempt{}, cause
	}
	rec, held, err := s.store.Owner(ctx, claim.Scope, claim.Key)
	if errors.Is(err, ErrNotFound) {
		return Attempt{}, cause
	}
	if err != nil {
		return Attempt{}, err
	}
	print, number, _ := strings.Cut(held.Print, "/")
	if print != claim.Print {
		return Attempt{}, ErrKeyReused
	}
	l, err := read(rec)
	if err != nil {
		return Attempt{}, err
	}
	n, err := strconv.Atoi(number)
	return l.view().Attempt(n), err
}

// begun is an attempt that is not written yet.
type begun struct {
	attempt Attempt
	step    connector.Step
	state   []byte
}

// begin asks the translator for the first step. Nothing has been sent anywhere.
func (s *Service) begin(l loaded, p StartParams, opened connector.OpenedMethod) (begun, error) {
	pay := l.doc.Payment
	if pay.UnderReview() {
		return begun{}, fmt.Errorf("%w: %s", ErrUnderReview, pay.ID)
	}
	if _, ok := rowFor(pay.Status, EventStarted); !ok {
		return begun{}, &TransitionError{ID: pay.ID, From: pay.Status, On: EventStarted}
	}
	a, err := s.newAttempt(pay, opened, p.By)
	if err != nil {
		return begun{}, err
	}
	order := connector.Order{
		Reference: a.Reference, Amount: a.Asked, Description: pay.Description, Account: pay.Account, ReturnURL: p.ReturnURL,
		CallbackURL: s.cfg.CallbackURL(p.Method), Language: p.Language, Payer: readPersonal(l.rec.Personal).Payer, StartedAt: a.StartedAt,
	}
	step, err := opened.Gateway.Start(order)
	if err != nil {
		return begun{}, fmt.Errorf("payment: start %s: %w", pay.ID, err)
	}
	b := begun{attempt: a, step: step}
	b.state, err = b.attempt.take(step)
	return b, err
}

// newAttempt is the next attempt of a payment: what it asks, what that is worth, and until when it has time.
func (s *Service) newAttempt(p Payment, opened connector.OpenedMethod, by string) (Attempt, error) {
	n, err := s.randomNumber()
	if err != nil {
		return Attempt{}, err
	}
	a := Attempt{
		Number: len(p.Attempts) + 1, Method: opened.Method.ID, Settings: opened.Version, Merchant: opened.Account,
		Reference: digits(int64(n)),
		State:     AttemptLive, Asked: p.Outstanding(), Worth: p.Outstanding(), By: by, StartedAt: s.now(),
	}
	if shaped, ok := opened.Gateway.(connector.Referencer); ok {
		a.Reference = shaped.Reference(n)
	}
	if p.External != (billing.Money{}) {
		a.Asked = p.External
	}
	if period := opened.Connector.Period; period > 0 {
		a.Deadline = a.StartedAt.Add(period)
	}
	_, a.Askable = opened.Gateway.(connector.StatusQuerier)
	return a, nil
}

// take keeps of a step what is shown and what is kept for later.
func (a *Attempt) take(step connector.Step) (state []byte, err error) {
	switch v := step.(type) {
	case connector.Show:
		a.Show = v
		a.Show.State = nil
		return v.State, nil
	case connector.Wait:
		return v.State, nil
	case connector.Call[connector.Step], connector.Result:
		return nil, nil
	default:
		return nil, fmt.Errorf("payment: gateway gave a step of type %T", step)
	}
}

// mostSteps bounds the calls of one attempt's start.
const mostSteps = 8

// carryOn makes the calls that follow the written step. The attempt is in the store: whatever happens from here on, its
// outcome is asked for or told.
func (s *Service) carryOn(ctx context.Context, p Payment, a Attempt, opened connector.OpenedMethod, step connector.Step) (Attempt, error) {
	for range mostSteps {
		switch v := step.(type) {
		case connector.Result:
			written, err := s.result(ctx, p.ID, a.Number, opened, clean(v))
			return written.Attempt(a.Number), err
		case connector.Call[connector.Step]:
			next, err := s.call(ctx, opened, v)
			if err != nil {
				return s.broken(ctx, p.ID, a, opened, err)
			}
			if a, err = s.step(ctx, p.ID, a.Number, next); err != nil {
				return a, err
			}
			step = next
		default:
			return a, nil
		}
	}
	s.cfg.Logger.WarnContext(ctx, "payment: gateway asks for too many calls", "payment", p.ID, "attempt", a.Number)
	return a, nil
}

// call makes one call of a gateway and lets it read the answer.
func (s *Service) call(ctx context.Context, opened connector.OpenedMethod, c connector.Call[connector.Step]) (connector.Step, error) {
	c.Request.Connector = opened.Connector.ID
	answer, err := s.cfg.Transport.Do(ctx, c.Request)
	if err != nil {
		return nil, err
	}
	return c.Read(answer)
}

// broken is a start whose call brought no answer. If it surely was not sent, or was refused, the attempt has failed;
// otherwise its outcome is unknown and it stays live. The payer's context may be gone by now; the fact is written anyway.
func (s *Service) broken(ctx context.Context, id string, a Attempt, opened connector.OpenedMethod, cause error) (Attempt, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.cfg.AskTimeout)
	defer cancel()
	s.cfg.Logger.WarnContext(ctx, "payment: start brought no answer", "payment", id, "attempt", a.Number,
		"connector", opened.Connector.ID, "error", cause)
	var failed *connector.GatewayError
	if !errors.As(cause, &failed) || failed.Sent == connector.SentUnknown {
		return a, nil
	}
	n := newsDeclined
	if failed.Sent == connector.NotSent {
		n = newsNotSent
	}
	p, err := s.change(ctx, id, actor{}, nil, func(t *turn) error {
		return t.hear(a.Number, n, word{code: failed.Code})
	})
	return p.Attempt(a.Number), err
}

// step writes the next step of an attempt.
func (s *Service) step(ctx context.Context, id string, number int, next connector.Step) (Attempt, error) {
	p, err := s.change(ctx, id, actor{}, nil, func(t *turn) error {
		a := t.p.Attempt(number)
		state, err := a.take(next)
		if err != nil {
			return err
		}
		if _, ok := next.(connector.Result); ok {
			return nil
		}
		if t.sealed, err = s.seal(ctx, id, number, state); err != nil {
			return err
		}
		t.shows = map[int]connector.Show{number: a.Show}
		return t.raise(EventStepped, &a, nil)
	})
	return p.Attempt(number), err
}

// seal protects what a step keeps for later.
func (s *Service) seal(ctx context.Context, payment string, attempt int, state []byte) (string, error) {
	if len(state) == 0 {
		return "", nil
	}
	return s.sealer.Seal(ctx, state, "payment-step", payment, digits(int64(attempt)))
}

func (s *Service) unseal(ctx context.Context, d document, attempt int) ([]byte, error) {
	sealed := d.Sealed[attempt]
	if sealed == "" {
		return nil, nil
	}
	return s.sealer.Open(ctx, sealed, "payment-step", d.Payment.ID, digits(int64(attempt)))
}
