package payment

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/oplata-go/oplata/billing"
	"github.com/oplata-go/oplata/connector"
)

// Receipt is an unallocated receipt: a verified charge that fits no attempt of ours. It waits for an operator.
type Receipt struct {
	ID        string        `json:"id"`
	Version   int64         `json:"version"`
	Reseller  string        `json:"reseller"`
	Method    string        `json:"method"`
	Merchant  string        `json:"merchant"`
	Charge    string        `json:"charge"`              // the gateway's reference; unique within Merchant
	Reference string        `json:"reference,omitempty"` // as the gateway said it: foreign text
	Amount    billing.Money `json:"amount"`
	Fee       billing.Money `json:"fee,omitzero"`
	Reason    string        `json:"reason"` // why it fits nothing
	CreatedAt time.Time     `json:"created_at"`
	UpdatedAt time.Time     `json:"updated_at"`
	ReceiptCondition
}

// ReceiptCondition is all of a receipt that events change.
type ReceiptCondition struct {
	Status  Status        `json:"status"`            // ReceiptOpen, ReceiptAssigned or ReceiptReturned
	Payment string        `json:"payment,omitempty"` // to which it was assigned
	Account string        `json:"account,omitempty"` // to which it was credited
	Worth   billing.Money `json:"worth,omitzero"`    // in the account's currency, as the operator stated it
	Backs   []Back        `json:"backs,omitempty"`   // what the gateway gave back of it
}

// The statuses of an unallocated receipt.
const (
	ReceiptOpen     Status = "open"
	ReceiptAssigned Status = "assigned"
	ReceiptReturned Status = "returned"
)

// The events of an unallocated receipt.
const (
	EventReceiptFound    EventName = "receipt_found"    // money that fits nothing
	EventReceiptAssigned EventName = "receipt_assigned" // an operator knows whose it is
	EventReceiptReturned EventName = "receipt_returned" // an operator gave it back
	EventReceiptBack     EventName = "receipt_back"     // the gateway gave it back, or it was charged back
)

// receiptFact is the body of a receipt's event.
type receiptFact struct {
	By        string           `json:"by,omitempty"`
	Reason    string           `json:"reason,omitempty"`
	Birth     *Receipt         `json:"birth,omitempty"`
	Condition ReceiptCondition `json:"condition"`
	Postings  []posting        `json:"postings,omitempty"`
	Transfer  *transfer        `json:"transfer,omitempty"`

	again *Task // a posting that was stuck
}

// receiptDocument is a receipt as a store's body holds it.
type receiptDocument struct {
	Receipt Receipt `json:"receipt"`
	Head    []byte  `json:"head"`
}

func (d *receiptDocument) apply(e Event, f receiptFact) {
	if f.Birth != nil {
		d.Receipt = *f.Birth
	}
	d.Receipt.ReceiptCondition = f.Condition
	d.Receipt.Version, d.Receipt.UpdatedAt = e.Seq, e.At
	d.Head = e.MAC
}

// record is the receipt as a store keeps it.
func (d *receiptDocument) record() (Record, error) {
	body, err := json.Marshal(d)
	if err != nil {
		return Record{}, fmt.Errorf("payment: body of %s: %w", d.Receipt.ID, err)
	}
	r := &d.Receipt
	return Record{
		Kind: ReceiptRecord, ID: r.ID, Version: r.Version, Reseller: r.Reseller, Account: r.Account, Status: r.Status,
		Attention: r.Status == ReceiptOpen || r.doubtful(), CreatedAt: r.CreatedAt, UpdatedAt: r.UpdatedAt, Body: body,
	}, nil
}

