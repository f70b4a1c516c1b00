package httptransport

import (
	"bytes"
	"compress/gzip"
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/oplata-go/oplata/connector"
)

func TestARedirectIsAnAnswerAndForwardsNothing(t *testing.T) {
	var elsewhere, calls atomic.Int64
	other := serve(t, func(http.ResponseWriter, *http.Request) { elsewhere.Add(1) })
	for _, code := range []int{301, 302, 303, 307, 308} {
		for _, location := range []string{other.URL, "/again", "", "http://[broken"} {
			calls.Store(0)
			server := serve(t, func(w http.ResponseWriter, _ *http.Request) {
				calls.Add(1)
				w.Header()["Location"] = []string{location}
				w.WriteHeader(code)
			})
			transport := open(t, Config{Networks: loopback()})
			r := status(server.URL)
			r.Header = http.Header{"X-Signature": {"secret"}}
			answer, err := transport.Do(t.Context(), r)
			require.NoError(t, err)
			require.Equal(t, code, answer.Status)
			require.Equal(t, location, answer.Header.Get("Location"))
			require.EqualValues(t, 1, calls.Load())

			resp, err := transport.Client("hook").Post(server.URL, "text/plain", strings.NewReader("secret"))
			require.NoError(t, err)
			resp.Body.Close()
			require.Equal(t, code, resp.StatusCode)
			require.EqualValues(t, 2, calls.Load())
		}
	}
	require.Zero(t, elsewhere.Load())
}

func TestTheBodyOfAnAnswerIsBounded(t *testing.T) {
	const most = 1000
	for size, fits := range map[int]bool{0: true, most - 1: true, most: true, most + 1: false, 100 * most: false} {
		server := serve(t, func(w http.ResponseWriter, _ *http.Request) { w.Write(make([]byte, size)) })
		answer, err := open(t, Config{Networks: loopback(), MaxBody: most}).Do(t.Context(), status(server.URL))
		if fits {
			require.NoError(t, err)
			require.Len(t, answer.Body, size)
			continue
		}
		require.ErrorIs(t, err, ErrTooLarge)
		require.Equal(t, connector.SentUnknown, sentOf(t, err))
		require.Empty(t, answer)
	}
}

// Answers made to exhaust the caller: the server writes for as long as it may, and what it got rid of stays far below what
// it offered.
func TestBombsAreNotSwallowed(t *testing.T) {
	const offered = 1 << 30
	megabyte := make([]byte, 1<<20)
	pour := func(w io.Writer, head string, piece []byte) int {
		say(w, head)
		written := 0
		for written < offered {
			n, err := w.Write(piece)
			written += n
			if err != nil {
				break
			}
		}
		return written
	}
	var bomb bytes.Buffer
	z, _ := gzip.NewWriterLevel(&bomb, gzip.BestSpeed)
	for range 64 {
		_, err := z.Write(megabyte)
		require.NoError(t, err)
	}
	require.NoError(t, z.Close())

	const ok = "HTTP/1.1 200 OK\r\n"
	for name, c := range map[string]struct {
		head  string
		piece []byte
		is    error
	}{
		"1 GB body":            {ok + "Content-Length: 1073741824\r\n\r\n", megabyte, ErrTooLarge},
		"1 GB without length":  {ok + "\r\n", megabyte, ErrTooLarge},
		"gzip bomb":            {ok + "Content-Encoding: gzip\r\n\r\n", bomb.Bytes(), ErrTooLarge},
		"one endless header":   {ok + "X-Bomb: ", bytes.Repeat([]byte("b"), 1<<16), errNotHTTP},
		"endless headers":      {ok, bytes.Repeat([]byte("X-Bomb: b\r\n"), 1<<12), errNotHTTP},
		"endless status line":  {"HTTP/1.1 200 ", bytes.Repeat([]byte("O"), 1<<16), errNotHTTP},
		"endless early hints":  {"", bytes.Repeat([]byte("HTTP/1.1 103 Early Hints\r\nX: y\r\n\r\n"), 1<<10), errNotHTTP},
		"endless chunk header": {ok + "Transfer-Encoding: chunked\r\n\r\n", bytes.Repeat([]byte("0"), 1<<16), errNotHTTP},
		"endless trailer":      {ok + "Transfer-Encoding: chunked\r\n\r\n0\r\n", bytes.Repeat([]byte("X-Bomb: b\r\n"), 1<<12), errNotHTTP},
	} {
		t.Run(name, func(t *testing.T) {
			written := make(chan int, 1)
			url := rawServer(t, func(_ int, conn net.Conn) {
				if readRequest(conn) {
					written <- pour(conn, c.head, c.piece)
				}
			})
			_, err := open(t, Config{Networks: loopback()}).Do(t.Context(), payment(url))
			require.ErrorIs(t, err, c.is)
			require.Equal(t, connector.SentUnknown, sentOf(t, err))
			require.Less(t, <-written, 64<<20) // socket buffers
		})
	}
}

func TestAnAnswerThatDoesNotEndIsCutOff(t *testing.T) {
	var empty bytes.Buffer
	require.NoError(t, gzip.NewWriter(&empty).Close())
	drip := func(conn net.Conn, head, piece string) {
		tick := time.NewTicker(time.Millisecond)
		defer tick.Stop()
		say(conn, head)
		for {
			if _, err := io.WriteString(conn, piece); err != nil {
				return
			}
			<-tick.C
		}
	}
	for name, answer := range map[string][2]string{
		"nothing":             {"", ""},
		"header drop by drop": {"HTTP/1.1 200 OK\r\nX-Slow: ", "a"},
		"body drop by drop":   {"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n", "a"},
		"chunk by chunk":      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "1\r\na\r\n"},
		"empty gzip members":  {"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n", empty.String()},
	} {
		t.Run(name, func(t *testing.T) {
			url := rawServer(t, func(_ int, conn net.Conn) {
				if !readRequest(conn) {
					return
				}
				if answer[1] == "" {
					drain(conn)
					return
				}
				drip(conn, answer[0], answer[1])
			})
			transport := open(t, Config{Networks: loopback(), TryTimeout: 100 * time.Millisecond})
			begun := time.Now()
			_, err := transport.Do(t.Context(), payment(url))
			require.ErrorIs(t, err, context.DeadlineExceeded)
			require.Equal(t, connector.SentUnknown, sentOf(t, err))
			require.Less(t, time.Since(begun), 5*time.Second)
		})
	}
}

