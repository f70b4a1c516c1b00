package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/json"
	"fmt"

	"github.com/oplata-go/oplata/billing"
	"github.com/oplata-go/oplata/connector"
	"github.com/oplata-go/oplata/payment"
)

// The texts that the service stores, in types of the same shape, so that by hand they are read and written at the same
// price. A test compares what is written with what the service wrote.

// body is a stored payment.
type body struct {
	Payment payment.Payment `json:"payment"`
	Sealed  map[int]string  `json:"sealed,omitempty"`
	Head    []byte          `json:"head"`
}

// personal is what is stored beside it.
type personal struct {
	Payer connector.Payer        `json:"payer,omitzero"`
	Shows map[int]connector.Show `json:"shows,omitempty"`
}

// fact is what an event says.
type fact struct {
	By        string             `json:"by,omitempty"`
	Reason    string             `json:"reason,omitempty"`
	Birth     *payment.Payment   `json:"birth,omitempty"`
	Condition *payment.Condition `json:"condition,omitempty"`
	Attempts  []payment.Attempt  `json:"attempts,omitempty"`
	Sealed    string             `json:"sealed,omitempty"`
	Postings  []posting          `json:"postings,omitempty"`
}

// posting is an order to the ledger.
type posting struct {
	Key     string        `json:"key"`
	Kind    string        `json:"kind"`
	Account string        `json:"account"`
	Amount  billing.Money `json:"amount"`
	Comment string        `json:"comment,omitempty"`
	Attempt int           `json:"attempt,omitempty"`
	Whole   bool          `json:"whole,omitempty"`
}

// decoded is what a change writes, before it is encoded.
type decoded struct {
	body     body
	personal *personal
	facts    []fact
}

// decode takes the texts of a change apart, before the clock runs.
func decode(c payment.Change) (*decoded, error) {
	d := &decoded{facts: make([]fact, len(c.Events))}
	if err := json.Unmarshal(c.Record.Body, &d.body); err != nil {
		return nil, fmt.Errorf("body: %w", err)
	}
	if c.Record.Personal != nil {
		d.personal = new(personal)
		if err := json.Unmarshal(c.Record.Personal, d.personal); err != nil {
			return nil, fmt.Errorf("personal: %w", err)
		}
	}
	for i, e := range c.Events {
		if err := json.Unmarshal(e.Body, &d.facts[i]); err != nil {
			return nil, fmt.Errorf("event: %w", err)
		}
	}
	return d, nil
}

// decideByHand does with the record that was read and the change that follows what the service cannot do without:
// decode the one, encode the other, link its events.
func decideByHand(t turn, was payment.Record, key []byte) (payment.Change, error) {
	var before body
	var kept personal
	if err := json.Unmarshal(was.Body, &before); err != nil {
		return payment.Change{}, err
	}
	if was.Personal != nil {
		if err := json.Unmarshal(was.Personal, &kept); err != nil {
			return payment.Change{}, err
		}
	}
	c := t.Change
	c.Events = make([]payment.Event, len(t.Change.Events))
	for i, e := range t.Change.Events {
		text, err := json.Marshal(t.plain.facts[i])
		if err != nil {
			return payment.Change{}, err
		}
		h := hmac.New(sha256.New, key)
		for _, field := range [][]byte{[]byte(e.Record), []byte(e.ID), []byte(e.Name), []byte(e.KeyID), text, before.Head} {
			h.Write(field)
		}
		e.Body, e.MAC = text, h.Sum(nil)
		c.Events[i] = e
	}
	text, err := json.Marshal(t.plain.body)
	if err != nil {
		return payment.Change{}, err
	}
	c.Record.Body = text
	if t.plain.personal != nil {
		c.Record.Personal, err = json.Marshal(t.plain.personal)
	}
	return c, err
}