// unallocated keeps verified money that fits no attempt, also money that went back before it was told of. What is no money,
// such as the failure of an order that we do not know, is only logged.
func (s *Service) unallocated(ctx context.Context, h heard, r connector.Result) (Received, error) {
	opened := h.opened
	taken := isTaken(r)
	if taken && r.Charge == "" && r.Reference != "" {
		r.Charge = unnamed(r.Reference)
	}
	if !taken && !isBack(r) || r.Charge == "" || r.Test && !isTest(opened) {
		s.cfg.Logger.WarnContext(ctx, "payment: result fits nothing and is no money", "method", opened.Method.ID,
			"kind", r.Kind, "state", r.State, "test", r.Test)
		return Received{}, nil
	}
	id, err := s.newID("rcp_")
	if err != nil {
		return Received{}, err
	}
	rcp := Receipt{
		ID: id, Reseller: opened.Method.Reseller, Method: opened.Method.ID, Merchant: opened.Account, Charge: r.Charge,
		Reference: r.Reference, Amount: r.Amount, Fee: r.Fee, Reason: r.Misplaced, CreatedAt: s.now(),
	}
	switch {
	case !h.current:
		rcp.Reason = formerKey
	case rcp.Reason == "":
		rcp.Reason = fitsNothing
	}
	f := receiptFact{Birth: &rcp, Condition: ReceiptCondition{Status: ReceiptOpen}}
	if !taken {
		rcp.Reason = wentBackFirst
		f.Condition.Backs = []Back{backOf(r, s.now())}
	}
	claim := Claim{Scope: "charge/" + opened.Account, Key: r.Charge, Record: id}
	made, err := s.writeReceipt(ctx, receiptDocument{Receipt: rcp}, EventReceiptFound, f, claim)
	return Received{Receipt: made}, err
}

// Why money is unallocated, beside a gateway's own reasons.
const (
	fitsNothing   = "no attempt has this reference"
	wentBackFirst = "it went back before it was told of"
	formerKey     = "it is signed with a former key"
)

// isTaken reports whether a gateway took money.
func isTaken(r connector.Result) bool {
	return (r.Kind == "" || r.Kind == connector.OfCharge) && r.State == connector.Succeeded
}

// isBack reports whether money went back to whoever paid it, or might have.
func isBack(r connector.Result) bool {
	return r.Kind == connector.OfRefund && r.State == connector.Succeeded || disputeStates[r.State] != "" && r.Kind == connector.OfDispute
}

var disputeStates = map[connector.State]BackState{
	connector.Opened: BackOpened, connector.Won: BackWon, connector.Lost: BackLost,
}

// backOf is a refund or a dispute as the gateway told of it.
func backOf(r connector.Result, now time.Time) Back {
	b := Back{ID: r.Operation, Kind: Refunded, Amount: r.Amount, State: BackSucceeded, Origin: "gateway", At: now}
	if b.ID == "" {
		b.ID = string(r.Kind)
	}
	if r.Kind == connector.OfDispute {
		b.Kind, b.State = Disputed, disputeStates[r.State]
	}
	return b
}

// writeReceipt writes one event of a receipt.
func (s *Service) writeReceipt(ctx context.Context, d receiptDocument, on EventName, f receiptFact, claims ...Claim) (Receipt, error) {
	base, now := d.Receipt.Version, s.now()
	e, err := s.event(ctx, d.Receipt.ID, base+1, after(now, d.Receipt.UpdatedAt), string(on), f, d.Head)
	if err != nil {
		return Receipt{}, err
	}
	d.apply(e, f)
	rec, err := d.record()
	if err != nil {
		return Receipt{}, err
	}
	c := Change{
		Record: rec, Base: base, Events: []Event{e}, Claims: claims,
		Put: s.orders(e, fact{Postings: f.Postings, Transfer: f.Transfer}, d.Receipt.Reseller, now),
	}
	if f.again != nil {
		c.Put = append(c.Put, *f.again)
	}
	err = s.store.Apply(ctx, c)
	if err != nil && !refused(err) && ctx.Err() == nil {
		err = s.ascertain(ctx, c, err)
	}
	if err != nil {
		return Receipt{}, err
	}
	s.wake.ring(c.Put)
	return d.Receipt, nil
}

// doubtful receipts were assigned, and the gateway gave the money back all the same.
func (r Receipt) doubtful() bool {
	return r.Status == ReceiptAssigned && slices.ContainsFunc(r.Backs, func(b Back) bool { return b.State.takes() })
}

// toReceipt hears of a charge that is an unallocated receipt already: a repeat, or the gateway gave it back.
func (s *Service) toReceipt(ctx context.Context, rec Record, r connector.Result) (Received, error) {
	rcp, err := s.changeReceipt(ctx, rec, func(d receiptDocument) (EventName, *receiptFact, error) {
		if isTaken(r) && d.Receipt.Reason == wentBackFirst {
			found := d.Receipt // the refund told of less than there is
			found.Amount, found.Fee, found.Reason = r.Amount, r.Fee, fitsNothing
			f := receiptFact{Birth: &found, Condition: found.ReceiptCondition}
			if f.Condition.Status == ReceiptReturned && !found.goneWhole() {
				f.Condition.Status = ReceiptOpen
			}
			return EventReceiptFound, &f, nil
		}
		now, news := d.Receipt.goingBack(r, s.now())
		if !news {
			return "", nil, nil
		}
		return EventReceiptBack, &receiptFact{Condition: now}, nil
	})
	return Received{Receipt: rcp}, err
}

