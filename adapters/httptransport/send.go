package httptransport

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptrace"
	"time"

	"github.com/oplata-go/oplata/connector"
)

// label names a try in the log.
type label struct {
	connector, request string
	try                int
}

// send makes one try with a request that is ready, and reads the whole answer. repeatable calls may use a kept connection.
func (t *Transport) send(l *lane, req *http.Request, as label, repeatable bool) (connector.Answer, *fault) {
	begun := t.config.Now()
	ctx, cancel := context.WithTimeout(req.Context(), t.config.TryTimeout)
	defer cancel()

	// Until there is a connection, nothing of the request can have left. The hook runs in RoundTrip's own goroutine.
	connected := false
	traced := httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { connected = true }})
	answer, f := l.exchange(req.WithContext(traced), repeatable, t.config.MaxBody, &connected)
	t.log(req, as, answer, f, t.config.Now().Sub(begun))
	return answer, f
}

// exchange sends req and reads at most maxBody bytes of the answer.
func (l *lane) exchange(req *http.Request, repeatable bool, maxBody int, connected *bool) (connector.Answer, *fault) {
	req.GetBody = nil // whoever has no way to rewind the body cannot replay it
	way := l.fresh
	if repeatable && req.Body != nil && req.Body != http.NoBody {
		way = l.kept
	}
	resp, err := way.RoundTrip(req)
	if err != nil {
		return connector.Answer{}, newFault(req.Context(), err, *connected)
	}
	defer resp.Body.Close()
	answer := connector.Answer{Status: resp.StatusCode, Header: resp.Header}
	if resp.StatusCode == http.StatusSwitchingProtocols {
		return answer, nil // nobody asked for another protocol, and its stream knows no timeout
	}
	answer.Body, err = readAll(resp.Body, maxBody)
	if errors.Is(err, ErrTooLarge) {
		return connector.Answer{}, &fault{cause: err, sent: true, status: resp.StatusCode}
	}
	if err != nil {
		f := newFault(req.Context(), err, true)
		f.status = resp.StatusCode
		return connector.Answer{}, f
	}
	return answer, nil
}

// readAll reads a body of at most maxBody bytes; what is behind them is not read.
func readAll(r io.Reader, maxBody int) ([]byte, error) {
	body, err := io.ReadAll(io.LimitReader(r, int64(maxBody)+1))
	if len(body) > maxBody {
		return nil, ErrTooLarge
	}
	return body, err
}

// log writes what is known of a try and can hold no secret.
func (t *Transport) log(req *http.Request, as label, answer connector.Answer, f *fault, took time.Duration) {
	attrs := []slog.Attr{
		slog.String("connector", as.connector),
		slog.String("request", as.request),
		slog.String("method", req.Method),
		slog.String("host", req.URL.Host),
		slog.String("path", req.URL.EscapedPath()),
		slog.Int("try", as.try),
		slog.Duration("duration", took),
	}
	if f != nil {
		attrs = append(attrs, slog.Int("status", f.status), slog.Bool("sent", f.sent), slog.Any("error", f.cause))
		t.config.Logger.LogAttrs(req.Context(), slog.LevelWarn, "gateway call brought no answer", attrs...)
		return
	}
	attrs = append(attrs, slog.Int("status", answer.Status))
	t.config.Logger.LogAttrs(req.Context(), slog.LevelInfo, "gateway call answered", attrs...)
}
