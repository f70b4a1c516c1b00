package payment

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"github.com/oplata-go/oplata/billing"
)

// StuckPosting is an order that the ledger refused for good. It holds up nothing but later orders of its own payment.
type StuckPosting struct {
	Task    string // to be named to Repost
	Record  string // the payment or receipt
	Account string
	Amount  billing.Money
	Debit   bool
	Why     string
}

func (s *Service) stuckPostings(ctx context.Context, p AttentionParams) ([]StuckPosting, error) {
	tasks, err := s.store.Tasks(ctx, TaskQuery{Queue: ledgerQueue, Dead: true, Limit: p.Limit})
	if err != nil {
		return nil, err
	}
	var stuck []StuckPosting
	for _, task := range tasks {
		var order posting
		if err := json.Unmarshal(task.Body, &order); err != nil {
			return nil, err
		}
		rec, err := s.store.Load(ctx, task.Record)
		if err != nil {
			return nil, err
		}
		if p.Reseller != "" && rec.Reseller != p.Reseller {
			continue
		}
		stuck = append(stuck, StuckPosting{
			Task: task.ID, Record: task.Record, Account: order.Account, Amount: order.Amount, Debit: order.Kind != credit, Why: task.Note,
		})
	}
	return stuck, nil
}

// RepostParams send a stuck posting again.
type RepostParams struct {
	By     string // required
	Reason string // required: what was mended
	Task   string // of the StuckPosting
}

// Repost sends a posting again that the ledger refused for good, after what it refused it for was mended: the account was
// opened, for example. Deliver tells the ledger.
//
// Errors: [*ParamError]; [ErrNotFound] when no such posting is stuck.
func (s *Service) Repost(ctx context.Context, p RepostParams) error {
	var faults faults
	faults.text("By", p.By, 1, 100)
	faults.text("Reason", p.Reason, 1, 1000)
	if err := faults.err(); err != nil {
		return err
	}
	id, _, _ := strings.Cut(strings.TrimPrefix(p.Task, "ledger/"), "/")
	rec, err := s.store.Load(ctx, id)
	if err != nil {
		return err
	}
	dead, err := s.store.Tasks(ctx, TaskQuery{Queue: ledgerQueue, Record: id, Dead: true, Limit: 1000})
	if err != nil {
		return err
	}
	i := slices.IndexFunc(dead, func(t Task) bool { return t.ID == p.Task })
	if i < 0 {
		return ErrNotFound
	}
	again := dead[i]
	again.Dead, again.Note, again.Due = false, "", s.now()
	if rec.Kind == ReceiptRecord {
		_, err = s.changeReceipt(ctx, rec, func(d receiptDocument) (EventName, *receiptFact, error) {
			return EventReposted, &receiptFact{By: p.By, Reason: p.Reason, Condition: d.Receipt.ReceiptCondition, again: &again}, nil
		})
		return err
	}
	_, err = s.change(ctx, id, actor{p.By, p.Reason}, nil, func(t *turn) error {
		t.tasks = append(t.tasks, again)
		return t.raise(EventReposted, nil, nil)
	})
	return err
}
