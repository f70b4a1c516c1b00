package paymenttest

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"

	"github.com/oplata-go/oplata/billing"
)

// EntryKind is what an [Entry] tells.
type EntryKind string

// The kinds of entries.
const (
	Asked    EntryKind = "asked"    // a gateway was given an order: Merchant, Reference, Amount, Method, Settings; Subject is the payment
	Called   EntryKind = "called"   // a gateway heard the call that begins an order: Merchant, Reference
	Took     EntryKind = "took"     // a gateway took money: Merchant, Reference, Charge, Amount
	Held     EntryKind = "held"     // a gateway holds money: Merchant, Reference, Charge, Amount
	Unheld   EntryKind = "unheld"   // and let it go again
	Declined EntryKind = "declined" // a gateway will take none: Merchant, Reference
	GaveBack EntryKind = "gave"     // a gateway refunded or opened a dispute: Merchant, Reference, Charge, Operation, Amount, What
	Ended    EntryKind = "ended"    // a dispute ended: Merchant, Operation, What
	Hears    EntryKind = "hears"    // a message is handed over that says this Amount of the Charge
	Knows    EntryKind = "knows"    // a message was answered 200 that told of the Charge, or of the Operation and What
	Says     EntryKind = "says"     // an operator gives an order: What, Subject, Target, Amount
	Funds    EntryKind = "funds"    // somebody pays into an account past the SDK: Subject is the key, Target the account, Amount
)

// Entry is one thing that truly happened, or was said to the host, written before the host hears of it.
type Entry struct {
	Kind      EntryKind     `json:"kind"`
	Merchant  string        `json:"merchant,omitempty"`
	Reference string        `json:"reference,omitempty"`
	Charge    string        `json:"charge,omitempty"`
	Operation string        `json:"operation,omitempty"`
	What      string        `json:"what,omitempty"`
	Subject   string        `json:"subject,omitempty"`
	Target    string        `json:"target,omitempty"`
	Amount    billing.Money `json:"amount,omitzero"`
	Method    string        `json:"method,omitempty"`
	Settings  int           `json:"settings,omitempty"`
}

// truth is the test's own account of what gateways took, what operators said and who paid in. It knows nothing of what the
// code under test made of it.
type truth struct {
	mu      sync.Mutex
	journal io.Writer
	orders  map[string]Entry   // by merchant and reference
	tries   map[string][]Entry // the same, by payment
	called  map[string]int     // by merchant and reference
	charges map[string]*charge // by merchant and charge
	asked   map[string]string  // the charge that a company which is asked tells of, by merchant and reference
	strays  []string           // keys of charges, in the order in which they were taken
	backs   map[string]*back   // by merchant and operation
	gone    []string           // keys of backs, in the order in which they happened
	words   map[Entry]bool
	funds   map[string]Entry
}

// charge is money that a gateway truly took.
type charge struct {
	Entry
	heard []billing.Money // what messages said of it before one was answered: the first word counts
	told  bool
}

// back is a refund or a dispute that truly happened.
type back struct {
	Entry
	ended string // how a dispute ended
	told  map[string]bool
}

func newTruth(journal io.Writer) *truth {
	return &truth{
		journal: journal, orders: map[string]Entry{}, tries: map[string][]Entry{}, called: map[string]int{}, charges: map[string]*charge{}, asked: map[string]string{},
		backs: map[string]*back{}, words: map[Entry]bool{}, funds: map[string]Entry{},
	}
}

// key joins what makes a name unique.
func key(parts ...string) string { return strings.Join(parts, " ") }

// note writes an entry to the journal, and then counts it.
func (t *truth) note(e Entry) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.journal != nil {
		line, err := json.Marshal(e)
		if err != nil {
			return err
		}
		if _, err := t.journal.Write(append(line, '\n')); err != nil {
			return fmt.Errorf("paymenttest: journal: %w", err)
		}
	}
	t.count(e)
	return nil
}

func (t *truth) count(e Entry) {
	switch e.Kind {
	case Asked:
		t.orders[key(e.Merchant, e.Reference)] = e
		t.tries[e.Subject] = append(t.tries[e.Subject], e)
	case Called:
		t.called[key(e.Merchant, e.Reference)]++
	case Held:
		t.tellsOf(e)
	case Took:
		t.tellsOf(e)
		if k := key(e.Merchant, e.Charge); t.charges[k] == nil {
			t.charges[k] = &charge{Entry: e}
			t.strays = append(t.strays, k)
		}
	case GaveBack:
		k := key(e.Merchant, e.Operation)
		t.backs[k] = &back{Entry: e, told: map[string]bool{}}
		t.gone = append(t.gone, k)
	case Ended:
		t.backs[key(e.Merchant, e.Operation)].ended = e.What
	case Hears:
		if c := t.charges[key(e.Merchant, e.Charge)]; c != nil && !c.told && !slices.Contains(c.heard, e.Amount) {
			c.heard = append(c.heard, e.Amount)
		}
	case Knows:
		if c := t.charges[key(e.Merchant, e.Charge)]; c != nil && e.Operation == "" {
			c.told = true
		}
		if b := t.backs[key(e.Merchant, e.Operation)]; b != nil {
			b.told[e.What] = true
		}
	case Says:
		t.words[e] = true
	case Funds:
		t.funds[e.Subject] = e
	}
}

// tellsOf keeps the first charge of an order: a company that is asked tells of no other.
func (t *truth) tellsOf(e Entry) {
	if k := key(e.Merchant, e.Reference); e.Method == "" && t.asked[k] == "" {
		t.asked[k] = e.Charge
	}
}

// isAsked reports whether a company that is asked tells of that charge.
func (t *truth) isAsked(e Entry) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.asked[key(e.Merchant, e.Reference)] == e.Charge
}

// order gives what a gateway was asked under a reference.
func (t *truth) order(merchant, reference string) (Entry, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	e, ok := t.orders[key(merchant, reference)]
	return e, ok
}

// of gives what gateways were asked for these payments.
func (t *truth) of(payments []string) []Entry {
	t.mu.Lock()
	defer t.mu.Unlock()
	var found []Entry
	for _, id := range payments {
		found = append(found, t.tries[id]...)
	}
	return found
}

// took reports whether the gateway took that charge.
func (t *truth) took(merchant, reference string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.charges[key(merchant, reference)] != nil
}

// said reports whether an operator gave that order.
func (t *truth) said(what, subject, target string, amount billing.Money) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.words[Entry{Kind: Says, What: what, Subject: subject, Target: target, Amount: amount}]
}

// untold lists charges and backs of which the host does not know yet, in the order in which they happened.
func (t *truth) untold() (charges []charge, backs []back) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, k := range t.strays {
		if c := t.charges[k]; !c.told {
			charges = append(charges, *c)
		}
	}
	for _, k := range t.gone {
		b := t.backs[k]
		if !b.told[b.What] || b.ended != "" && !b.told[b.ended] {
			backs = append(backs, *b)
		}
	}
	return charges, backs
}

// lawful are the amounts that a record of the charge may name: what the first message said, or what was taken where the
// host learns of it without a message.
func (c *charge) lawful(amount billing.Money, learned bool) bool {
	if len(c.heard) == 0 || learned {
		return amount == c.Amount || slices.Contains(c.heard, amount)
	}
	return slices.Contains(c.heard, amount)
}
