package payment

import (
	"encoding/json"
	"maps"

	"github.com/oplata-go/oplata/connector"
)

// personal is what is kept beside a payment and never in its history, so that it can be erased: who pays, and what the
// live attempt shows them, because a gateway's form repeats the payer's data.
type personal struct {
	Payer connector.Payer        `json:"payer,omitzero"`
	Shows map[int]connector.Show `json:"shows,omitempty"` // by attempt
}

// readPersonal reads what was written by text. Without it a gateway is told less; nothing else depends on it.
func readPersonal(text []byte) personal {
	var p personal
	if len(text) > 0 {
		_ = json.Unmarshal(text, &p)
	}
	return p
}

// after is what remains to be kept once the payment stands as it does: only a live attempt is shown again.
func (p personal) after(now Payment, shows map[int]connector.Show) personal {
	kept := maps.Clone(p.Shows)
	if kept == nil {
		kept = make(map[int]connector.Show, len(shows))
	}
	maps.Copy(kept, shows)
	maps.DeleteFunc(kept, func(attempt int, _ connector.Show) bool { return now.Attempt(attempt).State != AttemptLive })
	return personal{Payer: p.Payer, Shows: kept}
}

// text is how it is stored; nil when there is nothing.
func (p personal) text() []byte {
	if p.Payer == (connector.Payer{}) && len(p.Shows) == 0 {
		return nil
	}
	return encode(p)
}

// view is the payment with what its live attempt shows, as callers get it.
func (p personal) view(pay Payment) Payment {
	if len(p.Shows) == 0 {
		return pay
	}
	attempts := make([]Attempt, len(pay.Attempts))
	for i, a := range pay.Attempts {
		a.Show = p.Shows[a.Number]
		attempts[i] = a
	}
	pay.Attempts = attempts
	return pay
}

// view is the payment as callers get it.
func (l loaded) view() Payment { return readPersonal(l.rec.Personal).view(l.doc.Payment) }
