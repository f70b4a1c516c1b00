package connector

import (
	"net/http"
	"net/netip"
	"net/url"
	"time"

	"github.com/oplata-go/oplata/billing"
)

// ResultKind says what a result is about.
type ResultKind string

// The kinds of results.
const (
	OfCharge  ResultKind = "charge"  // money taken or held, or a refusal to
	OfRefund  ResultKind = "refund"  // money given back
	OfDispute ResultKind = "dispute" // a chargeback and how it ended
)

// State is what a gateway says of a charge, a refund or a dispute.
type State string

// The states of results. Only Succeeded, Failed and Voided are final for a charge.
const (
	Pending    State = "pending"    // the gateway works on it
	Authorized State = "authorized" // a hold: not received money
	Succeeded  State = "succeeded"  // a charge was captured, a refund was paid out
	Failed     State = "failed"     // it will not happen
	Voided     State = "voided"     // a hold was released or lapsed
	Opened     State = "opened"     // a dispute began
	Won        State = "won"        // a dispute ended in our favour
	Lost       State = "lost"       // a dispute ended in the payer's favour
)

// Result is the gateway's word about money. It is a Step too: some gateways answer at once.
type Result struct {
	Kind      ResultKind    // empty means OfCharge
	Reference string        // ours, as the gateway echoed it; empty when it said none
	Charge    string        // the gateway's reference of the charge: with the merchant account it is unique for ever
	Operation string        // the gateway's reference of the refund or dispute, when it has one of its own
	State     State         //
	Amount    billing.Money // as the gateway said it; of a refusal it may be absent
	Fee       billing.Money // the gateway's fee, if it says one
	Test      bool          // test money: never reaches the ledger of a live method
	Code      string        // the gateway's own code, for the operator
	Text      string        // the gateway's words for the payer: foreign text, to be escaped
	At        time.Time     // the gateway's time of the event, if it says one

	// Misplaced says why the result cannot belong to the order it names, although the gateway's signature is right:
	// it names another product, or our own token in it does not fit. Such money becomes an unallocated receipt.
	Misplaced string
}

// Message is what an [Inbound] meant.
type Message struct {
	Results []Result
	Ignored string // why a valid message carries no results, for the log; never foreign text

	// Reply makes the answer for the gateway. It is called once, after the commit or after its failure. Nil answers
	// 200 with an empty body, or 500 when the outcome has an error.
	Reply func(Outcome) Reply
}

// Outcome is what became of a message.
type Outcome struct {
	Err error // nil: everything is durable. Otherwise the gateway should send the message again.
}

// Reply is the HTTP answer to a gateway's message.
type Reply struct {
	Status int
	Header http.Header
	Body   []byte
}

// Inbound is an HTTP request that came from a gateway or from a payer's browser. The host reads it with a bounded body
// and passes it on; see [MaxInbound].
type Inbound struct {
	Method   string
	Query    url.Values
	Header   http.Header
	Body     []byte
	Addr     netip.Addr // of the sender, as the host knows it behind its proxies; the zero value is unknown
	Browser  bool       // a payer's browser that returns, not the gateway's server
	Received time.Time  // by the SDK's clock
}

// MaxInbound is the greatest body of an [Inbound] that is read: 1 MiB.
const MaxInbound = 1 << 20