// The stream behind a 101 belongs to whoever asked for it and knows no timeout; nobody asked.
func TestAnUnwantedSwitchOfProtocolsIsAnAnswerWithoutBody(t *testing.T) {
	url := rawServer(t, func(_ int, conn net.Conn) {
		if !readRequest(conn) {
			return
		}
		say(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n")
		drain(conn)
	})
	answer, err := open(t, Config{Networks: loopback()}).Do(t.Context(), payment(url))
	require.NoError(t, err)
	require.Equal(t, http.StatusSwitchingProtocols, answer.Status)
	require.Empty(t, answer.Body)
}

func TestConnectorsAreBounded(t *testing.T) {
	var arrived atomic.Int64
	release := make(chan struct{})
	working := make(chan struct{})
	server, closed := watchedServer(t, func(_ http.ResponseWriter, r *http.Request) {
		arrived.Add(1)
		if r.URL.Path == "/slow" {
			working <- struct{}{}
			<-release
		}
	})
	transport := open(t, Config{Networks: loopback(), MaxConnectors: 2})
	do := func(by, path string) error {
		_, err := transport.Do(t.Context(), connector.Request{
			Connector: by, Method: http.MethodPost, URL: server.URL + path, Body: []byte("{}"), Repeatable: true,
		})
		return err
	}
	lane := func(by string) *lane { return transport.lanes.byName[by] }

	require.NoError(t, do("a", "/"))
	require.NoError(t, do("b", "/"))
	require.NoError(t, do("a", "/"))
	a := lane("a")
	require.NoError(t, do("c", "/"))
	require.Nil(t, lane("b"), "the one longest unused makes room")
	require.Same(t, a, lane("a"))
	await(t, closed)

	done := make(chan error, 2)
	go func() { done <- do("a", "/slow") }()
	go func() { done <- do("c", "/slow") }()
	<-working
	<-working
	before := arrived.Load()
	err := do("d", "/")
	require.ErrorIs(t, err, ErrBusy)
	require.True(t, connector.SafeToRetry(err))
	require.Equal(t, before, arrived.Load())
	require.Same(t, a, lane("a"), "a lane at work stays")

	close(release)
	require.NoError(t, <-done)
	require.NoError(t, <-done)
	require.NoError(t, do("d", "/"))
	require.Len(t, transport.lanes.byName, 2)
}

func TestCloseRefusesNewCallsAndLeavesNoConnection(t *testing.T) {
	begun := make(chan struct{})
	release := make(chan struct{})
	server, closed := watchedServer(t, func(_ http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/slow" {
			close(begun)
			<-release
		}
	})
	transport := open(t, Config{Networks: loopback()})
	_, err := transport.Do(t.Context(), status(server.URL))
	require.NoError(t, err)
	done := make(chan error, 1)
	go func() {
		other := status(server.URL + "/slow")
		other.Connector = "other"
		_, err := transport.Do(t.Context(), other)
		done <- err
	}()
	<-begun

	transport.Close()
	await(t, closed)
	for _, err := range []error{
		func() error { _, err := transport.Do(t.Context(), payment(server.URL)); return err }(),
		get(transport.Client("acme"), server.URL),
	} {
		require.ErrorIs(t, err, ErrClosed)
		require.Equal(t, connector.NotSent, sentOf(t, err))
	}
	close(release)
	require.NoError(t, <-done, "a call under way ends well")
	await(t, closed)
	transport.Close()
}

func TestACallUnderWayIsNotTriedAgainAfterClose(t *testing.T) {
	var transport *Transport
	var calls atomic.Int64
	server := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		calls.Add(1)
		transport.Close()
		hangUp(t, w)
	})
	transport = open(t, Config{Networks: loopback()})
	_, err := transport.Do(t.Context(), status(server.URL))
	require.ErrorIs(t, err, ErrClosed)
	require.Equal(t, connector.SentUnknown, sentOf(t, err))
	require.EqualValues(t, 1, calls.Load())
}

func TestAConnectionThatCloseCouldNotSeeIsClosedByTheCall(t *testing.T) {
	server, closed := watchedServer(t, func(http.ResponseWriter, *http.Request) {})
	transport := open(t, Config{Networks: loopback()})
	r := status(server.URL)
	r.Sign = func(*connector.Request, connector.Stamp) error {
		transport.Close()
		return nil
	}
	_, err := transport.Do(t.Context(), r)
	require.NoError(t, err)
	await(t, closed)
}

// watchedServer tells of every connection that the client closed.
func watchedServer(t *testing.T, h http.HandlerFunc) (*httptest.Server, <-chan struct{}) {
	t.Helper()
	closed := make(chan struct{}, 100)
	server := httptest.NewUnstartedServer(h)
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateClosed {
			closed <- struct{}{}
		}
	}
	server.Start()
	t.Cleanup(server.Close)
	return server, closed
}

// await waits for less than connections are kept idle.
func await(t *testing.T, closed <-chan struct{}) {
	t.Helper()
	select {
	case <-closed:
	case <-time.After(idleTimeout / 3):
		t.Fatal("the connection is still open")
	}
}
