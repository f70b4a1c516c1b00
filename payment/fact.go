package payment

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/oplata-go/oplata/billing"
)

// fact is what an event says, stored as its body. It carries the outcome, not the reason, so that a history can be read
// without the tables that made it: a payment is its facts applied in order.
type fact struct {
	name EventName // stored beside the body

	By        string     `json:"by,omitempty"`     // who did it, as the host calls them
	Reason    string     `json:"reason,omitempty"` // in an operator's words
	Birth     *Payment   `json:"birth,omitempty"`  // of the first event
	Condition *Condition `json:"condition,omitempty"`
	Attempts  []Attempt  `json:"attempts,omitempty"` // those that changed, as they stand after it; the event's own first
	Sealed    string     `json:"sealed,omitempty"`   // the first attempt's sealed step state, when the event set it
	Postings  []posting  `json:"postings,omitempty"`
	Transfer  *transfer  `json:"transfer,omitempty"`
}

// posting is an order to the ledger. Its key is permanent.
type posting struct {
	Key     string        `json:"key"`
	Kind    postingKind   `json:"kind"`
	Account string        `json:"account"`
	Amount  billing.Money `json:"amount"`
	Comment string        `json:"comment,omitempty"`
	Attempt int           `json:"attempt,omitempty"` // of a balance order: the answer is an event of the payment
	Whole   bool          `json:"whole,omitempty"`   // the balance order pays all that is outstanding
}

type postingKind string

const (
	credit      postingKind = "credit"
	debit       postingKind = "debit"        // refused without funds
	forcedDebit postingKind = "forced_debit" // the balance may become negative
)

// transfer is money that goes to another payment of ours.
type transfer struct {
	Key    string        `json:"key"` // permanent
	To     string        `json:"to"`
	Amount billing.Money `json:"amount"`
}

// document is a payment as a store's body holds it.
type document struct {
	Payment Payment        `json:"payment"`
	Sealed  map[int]string `json:"sealed,omitempty"` // step state by attempt
	Head    []byte         `json:"head"`             // MAC of the last event
}

// apply is the only way a stored payment changes: turns build on it, and a rebuild replays it.
func (d *document) apply(e Event, f fact) {
	p := &d.Payment
	if f.Birth != nil {
		*p = *f.Birth
	}
	if f.Condition != nil {
		p.Condition = *f.Condition
	}
	for _, a := range f.Attempts {
		p.put(a)
	}
	if f.Sealed != "" {
		if d.Sealed == nil {
			d.Sealed = make(map[int]string)
		}
		d.Sealed[f.Attempts[0].Number] = f.Sealed
	}
	p.Version, p.UpdatedAt = e.Seq, e.At
	d.Head = e.MAC
}

// put replaces the attempt of that number or appends it.
func (p *Payment) put(a Attempt) {
	if a.Number <= len(p.Attempts) {
		p.Attempts[a.Number-1] = a
		return
	}
	p.Attempts = append(p.Attempts, a)
}

// record is the payment as a store keeps it, personal data aside.
func (d *document) record() (Record, error) {
	body, err := json.Marshal(d)
	if err != nil {
		return Record{}, fmt.Errorf("payment: body of %s: %w", d.Payment.ID, err)
	}
	p := &d.Payment
	return Record{
		Kind: PaymentRecord, ID: p.ID, Version: p.Version, Reseller: p.Reseller, Account: p.Account, Status: p.Status,
		Attention: len(p.Concerns) > 0, CreatedAt: p.CreatedAt, UpdatedAt: p.UpdatedAt, Body: body,
	}, nil
}

// clone copies what apply may change.
func (d document) clone() document {
	d.Payment.Attempts = slices.Clone(d.Payment.Attempts)
	d.Sealed = maps.Clone(d.Sealed)
	return d
}
