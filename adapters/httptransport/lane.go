package httptransport

import (
	"cmp"
	"context"
	"maps"
	"net/http"
	"slices"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

const (
	idleConns   = 8                // that a connector keeps
	idleTimeout = 30 * time.Second // shorter than servers commonly wait before they hang up
	maxHeader   = 64 << 10         // bytes of an answer's header
)

// lane is one connector's way out: its rate and its connections.
type lane struct {
	limiter *rate.Limiter

	// net/http repeats a request by itself when a kept connection dies under it, unless it cannot rewind the body. That
	// would double a money call and evade rate and signature. So only calls that may be repeated, and whose body cannot
	// be rewound, travel on kept connections; a fresh one is used once, and nothing is repeated on it.
	kept, fresh http.RoundTripper

	calls int    // under way; guarded by lanes.mu
	taken uint64 // number of the last take; guarded by lanes.mu
}

func newLane(c Config, g *guard) *lane {
	open := func(keep bool) *http.Transport {
		protocols := new(http.Protocols)
		protocols.SetHTTP1(true) // HTTP/2 repeats requests that a server says it did not process
		return &http.Transport{
			DialContext:            g.dialPlain,
			DialTLSContext:         g.dialTLS,
			Protocols:              protocols,
			DisableKeepAlives:      !keep,
			MaxIdleConns:           idleConns,
			MaxIdleConnsPerHost:    idleConns,
			IdleConnTimeout:        idleTimeout,
			MaxResponseHeaderBytes: maxHeader,
		}
	}
	return &lane{limiter: rate.NewLimiter(rate.Limit(c.Rate), c.Burst), kept: open(true), fresh: open(false)}
}

// wait returns when the connector's rate lets one more try pass.
func (l *lane) wait(ctx context.Context) error {
	if l.limiter.Wait(ctx) != nil {
		return cmp.Or(ctx.Err(), ErrRate)
	}
	return nil
}

func (l *lane) close() {
	for _, way := range []http.RoundTripper{l.kept, l.fresh} {
		(&http.Client{Transport: way}).CloseIdleConnections()
	}
}

// lanes holds the lanes of all connectors, a bounded number.
type lanes struct {
	open func(connector string) *lane
	most int

	mu     sync.Mutex
	byName map[string]*lane
	takes  uint64
	closed bool
}

// take gives the connector's lane for one call, which ends with give.
func (s *lanes) take(connector string) (*lane, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, ErrClosed
	}
	l := s.byName[connector]
	if l == nil {
		if len(s.byName) >= s.most && !s.forget() {
			return nil, ErrBusy
		}
		l = s.open(connector)
		s.byName[connector] = l
	}
	s.takes++
	l.taken = s.takes
	l.calls++
	return l, nil
}

// forget drops the lane that is longest unused. A lane at work stays: a second one beside it would double its rate.
func (s *lanes) forget() bool {
	idle := slices.DeleteFunc(slices.Collect(maps.Keys(s.byName)), func(name string) bool {
		return s.byName[name].calls > 0
	})
	if len(idle) == 0 {
		return false
	}
	oldest := slices.MinFunc(idle, func(a, b string) int {
		return cmp.Compare(s.byName[a].taken, s.byName[b].taken)
	})
	s.byName[oldest].close()
	delete(s.byName, oldest)
	return true
}

func (s *lanes) give(l *lane) {
	s.mu.Lock()
	defer s.mu.Unlock()
	l.calls--
	if s.closed && l.calls == 0 {
		l.close()
	}
}

func (s *lanes) isClosed() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.closed
}

func (s *lanes) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	for _, l := range s.byName {
		l.close()
	}
}
