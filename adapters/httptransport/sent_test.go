package httptransport

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/oplata-go/oplata/connector"
)

func TestAMoneyCallWhoseAnswerIsLostIsSentOnce(t *testing.T) {
	var processed atomic.Int64
	server := serve(t, func(w http.ResponseWriter, r *http.Request) {
		drain(r.Body)
		processed.Add(1)
		hangUp(t, w)
	})
	for _, method := range []string{http.MethodPost, http.MethodPut, http.MethodGet, http.MethodDelete} {
		for _, body := range []string{"", `{"amount":"1.00"}`} {
			processed.Store(0)
			r := payment(server.URL)
			r.Method, r.Body = method, []byte(body)
			r.Header = http.Header{"Idempotency-Key": {"7"}, "X-Idempotency-Key": {"7"}}
			_, err := open(t, Config{Networks: loopback()}).Do(t.Context(), r)
			require.Equal(t, connector.SentUnknown, sentOf(t, err))
			require.EqualValues(t, 1, processed.Load(), "%s with body %q", method, body)
		}
	}
}

// net/http replays some requests by itself when a kept connection dies under them. The server makes a connection known
// good, and then kills it after it has processed the next request.
func TestNothingIsReplayedOnADeadConnection(t *testing.T) {
	for name, c := range map[string]struct {
		method, body string
		repeatable   bool
		processed    int
	}{
		"money GET":                     {http.MethodGet, "", false, 1},
		"money POST with a key":         {http.MethodPost, "", false, 1},
		"money POST with a body":        {http.MethodPost, "{}", false, 1},
		"repeatable GET":                {http.MethodGet, "", true, 3},
		"repeatable POST with a key":    {http.MethodPost, "", true, 3},
		"repeatable POST with a body":   {http.MethodPost, "{}", true, 3},
		"repeatable DELETE with a body": {http.MethodDelete, "{}", true, 3},
	} {
		t.Run(name, func(t *testing.T) {
			var mu sync.Mutex
			var nonces []string
			server := serve(t, func(w http.ResponseWriter, r *http.Request) {
				drain(r.Body)
				if r.URL.Path == "/good" {
					return
				}
				mu.Lock()
				nonces = append(nonces, r.Header.Get("X-Nonce"))
				mu.Unlock()
				hangUp(t, w)
			})
			transport := open(t, Config{Networks: loopback(), Tries: 3})
			for range 2 {
				_, err := transport.Do(t.Context(), status(server.URL+"/good"))
				require.NoError(t, err)
			}

			signed := 0
			_, err := transport.Do(t.Context(), connector.Request{
				Connector: "acme", Name: "try", Method: c.method, URL: server.URL, Body: []byte(c.body), Repeatable: c.repeatable,
				Header: http.Header{"Idempotency-Key": {"7"}},
				Sign: func(r *connector.Request, s connector.Stamp) error {
					signed++
					r.Header.Set("X-Nonce", s.Nonce)
					return nil
				},
			})
			require.Equal(t, connector.SentUnknown, sentOf(t, err))
			require.Len(t, nonces, c.processed)
			require.Equal(t, c.processed, signed, "every request the server saw was signed for itself")
			seen := map[string]bool{}
			for _, nonce := range nonces {
				require.False(t, seen[nonce])
				seen[nonce] = true
			}
		})
	}
}

func TestMoneyCallsUseFreshConnectionsAndStatusCallsKeptOnes(t *testing.T) {
	server := serve(t, func(w http.ResponseWriter, r *http.Request) { say(w, r.RemoteAddr) })
	transport := open(t, Config{Networks: loopback()})
	from := func(r connector.Request) string {
		answer, err := transport.Do(t.Context(), r)
		require.NoError(t, err)
		return string(answer.Body)
	}
	kept := from(status(server.URL))
	require.Equal(t, kept, from(status(server.URL)))
	require.NotEqual(t, kept, from(payment(server.URL)))
	first := from(payment(server.URL))
	require.NotEqual(t, first, from(payment(server.URL)))
	require.Equal(t, kept, from(status(server.URL)))

	disguised := payment(server.URL)
	disguised.Sign = func(r *connector.Request, _ connector.Stamp) error {
		r.Repeatable = true
		return nil
	}
	require.NotEqual(t, kept, from(disguised), "a signature does not make a call repeatable")

	other := status(server.URL)
	other.Connector = "other"
	require.NotEqual(t, kept, from(other), "connectors share no connection")
}

