package payment

import (
	"slices"
	"time"

	"github.com/oplata-go/oplata/billing"
	"github.com/oplata-go/oplata/connector"
)

// Purpose is what a payment is for. Its text is what is stored and sent.
type Purpose string

// The purposes (ActivePlatform's payment types).
const (
	RenderedServices Purpose = "rendered_services" // made by the billing for a past period; postpay; can expire
	Order            Purpose = "order"             // prepay; lives and dies with the host's order
	TopUp            Purpose = "top_up"            // of the account's balance; never paid from that balance
)

// The built-in methods of attempts that no gateway makes.
const (
	MethodOffline  = "offline"  // money an operator saw: cash, bank transfer, a paid receipt
	MethodBalance  = "balance"  // the account's balance
	MethodTransfer = "transfer" // money that came from another record of ours
)

// Payment is a debt of an account towards the host: what it is, where it stands, and every try to pay it. It is a value;
// changing it changes nothing stored.
type Payment struct {
	ID          string    `json:"id"`
	Version     int64     `json:"version"` // number of events so far
	Reseller    string    `json:"reseller"`
	Account     string    `json:"account"`
	Purpose     Purpose   `json:"purpose"`
	Description string    `json:"description,omitempty"` // for the payer; without personal data
	Order       string    `json:"order,omitempty"`       // the host's order, if there is one
	Joined      []string  `json:"joined,omitempty"`      // payments whose place this one takes
	CreatedAt   time.Time `json:"created_at"`
	UpdatedAt   time.Time `json:"updated_at"`
	Condition
	Attempts []Attempt `json:"attempts,omitempty"`
}

// Condition is all of a payment that events change, attempts aside.
type Condition struct {
	Status      Status        `json:"status"`
	Previous    Status        `json:"previous,omitempty"` // where an attempt that fails leads back to
	Current     int           `json:"current,omitempty"`  // the attempt that processing is about; 0: none
	Total       billing.Money `json:"total"`
	External    billing.Money `json:"external,omitzero"`     // what the host's ERP wants paid instead, perhaps in another currency
	FromBalance billing.Money `json:"from_balance,omitzero"` // of the total, already paid from the balance
	DueAt       time.Time     `json:"due_at,omitzero"`
	ConfirmBy   time.Time     `json:"confirm_by,omitzero"` // two-stage: when the hold has to be captured
	Postponed   []EventName   `json:"postponed,omitempty"` // applied when the attempt ends without success
	Successor   string        `json:"successor,omitempty"` // takes this payment's place
	Message     string        `json:"message,omitempty"`   // the gateway's words for the payer: foreign text
	Concerns    []Concern     `json:"concerns,omitempty"`  // what an operator should look at
	ClosedAt    time.Time     `json:"closed_at,omitzero"`
}

// Concern is a reason for an operator to look at a payment.
type Concern struct {
	Event   EventName `json:"event"`
	Attempt int       `json:"attempt,omitempty"`
	Charge  string    `json:"charge,omitempty"`
	At      time.Time `json:"at"`
}

// Attempt is one try to pay a payment with one payment method.
type Attempt struct {
	Number    int            `json:"number"` // 1, 2, 3 …
	Method    string         `json:"method"` // a payment method's ID or one of the built-in methods
	Settings  int            `json:"settings,omitempty"`
	Merchant  string         `json:"merchant,omitempty"`  // account of the acquirer at which charges are unique
	Reference string         `json:"reference,omitempty"` // ours, which the gateway echoes
	State     AttemptState   `json:"state"`
	Asked     billing.Money  `json:"asked"`         // of the gateway
	Worth     billing.Money  `json:"worth"`         // in the payment's currency
	By        string         `json:"by,omitempty"`  // who started it, as the host calls them
	Show      connector.Show `json:"show,omitzero"` // what to put before the payer while it is live; kept outside the history
	Askable   bool           `json:"askable,omitempty"`
	Deadline  time.Time      `json:"deadline,omitzero"` // end of the processing period
	StartedAt time.Time      `json:"started_at"`
	EndedAt   time.Time      `json:"ended_at,omitzero"`
	Code      string         `json:"code,omitempty"`    // the gateway's last code
	Message   string         `json:"message,omitempty"` // the gateway's last words: foreign text
	DropHold  bool           `json:"drop_hold,omitempty"`
	Doubts    []string       `json:"doubts,omitempty"` // words of the gateway that contradict earlier ones
	Charges   []Charge       `json:"charges,omitempty"`
}

