package payment

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"

	"github.com/oplata-go/oplata/connector"
)

// Received is what became of a gateway's message.
type Received struct {
	Payment Payment // the one that the message was about, as it stands now; the zero Payment if it was about none
	Receipt Receipt // the unallocated receipt that the message made or repeated; zero if none
	Reply   connector.Reply
}

// Receive takes a message of a gateway, or a payer's browser that returns from it, for one payment method. It checks the
// signature, finds the payment, writes what is new, and only then makes the answer for the gateway. Reply is set whatever
// happens, and is what the host answers.
//
// A genuine message about money is never refused: money that fits no attempt becomes an unallocated receipt, another
// amount a discrepancy, a repeat changes nothing; all are answered as if all were well. Where the gateway can be asked,
// the message is only a hint and the answer to the question moves the money.
//
// Errors: [*connector.SignatureError] and [*connector.MessageError] for a message that is not the gateway's or cannot be
// read, connector.ErrNotFound for an unknown method. Any other error means that nothing may have been written, and the
// gateway is asked to send the message again.
func (s *Service) Receive(ctx context.Context, method string, in connector.Inbound) (Received, error) {
	if s.inTx {
		return Received{Reply: connector.Reply{Status: http.StatusServiceUnavailable}}, ErrInTx
	}
	if len(in.Body) > connector.MaxInbound {
		return Received{Reply: connector.Reply{Status: http.StatusRequestEntityTooLarge}},
			&connector.MessageError{Field: "body", Reason: fmt.Sprintf("larger than %d bytes", connector.MaxInbound)}
	}
	in.Received = s.now()
	msg, opened, current, err := s.translate(ctx, method, in)
	if err != nil {
		return Received{Reply: connector.Reply{Status: statusOf(err)}}, err
	}
	if msg.Ignored != "" {
		s.cfg.Logger.InfoContext(ctx, "payment: message moves nothing", "method", method, "why", msg.Ignored)
	}
	var got Received
	for _, r := range msg.Results {
		if r = clean(r); r.Amount.Sign() < 0 {
			err = &connector.MessageError{Field: "amount", Reason: "negative"}
			break
		}
		if got, err = s.place(ctx, heard{in, opened, current}, r); err != nil {
			break
		}
	}
	got.Reply = answer(msg, err)
	return got, err
}

// statusOf is the HTTP status for a message that was not accepted.
func statusOf(err error) int {
	switch {
	case errors.Is(err, connector.ErrBadSignature):
		return http.StatusForbidden
	case errors.Is(err, connector.ErrBadMessage):
		return http.StatusBadRequest
	case errors.Is(err, connector.ErrNotFound):
		return http.StatusNotFound
	}
	return http.StatusInternalServerError
}

func answer(msg connector.Message, err error) connector.Reply {
	switch {
	case errors.Is(err, connector.ErrBadSignature):
		return connector.Reply{Status: http.StatusForbidden}
	case errors.Is(err, connector.ErrBadMessage):
		return connector.Reply{Status: http.StatusBadRequest}
	case msg.Reply != nil:
		return msg.Reply(connector.Outcome{Err: err})
	case err != nil:
		return connector.Reply{Status: http.StatusInternalServerError}
	}
	return connector.Reply{Status: http.StatusOK}
}

// translate reads the message with the current settings, and if they do not verify it with earlier versions, because an
// attempt keeps the version that it started with.
func (s *Service) translate(ctx context.Context, method string, in connector.Inbound) (connector.Message, connector.OpenedMethod, bool, error) {
	opened, err := s.cfg.Connectors.Open(ctx, method, 0)
	if err != nil {
		return connector.Message{}, connector.OpenedMethod{}, false, err
	}
	msg, refusal := opened.Gateway.Receive(in)
	if !errors.Is(refusal, connector.ErrBadSignature) {
		return msg, opened, true, refusal
	}
	versions, err := s.cfg.Connectors.Versions(ctx, method)
	if err != nil {
		return connector.Message{}, connector.OpenedMethod{}, false, err
	}
	for _, v := range versions[:min(len(versions), mostVersions)] {
		if v == opened.Version {
			continue
		}
		older, err := s.cfg.Connectors.Open(ctx, method, v)
		if err != nil {
			s.cfg.Logger.WarnContext(ctx, "payment: earlier settings do not open", "method", method, "version", v, "error", err)
			continue
		}
		if msg, err := older.Gateway.Receive(in); err == nil {
			return msg, older, false, nil
		}
	}
	return connector.Message{}, connector.OpenedMethod{}, false, refusal
}

// mostVersions bounds how many earlier settings a message is tried with.
const mostVersions = 10

// heard is a message and the settings that verified it.
type heard struct {
	in      connector.Inbound
	opened  connector.OpenedMethod
	current bool // with the method's present settings
}

