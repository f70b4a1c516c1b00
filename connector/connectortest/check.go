package connectortest

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/oplata-go/oplata/billing"
	"github.com/oplata-go/oplata/connector"
)

// Check is one sentence that must be true of a gateway.
type Check struct {
	Name string

	// Run returns nil when the sentence is true, an error that says what was seen when it is not, and a [*SkipError]
	// when the gateway has nothing that the sentence is about.
	Run func(ctx context.Context) error
}

// SkipError says why a check does not apply to a gateway.
type SkipError struct{ Reason string }

// Error gives the reason.
func (e *SkipError) Error() string { return "connectortest: skipped: " + e.Reason }

// Skipped tells whether a check did not apply, and why.
func Skipped(err error) (reason string, ok bool) {
	var skip *SkipError
	if !errors.As(err, &skip) {
		return "", false
	}
	return skip.Reason, true
}

// ErrCannot is what a function of a [Harness] returns for something that the gateway never says. The check is skipped.
var ErrCannot = errors.New("connectortest: the gateway never says this")

// Harness describes a gateway to the suite. Its functions are called many times, from several goroutines in one check.
type Harness struct {
	// Open opens the gateway, always with the same settings. Required.
	Open func() (connector.Gateway, error)

	// Message makes what the gateway's server sends when r happened to the order. r has Kind, Reference, Charge,
	// Operation, State, Amount and, of a refusal, Text. Required; ErrCannot for what the gateway never says, which may
	// be anything but a charge that succeeded.
	Message func(o connector.Order, r connector.Result) (connector.Inbound, error)

	// Signature is the part of a message that holds the signature, and Signed are the parts that it covers. Required.
	Signature Part
	Signed    []Part

	// OtherKey signs a message anew with a key that is not the settings'. Nil: skipped.
	OtherKey func(in connector.Inbound) connector.Inbound

	// Unknown makes a genuine message of a type that the gateway package does not know. Nil: skipped.
	Unknown func(o connector.Order) (connector.Inbound, error)

	// Asked reads out of the first step, or out of the request of a call, what the payer or the gateway is asked for.
	// Nil: skipped.
	Asked func(s connector.Step) (reference string, amount billing.Money, err error)

	// Answer makes the gateway's answer to a question for the status. Nil: the checks that need one are skipped. It is
	// used only when the gateway is a connector.StatusQuerier.
	Answer func(q connector.Query, s connector.Snapshot) (connector.Answer, error)

	// Secrets are texts of the settings that must never show.
	Secrets []string

	// Charge makes the gateway's reference of the n-th charge, in its own shape. Default "charge-1", …
	Charge func(n int) string

	// Amounts are amounts that must come through exactly. Default 100.00, 0.01 and 99999999.99 RUB.
	Amounts []billing.Money

	// Order is what every order is made of. Reference, Amount and StartedAt are set by the suite, and the other fields
	// where they are empty.
	Order connector.Order
}

// Checks gives the suite for one gateway, in an order in which the first failure says most.
func Checks(h Harness) []Check {
	h.setDefaults()
	var list []Check
	for _, part := range [][]named{startChecks, messageChecks, hostileChecks, statusChecks, abilityChecks} {
		for _, c := range part {
			list = append(list, Check{Name: c.name, Run: func(ctx context.Context) (err error) {
				defer func() {
					if p := recover(); p != nil {
						err = fmt.Errorf("the gateway panicked: %v", p)
					}
				}()
				if err := h.complete(); err != nil {
					return err
				}
				g, err := h.Open()
				if err != nil {
					return fmt.Errorf("the gateway does not open: %w", err)
				}
				if errors.Is(ctx.Err(), context.Canceled) {
					return ctx.Err()
				}
				return c.run(h, g)
			}})
		}
	}
	return list
}

// named is a check before it is bound to a harness.
type named struct {
	name string
	run  func(h Harness, g connector.Gateway) error
}

func (h *Harness) complete() error {
	if h.Open == nil || h.Message == nil || h.Signature.Get == nil || len(h.Signed) == 0 {
		return errors.New("the harness needs Open, Message, Signature and Signed")
	}
	return nil
}

func (h *Harness) setDefaults() {
	if h.Charge == nil {
		h.Charge = func(n int) string { return fmt.Sprintf("charge-%d", n) }
	}
	if len(h.Amounts) == 0 {
		for _, value := range []string{"100.00", "0.01", "99999999.99"} {
			h.Amounts = append(h.Amounts, billing.MustMoney(value, "RUB"))
		}
	}
	o := &h.Order
	for _, d := range []struct {
		field *string
		text  string
	}{
		{&o.Description, "Пополнение баланса"},
		{&o.Account, "42"},
		{&o.ReturnURL, "https://shop.example/back"},
		{&o.CallbackURL, "https://shop.example/callback"},
		{&o.Language, "ru"},
	} {
		if *d.field == "" {
			*d.field = d.text
		}
	}
	o.StartedAt = time.Date(2026, 1, 15, 12, 30, 0, 0, time.UTC)
}

// order makes the n-th order for the gateway, with a reference of the gateway's own shape if it has one.
func (h *Harness) order(g connector.Gateway, n int, amount billing.Money) connector.Order {
	o := h.Order
	o.Amount = amount
	o.Reference = fmt.Sprintf("0197a2c4-5b6d-7000-8000-%012d", n)
	if r, ok := g.(connector.Referencer); ok {
		o.Reference = r.Reference(uint64(n) * 1_000_003)
	}
	return o
}

// message makes what the gateway's server sends about the order, or skips the check.
func (h *Harness) message(o connector.Order, r connector.Result) (connector.Inbound, error) {
	in, err := h.Message(o, r)
	if errors.Is(err, ErrCannot) {
		return in, &SkipError{Reason: fmt.Sprintf("the gateway never says that a %s is %s", r.Kind, r.State)}
	}
	if err != nil {
		return in, fmt.Errorf("the harness makes no message: %w", err)
	}
	if in.Received.IsZero() {
		in.Received = o.StartedAt.Add(time.Minute)
	}
	return in, nil
}

// charged makes the message that the n-th charge took the order's amount.
func (h *Harness) charged(o connector.Order, n int) (connector.Inbound, error) {
	return h.message(o, h.result(o, n, connector.Succeeded))
}

func (h *Harness) result(o connector.Order, n int, s connector.State) connector.Result {
	return connector.Result{Kind: connector.OfCharge, Reference: o.Reference, Charge: h.Charge(n), State: s, Amount: o.Amount}
}
