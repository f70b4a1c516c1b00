package httptransport

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// tryAgain decides whether the call in the context gets another try.
func (t *Transport) tryAgain(ctx context.Context, resp *http.Response, _ error) (bool, error) {
	c := callOf(ctx)
	return c.mayRepeat() && t.inTime(ctx, c.try, resp), nil
}

// mayRepeat is the law of money calls: only what no connection could have carried is sent again.
func (c *call) mayRepeat() bool {
	if c.fault != nil {
		return c.fault.again && (c.request.Repeatable || !c.fault.sent)
	}
	return c.request.Repeatable && passing(c.answer.Status)
}

// passing reports whether a status tells of a trouble that may pass.
func passing(status int) bool {
	return status == http.StatusTooManyRequests || status >= 500 && status != http.StatusNotImplemented
}

// inTime reports whether the pause after try n, counted from 1, can end before the deadline.
func (t *Transport) inTime(ctx context.Context, n int, resp *http.Response) bool {
	deadline, ok := ctx.Deadline()
	_, most := t.pauseBounds(n, resp)
	return !ok || time.Until(deadline) > most //nolint:forbidigo // deadlines of contexts are of the system's clock
}

// pause is how long the loop waits after its attempt, counted from 0.
func (t *Transport) pause(_, _ time.Duration, attempt int, resp *http.Response) time.Duration {
	least, most := t.pauseBounds(attempt+1, resp)
	return least + jitter(most-least)
}

// pauseBounds gives the shortest and the longest pause after try n. A gateway that asks for more time gets it, up to
// MaxPause.
func (t *Transport) pauseBounds(n int, resp *http.Response) (least, most time.Duration) {
	most = t.config.MinPause
	for range n - 1 {
		most = min(2*most, t.config.MaxPause)
		if most == t.config.MaxPause {
			break
		}
	}
	asked := t.retryAfter(resp)
	return max(most/2, asked), max(most, asked)
}

// retryAfter reads how long a 429 or 503 asks to wait, in seconds or as a date, capped.
func (t *Transport) retryAfter(resp *http.Response) time.Duration {
	if resp == nil || resp.StatusCode != http.StatusTooManyRequests && resp.StatusCode != http.StatusServiceUnavailable {
		return 0
	}
	text := strings.TrimSpace(resp.Header.Get("Retry-After"))
	if date, err := http.ParseTime(text); err == nil {
		return min(max(date.Sub(t.config.Now()), 0), t.config.MaxPause)
	}
	if text == "" || strings.Trim(text, "0123456789") != "" {
		return 0
	}
	seconds, err := strconv.ParseUint(text, 10, 31)
	if err != nil {
		return t.config.MaxPause // digits that do not fit
	}
	return min(time.Duration(seconds)*time.Second, t.config.MaxPause)
}

// jitter is a random duration in [0, d].
func jitter(d time.Duration) time.Duration {
	var random [8]byte
	rand.Read(random[:]) // never fails
	return time.Duration(binary.NativeEndian.Uint64(random[:]) % uint64(d+1))
}
