package chronopaysim

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/oplata-go/oplata/billing"
	"github.com/oplata-go/oplata/connector/secret"
)

// ActionKind is something that ChronoPay can do with an order.
type ActionKind string

// What ChronoPay can do. Every action may be repeated; each payment is a transaction of its own.
const (
	Pay           ActionKind = "pay"            // take the money and say so
	Decline       ActionKind = "decline"        // refuse, and say so
	SayNothing    ActionKind = "say_nothing"    // the callback never comes
	PayLater      ActionKind = "pay_later"      // pay, and say so after Action.After
	PayTwiceTold  ActionKind = "pay_twice_told" // one transaction, its callback sent twice
	PayForged     ActionKind = "pay_forged"     // a callback with a wrong sign; no money was taken
	PayOther      ActionKind = "pay_other"      // pay Action.Total instead of the price
	PayTwoCharges ActionKind = "pay_two"        // two transactions on one page
)

// Action is a choice on the page.
type Action struct {
	Kind  ActionKind
	After time.Duration // of PayLater
	Total string        // of PayOther, in the order's currency: "123.45"
}

// maxDeliveries bounds what one order keeps.
const maxDeliveries = 50

// Act does the action with the newest order that has this order_id (of any product). It plans callbacks, which
// [Simulator.Deliver] sends.
func (s *Simulator) Act(orderID string, a Action) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.act(s.find(func(o *order) bool { return o.OrderID == orderID }), a)
}

// act does the action; the caller holds mu.
func (s *Simulator) act(o *order, a Action) error {
	switch {
	case o == nil:
		return ErrNoOrder
	case a.Kind == SayNothing:
		return nil
	case o.CallbackURL == "":
		return ErrNoCallback
	case len(o.deliveries)+2 > maxDeliveries:
		return ErrTooMany
	}
	now := s.cfg.Now()
	switch a.Kind {
	case Pay:
		s.plan(o, s.callback(o, "Purchase", o.Price), now)
	case Decline:
		s.plan(o, s.callback(o, "decline", o.Price), now)
	case PayLater:
		if a.After < 0 {
			return fmt.Errorf("%w: a time in the past", ErrBadAction)
		}
		s.plan(o, s.callback(o, "Purchase", o.Price), now.Add(a.After))
	case PayTwiceTold:
		c := s.callback(o, "Purchase", o.Price)
		s.plan(o, c, now)
		s.plan(o, c, now)
	case PayForged:
		s.plan(o, s.callback(o, "Purchase", o.Price), now).forge()
	case PayOther:
		total, err := billing.ParseMoneyUnpadded(a.Total, o.Currency)
		if err != nil || total.Sign() <= 0 {
			return fmt.Errorf("%w: amount", ErrBadAction)
		}
		s.plan(o, s.callback(o, "Purchase", total.Value()), now)
	case PayTwoCharges:
		s.plan(o, s.callback(o, "Purchase", o.Price), now)
		s.plan(o, s.callback(o, "Purchase", o.Price), now)
	default:
		return fmt.Errorf("%w: kind", ErrBadAction)
	}
	return nil
}

// callback makes a new transaction and what ChronoPay says of it.
func (s *Simulator) callback(o *order, transactionType, total string) Callback {
	s.lastTransaction++
	return Callback{
		TransactionType: transactionType,
		CustomerID:      o.customer,
		TransactionID:   strconv.FormatInt(s.lastTransaction, 10),
		SiteID:          o.ProductID[:strings.LastIndexByte(o.ProductID, '-')],
		ProductID:       o.ProductID,
		OrderID:         o.form.orderID,
		CS1:             o.form.cs1,
		CS2:             o.form.cs2,
		CS3:             o.form.cs3,
		Total:           total,
		Currency:        o.Currency,
		Email:           o.form.email,
		Phone:           o.form.phone,
		Language:        strings.ToUpper(o.Language),
	}
}

// plan puts a callback on its way.
func (s *Simulator) plan(o *order, c Callback, due time.Time) *delivery {
	c.At = due
	d := &delivery{
		Delivery: Delivery{Callback: c, Due: due},
		method:   o.method,
		wire:     c.Form(s.products[o.ProductID].SharedSec).Encode(),
	}
	o.deliveries = append(o.deliveries, d)
	return d
}

// forge signs with a key that is not the shop's.
func (d *delivery) forge() {
	d.Forged = true
	d.wire = d.Callback.Form(secret.New("not the shared secret")).Encode()
}

// hurry makes everything due now that waits for its timer or its next try. The caller holds mu.
func (s *Simulator) hurry(o *order) {
	for _, d := range o.deliveries {
		if !d.Done {
			d.Due = s.cfg.Now()
		}
	}
}

// methodOf returns the HTTP method that cb_type asks for.
func methodOf(cbType string) string {
	if strings.EqualFold(cbType, "G") {
		return http.MethodGet
	}
	return http.MethodPost
}
