package paymenttest

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/oplata-go/oplata/payment"
)

// Summary tells where everything stands, a line each: payments and unallocated receipts in the order in which they were
// made, then accounts. Of the same life it is the same on every store.
func (h *Host) Summary(ctx context.Context) ([]string, error) {
	v, err := h.look(ctx)
	if err != nil {
		return nil, err
	}
	var lines []string
	for _, p := range v.payments {
		lines = append(lines, summaryOf(p))
	}
	for _, r := range v.receipts {
		lines = append(lines, fmt.Sprintf("receipt of %s %s: %s, worth %s, %d back", r.Charge, r.Amount, r.Status, r.Worth, len(r.Backs)))
	}
	for _, account := range slices.Sorted(maps.Keys(v.entries)) {
		entries := v.entries[account]
		if n := len(entries); n > 0 {
			lines = append(lines, fmt.Sprintf("account %s: %s after %d entries", account, entries[n-1].Balance, n))
		}
	}
	return lines, nil
}

func summaryOf(p payment.Payment) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s of %s for %s: %s after %d events, %s from balance", p.Purpose, p.Account, p.Total, p.Status, p.Version, p.FromBalance)
	for _, a := range p.Attempts {
		fmt.Fprintf(&b, "; %s %s", a.Method, a.State)
		for _, c := range a.Charges {
			fmt.Fprintf(&b, ", %s worth %s %s", c.Amount, c.Worth, c.Place)
			for _, back := range c.Backs {
				fmt.Fprintf(&b, ", %s %s", back.Amount, back.State)
			}
		}
	}
	return b.String()
}
