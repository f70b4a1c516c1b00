package httptransport

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"

	"github.com/oplata-go/oplata/connector"
)

// call is one Do: what is asked, and what became of it so far. It travels in the context, because the retry loop shows
// its policy nothing else after a network error. One goroutine at a time works on it.
type call struct {
	lane    *lane
	request connector.Request
	try     int  // number of the last try, from 1
	reached bool // some try may have been heard

	answer connector.Answer // of the last try
	fault  *fault           // of the last try; nil when it brought an answer
}

type callKey struct{}

func withCall(ctx context.Context, c *call) context.Context {
	return context.WithValue(ctx, callKey{}, c)
}

func callOf(ctx context.Context) *call {
	c, _ := ctx.Value(callKey{}).(*call)
	return c
}

// oneTry is the RoundTripper below the retry loop: it makes one try of the call in the context.
type oneTry struct{ transport *Transport }

// RoundTrip leaves answer or fault in the call. The loop learns the status and how long to wait.
func (o oneTry) RoundTrip(husk *http.Request) (*http.Response, error) {
	c := callOf(husk.Context())
	c.try++
	c.answer, c.fault = o.transport.try(husk.Context(), c)
	if c.fault != nil {
		c.reached = c.reached || c.fault.sent
		return nil, c.fault.cause
	}
	c.reached = true
	header := http.Header{}
	header.Set("Retry-After", c.answer.Header.Get("Retry-After"))
	return &http.Response{StatusCode: c.answer.Status, Header: header, Body: http.NoBody, Request: husk}, nil
}

// try signs after the wait for the rate, so that the time in the signature is the time of sending.
func (t *Transport) try(ctx context.Context, c *call) (connector.Answer, *fault) {
	if t.lanes.isClosed() {
		return connector.Answer{}, &fault{cause: ErrClosed}
	}
	if err := c.lane.wait(ctx); err != nil {
		return connector.Answer{}, &fault{cause: err}
	}
	r, err := t.sign(c)
	if err != nil {
		return connector.Answer{}, &fault{cause: fmt.Errorf("httptransport: sign: %w", err)}
	}
	req, err := newRequest(ctx, r)
	if err != nil {
		return connector.Answer{}, &fault{cause: err}
	}
	return t.send(c.lane, req, label{r.Connector, r.Name, c.try}, c.request.Repeatable)
}

// sign gives the gateway a copy to complete; who calls and what for stays as it was.
func (t *Transport) sign(c *call) (connector.Request, error) {
	r := c.request
	r.Header = r.Header.Clone()
	if r.Header == nil {
		r.Header = http.Header{}
	}
	r.Body = bytes.Clone(r.Body)
	if r.Sign == nil {
		return r, nil
	}
	nonce := make([]byte, 16)
	rand.Read(nonce) // never fails
	err := r.Sign(&r, connector.Stamp{Time: t.config.Now(), Nonce: hex.EncodeToString(nonce), Try: c.try})
	r.Connector, r.Name = c.request.Connector, c.request.Name
	return r, err
}

// newRequest turns a signed request into one of net/http. Its errors never quote the URL.
func newRequest(ctx context.Context, r connector.Request) (*http.Request, error) {
	req, err := http.NewRequestWithContext(ctx, r.Method, r.URL, bytes.NewReader(r.Body))
	if err != nil {
		return nil, errors.New("httptransport: request: method or URL cannot be parsed")
	}
	if req.URL.Scheme != "https" && req.URL.Scheme != "http" || req.URL.Hostname() == "" {
		return nil, errors.New("httptransport: request: URL is not an absolute https or http URL")
	}
	req.Header = r.Header
	if user := req.URL.User; user != nil && req.Header.Get("Authorization") == "" {
		password, _ := user.Password()
		req.SetBasicAuth(user.Username(), password)
	}
	return req, nil
}
