package payment_test

import (
	"bytes"
	"context"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/oplata-go/oplata/payment"
)

// forger is a store whose content somebody changed behind the SDK's back.
type forger struct {
	payment.Store
	events func([]payment.Event) []payment.Event
	record func(*payment.Record)
}

func (f *forger) Load(ctx context.Context, id string) (payment.Record, error) {
	rec, err := f.Store.Load(ctx, id)
	if err == nil && f.record != nil {
		f.record(&rec)
	}
	return rec, err
}

func (f *forger) Events(ctx context.Context, record string, after int64, limit int) ([]payment.Event, error) {
	events, err := f.Store.Events(ctx, record, 0, 1000)
	if err == nil && f.events != nil {
		events = f.events(events)
	}
	events = slices.DeleteFunc(events, func(e payment.Event) bool { return e.Seq <= after })
	return events[:min(limit, len(events))], err
}

func TestVerifyNoticesEveryForgery(t *testing.T) {
	var store *forger
	h := newHost(t, func(c *payment.Config) {
		store = &forger{Store: c.Store}
		c.Store = store
	})
	p := h.topUp("100.00")
	a := h.start(p, h.card)
	h.receive(h.card, h.world.Charged(a.Reference, "ch-1", rub("100.00")))
	require.NoError(t, h.Verify(h.ctx, payment.VerifyParams{Record: p.ID}))
	history, err := store.Events(h.ctx, p.ID, 0, 100)
	require.NoError(t, err)
	require.Len(t, history, 3)
	head := history[2].MAC
	require.NoError(t, h.Verify(h.ctx, payment.VerifyParams{Record: p.ID, Seq: 3, Head: head}))
	require.NoError(t, h.Verify(h.ctx, payment.VerifyParams{Record: p.ID, Seq: 2, Head: history[1].MAC}), "an older notice still fits")
	before, err := h.db.Payments().Load(h.ctx, p.ID)
	require.NoError(t, err)

	for name, c := range map[string]struct {
		events func([]payment.Event) []payment.Event
		record func(*payment.Record)
		count  int64
	}{
		"a body was altered": {events: func(e []payment.Event) []payment.Event {
			e[1].Body = bytes.Replace(e[1].Body, []byte("100.00"), []byte("900.00"), 1)
			return e
		}},
		"a name was altered":   {events: func(e []payment.Event) []payment.Event { e[2].Name = "failure"; return e }},
		"a time was altered":   {events: func(e []payment.Event) []payment.Event { e[0].At = e[0].At.AddDate(1, 0, 0); return e }},
		"an event was dropped": {events: func(e []payment.Event) []payment.Event { return slices.Delete(e, 1, 2) }},
		"an event was dropped and the rest renumbered": {events: func(e []payment.Event) []payment.Event {
			e = slices.Delete(e, 1, 2)
			e[1].Seq = 2
			return e
		}},
		"two were swapped":   {events: func(e []payment.Event) []payment.Event { e[0], e[1] = e[1], e[0]; return e }},
		"the tail was cut":   {events: func(e []payment.Event) []payment.Event { return e[:2] }},
		"all of it was cut":  {events: func([]payment.Event) []payment.Event { return nil }},
		"the record differs": {record: func(r *payment.Record) { r.Body = bytes.Replace(r.Body, []byte("completed"), []byte("cancelled"), 1) }},
		"a column differs":   {record: func(r *payment.Record) { r.Account = "43" }},
		"the tail and the record were cut": {
			events: func(e []payment.Event) []payment.Event { return e[:2] },
			record: func(r *payment.Record) { r.Version = 2 },
			count:  3,
		},
	} {
		t.Run(name, func(t *testing.T) {
			store.events, store.record = c.events, c.record
			var published []byte
			if c.count > 0 {
				published = head
			}
			var tampered *payment.TamperError
			require.ErrorAs(t, h.Verify(h.ctx, payment.VerifyParams{Record: p.ID, Seq: c.count, Head: published}), &tampered)
			require.Equal(t, p.ID, tampered.Record)
		})
	}
	store.events, store.record = nil, nil
	require.NoError(t, h.Verify(h.ctx, payment.VerifyParams{Record: p.ID, Seq: 3, Head: head}))
	now, err := h.db.Payments().Load(h.ctx, p.ID)
	require.NoError(t, err)
	require.Equal(t, before, now, "verifying writes nothing")
}

func TestErasedPersonalDataLeavesTheHistoryWhole(t *testing.T) {
	h := newHost(t)
	params := payment.CreateParams{Account: account, Total: rub("1.00"), Purpose: payment.TopUp}
	params.Payer.Email = "payer@mail.example"
	p, err := h.Create(h.ctx, params)
	require.NoError(t, err)
	h.start(p, h.card)
	rec, err := h.db.Payments().Load(h.ctx, p.ID)
	require.NoError(t, err)
	require.Contains(t, string(rec.Personal), "payer@mail.example")
	require.NotContains(t, string(rec.Body), "payer@mail.example")

	_, err = h.Erase(h.ctx, by(p))
	require.NoError(t, err)
	rec, err = h.db.Payments().Load(h.ctx, p.ID)
	require.NoError(t, err)
	require.Empty(t, rec.Personal)
	require.NoError(t, h.Verify(h.ctx, payment.VerifyParams{Record: p.ID}))
	events, err := h.db.Payments().Events(h.ctx, p.ID, 0, 100)
	require.NoError(t, err)
	for _, e := range events {
		require.NotContains(t, string(e.Body), "payer@mail.example")
	}
}

func TestTheOutcomeOfAGuardedCommandInsideAHostsTransaction(t *testing.T) {
	h := newHost(t)
	p := h.topUp("1.00")
	in := h.In(h.db.Payments())
	_, err := in.Start(h.ctx, payment.StartParams{Payment: p.ID, Method: h.card})
	require.ErrorIs(t, err, payment.ErrInTx)
	_, err = in.Receive(h.ctx, h.card, h.world.Charged("x", "y", rub("1.00")))
	require.ErrorIs(t, err, payment.ErrInTx)
	require.ErrorIs(t, in.Run(h.ctx), payment.ErrInTx)
	got, err := in.Cancel(h.ctx, by(p))
	require.NoError(t, err)
	require.Equal(t, payment.Cancelled, got.Status)
}
