package payment

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"sort"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/oplata-go/oplata/billing"
	"github.com/oplata-go/oplata/connector"
)

// The model check walks every interleaving, up to a bound, of what can happen to a payment: commands, whatever words a
// gateway may say in whatever order and number (so lost, doubled, reordered, late and contradicting ones are all in it),
// timers, and a ledger that answers, refuses, or acts while its answer is lost. In every state the money rule must hold.
//
// A state holds the payment, its successor once it was edited, the ledger's balance, the orders on their way, and an
// independent account of what the gateway truly took.
type state struct {
	p         Payment
	next      *Payment // the successor
	balance   int64    // of the account, in the ledger
	pending   []posting
	applied   []string  // keys of pending orders that the ledger carried out, its answer lost
	refused   []posting // orders that another worker may still carry out
	transfers []transfer
	took      map[string]billing.Money // what the gateway says it took, by charge: the first word counts
	trail     []string
	steps     []step // what the last move did to the payment, event by event
	said      news   // the last move's news about an attempt, if it was one
	saidOf    int
}

// step is one event as the payment table carried it out.
type step struct {
	from     Status
	on       EventName
	to       Status
	previous Status // before it
	orders   []posting
}

const (
	modelTotal = 100
	modelWrong = 90
	modelPart  = 30
)

func kopeks(n int64) billing.Money {
	m, _ := billing.FromMinor(n, "RUB")
	return m
}

// move is one thing that can happen. It changes a copy of the state; false means that it cannot happen there.
type move struct {
	name string
	do   func(*state) (bool, error)
}

var modelNow = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// unborn is a payment before its first event.
func unborn(purpose Purpose) *state {
	p := Payment{ID: "pay", Account: "a", Purpose: purpose}
	p.Total = kopeks(modelTotal)
	return &state{p: p, took: map[string]billing.Money{}}
}

// birthMoves make the payment.
func birthMoves() []move {
	birth := func(name string, on EventName, fits func(Purpose) bool) move {
		return command(name, func(t *turn) error {
			if !fits(t.p.Purpose) {
				return ErrTransition
			}
			if on == EventReceiptAccepted {
				a := t.internal("terminal", t.p.Total, AttemptSucceeded)
				return t.raise(on, &a, &a.Charges[0])
			}
			return t.raise(on, nil, nil)
		})
	}
	return []move{
		birth("create", EventCreated, func(Purpose) bool { return true }),
		birth("create pending", EventCreatedPending, func(p Purpose) bool { return p == RenderedServices }),
		birth("accept a receipt", EventReceiptAccepted, func(p Purpose) bool { return p == TopUp }),
	}
}

func (s *state) clone() *state {
	c := *s
	c.pending, c.applied, c.transfers = slices.Clone(s.pending), slices.Clone(s.applied), slices.Clone(s.transfers)
	c.refused = slices.Clone(s.refused)
	c.took = make(map[string]billing.Money, len(s.took))
	maps.Copy(c.took, s.took)
	if s.next != nil {
		n := *s.next
		c.next = &n
	}
	c.trail, c.steps, c.said, c.saidOf = slices.Clone(s.trail), nil, "", 0
	return &c
}

// turnOn carries out a decision on the payment or its successor and puts its orders on their way.
func (s *state) turnOn(p *Payment, decide func(*turn) error) error {
	t := &turn{now: modelNow, p: *p}
	if err := decide(t); err != nil {
		return err
	}
	from, prev := p.Status, p.Previous
	if p.Status == "" {
		from = newborn
	}
	for _, f := range t.facts {
		s.steps = append(s.steps, step{from, f.name, f.Condition.Status, prev, f.Postings})
		from, prev = f.Condition.Status, f.Condition.Previous
	}
	*p = t.p
	for _, f := range t.facts {
		s.pending = append(s.pending, f.Postings...)
		if f.Transfer != nil {
			s.transfers = append(s.transfers, *f.Transfer)
		}
	}
	return p.check()
}

// turnQuietly is a turn on the successor, whose steps are not the payment's.
func (s *state) turnQuietly(p *Payment, decide func(*turn) error) error {
	err := s.turnOn(p, decide)
	s.steps = nil
	return err
}

