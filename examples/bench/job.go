package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"sync/atomic"

	"github.com/oplata-go/oplata/adapters/chronopay"
	"github.com/oplata-go/oplata/billing"
	"github.com/oplata-go/oplata/connector"
	"github.com/oplata-go/oplata/connector/secret"
	"github.com/oplata-go/oplata/payment"
)

// job is what a program by hand does beside its reads and writes: it speaks ChronoPay's language, decodes what it read,
// encodes what it writes, and links the events. What it writes is known before, so it decides nothing.
type job struct {
	gateway *chronopay.Gateway
	key     []byte       // of the links
	next    atomic.Int64 // number of the next transaction at ChronoPay
}

func newJob() (*job, error) {
	gateway, err := chronopay.New(chronopay.Settings{ProductID: productID, SharedSec: secret.New(sharedSec)})
	return &job{gateway: gateway, key: make([]byte, 32)}, err
}

// speak makes the page's form, or makes the callback and understands it.
func (j *job) speak(t turn) error {
	if t.Order != nil {
		_, err := j.gateway.Start(*t.Order)
		return err
	}
	msg, err := j.gateway.Receive(callback(t.Try, t.Heard, j.next.Add(1)))
	if err == nil && len(msg.Results) != 1 {
		err = fmt.Errorf("a callback had %d results", len(msg.Results))
	}
	return err
}

// decide makes the change out of the record that was read and of what is known to follow.
func (j *job) decide(t turn, was payment.Record) (payment.Change, error) {
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
		e.Body, e.MAC = text, j.link(e, text, before.Head)
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

func (j *job) link(e payment.Event, text, before []byte) []byte {
	h := hmac.New(sha256.New, j.key)
	for _, field := range [][]byte{[]byte(e.Record), []byte(e.ID), []byte(e.Name), []byte(e.KeyID), text, before} {
		h.Write(field)
	}
	return h.Sum(nil)
}

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