// Place is where the money of a charge went. Every charge is in exactly one.
type Place string

// The places.
const (
	Settled     Place = "settled"     // it paid the payment
	Surplus     Place = "surplus"     // it was credited to the account
	Discrepancy Place = "discrepancy" // it waits for an operator
	Returned    Place = "returned"    // an operator gave it back
	Onward      Place = "onward"      // it went to the payment's successor
)

// Charge is money that a gateway says it took: the unit of money, unique by merchant account and Reference over all
// payments.
type Charge struct {
	Reference string        `json:"reference"` // the gateway's
	Amount    billing.Money `json:"amount"`    // as the gateway said it; the zero Money if it said none
	Worth     billing.Money `json:"worth,omitzero"`
	Fee       billing.Money `json:"fee,omitzero"` // the gateway's fee, if it said one
	Place     Place         `json:"place"`
	Credited  billing.Money `json:"credited,omitzero"` // to the account because of this charge
	Debited   billing.Money `json:"debited,omitzero"`  // from the account because it was given back
	Backs     []Back        `json:"backs,omitempty"`   // refunds and disputes
	At        time.Time     `json:"at"`
}

// Back is money of a charge that goes back to the payer: a refund or a dispute.
type Back struct {
	ID     string        `json:"id"`   // the gateway's operation, or ours
	Kind   BackKind      `json:"kind"` //
	Amount billing.Money `json:"amount"`
	State  BackState     `json:"state"`
	Origin string        `json:"origin"` // "host": we asked for it; "gateway": it was made outside
	At     time.Time     `json:"at"`
}

// BackKind tells refunds and disputes apart.
type BackKind string

// The kinds.
const (
	Refunded BackKind = "refund"
	Disputed BackKind = "dispute"
)

// BackState is how far a refund or a dispute is (law book, section 7).
type BackState string

// The states of refunds and disputes.
const (
	BackRequested BackState = "requested"
	BackApproved  BackState = "approved"
	BackDeclined  BackState = "declined" // by a second person
	BackSent      BackState = "sent"
	BackSucceeded BackState = "succeeded"
	BackRejected  BackState = "rejected"
	BackOpened    BackState = "opened"
	BackWon       BackState = "won"  // the dispute ended in our favour
	BackLost      BackState = "lost" // and not
)

// takes reports whether the money is gone, or about to go.
func (s BackState) takes() bool {
	return s != BackDeclined && s != BackRejected && s != BackWon
}

// Outstanding is what remains to be paid: the total less what was paid from the balance.
func (p Payment) Outstanding() billing.Money {
	if p.FromBalance == (billing.Money{}) {
		return p.Total
	}
	rest, err := p.Total.Sub(p.FromBalance)
	if err != nil { // cannot be: both are of one currency and FromBalance is at most Total
		return p.Total
	}
	return rest
}

// Payable reports whether an attempt can be started.
func (p Payment) Payable() bool {
	return (p.Status == WaitingForPayment || p.Status == Expired) && !p.UnderReview()
}

// UnderReview reports whether a discrepancy is open. Until an operator resolved it no attempt can be started.
func (p Payment) UnderReview() bool {
	return slices.ContainsFunc(p.Attempts, func(a Attempt) bool {
		return slices.ContainsFunc(a.Charges, func(c Charge) bool { return c.Place == Discrepancy })
	})
}

// Attempt gives the attempt of that number; the zero Attempt if there is none.
func (p Payment) Attempt(number int) Attempt {
	if number < 1 || number > len(p.Attempts) {
		return Attempt{}
	}
	return p.Attempts[number-1]
}

// Returned is what of the charge went back to the payer, or is on its way: refunds and disputes.
func (c Charge) Returned() billing.Money {
	sum := billing.Money{}
	for _, b := range c.Backs {
		if b.State.takes() {
			sum = plus(sum, b.Amount)
		}
	}
	return sum
}

// final states of an attempt are not asked about any more.
func (s AttemptState) final() bool {
	return s == AttemptSucceeded || s == AttemptFailed || s == AttemptVoided || s == AttemptDiscrepant
}

// plus adds amounts of one currency, of which either may be the zero Money. What is summed here is bounded by a charge's
// own amount, so it cannot overflow.
func plus(a, b billing.Money) billing.Money {
	if a == (billing.Money{}) {
		return b
	}
	if b == (billing.Money{}) {
		return a
	}
	sum, _ := a.Add(b)
	return sum
}