// command is a move that the table may refuse; then nothing happens.
func command(name string, decide func(*turn) error) move {
	return move{name, func(s *state) (bool, error) {
		before := s.p
		taken := s.turnOn(&s.p, decide) == nil
		if !taken {
			s.p = before
		}
		return taken, nil
	}}
}

// message is a move that must never be refused.
func message(name string, attempt int, decide func(*turn) error) move {
	return move{name, func(s *state) (bool, error) {
		if len(s.p.Attempts) < attempt || s.p.Attempt(attempt).Method != "card" {
			return false, nil
		}
		return true, s.turnOn(&s.p, decide)
	}}
}

// saying notes what a move says about an attempt, for the law to judge; attempt 0 is the current one.
func (m move) saying(n news, attempt int) move {
	return m.sayingWhat(func(Payment) news { return n }, attempt)
}

func (m move) sayingWhat(what func(Payment) news, attempt int) move {
	do := m.do
	m.do = func(s *state) (bool, error) {
		of := attempt
		if of == 0 {
			of = s.p.Current
		}
		n := what(s.p)
		ok, err := do(s)
		s.said, s.saidOf = n, of
		return ok, err
	}
	return m
}

// says is a gateway's word about an attempt.
func says(attempt int, r connector.Result) move {
	name := fmt.Sprintf("%s %s %s of %d", r.Kind, r.State, r.Charge, attempt)
	amount := func(p Payment) billing.Money { // what is said relates to what was asked
		if r.Amount == kopeks(modelTotal) || r.Amount == kopeks(modelWrong) {
			rest, _ := p.Attempt(attempt).Asked.Sub(kopeks(modelTotal - r.Amount.Minor()))
			return rest
		}
		return r.Amount
	}
	heard := message(name, attempt, func(t *turn) error {
		said := r
		said.Amount = amount(t.p)
		return t.tell(attempt, said, false)
	})
	switch {
	case r.Kind != "":
	case r.State == connector.Succeeded:
		heard = heard.sayingWhat(func(p Payment) news {
			said := r
			said.Amount = amount(p)
			return classify(p.Attempt(attempt), said, false)
		}, attempt)
	}
	switch r.State {
	case connector.Failed:
		heard = heard.saying(newsDeclined, attempt)
	case connector.Voided:
		heard = heard.saying(newsLapsed, attempt)
	case connector.Authorized:
		heard = heard.saying(newsHoldMade, attempt)
	}
	if (r.Kind != "" || r.State == connector.Succeeded) && !r.Test {
		tell := heard.do
		heard.do = func(s *state) (bool, error) {
			bare := len(s.p.Attempt(attempt).Charges) == 0
			ok, err := tell(s)
			if _, known := s.took[r.Charge]; ok && !known && (r.Kind == "" || bare) {
				took := amount(s.p)
				if r.Kind != "" {
					took = s.p.Attempt(attempt).Asked // a refund or a dispute before its charge proves it
				}
				s.took[r.Charge] = took
			}
			return ok, err
		}
	}
	return heard
}

func gatewayMoves() []move {
	var moves []move
	for a := 1; a <= 2; a++ {
		first, second := fmt.Sprintf("c%d", a), fmt.Sprintf("d%d", a)
		for _, r := range []connector.Result{
			{State: connector.Succeeded, Charge: first, Amount: kopeks(modelTotal)},
			{State: connector.Succeeded, Charge: second, Amount: kopeks(modelTotal)},
			{State: connector.Succeeded, Charge: fmt.Sprintf("w%d", a), Amount: kopeks(modelWrong)},
			{State: connector.Succeeded, Charge: fmt.Sprintf("t%d", a), Amount: kopeks(modelTotal), Test: true},
			{State: connector.Authorized, Charge: first, Amount: kopeks(modelTotal)},
			{State: connector.Failed, Text: "no"},
			{State: connector.Voided},
			{Kind: connector.OfRefund, State: connector.Succeeded, Charge: first, Operation: "r", Amount: kopeks(40)},
			{Kind: connector.OfDispute, State: connector.Opened, Charge: first, Operation: "q"},
			{Kind: connector.OfDispute, State: connector.Won, Charge: first, Operation: "q"},
			{Kind: connector.OfDispute, State: connector.Lost, Charge: first, Operation: "q"},
		} {
			moves = append(moves, says(a, r))
		}
		for _, n := range []news{newsNotSent, newsRanOut, newsForgottenSince, newsCaptureDenied, newsVoidDenied} {
			heard := message(fmt.Sprintf("%s %d", n, a), a, func(t *turn) error { return t.hear(a, n, word{}) })
			moves = append(moves, heard.saying(n, a))
		}
	}
	return moves
}

