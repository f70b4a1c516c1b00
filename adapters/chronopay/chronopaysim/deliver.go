package chronopaysim

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"syscall"
	"time"
)

// Deliver sends every callback that is due, one after another, and plans the next try of those that were not answered
// with 200. A shop that cannot be reached is no error; see [Order].Deliveries. The error is the context's.
func (s *Simulator) Deliver(ctx context.Context) error {
	return s.deliver(ctx, func(*order) bool { return true })
}

// Run delivers about once a second until the context ends, and returns its error.
func (s *Simulator) Run(ctx context.Context) error {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		if err := s.Deliver(ctx); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}

func (s *Simulator) deliver(ctx context.Context, of func(*order) bool) error {
	for _, job := range s.claim(of) {
		if err := ctx.Err(); err != nil {
			s.release(job)
			continue
		}
		status, answer := s.post(ctx, job)
		s.record(ctx, job, status, answer)
	}
	return ctx.Err()
}

// job is a callback that this goroutine alone sends.
type job struct {
	order  *order
	d      *delivery
	url    string
	method string
	wire   string
}

// claim marks what is due as being sent, so that two goroutines never send the same.
func (s *Simulator) claim(of func(*order) bool) []job {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.cfg.Now()
	var jobs []job
	for _, o := range s.orders {
		if !of(o) {
			continue
		}
		for _, d := range o.deliveries {
			if d.Done || d.sending || d.Due.After(now) {
				continue
			}
			d.sending = true
			jobs = append(jobs, job{order: o, d: d, url: o.CallbackURL, method: d.method, wire: d.wire})
		}
	}
	return jobs
}

func (s *Simulator) release(j job) {
	s.mu.Lock()
	defer s.mu.Unlock()
	j.d.sending = false
}

// record writes down the answer and decides about another try. The order's state follows from what was sent, answered
// or not: the money was taken all the same.
func (s *Simulator) record(ctx context.Context, j job, status int, answer string) {
	s.mu.Lock()
	d := j.d
	d.sending = false
	d.Tries++
	d.Status, d.Answer = status, answer
	d.Done = status == http.StatusOK || d.Forged || d.Tries >= s.cfg.Tries
	d.Due = s.cfg.Now()
	if !d.Done {
		d.Due = d.Due.Add(s.cfg.Backoff << min(d.Tries-1, 20))
	}
	switch {
	case d.Forged:
	case d.Callback.TransactionType == "Purchase":
		j.order.State = Paid
	case j.order.State == Waiting:
		j.order.State = Declined
	}
	tries := d.Tries
	s.mu.Unlock()
	s.cfg.Logger.LogAttrs(ctx, slog.LevelInfo, "chronopaysim: callback sent",
		slog.String("order", j.order.OrderID), slog.Int("try", tries), slog.Int("status", status))
}

// post sends one callback and returns the answer's status and the beginning of its body.
func (s *Simulator) post(ctx context.Context, j job) (status int, answer string) {
	r, err := request(ctx, j)
	if err != nil {
		return 0, "bad callback address"
	}
	resp, err := s.cfg.Client.Do(r)
	if err != nil {
		return 0, plain(err)
	}
	defer resp.Body.Close()
	const shown = 200
	body, err := io.ReadAll(io.LimitReader(resp.Body, shown))
	if err != nil {
		return 0, "the answer broke off"
	}
	return resp.StatusCode, strings.ToValidUTF8(string(body), "")
}

func request(ctx context.Context, j job) (*http.Request, error) {
	if j.method != http.MethodGet {
		r, err := http.NewRequestWithContext(ctx, j.method, j.url, strings.NewReader(j.wire))
		if err == nil {
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		}
		return r, err
	}
	u, err := url.Parse(j.url)
	if err != nil {
		return nil, err
	}
	if u.RawQuery != "" {
		u.RawQuery += "&"
	}
	u.RawQuery += j.wire
	return http.NewRequestWithContext(ctx, j.method, u.String(), nil)
}

// plain says what went wrong without the address, whose query holds the payer's data.
func plain(err error) string {
	if inURL, ok := errors.AsType[*url.Error](err); ok {
		err = inURL.Err
	}
	return err.Error()
}

// errFar refuses an address outside this machine.
var errFar = errors.New("chronopaysim: the default client reaches loopback addresses only")

func loopbackClient() *http.Client {
	const patience = 10 * time.Second
	dialer := &net.Dialer{Timeout: patience, Control: func(_, address string, _ syscall.RawConn) error {
		to, err := netip.ParseAddrPort(address)
		if err != nil || !to.Addr().Unmap().IsLoopback() {
			return errFar
		}
		return nil
	}}
	return &http.Client{
		Timeout:       patience,
		Transport:     &http.Transport{DialContext: dialer.DialContext, DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}
