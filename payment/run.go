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
	var wg sync.WaitGroup
	for _, w := range append(s.deliveries(), worker{timerQueue, s.onTimer}, worker{askQueue, s.onAsk}) {
		wg.Go(func() { s.serve(ctx, w.queue, w.do) })
	}
	wg.Wait()
	return nil
}

// serve works on one queue until ctx ends.
func (s *Service) serve(ctx context.Context, queue string, do handler) {
	for ctx.Err() == nil {
		news := s.wake.next(queue) // before the look, so that no news is missed after it
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

// wake tells the workers of a queue that something was put into it.
type wake struct {
	mu    sync.Mutex
	bells map[string]chan struct{} // by queue
}

func newWake() *wake { return &wake{bells: make(map[string]chan struct{})} }

// next is closed when a task is put into the queue.
func (w *wake) next(queue string) <-chan struct{} {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.bells[queue] == nil {
		w.bells[queue] = make(chan struct{})
	}
	return w.bells[queue]
}

// ring wakes whoever waits for the queues of these tasks.
func (w *wake) ring(put []Task) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, t := range put {
		if bell := w.bells[t.Queue]; bell != nil {
			close(bell)
			delete(w.bells, t.Queue)
		}
	}
}