func hostMoves() []move {
	moves := []move{
		command("start", func(t *turn) error {
			if len(t.p.Attempts) >= 3 || !t.p.Payable() {
				return ErrTransition
			}
			a := Attempt{
				Number: len(t.p.Attempts) + 1, Method: "card", Merchant: "m", State: AttemptLive, Asked: t.p.Outstanding(),
				Worth: t.p.Outstanding(), StartedAt: modelNow,
			}
			return t.raise(EventStarted, &a, nil)
		}),
		command("cancel", func(t *turn) error {
			if t.p.Purpose == RenderedServices && t.p.Status != PendingBilling {
				return ErrTransition
			}
			return t.raise(EventCancelOrdered, nil, nil)
		}),
		command("edit", func(t *turn) error { return t.supersede(successorOrder{ID: "next"}, false) }),
		command("release", func(t *turn) error {
			if t.p.Status != Processing || t.p.Attempt(t.p.Current).Method != "card" {
				return ErrTransition
			}
			return t.hear(t.p.Current, newsLetGo, word{})
		}).saying(newsLetGo, 0),
		command("approve", func(t *turn) error { return t.offline(EventOfflineApproved) }),
		command("receipt paid", func(t *turn) error { return t.offline(EventReceiptPaid) }),
		command("pay from balance", func(t *turn) error { return t.orderBalance(billing.Money{}) }),
		command("pay part from balance", func(t *turn) error { return t.orderBalance(kopeks(modelPart)) }),
		command("acknowledge", func(t *turn) error { return t.raise(EventAcknowledged, nil, nil) }),
		command("repost", func(t *turn) error { return t.raise(EventReposted, nil, nil) }),
		command("erase", func(t *turn) error { return t.raise(EventErased, nil, nil) }),
		command("lower the total", func(t *turn) error { return t.raise(EventTotalLowered, nil, nil) }),
		command("next step", func(t *turn) error {
			a := t.p.Attempt(1)
			if a.Number == 0 {
				return ErrTransition
			}
			return t.raise(EventStepped, &a, nil)
		}),
		command("as much comes from another record", func(t *turn) error { return t.receiveOnce(t.p.Outstanding()) }),
		command("another amount comes from another record", func(t *turn) error { return t.receiveOnce(kopeks(7)) }),
		command("capture", func(t *turn) error { return t.hear(t.p.Current, newsCaptureBegun, word{}) }).saying(newsCaptureBegun, 0),
		command("void", func(t *turn) error { return t.hear(t.p.Current, newsVoidBegun, word{}) }).saying(newsVoidBegun, 0),
	}
	for _, on := range []EventName{
		EventBillingApproved, EventReceiptStarted, EventReceiptDispatched, EventReceiptWithdrawn, EventAutocompleted,
		EventOrderCancelled, EventDuePassed, EventInvoiceExpired, EventConfirmDue,
	} {
		moves = append(moves, command(string(on), func(t *turn) error {
			if on == EventDuePassed && t.p.Purpose != RenderedServices {
				return ErrTransition
			}
			return t.raise(on, nil, nil)
		}))
	}
	for how, on := range resolutions {
		moves = append(moves, command("resolve "+string(how), func(t *turn) error {
			for _, charge := range []string{"w1", "w2"} {
				if a, c, ok := t.p.discrepancy(charge); ok {
					c.Worth = kopeks(modelWrong)
					return t.raiseCharge(a, c, on)
				}
			}
			return ErrNotFound
		}))
	}
	return append(moves, refundMoves()...)
}

