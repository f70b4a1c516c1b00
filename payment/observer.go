package payment

import (
	"context"
	"time"
)

// Observer hears of what happens inside a [Service], for metrics and traces. Its methods are called after the fact, on
// the goroutine that did it: they must be quick and must not call the Service. New methods may come, so embed
// [NopObserver].
type Observer interface {
	// Transition is called after an event was written.
	Transition(ctx context.Context, t Transition)
	// Worked is called after a task of a queue was worked on.
	Worked(ctx context.Context, w Work)
}

// Transition is one event of a payment.
type Transition struct {
	Event    EventName
	From, To Status
	Purpose  Purpose
}

// Work is one task that was worked on.
type Work struct {
	Queue string
	Late  time.Duration // how long after it was due
	Err   error         // nil when the task is finished
}

// NopObserver does nothing.
type NopObserver struct{}

// Transition does nothing.
func (NopObserver) Transition(context.Context, Transition) {}

// Worked does nothing.
func (NopObserver) Worked(context.Context, Work) {}

func (s *Service) observe(ctx context.Context, before, _ Payment, facts []fact) {
	from := before.Status
	for _, f := range facts {
		to := from
		if f.Condition != nil {
			to = f.Condition.Status
		}
		s.cfg.Observer.Transition(ctx, Transition{Event: f.name, From: from, To: to, Purpose: before.Purpose})
		from = to
	}
}
