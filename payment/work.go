package payment

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/oplata-go/oplata/billing"
)

// The pauses between tries of a delivery.
const (
	firstPause = 5 * time.Second
	longPause  = time.Hour
)

// handler works on one leased task. A nil end means that the task is finished already, in the write it led to.
type handler func(ctx context.Context, t Task) *TaskEnd

// work leases a batch of a queue, works on it side by side, and finishes it in one write. It reports how many it had.
func (s *Service) work(ctx context.Context, queue string, do handler) (int, error) {
	now := s.now()
	tasks, err := s.store.Lease(ctx, Lease{Queue: queue, Now: now, Until: now.Add(s.cfg.Lease), Limit: s.cfg.Batch})
	if err != nil || len(tasks) == 0 {
		return 0, err
	}
	ends := make([]*TaskEnd, len(tasks))
	last := now.Add(s.cfg.Lease - s.cfg.AskTimeout) // what begins later could outlive its lease
	var wg sync.WaitGroup
	slots := make(chan struct{}, s.cfg.Workers)
	for i, task := range tasks {
		slots <- struct{}{}
		if ctx.Err() != nil || s.now().After(last) {
			ends[i] = handedBack(task, s.now())
			<-slots
			continue
		}
		wg.Go(func() {
			defer func() { <-slots }()
			ctx, cancel := context.WithTimeout(ctx, s.cfg.AskTimeout)
			defer cancel()
			ends[i] = do(ctx, task)
		})
	}
	wg.Wait()
	return len(tasks), s.finish(ctx, ends)
}

// handedBack lets others have a task that nobody began.
func handedBack(t Task, now time.Time) *TaskEnd {
	end := finished(t)
	end.Retry, end.Note = now, t.Note
	return end
}

// finish writes how tasks ended, also when ctx has ended by now: what was done should not be done again.
func (s *Service) finish(ctx context.Context, ends []*TaskEnd) error {
	var rest []TaskEnd
	for _, end := range ends {
		if end != nil {
			rest = append(rest, *end)
		}
	}
	if len(rest) == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.cfg.AskTimeout)
	defer cancel()
	return s.store.Finish(ctx, rest)
}

// finished deletes a task; later lets it come back.
func finished(t Task) *TaskEnd { return &TaskEnd{TaskRef: TaskRef{t.ID, t.Token}} }

func (s *Service) later(ctx context.Context, t Task, err error) *TaskEnd {
	s.cfg.Logger.WarnContext(ctx, "payment: task is tried again later", "task", t.ID, "tries", t.Tries, "error", err)
	end := finished(t)
	end.Retry, end.Note = s.now().Add(pause(firstPause, longPause, t.Tries)), "failed"
	return end
}

// stuck keeps a task for an operator.
func (s *Service) stuck(ctx context.Context, t Task, err error) *TaskEnd {
	s.cfg.Logger.ErrorContext(ctx, "payment: task was refused for good", "task", t.ID, "error", err)
	end := finished(t)
	end.Dead, end.Note = true, noteOf(err)
	return end
}

// noteOf is the sentinel's text: what an operator needs and nothing that came from outside.
func noteOf(err error) string {
	for _, known := range []error{
		billing.ErrUnknownAccount, billing.ErrKeyReused, billing.ErrCurrencyMismatch, billing.ErrInsufficientFunds, billing.ErrOverflow,
	} {
		if errors.Is(err, known) {
			return known.Error()
		}
	}
	return "refused"
}

// Tick lets due timers act. It never waits for a gateway.
func (s *Service) Tick(ctx context.Context) error { return s.drain(ctx, timerQueue, s.onTimer) }

// Ask asks gateways about attempts whose outcome is open.
func (s *Service) Ask(ctx context.Context) error { return s.drain(ctx, askQueue, s.onAsk) }

// Deliver moves money between payments, and tells the ledger and the sinks what waits for them, in this order: a transfer
// may order a posting.
func (s *Service) Deliver(ctx context.Context) error {
	for _, d := range s.deliveries() {
		if err := s.drain(ctx, d.queue, d.do); err != nil {
			return err
		}
	}
	return nil
}

// worker is a queue and what works on its tasks.
type worker struct {
	queue string
	do    handler
}

