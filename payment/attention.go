package payment

import (
	"context"
	"slices"
)

// Attention is what waits for an operator.
type Attention struct {
	Payments []Payment // with concerns: discrepancies, contradictions, overdue attempts, test money …
	Receipts []Receipt // unallocated receipts
	Postings []StuckPosting
}

// AttentionParams select what waits for an operator.
type AttentionParams struct {
	Reseller string // default: all resellers
	Limit    int    // of each list; default 100, at most 1000
}

// Attention lists what waits for an operator, the newest first.
func (s *Service) Attention(ctx context.Context, p AttentionParams) (Attention, error) {
	fallback(&p.Limit, 100)
	if p.Limit < 1 || p.Limit > 1000 {
		return Attention{}, &ParamError{Field: "Limit", Reason: "not from 1 to 1000"}
	}
	var found Attention
	records, err := s.store.List(ctx, Query{Kind: PaymentRecord, Reseller: p.Reseller, Attention: true, Limit: p.Limit})
	if err != nil {
		return Attention{}, err
	}
	for _, rec := range records {
		l, err := read(rec)
		if err != nil {
			return Attention{}, err
		}
		found.Payments = append(found.Payments, l.view())
	}
	if records, err = s.store.List(ctx, Query{Kind: ReceiptRecord, Reseller: p.Reseller, Attention: true, Limit: p.Limit}); err != nil {
		return Attention{}, err
	}
	for _, rec := range records {
		r, err := readReceipt(rec)
		if err != nil {
			return Attention{}, err
		}
		found.Receipts = append(found.Receipts, r)
	}
	found.Postings, err = s.stuckPostings(ctx, p)
	return found, err
}

// PostingState says whether a payment's orders have reached the ledger.
type PostingState string

// The posting states.
const (
	Posted         PostingState = "posted"  // none is left
	PostingPending PostingState = "pending" // some are on their way
	PostingStuck   PostingState = "stuck"   // the ledger refused one for good
)

// Posting tells how far a payment's orders to the ledger are.
func (s *Service) Posting(ctx context.Context, payment string) (PostingState, error) {
	tasks, err := s.store.Tasks(ctx, TaskQuery{Queue: ledgerQueue, Record: payment, Limit: 100})
	switch {
	case err != nil:
		return "", err
	case len(tasks) == 0:
		return Posted, nil
	case slices.ContainsFunc(tasks, func(t Task) bool { return t.Dead }):
		return PostingStuck, nil
	}
	return PostingPending, nil
}

// ListParams select payments.
type ListParams struct {
	Reseller string // default: all
	Account  string // default: all
	Status   Status // default: all
	Before   string // the last ID of the page before; empty: from the newest
	Limit    int    // default 50, at most 1000
}

// Payments lists payments, the newest first.
func (s *Service) Payments(ctx context.Context, p ListParams) ([]Payment, error) {
	fallback(&p.Limit, 50)
	if p.Limit < 1 || p.Limit > 1000 {
		return nil, &ParamError{Field: "Limit", Reason: "not from 1 to 1000"}
	}
	records, err := s.store.List(ctx, Query{
		Kind: PaymentRecord, Reseller: p.Reseller, Account: p.Account, Status: p.Status, Before: p.Before, Limit: p.Limit,
	})
	if err != nil {
		return nil, err
	}
	list := make([]Payment, 0, len(records))
	for _, rec := range records {
		l, err := read(rec)
		if err != nil {
			return nil, err
		}
		list = append(list, l.view())
	}
	return list, nil
}