// goingBack is a receipt's condition after the gateway gave it back, or after a dispute about it ended, which may be told
// of first. False: that is no news.
func (r Receipt) goingBack(said connector.Result, now time.Time) (ReceiptCondition, bool) {
	back := backOf(said, now)
	if !isBack(said) {
		return r.ReceiptCondition, false
	}
	r.Backs = slices.Clone(r.Backs)
	known := slices.IndexFunc(r.Backs, func(b Back) bool { return b.ID == back.ID })
	switch {
	case known < 0:
		r.Backs = append(r.Backs, back)
	case r.Backs[known].State == BackOpened && back.State != BackOpened:
		r.Backs[known].State = back.State
	default:
		return r.ReceiptCondition, false
	}
	switch whole := r.goneWhole(); {
	case whole && r.Status == ReceiptOpen:
		r.Status = ReceiptReturned
	case !whole && r.Status == ReceiptReturned && back.State == BackWon:
		r.Status = ReceiptOpen // the money is with us again
	}
	return r.ReceiptCondition, true
}

// goneWhole reports whether all of the receipt went back. A refund without an amount is of all.
func (r Receipt) goneWhole() bool {
	sum := billing.Money{}
	for _, b := range r.Backs {
		if b.State.takes() {
			if b.Amount == (billing.Money{}) {
				return true
			}
			sum = plus(sum, b.Amount)
		}
	}
	rest, err := r.Amount.Sub(sum)
	return sum != (billing.Money{}) && err == nil && rest.Sign() <= 0
}

// changeReceipt decides on a receipt and writes the outcome, again while others win the race. No fact, no write.
func (s *Service) changeReceipt(ctx context.Context, rec Record, decide func(receiptDocument) (EventName, *receiptFact, error)) (Receipt, error) {
	for range tries {
		var d receiptDocument
		if rec.Kind != ReceiptRecord {
			return Receipt{}, fmt.Errorf("%w: %s is no receipt", ErrNotFound, rec.ID)
		}
		if err := json.Unmarshal(rec.Body, &d); err != nil {
			return Receipt{}, fmt.Errorf("payment: body of %s cannot be read: %w", rec.ID, err)
		}
		on, f, err := decide(d)
		if err != nil || f == nil {
			return d.Receipt, err
		}
		made, err := s.writeReceipt(ctx, d, on, *f)
		if err == nil || !errors.Is(err, ErrConflict) || s.inTx || ctx.Err() != nil {
			return made, err
		}
		if rec, err = s.store.Load(ctx, rec.ID); err != nil {
			return Receipt{}, err
		}
	}
	return Receipt{}, ErrConflict
}

// AssignParams say whose money an unallocated receipt is: a payment's or an account's.
type AssignParams struct {
	By      string // required
	Reason  string // required
	Receipt string
	Payment string        // of the same reseller; or
	Account string        //
	Worth   billing.Money // in the currency of the payment or the account; required
}

// Assign gives an unallocated receipt to a payment, or credits it to an account. Money for a payment settles it if it is as
// much as is outstanding, and is credited to the payment's account otherwise; that happens on its way, by Deliver. To assign
// it again in the same way is no error.
//
// Errors: [*ParamError]; [*TransitionError] when the receipt is not open.
func (s *Service) Assign(ctx context.Context, p AssignParams) (Receipt, error) {
	var faults faults
	faults.text("By", p.By, 1, 100)
	faults.text("Reason", p.Reason, 1, 1000)
	faults.text("Account", p.Account, 0, 100)
	faults.account("Account", p.Account)
	faults.add((p.Payment == "") == (p.Account == ""), "Payment", "either a payment or an account")
	faults.add(p.Worth.Sign() <= 0, "Worth", "must be positive")
	if err := faults.err(); err != nil {
		return Receipt{}, err
	}
	rec, err := s.store.Load(ctx, p.Receipt)
	if err != nil {
		return Receipt{}, err
	}
	if p.Payment != "" {
		if err := s.takesReceipt(ctx, rec, p); err != nil {
			return Receipt{}, err
		}
	}
	return s.changeReceipt(ctx, rec, func(d receiptDocument) (EventName, *receiptFact, error) {
		now := ReceiptCondition{
			Status: ReceiptAssigned, Payment: p.Payment, Account: p.Account, Worth: p.Worth, Backs: d.Receipt.Backs,
		}
		if d.Receipt.Status == ReceiptAssigned && d.Receipt.Payment == p.Payment && d.Receipt.Account == p.Account && d.Receipt.Worth == p.Worth {
			return "", nil, nil
		}
		if d.Receipt.Status != ReceiptOpen {
			return "", nil, &TransitionError{ID: d.Receipt.ID, From: d.Receipt.Status, On: EventReceiptAssigned}
		}
		if err := d.Receipt.covers(p.Worth); err != nil {
			return "", nil, err
		}
		f := receiptFact{By: p.By, Reason: p.Reason, Condition: now}
		key := d.Receipt.ID + "/" + digits(d.Receipt.Version+1) + "/1"
		if p.Account != "" {
			f.Postings = []posting{{Key: key, Kind: credit, Account: p.Account, Amount: p.Worth, Comment: s.cfg.Comment}}
		} else {
			f.Transfer = &transfer{Key: key, To: p.Payment, Amount: p.Worth}
		}
		return EventReceiptAssigned, &f, nil
	})
}