func (s *Service) deliveries() []worker {
	list := []worker{{successorQueue, s.onSuccessor}, {transferQueue, s.onTransfer}, {ledgerQueue, s.onLedger}}
	for _, name := range slices.Sorted(maps.Keys(s.cfg.Sinks)) {
		list = append(list, worker{sinkQueue + name, func(ctx context.Context, t Task) *TaskEnd { return s.onSink(ctx, t, s.cfg.Sinks[name]) }})
	}
	return list
}

// drain works until nothing of the queue is due.
func (s *Service) drain(ctx context.Context, queue string, do handler) error {
	if s.inTx {
		return ErrInTx
	}
	for {
		n, err := s.work(ctx, queue, do)
		if err != nil || n == 0 {
			return err
		}
	}
}

// onTimer lets one timer act, once, in the write that it leads to.
func (s *Service) onTimer(ctx context.Context, task Task) *TaskEnd {
	var body timer
	if err := json.Unmarshal(task.Body, &body); err != nil {
		return s.stuck(ctx, task, err)
	}
	l, err := s.load(ctx, task.Record)
	if err != nil {
		return s.later(ctx, task, err)
	}
	a := l.doc.Payment.Attempt(body.Attempt)
	if body.Event == EventPeriodEnded && a.Askable && task.Tries == 1 && s.now().Sub(a.Deadline) > grace {
		end := finished(task) // the host was down: questions go first
		end.Retry, end.Note = s.now().Add(grace), "asked first"
		return end
	}
	version := l.doc.Payment.Version
	p, err := s.changeLoaded(ctx, l, actor{}, &TaskRef{task.ID, task.Token}, func(t *turn) error {
		return t.alarm(body, s.cfg.BalanceOnDue)
	})
	switch {
	case errors.Is(err, ErrLeaseLost):
		return nil
	case err != nil:
		return s.later(ctx, task, err)
	case p.Version == version:
		return finished(task) // it meant nothing any more
	}
	s.observeWork(ctx, task, nil)
	return nil
}

// grace is how late a timer may be before questions go first.
const grace = 2 * time.Minute

// alarm is a timer's word.
func (t *turn) alarm(body timer, balanceOnDue bool) error {
	switch body.Event {
	case EventPeriodEnded:
		return t.hear(body.Attempt, newsRanOut, word{})
	case EventOverdueLong:
		return t.hear(body.Attempt, newsForgottenSince, word{})
	case EventDuePassed:
		if balanceOnDue && t.p.Status == WaitingForPayment && t.p.External == (billing.Money{}) && !t.p.UnderReview() {
			t.p.Postponed = []EventName{EventDuePassed}
			return t.orderBalance(billing.Money{})
		}
	default:
	}
	return t.raise(body.Event, nil, nil)
}

// onAsk asks one question. The question stays until the attempt is final or asking is given up.
func (s *Service) onAsk(ctx context.Context, task Task) *TaskEnd {
	var body timer
	if err := json.Unmarshal(task.Body, &body); err != nil {
		return s.stuck(ctx, task, err)
	}
	l, err := s.load(ctx, task.Record)
	if err != nil {
		return s.later(ctx, task, err)
	}
	p, _, err := s.ask(ctx, l, body.Attempt)
	if err != nil {
		s.cfg.Logger.WarnContext(ctx, "payment: no answer about an attempt", "payment", task.Record, "attempt", body.Attempt, "error", err)
		p = l.doc.Payment
	}
	s.observeWork(ctx, task, err)
	a, end := p.Attempt(body.Attempt), finished(task)
	if !a.State.final() && s.now().Sub(a.StartedAt) < s.cfg.AskFor {
		end.Retry, end.Note = s.now().Add(pause(firstAsk, longAsk, task.Tries)), "no final answer"
	}
	return end
}

// onLedger tells the ledger of one posting. The ledger recognises repeats by the key.
func (s *Service) onLedger(ctx context.Context, task Task) *TaskEnd {
	var order posting
	if err := json.Unmarshal(task.Body, &order); err != nil {
		return s.stuck(ctx, task, err)
	}
	err := s.post(ctx, order)
	s.observeWork(ctx, task, err)
	final := err == nil || billing.Permanent(err)
	switch {
	case order.Attempt != 0 && final:
		return s.onDebit(ctx, task, order, err)
	case err == nil:
		return finished(task)
	case final:
		return s.stuck(ctx, task, err)
	}
	return s.later(ctx, task, err)
}

