package httptransport

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/oplata-go/oplata/connector"
)

const canary = "CANARY"

// Secrets stand wherever a request can hold one, and the gateways do their best to have them quoted.
func TestSecretsStayOutOfLogsAndErrors(t *testing.T) {
	echo := func(r *http.Request) string {
		return r.URL.String() + fmt.Sprint(r.Header)
	}
	raw := func(answer string) string {
		return rawServer(t, func(_ int, conn net.Conn) {
			if readRequest(conn) {
				say(conn, answer)
			}
		})
	}
	handler := func(h http.HandlerFunc) string { return serve(t, h).URL }
	refused, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	refused.Close()

	for name, base := range map[string]string{
		"answered":         handler(func(w http.ResponseWriter, r *http.Request) { say(w, echo(r)) }),
		"500":              handler(func(w http.ResponseWriter, r *http.Request) { http.Error(w, echo(r), http.StatusInternalServerError) }),
		"redirect":         handler(func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/?"+canary, http.StatusFound) }),
		"bad redirect":     raw("HTTP/1.1 302 Found\r\nLocation: http://[" + canary + "\r\n\r\n"),
		"lost":             handler(func(w http.ResponseWriter, _ *http.Request) { hangUp(t, w) }),
		"too large":        handler(func(w http.ResponseWriter, _ *http.Request) { w.Write(bytes.Repeat([]byte(canary), 1e6)) }),
		"not HTTP":         raw(canary + "\r\n\r\n"),
		"bad status":       raw("HTTP/1.1 " + canary + "\r\n\r\n"),
		"bad version":      raw("HTTP/" + canary + " 200 OK\r\n\r\n"),
		"bad header":       raw("HTTP/1.1 200 OK\r\n" + canary + "\r\n\r\n"),
		"bad length":       raw("HTTP/1.1 200 OK\r\nContent-Length: " + canary + "\r\n\r\n"),
		"bad encoding":     raw("HTTP/1.1 200 OK\r\nTransfer-Encoding: " + canary + "\r\n\r\n"),
		"bad chunk":        raw("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + canary + "\r\n"),
		"bad trailer":      raw("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n" + canary + "\r\n\r\n"),
		"connection":       "http://" + refused.Addr().String(),
		"http for https":   "https" + strings.TrimPrefix(handler(nil), "http"),
		"unknown name":     "http://nowhere.test",
		"refused address":  "https://10.0.0.1",
		"not parsable":     "http://%zz" + canary,
		"bad port":         "http://127.0.0.1:" + canary,
		"unknown protocol": "gopher://127.0.0.1",
	} {
		t.Run(name, func(t *testing.T) {
			var out buffer
			transport := open(t, Config{
				Networks: loopback(), Resolver: resolver(t, nil),
				Logger: slog.New(slog.NewJSONHandler(&out, &slog.HandlerOptions{Level: slog.LevelDebug})),
			})
			scheme, rest, _ := strings.Cut(base, "://")
			r := status(scheme + "://user-" + canary + ":" + canary + "@" + rest + "/path?token=" + canary + "#" + canary)
			r.Header = http.Header{"Authorization": {canary}, "X-" + canary: {canary}}
			r.Body = []byte(canary)
			_, err := transport.Do(t.Context(), r)
			requireNoCanary(t, err)

			req, buildErr := http.NewRequestWithContext(t.Context(), http.MethodPost, r.URL, strings.NewReader(canary))
			if buildErr == nil {
				req.Header = r.Header
				resp, err := transport.Client("hook").Do(req)
				if err == nil {
					resp.Body.Close()
				}
				// The url.Error outside prints the URL; it is http.Client's.
				requireNoCanary(t, errors.Unwrap(err))
			}
			require.NotContains(t, out.String(), canary)
			require.NotContains(t, out.String(), "token")
		})
	}
}

// requireNoCanary prints every error of the chain in every way.
func requireNoCanary(t *testing.T, err error) {
	t.Helper()
	if err == nil {
		return
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%q"} {
		require.NotContains(t, fmt.Sprintf(verb, err), canary)
	}
	switch e := err.(type) { //nolint:errorlint // walks the chain itself
	case interface{ Unwrap() error }:
		requireNoCanary(t, e.Unwrap())
	case interface{ Unwrap() []error }:
		for _, part := range e.Unwrap() {
			requireNoCanary(t, part)
		}
	}
}

// buffer is a bytes.Buffer for many goroutines.
type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

func TestEveryTryIsLoggedWithWhatIsKnown(t *testing.T) {
	tries := 0
	server := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		if tries++; tries == 1 {
			hangUp(t, w)
		}
	})
	var out buffer
	transport := open(t, Config{Networks: loopback(), Logger: slog.New(slog.NewTextHandler(&out, nil))})
	_, err := transport.Do(t.Context(), status(server.URL+"/orders/7?token=1"))
	require.NoError(t, err)
	host := strings.TrimPrefix(server.URL, "http://")
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	require.Len(t, lines, 2)
	for i, line := range lines {
		require.Contains(t, line, fmt.Sprintf("connector=acme request=status method=POST host=%s path=/orders/7 try=%d duration=", host, i+1))
	}
	require.Contains(t, lines[0], "level=WARN")
	require.Contains(t, lines[0], "sent=true")
	require.Contains(t, lines[1], "level=INFO")
	require.Contains(t, lines[1], "status=200")
}

func TestUserinfoBecomesBasicAuthUnlessThereIsAnother(t *testing.T) {
	server := serve(t, func(w http.ResponseWriter, r *http.Request) { say(w, r.Header.Get("Authorization")) })
	url := strings.Replace(server.URL, "//", "//shop:key@", 1)
	for want, header := range map[string]http.Header{"Basic c2hvcDprZXk=": nil, "Bearer 7": {"Authorization": {"Bearer 7"}}} {
		answer, err := open(t, Config{Networks: loopback()}).Do(t.Context(), connector.Request{
			Connector: "acme", URL: url, Header: header,
		})
		require.NoError(t, err)
		require.Equal(t, want, string(answer.Body))
	}
}
