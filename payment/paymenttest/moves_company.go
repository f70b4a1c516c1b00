package paymenttest

import (
	"context"
	"fmt"

	"github.com/oplata-go/oplata/billing"
	"github.com/oplata-go/oplata/connector"
	"github.com/oplata-go/oplata/connector/connectortest"
	"github.com/oplata-go/oplata/connector/secret"
	"github.com/oplata-go/oplata/payment"
)

// companyMoves are the companies' doings. A chooses the order, the charge or the letter. What a company does puts a letter
// on its way; "hand over" brings one to the host.
var companyMoves = map[string]ticket{
	"charge":           {9, (*Life).charge}, // B: how much; C: the order's first charge or another
	"hold":             {2, (*Life).hold},
	"void":             {1, (*Life).void},
	"decline":          {3, (*Life).decline},
	"refund":           {3, (*Life).refund},          // B: how much
	"dispute":          {2, (*Life).dispute},         // B: how much
	"end dispute":      {2, (*Life).endDispute},      // B: how
	"contradict":       {1, (*Life).contradict},      // B: in what
	"swap":             {1, (*Life).swap},            // B: with which order
	"stray":            {2, (*Life).stray},           // B: by which method; C: for an order of ours, but another shop
	"test money":       {1, (*Life).testMoney},       //
	"hand over":        {12, (*Life).handOver},       // the A-th that waits
	"hand over again":  {4, (*Life).handOverAgain},   //
	"forge":            {1, (*Life).forge},           // B: altered or with another key
	"use the old key":  {1, (*Life).useOldKey},       //
	"rotate key":       {1, (*Life).rotateKey},       // of the A-th mute method
	"switch method":    {1, (*Life).switchMethod},    // B: off or on
	"break connection": {2, (*Life).breakConnection}, // B: how the next call fails
}

// orders are what the companies were asked for this life's newest payments, the newest last.
func (l *Life) orders() []Entry { return l.host.truth.of(l.payments[max(0, len(l.payments)-5):]) }

// order chooses one of the newest orders.
func (l *Life) order(a uint8) (Entry, *method, bool) {
	found := l.orders()
	if len(found) == 0 {
		return Entry{}, nil, false
	}
	e := found[len(found)-1-int(a)%min(len(found), 6)]
	return e, l.host.method(e.Method), true
}

func (l *Life) charge(ctx context.Context, m Move) error {
	o, method, ok := l.order(m.A)
	if !ok {
		return nil
	}
	e := Entry{Kind: Took, Merchant: o.Merchant, Reference: o.Reference, Charge: first(o.Reference), Amount: another(o.Amount, m.B)}
	if m.C%4 == 3 && (!method.company.askable() || l.host.truth.took(e.Merchant, e.Charge)) {
		e.Charge += fmt.Sprintf("-%d", m.C/64)
	}
	if l.host.truth.took(e.Merchant, e.Charge) {
		return nil
	}
	if err := l.host.happen(e); err != nil {
		return err
	}
	l.note("%s %s", e.Charge, e.Amount)
	l.send(l.host.tellsCharge(e))
	return nil
}

// another is mostly the amount itself, sometimes less, more, or as much of another currency.
func another(amount billing.Money, b uint8) billing.Money {
	other := amount
	switch b % 16 {
	case 13:
		other, _ = billing.FromMinor(amount.Minor()+1, amount.Currency())
	case 14:
		other, _ = billing.FromMinor(max(1, amount.Minor()*9/10), amount.Currency())
	case 15:
		other, _ = billing.FromMinor(amount.Minor(), "EUR")
	}
	return other
}

func (l *Life) hold(ctx context.Context, m Move) error {
	return l.soft(ctx, m, Held, connector.Result{State: connector.Authorized})
}

func (l *Life) void(ctx context.Context, m Move) error {
	return l.soft(ctx, m, Unheld, connector.Result{State: connector.Voided})
}

func (l *Life) decline(ctx context.Context, m Move) error {
	return l.soft(ctx, m, Declined, connector.Result{State: connector.Failed, Text: "no funds"})
}

// soft is a word of the company by which no money comes.
func (l *Life) soft(ctx context.Context, m Move, kind EntryKind, r connector.Result) error {
	o, method, ok := l.order(m.A)
	if !ok {
		return nil
	}
	e := Entry{Kind: kind, Merchant: o.Merchant, Reference: o.Reference, Amount: o.Amount}
	r.Reference = o.Reference
	if kind != Declined {
		e.Charge, r.Charge, r.Amount = first(o.Reference), first(o.Reference), o.Amount
	}
	if err := l.host.happen(e); err != nil {
		return err
	}
	l.send(l.host.write(method, r))
	return nil
}

