package paymenttest

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/oplata-go/oplata/payment"
)

// Listener is a sink that remembers how far it was told of each record. It shows that every event was told, in order.
// Make it known with Config.Listener.
type Listener struct {
	mu     sync.Mutex
	told   map[string]payment.Notice // the last one of each record
	faults []error
}

// NewListener makes a listener that was told nothing yet.
func NewListener() *Listener { return &Listener{told: map[string]payment.Notice{}} }

// Send hears a notice: the next one of its record, or one that was told before.
func (l *Listener) Send(_ context.Context, n payment.Notice) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch last := l.told[n.Record].Seq; {
	case n.Seq == last+1:
		l.told[n.Record] = n
	case n.Seq > last:
		l.faults = append(l.faults, fmt.Errorf("event %d of %s was told after event %d", n.Seq, n.Record, last))
	}
	return nil
}

// heard looks whether all was told that is stored, and whether the histories hold what was told.
func (l *Listener) heard(ctx context.Context, h *Host) error {
	if l == nil {
		return nil
	}
	service, err := h.aside()
	if err != nil {
		return err
	}
	records, err := h.records(ctx)
	if err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	faults := l.faults
	for _, rec := range records {
		n := l.told[rec.ID]
		if n.Seq != rec.Version {
			faults = append(faults, fmt.Errorf("%s has %d events, %d were told", rec.ID, rec.Version, n.Seq))
		}
		faults = append(faults, service.Verify(ctx, payment.VerifyParams{Record: rec.ID, Seq: n.Seq, Head: n.Head}))
	}
	return errors.Join(faults...)
}