func TestAStatusCallSurvivesALostAnswer(t *testing.T) {
	var processed atomic.Int64
	server := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if processed.Add(1) < 3 {
			hangUp(t, w)
			return
		}
		say(w, "paid")
	})
	answer, err := open(t, Config{Networks: loopback()}).Do(t.Context(), status(server.URL))
	require.NoError(t, err)
	require.Equal(t, "paid", string(answer.Body))
	require.EqualValues(t, 3, processed.Load())
}

func TestAMoneyCallThatWasNotSentIsTriedAgain(t *testing.T) {
	var processed, dialed atomic.Int64
	server := serve(t, func(http.ResponseWriter, *http.Request) { processed.Add(1) })
	transport := open(t, Config{Networks: loopback()})
	watchDials(transport, func(string) error {
		if dialed.Add(1) < 4 {
			return syscall.ECONNREFUSED
		}
		return nil
	})
	_, err := transport.Do(t.Context(), payment(server.URL))
	require.NoError(t, err)
	require.EqualValues(t, 4, dialed.Load())
	require.EqualValues(t, 1, processed.Load())

	dialed.Store(-100)
	_, err = transport.Do(t.Context(), payment(server.URL))
	require.Equal(t, connector.NotSent, sentOf(t, err))
	require.True(t, connector.SafeToRetry(err))
	require.ErrorIs(t, err, syscall.ECONNREFUSED)
	require.EqualValues(t, -95, dialed.Load())
}

// A handshake that fails is proof, too: the request is written after it. The first connections die in the middle of it.
func TestAMoneyCallIsTriedAgainAfterABrokenHandshake(t *testing.T) {
	var processed atomic.Int64
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { processed.Add(1) }))
	broken := &breakingListener{Listener: server.Listener, left: 2}
	server.Listener = broken
	server.StartTLS()
	t.Cleanup(server.Close)

	transport := open(t, Config{Networks: loopback(), TLS: trust(server)})
	_, err := transport.Do(t.Context(), payment(server.URL))
	require.NoError(t, err)
	require.EqualValues(t, 1, processed.Load())

	broken.breakNext(100)
	_, err = transport.Do(t.Context(), payment(server.URL))
	require.Equal(t, connector.NotSent, sentOf(t, err))
	require.EqualValues(t, 1, processed.Load())
}

// breakingListener closes so many connections when the client has begun to talk.
type breakingListener struct {
	net.Listener
	mu   sync.Mutex
	left int
}

func (l *breakingListener) breakNext(n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.left = n
}

func (l *breakingListener) Accept() (net.Conn, error) {
	for {
		conn, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		l.mu.Lock()
		l.left--
		breaks := l.left >= 0
		l.mu.Unlock()
		if !breaks {
			return conn, nil
		}
		drain(io.LimitReader(conn, 1))
		conn.Close()
	}
}

func TestFailuresBeforeAConnectionAreNotSentAndFinalOnesAreNotRepeated(t *testing.T) {
	trusted := httptest.NewUnstartedServer(http.NotFoundHandler())
	trusted.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	trusted.StartTLS()
	t.Cleanup(trusted.Close)
	old := httptest.NewUnstartedServer(http.NotFoundHandler())
	old.Config.ErrorLog = trusted.Config.ErrorLog
	old.TLS = &tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}
	old.StartTLS()
	t.Cleanup(old.Close)
	named := func(name string) func(string) (*tls.Config, error) {
		return func(by string) (*tls.Config, error) {
			config, err := trust(trusted)(by)
			config.ServerName = name
			return config, err
		}
	}
	_, err := open(t, Config{Networks: loopback(), TLS: named("example.com")}).Do(t.Context(), payment(trusted.URL))
	require.NoError(t, err, "the certificate is good for this name")

	failure := errors.New("no certificate for this connector")
	silent := rawServer(t, func(_ int, conn net.Conn) { drain(conn) })
	for name, c := range map[string]struct {
		config Config
		url    string
		is     error
		tries  int
	}{
		"unknown authority": {Config{}, trusted.URL, nil, 1},
		"another host":      {Config{TLS: named("bank.test")}, trusted.URL, nil, 1},
		"old TLS":           {Config{TLS: func(string) (*tls.Config, error) { return &tls.Config{MinVersion: tls.VersionTLS10}, nil }}, old.URL, nil, 5},
		"no TLS config":     {Config{TLS: func(string) (*tls.Config, error) { return nil, failure }}, trusted.URL, failure, 1},
		"unknown name":      {Config{Resolver: resolver(t, nil)}, "https://nowhere.test.", nil, 1},
		"address":           {Config{Networks: []Network{}}, trusted.URL, ErrAddress, 1},
		"header":            {Config{}, trusted.URL, nil, 1},
		"silent handshake":  {Config{TryTimeout: 50 * time.Millisecond}, "https" + silent[len("http"):], context.DeadlineExceeded, 5},
	} {
		t.Run(name, func(t *testing.T) {
			if c.config.Networks == nil {
				c.config.Networks = loopback()
			}
			tries := 0
			r := payment(c.url)
			r.Sign = func(r *connector.Request, _ connector.Stamp) error {
				tries++
				if name == "header" {
					r.Header["X-Bad"] = []string{"line\r\nInjected: yes"}
				}
				return nil
			}
			_, err := open(t, c.config).Do(t.Context(), r)
			require.Equal(t, connector.NotSent, sentOf(t, err))
			require.Equal(t, c.tries, tries)
			if c.is != nil {
				require.ErrorIs(t, err, c.is)
			}
		})
	}
}