// taken chooses a charge of this life's orders, or of none.
func (l *Life) taken(a uint8) (charge, bool) {
	mine := make(map[string]bool)
	for _, o := range l.orders() {
		mine[key(o.Merchant, o.Reference)] = true
	}
	t := l.host.truth
	t.mu.Lock()
	defer t.mu.Unlock()
	var found []charge
	for _, k := range t.strays {
		c := t.charges[k]
		if c.What == "" && (mine[key(c.Merchant, c.Reference)] || c.Subject == l.name) {
			found = append(found, *c)
		}
	}
	if len(found) == 0 {
		return charge{}, false
	}
	return found[len(found)-1-int(a)%min(len(found), 6)], true
}

// rest is what of a charge did not go back.
func (t *truth) rest(c Entry) int64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	rest := c.Amount.Minor()
	for _, b := range t.backs {
		if b.Merchant == c.Merchant && b.Charge == c.Charge && b.ended != string(connector.Won) {
			rest -= b.Amount.Minor()
		}
	}
	return rest
}

func (l *Life) refund(ctx context.Context, m Move) error {
	return l.giveBack(ctx, m, string(payment.Refunded))
}

func (l *Life) dispute(ctx context.Context, m Move) error {
	return l.giveBack(ctx, m, string(payment.Disputed))
}

func (l *Life) giveBack(ctx context.Context, m Move, what string) error {
	c, ok := l.taken(m.A)
	rest := l.host.truth.rest(c.Entry)
	if !ok || rest <= 0 || !c.told && l.host.askedAbout(c.Entry) && !l.host.truth.isAsked(c.Entry) {
		return nil // of a charge that no question tells of, and the host does not know, a refund proves nothing
	}
	amount := []int64{rest, (rest + 1) / 2, (rest + 2) / 3, 1}[m.B%4]
	e := Entry{
		Kind: GaveBack, Merchant: c.Merchant, Reference: c.Reference, Charge: c.Charge, What: what, Method: c.Method,
		Operation: fmt.Sprintf("%s-%d-%s", what, l.step, c.Charge),
	}
	e.Amount, _ = billing.FromMinor(amount, c.Amount.Currency()) // the currency of what was taken
	if err := l.host.happen(e); err != nil {
		return err
	}
	l.note("%s %s", e.Operation, e.Amount)
	l.send(l.host.tellsBack(e, what))
	return nil
}

// askedAbout reports whether a charge is on an order of a company that can be asked.
func (h *Host) askedAbout(e Entry) bool {
	order, met := h.truth.order(e.Merchant, e.Reference)
	return met && h.method(order.Method).company.askable()
}

// endDispute ends a dispute that was not ended yet.
func (l *Life) endDispute(ctx context.Context, m Move) error {
	c, ok := l.taken(m.A)
	if !ok {
		return nil
	}
	end := []string{string(connector.Won), string(connector.Lost)}[m.B%2]
	b, ok := l.host.truth.openDispute(c.Entry)
	if !ok {
		return nil
	}
	e := Entry{Kind: Ended, Merchant: b.Merchant, Operation: b.Operation, What: end}
	if err := l.host.happen(e); err != nil {
		return err
	}
	l.note("%s", b.Operation)
	l.send(l.host.tellsBack(b, end))
	return nil
}

func (t *truth) openDispute(c Entry) (Entry, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, k := range t.gone {
		b := t.backs[k]
		if b.Merchant == c.Merchant && b.Charge == c.Charge && b.What == string(payment.Disputed) && b.ended == "" {
			return b.Entry, true
		}
	}
	return Entry{}, false
}

// contradict says something else of a charge that the company took.
func (l *Life) contradict(ctx context.Context, m Move) error {
	c, ok := l.taken(m.A)
	if !ok || c.Merchant == l.host.companies[0].name {
		return nil // one that can be asked contradicts itself by declining
	}
	r := connector.Result{Reference: c.Reference, Charge: c.Charge, State: connector.Succeeded, Amount: another(c.Amount, 13+m.B%3)}
	if m.B%4 == 3 {
		r.State, r.Amount = connector.Failed, billing.Money{}
	}
	l.send(l.host.write(l.host.methodOf(c.Entry), r))
	return nil
}

// swap names another order with a charge.
func (l *Life) swap(ctx context.Context, m Move) error {
	c, ok := l.taken(m.A)
	if !ok {
		return nil
	}
	o, _, ok := l.order(m.B)
	if !ok || o.Merchant != c.Merchant || o.Reference == c.Reference {
		return nil
	}
	l.send(l.host.write(l.host.method(o.Method), connector.Result{
		Reference: o.Reference, Charge: c.Charge, State: connector.Succeeded, Amount: c.Amount,
	}))
	return nil
}

