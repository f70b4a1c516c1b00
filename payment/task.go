package payment

import (
	"encoding/json"
	"time"
)

// The queues of this package's own tasks. A sink's queue is sinkQueue and its name.
const (
	timerQueue     = "timer"
	askQueue       = "ask"
	ledgerQueue    = "ledger"
	transferQueue  = "transfer"
	successorQueue = "successor"
	sinkQueue      = "sink:"
)

// orders are the tasks that one event sends out: postings, money for another payment, and the event itself for every
// sink. Their IDs are permanent, so that whoever receives one twice can tell.
func (s *Service) orders(e Event, f fact, reseller string, now time.Time) []Task {
	var tasks []Task
	for _, order := range f.Postings {
		tasks = append(tasks, Task{
			ID: "ledger/" + order.Key, Queue: ledgerQueue, Lane: "account/" + order.Account, Order: e.At.UnixMicro(),
			Record: e.Record, Due: now, Body: encode(order),
		})
	}
	if f.Transfer != nil {
		tasks = append(tasks, Task{
			ID: "transfer/" + f.Transfer.Key, Queue: transferQueue, Record: e.Record, Due: now, Body: encode(f.Transfer),
		})
	}
	return append(tasks, s.notices(e, reseller, now)...)
}

// notices tell every sink of an event.
func (s *Service) notices(e Event, reseller string, now time.Time) []Task {
	tasks := make([]Task, 0, len(s.cfg.Sinks))
	for name := range s.cfg.Sinks {
		tasks = append(tasks, Task{
			ID: "sink/" + name + "/" + e.Record + "/" + digits(e.Seq), Queue: sinkQueue + name, Lane: e.Record,
			Order: e.Seq, Record: e.Record, Due: now, Body: encode(noticeOf(e, reseller)),
		})
	}
	return tasks
}

// timer is the body of a timer's task.
type timer struct {
	Event   EventName `json:"event"`
	Attempt int       `json:"attempt,omitempty"`
}

// The questions' first pause and their longest; they grow by half between.
const (
	firstAsk = 15 * time.Second
	longAsk  = 6 * time.Hour
)

// alarms are the timers and questions that a payment in this condition waits for, by task ID.
func (s *Service) alarms(p Payment) map[string]Task {
	set := make(map[string]Task, 2)
	fence := s.now().UnixMicro() // an ID that comes back must not repeat the tokens of its earlier life
	add := func(kind string, due time.Time, queue string, body timer) {
		id := queue + "/" + p.ID + "/" + kind
		if body.Attempt != 0 {
			id += "/" + digits(int64(body.Attempt))
		}
		set[id] = Task{ID: id, Queue: queue, Record: p.ID, Due: due, Token: fence, Body: encode(body)}
	}
	if !p.DueAt.IsZero() && (p.Status == WaitingForPayment || p.Previous == WaitingForPayment) {
		add("due", p.DueAt, timerQueue, timer{Event: EventDuePassed})
	}
	if !p.ConfirmBy.IsZero() {
		add("confirm", p.ConfirmBy, timerQueue, timer{Event: EventConfirmDue})
	}
	for _, a := range p.Attempts {
		if a.State == AttemptLive && !a.Deadline.IsZero() {
			add("period", a.Deadline, timerQueue, timer{EventPeriodEnded, a.Number})
		}
		if a.State == AttemptOverdue && s.cfg.OverdueConcern > 0 {
			add("long", a.EndedAt.Add(s.cfg.OverdueConcern), timerQueue, timer{EventOverdueLong, a.Number})
		}
		if a.Askable && !a.State.final() && a.State != AttemptAuthorized {
			add("ask", s.firstAsk(a), askQueue, timer{Attempt: a.Number})
		}
	}
	return set
}

// firstAsk is early enough that the answer comes before the period ends.
func (s *Service) firstAsk(a Attempt) time.Time {
	due := a.StartedAt.Add(firstAsk)
	if last := a.Deadline.Add(-2 * s.cfg.AskTimeout); !a.Deadline.IsZero() && last.Before(due) {
		due = last
	}
	return due
}

// rearm compares what a payment waited for with what it waits for now. The task that this very change finishes is
// deleted as such.
func (s *Service) rearm(before, now Payment, task *TaskRef) (put []Task, drop []string) {
	was, is := s.alarms(before), s.alarms(now)
	for id, t := range is {
		if old, ok := was[id]; !ok || !old.Due.Equal(t.Due) {
			put = append(put, t)
		}
	}
	for id := range was {
		if _, still := is[id]; !still && (task == nil || task.ID != id) {
			drop = append(drop, id)
		}
	}
	return put, drop
}

// encode marshals what this package made itself; that cannot fail.
func encode(v any) []byte {
	text, err := json.Marshal(v)
	if err != nil {
		panic("payment: encode: " + err.Error()) //nolint:forbidigo // what this package made always marshals
	}
	return text
}