// From the moment there is a connection, whatever goes wrong leaves the outcome unknown.
func TestFailuresAfterAConnectionLeaveTheOutcomeUnknown(t *testing.T) {
	for name, c := range map[string]struct {
		answer string
		code   string
		is     error
	}{
		"nothing":            {"", "", errClosedConn},
		"not HTTP":           {"220 mail.test ESMTP\r\n", "", errNotHTTP},
		"broken header":      {"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n", "", errNotHTTP},
		"half a header":      {"HTTP/1.1 200 OK\r\nContent-", "", errNotHTTP},
		"half a body":        {"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf", "200", errClosedConn},
		"broken chunk":       {"HTTP/1.1 402 No\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "402", errNotHTTP},
		"broken compression": {"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nabcd", "200", errClosedConn},
	} {
		t.Run(name, func(t *testing.T) {
			var processed atomic.Int64
			url := rawServer(t, func(_ int, conn net.Conn) {
				if !readRequest(conn) {
					return
				}
				processed.Add(1)
				say(conn, c.answer)
			})
			_, err := open(t, Config{Networks: loopback()}).Do(t.Context(), payment(url))
			require.Equal(t, connector.SentUnknown, sentOf(t, err))
			require.ErrorIs(t, err, c.is)
			e, _ := errors.AsType[*connector.GatewayError](err)
			require.Equal(t, c.code, e.Code)
			require.EqualValues(t, 1, processed.Load())
		})
	}
}

func TestACanceledMoneyCallIsUnknownOnceItWasSent(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	server := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		drain(r.Body)
		cancel()
		<-r.Context().Done()
	})
	_, err := open(t, Config{Networks: loopback()}).Do(ctx, payment(server.URL))
	require.Equal(t, connector.SentUnknown, sentOf(t, err))
	require.ErrorIs(t, err, context.Canceled)
}

func TestAClientCertificateOfTheConnectorIsUsed(t *testing.T) {
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		say(w, strconv.Itoa(len(r.TLS.PeerCertificates))+" "+r.Proto)
	}))
	server.TLS = &tls.Config{ClientAuth: tls.RequestClientCert, NextProtos: []string{"h2", "http/1.1"}}
	server.EnableHTTP2 = true
	server.StartTLS()
	t.Cleanup(server.Close)

	plain, err := trust(server)("")
	require.NoError(t, err)
	plain.NextProtos = []string{"h2"}
	own := plain.Clone()
	own.Certificates = server.TLS.Certificates
	transport := open(t, Config{Networks: loopback(), TLS: func(by string) (*tls.Config, error) {
		return map[string]*tls.Config{"acme": own, "other": plain}[by], nil
	}})
	for by, want := range map[string]string{"acme": "1 HTTP/1.1", "other": "0 HTTP/1.1"} {
		r := payment(server.URL)
		r.Connector = by
		answer, err := transport.Do(t.Context(), r)
		require.NoError(t, err)
		require.Equal(t, want, string(answer.Body))
	}
	require.Empty(t, plain.ServerName, "the configuration given is not touched")
}

func TestAConnectionWhoseCertificateIsRefusedIsClosed(t *testing.T) {
	server := httptest.NewTLSServer(http.NotFoundHandler())
	t.Cleanup(server.Close)
	closed := make(chan struct{}, 1)
	url := rawServer(t, func(_ int, conn net.Conn) {
		if tls.Server(conn, server.TLS).Handshake() != nil {
			drain(conn)
			closed <- struct{}{}
		}
	})
	_, err := open(t, Config{Networks: loopback()}).Do(t.Context(), payment("https"+url[len("http"):]))
	require.Equal(t, connector.NotSent, sentOf(t, err))
	<-closed
}