// place finds where a result belongs and writes it there.
func (s *Service) place(ctx context.Context, h heard, r connector.Result) (Received, error) {
	for range tries {
		rec, err := s.owner(ctx, h.opened, r)
		switch {
		case errors.Is(err, ErrNotFound):
			got, err := s.unallocated(ctx, h, r)
			if errors.Is(err, ErrClaimed) {
				continue // somebody wrote the same charge just now
			}
			return got, err
		case err != nil:
			return Received{}, err
		case rec.Kind == ReceiptRecord && !h.current:
			return Received{}, &connector.SignatureError{Cause: connector.SignatureOldKey}
		case rec.Kind == ReceiptRecord:
			return s.toReceipt(ctx, rec, r)
		}
		return s.toPayment(ctx, rec, h, r)
	}
	return Received{}, ErrConflict
}

// owner finds the record that a result is about: by our reference, or else by the charge. What goes back goes back from
// where the charge is, whatever reference it names.
func (s *Service) owner(ctx context.Context, opened connector.OpenedMethod, r connector.Result) (Record, error) {
	names := []Claim{{Scope: "reference/" + opened.Account, Key: r.Reference}, {Scope: "charge/" + opened.Account, Key: r.Charge}}
	if r.Misplaced != "" {
		names[0].Key = ""
	}
	if isBack(r) {
		slices.Reverse(names)
	}
	for _, name := range names {
		if name.Key == "" {
			continue
		}
		rec, _, err := s.store.Owner(ctx, name.Scope, name.Key)
		if !errors.Is(err, ErrNotFound) {
			return rec, err
		}
	}
	return Record{}, ErrNotFound
}

// toPayment writes a result about an attempt of ours.
func (s *Service) toPayment(ctx context.Context, rec Record, h heard, r connector.Result) (Received, error) {
	l, err := read(rec)
	if err != nil {
		return Received{}, err
	}
	a, ok := l.doc.Payment.attemptOf(h.opened.Account, r)
	if !ok {
		return Received{Payment: l.view()}, nil // a repeat of a charge that was placed without an attempt of its own
	}
	own, err := s.cfg.Connectors.Open(ctx, a.Method, a.Settings)
	if err != nil {
		return Received{}, err
	}
	if !h.current { // only the present key and the one that the attempt began with speak for it
		if _, err := own.Gateway.Receive(h.in); err != nil {
			return Received{}, &connector.SignatureError{Cause: connector.SignatureOldKey}
		}
	}
	var (
		p    Payment
		told string
	)
	if a.Askable {
		p, told, err = s.ask(ctx, l, a.Number)
	}
	if err == nil && (!a.Askable || p.Attempt(a.Number).beside(told, r)) {
		p, err = s.changeLoaded(ctx, l, actor{}, nil, func(t *turn) error { return t.tell(a.Number, r, isTest(own)) })
	}
	if held, ok := heldCharge(err, a); ok {
		return s.heldElsewhere(ctx, l, a, held, r)
	}
	return Received{Payment: p}, err
}

// heldElsewhere is a charge that another record has: the same money is never taken twice, so nothing moves here. A receipt
// that knew of its refund only learns what there was.
func (s *Service) heldElsewhere(ctx context.Context, l loaded, a Attempt, held Claim, r connector.Result) (Received, error) {
	s.cfg.Logger.WarnContext(ctx, "payment: a charge was told of for two payments; nothing moved",
		"payment", l.rec.ID, "attempt", a.Number, "held_by", held.Record)
	rec, err := s.store.Load(ctx, held.Record)
	if err != nil || rec.Kind != ReceiptRecord {
		return Received{Payment: l.view()}, err
	}
	got, err := s.toReceipt(ctx, rec, r)
	got.Payment = l.view()
	return got, err
}

// beside reports whether a question cannot tell of a result: a snapshot tells of one charge only, and of no dispute. There the
// message itself is the gateway's word. A refund counts only when it names a charge of ours: it may be of the charge told.
func (a Attempt) beside(told string, r connector.Result) bool {
	known := a.named(r.Charge) != nil
	switch {
	case r.Kind == connector.OfDispute:
		return true
	case r.Charge == told || len(a.Charges) == 0:
		return false
	}
	return isTaken(r) && !known || isBack(r) && known
}

// attemptOf finds the attempt with the result's reference, or else the one with its charge; of what goes back the other way
// round.
func (p Payment) attemptOf(merchant string, r connector.Result) (Attempt, bool) {
	named := slices.IndexFunc(p.Attempts, func(a Attempt) bool {
		return a.Merchant == merchant && a.Reference == r.Reference && r.Reference != "" && r.Misplaced == ""
	})
	charged := slices.IndexFunc(p.Attempts, func(a Attempt) bool { return a.Merchant == merchant && a.named(r.Charge) != nil })
	if named < 0 || isBack(r) && charged >= 0 {
		named = charged
	}
	if named < 0 {
		return Attempt{}, false
	}
	return p.Attempts[named], true
}
