package httptransport

import (
	"bytes"
	"io"
	"net/http"
	"strconv"

	"github.com/oplata-go/oplata/connector"
)

// Client returns an http.Client for adapters that speak HTTP but are no gateways: webhooks, reseller APIs. What it sends
// passes the same address guard, sizes, timeouts and log as calls do, and counts against the rate of name, which stands
// where a connector's ID does. It tries once, follows no redirect, and never uses a connection twice.
//
// An error holds a [*connector.GatewayError], found by errors.As, so [connector.SafeToRetry] works. The [*url.Error] that
// http.Client puts around it prints the whole URL with its query: print what it wraps instead.
func (t *Transport) Client(name string) *http.Client {
	return &http.Client{
		Transport:     single{transport: t, name: name},
		Timeout:       t.config.Timeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// single is a RoundTripper that makes one try a request.
type single struct {
	transport *Transport
	name      string
}

// RoundTrip returns an answer that was read completely.
func (s single) RoundTrip(req *http.Request) (*http.Response, error) {
	answer, f := s.try(req)
	if f != nil {
		return nil, f.gatewayError(s.name, "client", f.sent)
	}
	// A Location that cannot be parsed would make http.Client quote it in an error.
	if _, err := req.URL.Parse(answer.Header.Get("Location")); err != nil {
		answer.Header.Del("Location")
	}
	return &http.Response{
		Status:        strconv.Itoa(answer.Status) + " " + http.StatusText(answer.Status),
		StatusCode:    answer.Status,
		Proto:         "HTTP/1.1",
		ProtoMajor:    1,
		ProtoMinor:    1,
		Header:        answer.Header,
		Body:          io.NopCloser(bytes.NewReader(answer.Body)),
		ContentLength: int64(len(answer.Body)),
		Request:       req,
	}, nil
}

func (s single) try(req *http.Request) (connector.Answer, *fault) {
	l, err := s.transport.lanes.take(s.name)
	if err != nil {
		return connector.Answer{}, unsent(req, err)
	}
	defer s.transport.lanes.give(l)
	if err := l.wait(req.Context()); err != nil {
		return connector.Answer{}, unsent(req, err)
	}
	return s.transport.send(l, req, label{s.name, "client", 1}, false)
}

// unsent closes the body, as a RoundTripper must.
func unsent(req *http.Request, err error) *fault {
	if req.Body != nil {
		req.Body.Close()
	}
	return &fault{cause: err}
}