// receiveOnce takes money from another record, at most once in a model's life.
func (t *turn) receiveOnce(amount billing.Money) error {
	if t.p.Status == "" || slices.ContainsFunc(t.p.Attempts, func(a Attempt) bool { return a.Method == MethodTransfer }) {
		return ErrTransition
	}
	return t.receive(transfer{Key: "other/1/1", To: t.p.ID, Amount: amount})
}

// refundMoves are the host's own refunds, whose commands come with the gateways that can refund: the table already knows
// them.
func refundMoves() []move {
	step := func(on EventName, from, to BackState) move {
		return command(string(on), func(t *turn) error {
			for _, a := range t.p.Attempts {
				for _, c := range a.Charges {
					i := slices.IndexFunc(c.Backs, func(b Back) bool { return b.ID == "own" })
					switch {
					case from == "" && i < 0 && c.Credited.Sign() > 0:
						rest, err := c.rest().Sub(kopeks(20))
						if err != nil || rest.Sign() < 0 {
							return ErrTransition
						}
						return t.back(a, &c, on, Back{ID: "own", Kind: Refunded, Amount: kopeks(20), State: to, Origin: "host"})
					case i >= 0 && c.Backs[i].State == from:
						c.Backs = slices.Clone(c.Backs)
						c.Backs[i].State = to
						return t.raiseCharge(a, c, on)
					}
				}
			}
			return ErrNotFound
		})
	}
	return []move{
		step(EventRefundRequested, "", BackRequested),
		step(EventRefundApproved, BackRequested, BackApproved),
		step(EventRefundDeclined, BackRequested, BackDeclined),
		step(EventRefundSucceeded, BackApproved, BackSucceeded),
		step(EventRefundRejected, BackApproved, BackRejected),
	}
}

// ledgerMoves let the ledger answer the first order on its way, refuse it, or act and lose its answer; and let money on
// its way to the successor arrive.
func ledgerMoves() []move {
	answer := func(s *state, refuse bool) error {
		o := s.pending[0]
		s.pending = s.pending[1:]
		if i := slices.Index(s.applied, o.Key); i >= 0 {
			s.applied = slices.Delete(s.applied, i, i+1)
			refuse = false
		} else if !refuse {
			s.apply(o)
		}
		if o.Attempt == 0 {
			return nil
		}
		if refuse {
			s.refused = append(s.refused, o)
		}
		return s.turnOn(&s.p, func(t *turn) error {
			if refuse {
				return t.debited(o, billing.ErrInsufficientFunds)
			}
			return t.debited(o, nil)
		})
	}
	return []move{
		{"ledger answers", func(s *state) (bool, error) {
			if len(s.pending) == 0 {
				return false, nil
			}
			return true, answer(s, false)
		}},
		{"ledger refuses", func(s *state) (bool, error) {
			if len(s.pending) == 0 || s.pending[0].Attempt == 0 {
				return false, nil
			}
			return true, answer(s, true)
		}},
		{"ledger acts, crash before the answer", func(s *state) (bool, error) {
			if len(s.pending) == 0 || slices.Contains(s.applied, s.pending[0].Key) {
				return false, nil
			}
			s.apply(s.pending[0])
			s.applied = append(s.applied, s.pending[0].Key)
			return true, nil
		}},
		{"a slower worker debits what was refused", func(s *state) (bool, error) {
			if len(s.refused) == 0 {
				return false, nil
			}
			o := s.refused[0]
			s.refused = s.refused[1:]
			s.apply(o)
			return true, s.turnOn(&s.p, func(t *turn) error { return t.debited(o, nil) })
		}},
		{"transfer arrives", func(s *state) (bool, error) {
			if len(s.transfers) == 0 || s.next == nil {
				return false, nil
			}
			money := s.transfers[0]
			s.transfers = s.transfers[1:]
			return true, s.turnQuietly(s.next, func(t *turn) error { return t.receive(money) })
		}},
		{"successor is made", func(s *state) (bool, error) {
			if s.p.Successor == "" || s.next != nil {
				return false, nil
			}
			n := unborn(s.p.Purpose).p
			n.ID = "next"
			s.next = &n
			return true, s.turnQuietly(s.next, func(t *turn) error { return t.raise(EventCreated, nil, nil) })
		}},
	}
}

