package payment

import (
	"context"
	"sync"
	"time"
)

// Run does the background work until ctx ends: timers, questions to gateways, deliveries. Any number of copies, in one
// process or many, share the work of one store without a leader. Errors of the store are logged and tried again; Run
// returns nil when ctx has ended and everything it began is finished.
func (s *Service) Run(ctx context.Context) error {
	if s.inTx {
		return ErrInTx
	}
	queues := s.deliveries()
	queues[timerQueue], queues[askQueue] = s.onTimer, s.onAsk
	var wg sync.WaitGroup
	for queue, do := range queues {
		wg.Go(func() { s.serve(ctx, queue, do) })
	}
	wg.Wait()
	return nil
}

// serve works on one queue until ctx ends.
func (s *Service) serve(ctx context.Context, queue string, do handler) {
	for ctx.Err() == nil {
		news := s.wake.next() // before the look, so that no news is missed after it
		n, err := s.work(ctx, queue, do)
		if err != nil && ctx.Err() == nil {
			s.cfg.Logger.ErrorContext(ctx, "payment: background work failed", "queue", queue, "error", err)
		}
		if n > 0 && err == nil {
			continue
		}
		s.sleep(ctx, queue, news)
	}
}

// sleep waits for news, for the next due task, or for the poll interval.
func (s *Service) sleep(ctx context.Context, queue string, news <-chan struct{}) {
	wait := s.cfg.Poll
	if due, err := s.store.NextDue(ctx, queue); err == nil && !due.IsZero() {
		if until := due.Sub(s.now()); until > 0 { // one that is due but was not leased is held up by its lane
			wait = min(wait, until)
		}
	}
	alarm := time.NewTimer(wait)
	defer alarm.Stop()
	select {
	case <-ctx.Done():
	case <-news:
	case <-alarm.C:
	}
}

// wake tells every waiting worker that something may be due.
type wake struct {
	mu sync.Mutex
	ch chan struct{}
}

func newWake() *wake { return &wake{ch: make(chan struct{})} }

func (w *wake) next() <-chan struct{} {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.ch
}

func (w *wake) all() {
	w.mu.Lock()
	defer w.mu.Unlock()
	close(w.ch)
	w.ch = make(chan struct{})
}