// stray takes money under an unknown reference, or for another shop under one of ours. Both companies number such charges
// alike.
func (l *Life) stray(ctx context.Context, m Move) error {
	l.strays++
	method := l.host.methods[int(m.B)%len(l.host.methods)]
	e := Entry{
		Kind: Took, Merchant: method.company.name, Reference: "unknown-" + l.name, Method: method.id, Subject: l.name,
		Charge: fmt.Sprintf("stray-%s-%d", l.name, (l.strays+1)/2), Amount: billing.MustMoney(amounts[int(m.A)%len(amounts)], "RUB"),
	}
	if o, _, ok := l.order(m.A); ok && m.C%2 == 1 && o.Merchant == e.Merchant {
		e.Reference, e.What = o.Reference, "another merchant"
	}
	if l.host.truth.took(e.Merchant, e.Charge) {
		return nil
	}
	// The host alone is told: a company that can be asked knows nothing of the order.
	if err := l.host.truth.note(e); err != nil {
		return err
	}
	l.note("%s %s", e.Charge, e.Reference)
	l.send(l.host.tellsCharge(e))
	return nil
}

func (l *Life) testMoney(ctx context.Context, m Move) error {
	o, method, ok := l.order(m.A)
	if !ok {
		return nil
	}
	l.send(l.host.write(method, connector.Result{
		Reference: o.Reference, Charge: "test-" + o.Reference, State: connector.Succeeded, Amount: o.Amount, Test: true,
	}))
	return nil
}

func (l *Life) handOver(ctx context.Context, m Move) error {
	if len(l.letters) == 0 {
		return nil
	}
	i := int(m.A) % len(l.letters)
	one := l.letters[i]
	l.letters = append(l.letters[:i:i], l.letters[i+1:]...)
	return l.hand(ctx, one)
}

func (l *Life) handOverAgain(ctx context.Context, m Move) error {
	if len(l.sent) == 0 {
		return nil
	}
	return l.hand(ctx, l.sent[len(l.sent)-1-int(m.A)%min(len(l.sent), 10)])
}

// forge tells of money that nobody took.
func (l *Life) forge(ctx context.Context, m Move) error {
	o, method, ok := l.order(m.A)
	if !ok {
		return nil
	}
	sender := connectortest.Sender{Merchant: method.company.merchant, Key: secret.New(method.keyOf(int64(o.Settings)))}
	lie := letter{name: "forged", method: method, forged: true}
	lie.in = sender.Forged(sender.Charged(o.Reference, "forged", o.Amount))
	if m.B%2 == 0 {
		lie.in = sender.OtherKey(sender.Charged(o.Reference, "forged", o.Amount))
	}
	_, err := l.host.deliver(ctx, lie)
	return err
}

// useOldKey signs with a key that the order's settings do not know any more.
func (l *Life) useOldKey(ctx context.Context, m Move) error {
	o, method, ok := l.order(m.A)
	if !ok || o.Settings < 2 {
		return nil
	}
	sender := connectortest.Sender{Merchant: method.company.merchant, Key: secret.New(method.keyOf(int64(o.Settings) - 1))}
	_, err := l.host.deliver(ctx, letter{
		name: "old key", method: method, forged: true, in: sender.Charged(o.Reference, "forged", o.Amount),
	})
	return err
}

func (l *Life) rotateKey(ctx context.Context, m Move) error {
	method := l.host.methods[int(m.A)%len(l.host.methods)]
	if method.company.askable() || method.begin == connectortest.BeginCall || method.version.Load() > 5 {
		return nil
	}
	return l.try("rotate", func() error { return l.host.rotate(ctx, method) })
}

func (l *Life) switchMethod(ctx context.Context, m Move) error {
	method := l.host.methods[int(m.A)%len(l.host.methods)]
	return l.try("switch", func() error {
		var err error
		if m.B%3 == 0 {
			_, err = l.host.Connectors.Deactivate(ctx, root, method.id)
		} else {
			_, err = l.host.Connectors.Activate(ctx, root, method.id)
		}
		return err
	})
}

func (l *Life) breakConnection(_ context.Context, m Move) error {
	l.host.companies[m.A%2].world.Fail(1, []connectortest.Fault{
		connectortest.NotSent, connectortest.RequestLost, connectortest.AnswerLost, connectortest.ServerError, connectortest.Nonsense,
	}[m.B%5])
	return nil
}
