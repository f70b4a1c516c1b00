package connector

import (
	"context"
	"net/http"
	"time"
)

// Transport makes the calls of gateways, and decides alone about retries, rates, timeouts, sizes, addresses and logs.
// adapters/httptransport is the shipped one.
type Transport interface {
	// Do makes one call. The caller guarantees that r.Connector is set. A nil error means that an answer came, of
	// whatever status. Every error is or wraps a [*GatewayError] whose Sent says whether the gateway may have acted.
	// A request that is not Repeatable is sent at most once, unless it surely did not leave.
	Do(ctx context.Context, r Request) (Answer, error)
}

// Request is one call to a gateway.
type Request struct {
	Connector  string // the connector's ID; set by the SDK, never by a gateway
	Name       string // of the operation, for logs and metrics: "status", "refund"
	Method     string // HTTP method
	URL        string
	Header     http.Header
	Body       []byte
	Repeatable bool // the gateway acts once however often it hears this

	// Sign completes the request before every try: time, nonce, token, signature. It works on a copy of its own. Nil
	// sends the request as it stands.
	Sign func(*Request, Stamp) error
}

// Stamp is what one try of a request may use that a translator cannot know.
type Stamp struct {
	Time  time.Time
	Nonce string // 32 random hex digits, new for every try
	Try   int    // 1 for the first
}

// Answer is what a gateway answered. Body is complete and bounded; an answer that was too large is an error.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
}