// covers refuses to give away more than there is: what came less what went back, where the currencies allow to compare.
func (r Receipt) covers(worth billing.Money) error {
	if r.Reason == wentBackFirst {
		return &ParamError{Field: "Receipt", Reason: "only its refund was told of, no money"}
	}
	if r.Amount.Currency() != worth.Currency() {
		return nil
	}
	back := worth
	for _, b := range r.Backs {
		if b.State.takes() {
			back = plus(back, b.Amount)
		}
	}
	if rest, err := r.Amount.Sub(back); err != nil || rest.Sign() < 0 {
		return &ParamError{Field: "Worth", Reason: "more than the receipt has"}
	}
	return nil
}

// takesReceipt checks that the payment is of the same reseller and of the stated currency.
func (s *Service) takesReceipt(ctx context.Context, rec Record, p AssignParams) error {
	target, err := s.load(ctx, p.Payment)
	if err != nil {
		return err
	}
	if target.rec.Reseller != rec.Reseller {
		return fmt.Errorf("%w: payment %s", ErrNotFound, p.Payment)
	}
	if target.doc.Payment.Total.Currency() != p.Worth.Currency() {
		return &ParamError{Field: "Worth", Reason: "not in the payment's currency"}
	}
	return nil
}

// ReturnParams say that an unallocated receipt went back to whoever paid it.
type ReturnParams struct {
	By      string // required
	Reason  string // required
	Receipt string
}

// ReturnReceipt records that an operator gave an unallocated receipt back outside, for example in the bank's workstation.
//
// Errors: [*ParamError]; [*TransitionError] when the receipt is not open.
func (s *Service) ReturnReceipt(ctx context.Context, p ReturnParams) (Receipt, error) {
	var faults faults
	faults.text("By", p.By, 1, 100)
	faults.text("Reason", p.Reason, 1, 1000)
	if err := faults.err(); err != nil {
		return Receipt{}, err
	}
	rec, err := s.store.Load(ctx, p.Receipt)
	if err != nil {
		return Receipt{}, err
	}
	return s.changeReceipt(ctx, rec, func(d receiptDocument) (EventName, *receiptFact, error) {
		switch d.Receipt.Status {
		case ReceiptReturned:
			return "", nil, nil
		case ReceiptOpen:
			f := receiptFact{By: p.By, Reason: p.Reason, Condition: d.Receipt.ReceiptCondition}
			f.Condition.Status = ReceiptReturned
			return EventReceiptReturned, &f, nil
		default:
			return "", nil, &TransitionError{ID: d.Receipt.ID, From: d.Receipt.Status, On: EventReceiptReturned}
		}
	})
}

// Receipt reads an unallocated receipt. ErrNotFound if there is none.
func (s *Service) Receipt(ctx context.Context, id string) (Receipt, error) {
	rec, err := s.store.Load(ctx, id)
	if err != nil {
		return Receipt{}, err
	}
	return readReceipt(rec)
}

func readReceipt(rec Record) (Receipt, error) {
	var d receiptDocument
	if rec.Kind != ReceiptRecord {
		return Receipt{}, fmt.Errorf("%w: %s is no receipt", ErrNotFound, rec.ID)
	}
	if err := json.Unmarshal(rec.Body, &d); err != nil {
		return Receipt{}, fmt.Errorf("payment: body of %s cannot be read: %w", rec.ID, err)
	}
	return d.Receipt, nil
}
