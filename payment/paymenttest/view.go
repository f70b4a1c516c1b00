package paymenttest

import (
	"context"
	"encoding/json"
	"errors"
	"slices"

	"github.com/oplata-go/oplata/billing"
	"github.com/oplata-go/oplata/payment"
)

// view is all that the stores hold, at a quiet moment.
type view struct {
	truth    *truth
	methods  map[string]*method
	payments []payment.Payment
	receipts []payment.Receipt
	orders   []order                    // to the ledger, that wait
	moving   []transfer                 // money between payments, that waits
	entries  map[string][]billing.Entry // by account
	events   map[string][]payment.Event // by record
}

// order is a waiting order to the ledger, as it is stored.
type order struct {
	Key     string        `json:"key"`
	Kind    string        `json:"kind"`
	Account string        `json:"account"`
	Amount  billing.Money `json:"amount"`
	Attempt int           `json:"attempt"` // not 0: its answer is an event of the payment
	task    payment.Task
}

// transfer is waiting money for a payment, as it is stored.
type transfer struct {
	Key    string        `json:"key"`
	To     string        `json:"to"`
	Amount billing.Money `json:"amount"`
}

func (h *Host) look(ctx context.Context) (*view, error) {
	v := &view{
		truth: h.truth, methods: map[string]*method{}, entries: map[string][]billing.Entry{}, events: map[string][]payment.Event{},
	}
	for _, m := range h.methods {
		v.methods[m.id] = m
	}
	service, err := h.aside()
	if err != nil {
		return nil, err
	}
	records, err := h.records(ctx)
	if err != nil {
		return nil, err
	}
	for _, rec := range records {
		if rec.Kind == payment.ReceiptRecord {
			r, err := service.Receipt(ctx, rec.ID)
			if err != nil {
				return nil, err
			}
			v.receipts = append(v.receipts, r)
			continue
		}
		p, err := service.Payment(ctx, rec.ID)
		if err != nil {
			return nil, err
		}
		v.payments = append(v.payments, p)
	}
	if err := h.tasks(ctx, "ledger", func(t payment.Task) error {
		o := order{task: t}
		err := json.Unmarshal(t.Body, &o)
		v.orders = append(v.orders, o)
		return err
	}); err != nil {
		return nil, err
	}
	return v, errors.Join(h.tasks(ctx, "transfer", func(t payment.Task) error {
		var m transfer
		err := json.Unmarshal(t.Body, &m)
		v.moving = append(v.moving, m)
		return err
	}), v.readAccounts(ctx, h.cfg.Stores.Accounts))
}

// records reads all records, the oldest first.
func (h *Host) records(ctx context.Context) ([]payment.Record, error) {
	var all []payment.Record
	before := ""
	for {
		page, err := h.cfg.Stores.Payments.List(ctx, payment.Query{Before: before, Limit: 1000})
		if err != nil {
			return nil, err
		}
		if len(page) == 0 {
			slices.Reverse(all)
			return all, nil
		}
		all = append(all, page...)
		before = page[len(page)-1].ID
	}
}

// tasks reads all tasks of a queue.
func (h *Host) tasks(ctx context.Context, queue string, each func(payment.Task) error) error {
	after := ""
	for {
		page, err := h.cfg.Stores.Payments.Tasks(ctx, payment.TaskQuery{Queue: queue, After: after, Limit: 1000})
		if err != nil || len(page) == 0 {
			return err
		}
		for _, t := range page {
			if err := each(t); err != nil {
				return err
			}
			after = t.ID
		}
	}
}

// readAccounts reads all entries of every account that anything here speaks of.
func (v *view) readAccounts(ctx context.Context, store billing.Store) error {
	names := make(map[string]bool)
	for _, p := range v.payments {
		names[p.Account] = true
	}
	for _, r := range v.receipts {
		names[r.Account] = true
	}
	for _, f := range v.truth.funds {
		names[f.Target] = true
	}
	delete(names, "")
	for name := range names {
		for {
			last := int64(len(v.entries[name]))
			page, err := store.Entries(ctx, billing.EntryQuery{Account: name, AfterSeq: last, Limit: 1000})
			if err != nil {
				return err
			}
			if len(page) == 0 {
				break
			}
			v.entries[name] = append(v.entries[name], page...)
		}
	}
	return nil
}

// meetAll lets the companies know every order that was written.
func (h *Host) meetAll(ctx context.Context) error {
	service, err := h.aside()
	if err != nil {
		return err
	}
	records, err := h.records(ctx)
	if err != nil {
		return err
	}
	for _, rec := range records {
		if rec.Kind != payment.PaymentRecord {
			continue
		}
		p, err := service.Payment(ctx, rec.ID)
		if err != nil {
			return err
		}
		if err := h.meet(p); err != nil {
			return err
		}
	}
	return nil
}

// onTheirWay counts what waits to be delivered, except what waits for an operator.
func (h *Host) onTheirWay(ctx context.Context) (int, error) {
	stuck, left := make(map[string]bool), make(map[string]int)
	for _, queue := range []string{"ledger", "transfer", "successor", "sink:" + listening} {
		if err := h.tasks(ctx, queue, func(t payment.Task) error {
			id := key(queue, t.Record)
			stuck[id] = stuck[id] || t.Dead
			left[id]++
			return nil
		}); err != nil {
			return 0, err
		}
	}
	sum := 0
	for id, n := range left {
		if !stuck[id] {
			sum += n
		}
	}
	return sum, nil
}