func (s *Service) post(ctx context.Context, o posting) error {
	p := billing.Posting{Key: o.Key, Account: o.Account, Amount: o.Amount, Comment: o.Comment, At: s.now()}
	if o.Kind == credit {
		return s.cfg.Ledger.Credit(ctx, p)
	}
	p.Forced = o.Kind == forcedDebit
	return s.cfg.Ledger.Debit(ctx, p)
}

// onDebit writes the ledger's answer to a balance order, with the order's end.
func (s *Service) onDebit(ctx context.Context, task Task, order posting, refusal error) *TaskEnd {
	l, err := s.load(ctx, task.Record)
	if err != nil {
		return s.later(ctx, task, err)
	}
	version := l.doc.Payment.Version
	p, err := s.changeLoaded(ctx, l, actor{}, &TaskRef{task.ID, task.Token}, func(t *turn) error { return t.debited(order, refusal) })
	switch {
	case errors.Is(err, ErrLeaseLost) && refusal == nil:
		return s.lateDebit(ctx, task, order)
	case errors.Is(err, ErrLeaseLost):
		return nil
	case err != nil:
		return s.later(ctx, task, err)
	case p.Version == version:
		return finished(task)
	}
	return nil
}

// lateDebit is a debit that went through after another worker took the order over. The money moved all the same, so the
// payment hears of it, whoever has the task now.
func (s *Service) lateDebit(ctx context.Context, task Task, order posting) *TaskEnd {
	_, err := s.change(ctx, task.Record, actor{}, nil, func(t *turn) error { return t.debited(order, nil) })
	if err != nil {
		return s.later(ctx, task, err)
	}
	return nil
}

// onTransfer brings money from another record of ours to its payment.
func (s *Service) onTransfer(ctx context.Context, task Task) *TaskEnd {
	var money transfer
	if err := json.Unmarshal(task.Body, &money); err != nil {
		return s.stuck(ctx, task, err)
	}
	_, err := s.change(ctx, money.To, actor{}, &TaskRef{task.ID, task.Token}, func(t *turn) error { return t.receive(money) })
	var taken *ClaimedError
	switch {
	case errors.As(err, &taken) && taken.Claim.Scope == transferScope:
		return finished(task) // it arrived before
	case err == nil || errors.Is(err, ErrLeaseLost):
		return nil
	}
	return s.later(ctx, task, err)
}

const transferScope = "transfer"

// receive takes money from another record.
func (t *turn) receive(money transfer) error {
	if money.Amount.Currency() != t.p.Total.Currency() {
		return fmt.Errorf("payment: transfer to %s: %w", t.p.ID, billing.ErrCurrencyMismatch)
	}
	on := EventTransferredMore
	if money.Amount == t.p.Outstanding() {
		on = EventTransferred
	}
	a := t.internal(MethodTransfer, money.Amount, AttemptSucceeded)
	a.Charges[0].Reference = money.Key
	t.claims = append(t.claims, Claim{Scope: transferScope, Key: money.Key})
	return t.raise(on, &a, &a.Charges[0])
}

// onSuccessor makes a payment that takes the place of others.
func (s *Service) onSuccessor(ctx context.Context, task Task) *TaskEnd {
	var order successorOrder
	if err := json.Unmarshal(task.Body, &order); err != nil {
		return s.stuck(ctx, task, err)
	}
	if _, err := s.succeed(ctx, order); err != nil {
		return s.later(ctx, task, err)
	}
	return finished(task)
}

// onSink tells one sink of one event.
func (s *Service) onSink(ctx context.Context, task Task, sink Sink) *TaskEnd {
	var n Notice
	if err := json.Unmarshal(task.Body, &n); err != nil {
		return s.stuck(ctx, task, err)
	}
	err := sink.Send(ctx, n)
	s.observeWork(ctx, task, err)
	if err != nil {
		return s.later(ctx, task, err)
	}
	return finished(task)
}

func (s *Service) observeWork(ctx context.Context, task Task, err error) {
	s.cfg.Observer.Worked(ctx, Work{Queue: task.Queue, Err: err})
}
