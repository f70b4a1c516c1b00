package connector

import "time"

// Step is what happens next in an attempt: a [Show], a [Wait], a [Result] or a [Call] of a Step. It is stored with the
// attempt; calls are made after that write.
type Step interface{ step() }

// Show is something to put before the payer. With Method POST the payer's browser submits Fields to URL; otherwise it
// goes to URL.
type Show struct {
	URL    string  `json:"url,omitempty"`
	Method string  `json:"method,omitempty"` // "" and "GET": a link; "POST": a form
	Fields []Field `json:"fields,omitempty"` // of the form, in order
	QR     string  `json:"qr,omitempty"`     // text to draw as a QR code
	Text   string  `json:"text,omitempty"`   // words for the payer
	State  []byte  `json:"-"`                // kept sealed with the attempt, handed back in Query
}

// Field is one field of a form that the payer's browser submits.
type Field struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Wait says that the gateway works and there is nothing to show. A gateway that can be asked is asked After that time;
// zero leaves the pace to the SDK.
type Wait struct {
	After time.Duration
	State []byte // kept sealed with the attempt, handed back in Query
}

// Call is a request for the SDK to make and a function that reads its answer. Read never sees a transport error, so it
// cannot mistake one for a failure; an error from Read means that the outcome is unknown.
type Call[T any] struct {
	Request Request
	Read    func(Answer) (T, error)
}

func (Show) step()    {}
func (Wait) step()    {}
func (Result) step()  {}
func (Call[T]) step() {}
