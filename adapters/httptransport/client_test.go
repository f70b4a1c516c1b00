package httptransport

import (
	"compress/gzip"
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/oplata-go/oplata/connector"
)

func TestAClientAnswersAsAnHTTPClientDoes(t *testing.T) {
	server := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Got", r.Header.Get("X-Sent"))
		w.Header().Set("Content-Encoding", "gzip")
		w.WriteHeader(http.StatusAccepted)
		z := gzip.NewWriter(w)
		if _, err := io.Copy(z, r.Body); err != nil || z.Close() != nil {
			t.Error("cannot answer", err)
		}
	})
	client := open(t, Config{Networks: loopback()}).Client("hook")
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL, strings.NewReader("event"))
	require.NoError(t, err)
	req.Header.Set("X-Sent", "7")
	resp, err := client.Do(req)
	require.NoError(t, err)
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	require.Equal(t, "event", string(body))
	require.Equal(t, "202 Accepted", resp.Status)
	require.Equal(t, "7", resp.Header.Get("X-Got"))
	require.EqualValues(t, len(body), resp.ContentLength)
}

func TestAClientTriesOnceAndTellsWhetherItSent(t *testing.T) {
	var processed atomic.Int64
	server := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		processed.Add(1)
		hangUp(t, w)
	})
	transport := open(t, Config{Networks: loopback(), Rate: 0.001, Burst: 3})
	client := transport.Client("acme")
	for range 2 {
		err := get(client, server.URL)
		require.Equal(t, connector.SentUnknown, sentOf(t, err))
	}
	require.EqualValues(t, 2, processed.Load())

	err := get(client, "https://10.0.0.1")
	require.ErrorIs(t, err, ErrAddress)
	require.True(t, connector.SafeToRetry(err))

	body := &closeWatcher{Reader: strings.NewReader("event")}
	_, err = client.Post(server.URL, "text/plain", body) //nolint:bodyclose // there is none
	require.ErrorIs(t, err, ErrRate, "tries of a client count against the rate of its name")
	require.True(t, body.closed.Load())
	_, err = transport.Do(t.Context(), payment(server.URL))
	require.ErrorIs(t, err, ErrRate)
}

type closeWatcher struct {
	io.Reader
	closed atomic.Bool
}

func (c *closeWatcher) Close() error {
	c.closed.Store(true)
	return nil
}

func TestAClientIsBoundedInSizeAndTime(t *testing.T) {
	server := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/slow" {
			<-r.Context().Done()
		}
		w.Write(make([]byte, 2<<20))
	})
	client := open(t, Config{Networks: loopback(), TryTimeout: 100 * time.Millisecond}).Client("hook")
	err := get(client, server.URL+"/slow")
	require.ErrorIs(t, err, context.DeadlineExceeded)
	err = get(client, server.URL)
	require.ErrorIs(t, err, ErrTooLarge)
	e, ok := errors.AsType[*connector.GatewayError](err)
	require.True(t, ok)
	require.Equal(t, "200", e.Code)
}

func TestAClientUsesNoConnectionTwice(t *testing.T) {
	server := serve(t, func(w http.ResponseWriter, r *http.Request) { say(w, r.RemoteAddr) })
	client := open(t, Config{Networks: loopback()}).Client("hook")
	from := map[string]bool{}
	for range 3 {
		resp, err := client.Post(server.URL, "text/plain", strings.NewReader("event"))
		require.NoError(t, err)
		addr, err := io.ReadAll(resp.Body)
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		from[string(addr)] = true
	}
	require.Len(t, from, 3)
}
