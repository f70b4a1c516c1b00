package connector

import (
	"time"

	"github.com/oplata-go/oplata/billing"
)

// Gateway translates between the SDK and one payment gateway. It does no I/O, reads no clock and keeps no state, so
// every method may be called at any time, from many goroutines, and twice with the same argument: the answers are equal.
//
// A Gateway is opened by its [Kind] from one version of a payment method's settings. What it can do beyond these two
// methods it shows by implementing the optional interfaces of this package ([StatusQuerier], [Referencer], …).
type Gateway interface {
	// Start begins a payment. The caller guarantees that o.Reference was never used before with this merchant account
	// and that o.Amount is positive. The step says what happens next; an error means that nothing was begun and
	// nothing ever will be under this reference.
	Start(o Order) (Step, error)

	// Receive reads a message of the gateway or a returning browser: the signature first, then the meaning. It
	// returns a [*SignatureError] when the message is not the gateway's, a [*MessageError] when it is but cannot be
	// read. A Message without results is a valid message that moves nothing.
	Receive(in Inbound) (Message, error)
}

// Order is what a gateway is asked to collect.
type Order struct {
	Reference   string        // ours; the gateway echoes it, and results are found by it
	Amount      billing.Money // always positive
	Description string        // shown to the payer on the gateway's page
	Account     string        // the payer's account in the host's billing
	ReturnURL   string        // where the payer's browser goes afterwards; proves nothing
	CallbackURL string        // where the gateway posts results; empty: configured on the gateway's side
	Language    string        // BCP 47: "ru", "en"; empty: the gateway's default
	Payer       Payer
	StartedAt   time.Time // when the attempt was written
}

// Payer is what the host chose to tell a gateway about the person who pays. All of it is personal data: it is passed
// on, and kept outside the event history so that it can be erased.
type Payer struct {
	Name  string `json:"name,omitempty"`
	Email string `json:"email,omitempty"`
	Phone string `json:"phone,omitempty"`
	IP    string `json:"ip,omitempty"`
}

// Query asks about one attempt.
type Query struct {
	Reference string        // ours
	Amount    billing.Money // what was last asked
	StartedAt time.Time
	State     []byte // what the attempt's last step left for later; nil if nothing
}

// Snapshot is a gateway's present knowledge of one attempt. It is cumulative, so events that were missed can be told
// from it: a charge, then its refunds.
type Snapshot struct {
	Found    bool // false: the gateway does not know the reference (yet); this says nothing about the money
	State    State
	Charge   string        // the gateway's reference of the charge; required once Captured or Held is set
	Held     billing.Money // authorized and not yet captured
	Captured billing.Money // ever taken, refunds not subtracted
	Refunded billing.Money // ever given back
	Fee      billing.Money // the gateway's fee, if it says one
	Test     bool          // test money: never reaches the ledger of a live method
	Code     string        // the gateway's own code, for the operator
	Text     string        // the gateway's words for the payer
}

// StatusQuerier is a gateway that can be asked for the state of an attempt by our reference. Such a gateway is asked
// before anything is decided over its head.
type StatusQuerier interface {
	Status(q Query) (Call[Snapshot], error)
}

// Referencer is a gateway whose order references have a shape of their own, for example six to ten digits. Reference
// must give distinct texts for distinct n; n is random, up to 2⁶³−1. The store keeps references unique per merchant
// account, and another n is tried when one is taken.
type Referencer interface {
	Reference(n uint64) string
}

// Merchant is a gateway that knows at which account of the acquirer its money arrives. Charges are unique per merchant
// account over all payments, so two payment methods that share an account must say so here. Without it every payment
// method counts as an account of its own.
type Merchant interface {
	MerchantAccount() string
}

// Tester is a gateway that knows from its settings that it plays with test money only.
type Tester interface {
	Test() bool
}
