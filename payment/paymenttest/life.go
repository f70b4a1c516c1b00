package paymenttest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/oplata-go/oplata/connector"
	"github.com/oplata-go/oplata/payment"
)

// Move is one thing that happens in a life. A, B and C choose what it happens to and how; what they mean is said beside the
// moves. Every value of them is allowed: a move that finds nothing to happen to does nothing.
type Move struct {
	What    string
	A, B, C uint8
}

// String names the move.
func (m Move) String() string { return fmt.Sprintf("%s(%d,%d,%d)", m.What, m.A, m.B, m.C) }

// Draw draws moves. The same seed gives the same ones.
func Draw(seed uint64, n int) []Move {
	dice := rand.New(rand.NewPCG(seed, 0)) //nolint:gosec // a test that can be repeated
	drawn := make([]Move, n)
	for i := range drawn {
		bits := dice.Uint64()
		drawn[i] = Choose(uint32(bits), uint8(bits>>32), uint8(bits>>40), uint8(bits>>48))
	}
	return drawn
}

// Choose gives a move of the kind that number stands for: frequent ones for more numbers.
func Choose(number uint32, a, b, c uint8) Move {
	return Move{What: lottery[number%uint32(len(lottery))], A: a, B: b, C: c}
}

// Without leaves moves of some kinds out.
func Without(all []Move, kinds ...string) []Move {
	return slices.DeleteFunc(slices.Clone(all), func(m Move) bool { return slices.Contains(kinds, m.What) })
}

// Kinds lists all kinds of moves.
func Kinds() []string { return slices.Sorted(maps.Keys(moves)) }

// Life plays moves on a host. Several lives may share one host, each on a goroutine of its own; then Restart must not
// happen.
type Life struct {
	// Acknowledged is called with each payment and each unallocated receipt that a call returned: its ID, version and
	// status. Default: nobody is told.
	Acknowledged func(id string, version int64, status payment.Status)

	host     *Host
	accounts []string
	payments []string  // in the order in which they were made
	receipts []string  // unallocated ones
	letters  []*letter // on their way
	sent     []*letter // answered at least once
	strays   int
	funds    int
	step     int
	name     string // unique on the stores
	trace    []string
}

// NewLife begins a life whose payments are those of the named accounts.
func NewLife(h *Host, accounts ...string) *Life {
	return &Life{host: h, accounts: accounts, name: fmt.Sprintf("%d.%d", h.cfg.Seed, h.lives.Add(1))}
}

// Run plays moves. An error is something that must not happen, with all that was played before.
func (l *Life) Run(ctx context.Context, moves []Move) error {
	for _, m := range moves {
		l.step++
		l.trace = append(l.trace, fmt.Sprintf("%3d %s", l.step, m))
		broken := l.host.cfg.Faults.Failed()
		err := l.play(ctx, m)
		if err == nil && l.host.cfg.Faults.Failed() != broken {
			l.note("(%s failed)", l.host.cfg.Faults.Failed())
			err = l.host.Restart()
		}
		if err != nil {
			return l.explain(err)
		}
	}
	return nil
}

func (l *Life) play(ctx context.Context, m Move) error {
	do, known := moves[m.What]
	if !known {
		return fmt.Errorf("paymenttest: there is no move %q", m.What)
	}
	return do(l, ctx, m)
}

// explain adds the trace to an error.
func (l *Life) explain(err error) error {
	return fmt.Errorf("%w\nlife %s of %s:\n%s", err, l.name, strings.Join(l.accounts, " and "), strings.Join(l.trace, "\n"))
}

// Trace is what was played so far, a line each.
func (l *Life) Trace() []string { return l.trace }

// note adds to the line of the present move.
func (l *Life) note(format string, args ...any) {
	if len(l.trace) > 0 {
		l.trace[len(l.trace)-1] += " " + fmt.Sprintf(format, args...)
	}
}

// try does what a host does that gets an error: a refusal is an answer, after anything else it does the same again. When a
// call was made to fail, the program is started anew in between.
func (l *Life) try(what string, do func() error) error {
	for range 4 {
		faulty := l.host.cfg.Faults.Failed() != ""
		err := do()
		if err == nil {
			return nil
		}
		l.host.cfg.Errors(err)
		switch {
		case refused(err):
			l.note("%s: %v", what, err)
			return nil
		case faulty || l.host.cfg.Faults.Failed() == "":
			return fmt.Errorf("%s: %w", what, err)
		}
		l.note("%s: %v: once more", what, err)
		if err := l.host.Restart(); err != nil {
			return err
		}
	}
	return fmt.Errorf("%s: failed again and again", what)
}

