package chronopaysim

import (
	"slices"
	"time"
)

// OrderState is what became of an order on the page.
type OrderState string

// The states. A timer that has not run out leaves an order waiting.
const (
	Waiting  OrderState = "waiting"
	Paid     OrderState = "paid"
	Declined OrderState = "declined"
)

// Order is an order that a payer brought to the page, as it is at this moment.
type Order struct {
	Number      int // the simulator's own, from 1
	ProductID   string
	OrderID     string // the shop's; cs1 when the form has no order_id
	Price       string // two decimals
	Currency    string
	Description string
	Language    string // "ru" or "en"
	PayUntil    time.Time
	CallbackURL string
	SuccessURL  string
	DeclineURL  string
	ReceivedAt  time.Time
	State       OrderState
	Deliveries  []Delivery // in the order in which they were planned
}

// Delivery is a callback on its way to the shop.
type Delivery struct {
	Callback Callback
	Forged   bool      // sent with a wrong sign
	Due      time.Time // of the next try; of the last one when Done
	Tries    int       // so far
	Status   int       // HTTP status of the last answer; 0 without one
	Answer   string    // the beginning of its body, or why there was none
	Done     bool      // answered with 200, or given up
}

// order is the simulator's own record; Order is its snapshot. mu of the Simulator guards it.
type order struct {
	Order
	customer   string
	uniqueForm string // the form's sign: the same form again is the same order
	method     string // of callbacks
	form       form
	deliveries []*delivery
}

type delivery struct {
	Delivery
	method  string
	wire    string // the encoded form, signed when it was planned
	sending bool
}

func (o *order) snapshot() Order {
	out := o.Order
	out.Deliveries = make([]Delivery, len(o.deliveries))
	for i, d := range o.deliveries {
		out.Deliveries[i] = d.Delivery
	}
	return out
}

// Orders returns the orders that are kept, oldest first.
func (s *Simulator) Orders() []Order {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]Order, len(s.orders))
	for i, o := range s.orders {
		out[i] = o.snapshot()
	}
	return out
}

// find returns the newest order that fits, or nil. The caller holds mu.
func (s *Simulator) find(fits func(*order) bool) *order {
	for _, o := range slices.Backward(s.orders) {
		if fits(o) {
			return o
		}
	}
	return nil
}

func (s *Simulator) numbered(number int) *order {
	return s.find(func(o *order) bool { return o.Number == number })
}

// keep adds an order and forgets the oldest beyond the bound. The caller holds mu.
func (s *Simulator) keep(o *order) {
	s.orders = append(s.orders, o)
	if over := len(s.orders) - s.cfg.MaxOrders; over > 0 {
		s.orders = slices.Delete(s.orders, 0, over)
	}
}
