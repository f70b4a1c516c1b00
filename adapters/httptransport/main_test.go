package httptransport

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"net/netip"
	"testing"
	"time"

	"github.com/jarcoal/httpmock"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"golang.org/x/time/rate"

	"github.com/oplata-go/oplata/connector"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// loopback lets a test call its own servers.
func loopback() []Network {
	return []Network{{Prefix: netip.MustParsePrefix("127.0.0.0/8"), Plain: true}}
}

// open gives a Transport with short pauses that ends with the test.
func open(t *testing.T, c Config) *Transport {
	t.Helper()
	if c.MinPause == 0 {
		c.MinPause, c.MaxPause = time.Millisecond, 2*time.Millisecond
	}
	if c.TryTimeout == 0 {
		c.TryTimeout = 10 * time.Second
	}
	transport, err := New(c)
	require.NoError(t, err)
	t.Cleanup(transport.Close)
	return transport
}

// overMock gives a Transport whose tries all reach mock, as over a connection that is always there.
func overMock(t *testing.T, c Config, mock *httpmock.MockTransport) *Transport {
	t.Helper()
	transport, err := New(c)
	require.NoError(t, err)
	config := transport.config
	transport.lanes.open = func(string) *lane {
		return &lane{limiter: rate.NewLimiter(rate.Limit(config.Rate), config.Burst), kept: heard{mock}, fresh: heard{mock}}
	}
	t.Cleanup(transport.Close)
	return transport
}

// heard reports a connection before each try, as net/http does.
type heard struct{ http.RoundTripper }

func (h heard) RoundTrip(r *http.Request) (*http.Response, error) {
	httptrace.ContextClientTrace(r.Context()).GotConn(httptrace.GotConnInfo{})
	return h.RoundTripper.RoundTrip(r)
}

// watchDials lets passed see, and stop, every connection that the guard let through.
func watchDials(transport *Transport, passed func(address string) error) {
	transport.lanes.open = func(by string) *lane {
		g := newGuard(by, transport.config)
		g.passed = passed
		return newLane(transport.config, g)
	}
}

// rawServer hands every connection with its number, from 1, to serve, and closes it afterwards.
func rawServer(t *testing.T, serve func(n int, conn net.Conn)) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	done := make(chan struct{})
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		defer close(done)
		for n := 1; ; n++ {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			stop := context.AfterFunc(ctx, func() { conn.Close() })
			serve(n, conn)
			stop()
			conn.Close()
		}
	}()
	t.Cleanup(func() { cancel(); listener.Close(); <-done })
	return "http://" + listener.Addr().String()
}

// readRequest takes one whole request from a raw connection.
func readRequest(conn net.Conn) bool {
	r, err := http.ReadRequest(bufio.NewReader(conn))
	if err != nil {
		return false
	}
	_, err = io.Copy(io.Discard, r.Body)
	return err == nil
}

// trust makes a Transport's TLS function accept the servers.
func trust(servers ...*httptest.Server) func(string) (*tls.Config, error) {
	pool := x509.NewCertPool()
	for _, s := range servers {
		pool.AddCert(s.Certificate())
	}
	return func(string) (*tls.Config, error) { return &tls.Config{RootCAs: pool}, nil }
}

func serve(t *testing.T, h http.HandlerFunc) *httptest.Server {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	return server
}

// hangUp ends the connection without an answer.
func hangUp(t *testing.T, w http.ResponseWriter) {
	t.Helper()
	hijacker, ok := w.(http.Hijacker)
	if !ok {
		t.Error("no hijacker")
		return
	}
	conn, _, err := hijacker.Hijack()
	if err != nil {
		t.Error(err)
		return
	}
	conn.Close()
}

// payment is a money call, status a repeatable one.
func payment(url string) connector.Request {
	return connector.Request{Connector: "acme", Name: "pay", Method: http.MethodPost, URL: url, Body: []byte(`{"amount":"1.00"}`)}
}

func status(url string) connector.Request {
	r := payment(url)
	r.Name, r.Repeatable = "status", true
	return r
}

// sentOf tells what err says of the gateway.
func sentOf(t *testing.T, err error) connector.Sent {
	t.Helper()
	e, ok := errors.AsType[*connector.GatewayError](err)
	require.True(t, ok, "not a GatewayError: %v", err)
	require.Equal(t, "acme", e.Connector)
	return e.Sent
}

// say writes to a client that may be gone, drain reads until it is.
func say(w io.Writer, text string) { _, _ = io.WriteString(w, text) }
func drain(r io.Reader)            { _, _ = io.Copy(io.Discard, r) }

// get asks for url and wants nothing but the error.
func get(client *http.Client, url string) error {
	resp, err := client.Get(url)
	if err == nil {
		resp.Body.Close()
	}
	return err
}