// refused are the answers that tell a host that its command does not fit.
func refused(err error) bool {
	for _, known := range []error{
		payment.ErrTransition, payment.ErrUnderReview, payment.ErrInvalid, payment.ErrNotFound, connector.ErrInactive,
	} {
		if errors.Is(err, known) {
			return true
		}
	}
	return false
}

// command gives a command about a payment, under a key of its own, and keeps what it returns.
func (l *Life) command(what string, do func(payment.CommandParams) (payment.Payment, error), id string) error {
	return l.try(what, func() error {
		p, err := do(payment.CommandParams{Key: l.key(), By: "operator", Reason: "because", Payment: id})
		if err == nil {
			l.seen(p)
			l.note("→ %s", p.Status)
		}
		return err
	})
}

// key is the idempotency key of the present move.
func (l *Life) key() string { return fmt.Sprintf("%s/%d", l.name, l.step) }

// seen tells of a payment that a call returned.
func (l *Life) seen(p payment.Payment) { l.acknowledge(p.ID, p.Version, p.Status) }

func (l *Life) acknowledge(id string, version int64, status payment.Status) {
	if l.Acknowledged != nil && id != "" {
		l.Acknowledged(id, version, status)
	}
}

// look reads a payment and lets the companies know its orders.
func (l *Life) look(ctx context.Context, id string) error {
	return l.try("look", func() error {
		p, err := l.host.Payment(ctx, id)
		if err != nil {
			return err
		}
		return l.host.meet(p)
	})
}

// send puts a letter on its way.
func (l *Life) send(letters ...letter) {
	for _, one := range letters {
		l.letters = append(l.letters, &one)
	}
}

// hand hands a letter over. One that was not answered stays on its way.
func (l *Life) hand(ctx context.Context, one *letter) error {
	got, err := l.host.deliver(ctx, *one)
	if errors.Is(err, errUnanswered) {
		l.note("%s: not answered", one.name)
		l.letters = append(l.letters, one)
		return nil
	}
	if err != nil {
		return err
	}
	l.note("%s → %s%s", one.name, got.Payment.Status, got.Receipt.Status)
	l.seen(got.Payment)
	l.acknowledge(got.Receipt.ID, got.Receipt.Version, got.Receipt.Status)
	if got.Receipt.ID != "" && !slices.Contains(l.receipts, got.Receipt.ID) {
		l.receipts = append(l.receipts, got.Receipt.ID)
	}
	l.sent = append(l.sent, one)
	return nil
}

// Audit is [Host.Audit], with all that was played in the error.
func (l *Life) Audit(ctx context.Context) error {
	if err := l.host.Audit(ctx); err != nil {
		return l.explain(err)
	}
	return nil
}

// Finish lets everything be told and delivered: all letters on their way, those about money of which the host does not know
// yet, and every order that waits for the ledger or for another payment.
func (l *Life) Finish(ctx context.Context) error {
	l.trace = append(l.trace, "finish")
	if err := l.finish(ctx); err != nil {
		return l.explain(err)
	}
	return nil
}

func (l *Life) finish(ctx context.Context) error {
	if err := l.host.meetAll(ctx); err != nil {
		return err
	}
	for range 20 {
		charges, backs := l.host.truth.untold()
		for _, c := range charges {
			l.send(l.host.tellsCharge(c.Entry))
		}
		for _, b := range backs {
			l.send(l.host.tellsBack(b.Entry, b.What))
			if b.ended != "" {
				l.send(l.host.tellsBack(b.Entry, b.ended))
			}
		}
		if len(l.letters) == 0 {
			return l.drain(ctx)
		}
		waiting := l.letters
		l.letters = nil
		for _, one := range waiting {
			if err := l.hand(ctx, one); err != nil {
				return err
			}
		}
	}
	return fmt.Errorf("%d letters are never answered", len(l.letters))
}

// drain delivers until nothing is on its way but what waits for an operator.
func (l *Life) drain(ctx context.Context) error {
	for range 40 {
		if err := l.background(ctx, "deliver", l.host.Deliver); err != nil {
			return err
		}
		left, err := l.host.onTheirWay(ctx)
		if err != nil || left == 0 {
			return err
		}
		l.host.Clock.Move(2 * time.Hour)
	}
	return errors.New("orders are never delivered")
}