// apply moves the balance as the ledger does.
func (s *state) apply(o posting) {
	if o.Kind == credit {
		s.balance += o.Amount.Minor()
		return
	}
	s.balance -= o.Amount.Minor()
}

// key tells states apart by all that can matter from here on.
func (s *state) key() string {
	var b strings.Builder
	line := func(p *Payment) {
		fmt.Fprintf(&b, "%s|%s|%d|%d|%v|%s|", p.Status, p.Previous, p.Current, p.FromBalance.Minor(), p.Postponed, p.Successor)
		for _, a := range p.Attempts {
			fmt.Fprintf(&b, "%s,%s,%d,%v,%v[", a.Method, a.State, a.Asked.Minor(), a.DropHold, a.Doubts)
			for _, c := range a.Charges {
				fmt.Fprintf(&b, "%s,%d,%d,%s,%d,%d(", c.Reference, c.Amount.Minor(), c.Worth.Minor(), c.Place, c.Credited.Minor(), c.Debited.Minor())
				for _, back := range c.Backs {
					fmt.Fprintf(&b, "%s,%d,%s;", back.ID, back.Amount.Minor(), back.State)
				}
				b.WriteByte(')')
			}
			b.WriteByte(']')
		}
	}
	line(&s.p)
	if s.next != nil {
		line(s.next)
	}
	fmt.Fprintf(&b, "|%d|", s.balance)
	for _, o := range s.pending {
		fmt.Fprintf(&b, "%s,%d,%d,%v;", o.Kind, o.Amount.Minor(), o.Attempt, slices.Contains(s.applied, o.Key))
	}
	fmt.Fprintf(&b, "|%d", len(s.refused))
	for _, m := range s.transfers {
		fmt.Fprintf(&b, ">%d", m.Amount.Minor())
	}
	took := make([]string, 0, len(s.took))
	for c, m := range s.took {
		took = append(took, fmt.Sprintf("%s=%d", c, m.Minor()))
	}
	sort.Strings(took)
	b.WriteString(strings.Join(took, ","))
	return b.String()
}

// explore walks breadth first and returns how many states it saw, or the first violation.
func explore(start []*state, moves []move, depth, most int, judge func(before, after *state) error) (seen int, err error) {
	visited := make(map[string]bool)
	frontier := start
	for _, s := range start {
		visited[s.key()] = true
	}
	for range depth {
		var next []*state
		for _, s := range frontier {
			for _, m := range moves {
				after := s.clone()
				happened, err := safely(m, after)
				after.trail = append(after.trail, m.name)
				if err == nil && happened {
					err = fairly(judge, s, after)
				}
				if err != nil {
					return len(visited), fmt.Errorf("%w\nafter: %s", err, strings.Join(after.trail, " → "))
				}
				if !happened || visited[after.key()] {
					continue
				}
				visited[after.key()] = true
				if len(visited) >= most {
					return len(visited), nil
				}
				next = append(next, after)
			}
		}
		if frontier = next; len(frontier) == 0 {
			break
		}
	}
	return len(visited), nil
}

// safely turns a panic into an error, so that a mutated table cannot end the test.
func safely(m move, s *state) (happened bool, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panic: %v", r)
		}
	}()
	return m.do(s)
}

// fairly turns a panic of the judge, before a state that makes no sense, into a verdict.
func fairly(judge func(before, after *state) error, before, after *state) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panic: %v", r)
		}
	}()
	return judge(before, after)
}

func allMoves() []move {
	return slices.Concat(birthMoves(), hostMoves(), gatewayMoves(), ledgerMoves())
}

func allStarts() []*state { return []*state{unborn(TopUp), unborn(Order), unborn(RenderedServices)} }

func TestModel(t *testing.T) {
	depth := 6
	if d, err := strconv.Atoi(os.Getenv("OPLATA_MODEL_DEPTH")); err == nil {
		depth = d
	}
	seen, err := explore(allStarts(), allMoves(), depth, 3_000_000, judge)
	require.NoError(t, err)
	t.Logf("the money rule holds in all %d states within %d steps of %d moves", seen, depth, len(allMoves()))
}
