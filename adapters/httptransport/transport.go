package httptransport

import (
	"context"
	"net/http"
	"net/url"

	"github.com/hashicorp/go-retryablehttp"

	"github.com/oplata-go/oplata/connector"
)

// Transport makes the calls of all connectors, each with a rate and connections of its own. It is safe for use by many
// goroutines, and starts none of its own but those that net/http keeps for open connections.
type Transport struct {
	config Config
	lanes  lanes
	loop   *retryablehttp.Client
}

var _ connector.Transport = (*Transport)(nil)

// New returns a Transport that works by c, or an error that names every wrong field of c. [Transport.Close] ends it.
func New(c Config) (*Transport, error) {
	c, err := c.complete()
	if err != nil {
		return nil, err
	}
	t := &Transport{config: c}
	t.lanes = lanes{
		open:   func(by string) *lane { return newLane(c, newGuard(by, c)) },
		most:   c.MaxConnectors,
		byName: make(map[string]*lane),
	}
	t.loop = &retryablehttp.Client{
		HTTPClient:   &http.Client{Transport: oneTry{t}},
		RetryWaitMin: c.MinPause,
		RetryWaitMax: c.MaxPause,
		RetryMax:     c.Tries - 1,
		CheckRetry:   t.tryAgain,
		Backoff:      t.pause,
	}
	return t, nil
}

// Do makes the call r as [connector.Transport] demands. The answer of the last try is the answer, of whatever status; a
// repeatable call is tried again after no answer, 429 and 5xx. The error is a [*connector.GatewayError]: NotSent only when
// no try got as far as a connection, SentUnknown otherwise; its Code is the HTTP status when an answer had begun.
func (t *Transport) Do(ctx context.Context, r connector.Request) (connector.Answer, error) {
	l, err := t.lanes.take(r.Connector)
	if err != nil {
		return connector.Answer{}, (&fault{cause: err}).gatewayError(r.Connector, r.Name, false)
	}
	defer t.lanes.give(l)

	ctx, cancel := context.WithTimeout(ctx, t.config.Timeout)
	defer cancel()
	c := &call{lane: l, request: r, fault: &fault{cause: errNotTried}}
	resp, err := t.loop.Do(&retryablehttp.Request{Request: husk(withCall(ctx, c))})
	if err == nil {
		resp.Body.Close()
	}
	// What the loop returned is left alone: the last try knows better, also when the loop was cut off in a pause.
	if c.fault != nil {
		return connector.Answer{}, c.fault.gatewayError(r.Connector, r.Name, c.reached)
	}
	return c.answer, nil
}

// husk is all that the loop and its http.Client see of a call: a context. With no URL, header or body in their hands they
// can neither print, replay nor forward one.
func husk(ctx context.Context) *http.Request {
	r := &http.Request{Method: http.MethodGet, URL: &url.URL{Scheme: "https", Host: "gateway.invalid"}, Header: http.Header{}}
	return r.WithContext(ctx)
}

// Close ends the Transport: new calls are refused with [ErrClosed], idle connections are closed, and those of calls under
// way when they end. It does not wait for them. Closing twice does no harm.
func (t *Transport) Close() { t.lanes.close() }
