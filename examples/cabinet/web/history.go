package web

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/oplata-go/oplata/payment"
)

// history is what happened to a record, and whether it was altered since.
type history struct {
	Events   []happening
	Tampered *payment.TamperError // nil: every link of the chain holds, and the record is what its events say
}

// happening is one event of a history.
type happening struct {
	Seq     int64
	Name    string
	At      time.Time
	By      string
	Reason  string
	Status  payment.Status // after it; empty when it changed none
	Attempt int
}

// mostEvents bounds what one page shows.
const mostEvents = 500

// history reads the events of a record and has the service verify them.
func (s *Site) history(ctx context.Context, record string) (history, error) {
	events, err := s.cfg.History.Events(ctx, record, 0, mostEvents)
	if err != nil {
		return history{}, err
	}
	var h history
	for _, e := range events {
		said, err := read(e)
		if err != nil {
			return history{}, err
		}
		h.Events = append(h.Events, said)
	}
	err = s.cfg.Payments.Verify(ctx, payment.VerifyParams{Record: record})
	if altered, ok := errors.AsType[*payment.TamperError](err); ok {
		h.Tampered, err = altered, nil
	}
	return h, err
}

// read takes out of an event's body what is shown of it. Bodies are stored for good, so their members keep their names.
func read(e payment.Event) (happening, error) {
	var body struct {
		By        string `json:"by"`
		Reason    string `json:"reason"`
		Condition struct {
			Status payment.Status `json:"status"`
		} `json:"condition"`
		Attempts []struct {
			Number int `json:"number"`
		} `json:"attempts"`
	}
	if err := json.Unmarshal(e.Body, &body); err != nil {
		return happening{}, fmt.Errorf("web: event %s cannot be read: %w", e.ID, err)
	}
	h := happening{Seq: e.Seq, Name: e.Name, At: e.At, By: body.By, Reason: body.Reason, Status: body.Condition.Status}
	if len(body.Attempts) > 0 {
		h.Attempt = body.Attempts[0].Number
	}
	return h, nil
}
