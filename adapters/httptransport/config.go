package httptransport

import (
	"cmp"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net"
	"net/netip"
	"time"
)

// Config says how calls are made. The zero value is ready for gateways on the public internet.
type Config struct {
	// Networks lists the addresses that may be called beyond the public internet, or otherwise than over https on the
	// usual ports: a gateway behind a VPN, a simulator on loopback. Default: none.
	Networks []Network

	// Ports are the ports that may be called at public addresses. Default: 80 and 443.
	Ports []uint16

	// Resolver looks names up. Default: [net.DefaultResolver].
	Resolver *net.Resolver

	// TLS gives the client certificate and the roots for a connector's connections. It is asked for every new connection,
	// from many goroutines, so a renewed certificate is used from then on; nil, nil means the defaults. The configuration is
	// copied; the server's name is filled in, versions before TLS 1.2 and HTTP/2 are switched off. Default: the system's
	// roots and no client certificate.
	TLS func(connector string) (*tls.Config, error)

	// Rate is how many tries a second one connector gets over time, and Burst how many at once. All goroutines share
	// them, and every try counts. Default: 20 and 20.
	Rate  float64
	Burst int

	// Tries is how often a repeatable call is tried at most, and a money call that surely was not sent. Default: 5.
	Tries int

	// MinPause is the longest pause after the first try. It doubles with every try up to MaxPause; the true pause is random
	// between half of that and all of it. MaxPause also caps what a gateway asks for with Retry-After. Default: 500 ms
	// and 15 s.
	MinPause, MaxPause time.Duration

	// TryTimeout bounds one try from the dialing to the last byte of the answer. Default: 30 s.
	TryTimeout time.Duration

	// Timeout bounds a call with all its tries and pauses. The caller's context may bound it closer. Default: 90 s.
	Timeout time.Duration

	// MaxBody is the greatest answer that is read, in bytes after decompression. Default: 1 MiB.
	MaxBody int

	// MaxConnectors bounds the connectors that are remembered with their connections and rates at the same time. The one
	// longest unused makes room for a new one. Default: 1000.
	MaxConnectors int

	// Logger gets one record a try: Info for an answer, Warn for none. Default: nothing is logged.
	Logger *slog.Logger

	// Now is the clock of [connector.Stamp], of Retry-After dates and of logged durations. Default: time.Now.
	Now func() time.Time
}

// Network is a range of addresses that the operator trusts beyond the public internet.
type Network struct {
	Prefix     netip.Prefix // an IPv4 prefix does not cover IPv6 addresses that stand for IPv4 ones
	Ports      []uint16     // nil: every port
	Plain      bool         // http without TLS may be spoken there, too
	Connectors []string     // whose calls may go there; nil: every connector's
}

// complete fills in the defaults and reports all faults at once.
func (c Config) complete() (Config, error) {
	c.Rate = cmp.Or(c.Rate, 20)
	c.Burst = cmp.Or(c.Burst, 20)
	c.Tries = cmp.Or(c.Tries, 5)
	// A default gives way to the neighbor that was given.
	c.MinPause = cmp.Or(c.MinPause, min(500*time.Millisecond, cmp.Or(c.MaxPause, time.Hour)))
	c.MaxPause = cmp.Or(c.MaxPause, max(15*time.Second, c.MinPause))
	c.TryTimeout = cmp.Or(c.TryTimeout, min(30*time.Second, cmp.Or(c.Timeout, time.Hour)))
	c.Timeout = cmp.Or(c.Timeout, max(90*time.Second, c.TryTimeout))
	c.MaxBody = cmp.Or(c.MaxBody, 1<<20)
	c.MaxConnectors = cmp.Or(c.MaxConnectors, 1000)
	if len(c.Ports) == 0 {
		c.Ports = []uint16{80, 443}
	}
	if c.Resolver == nil {
		c.Resolver = net.DefaultResolver
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.Now == nil {
		c.Now = time.Now //nolint:forbidigo // the documented default of Config.Now
	}
	return c, c.check()
}

func (c Config) check() error {
	var faults []error
	fault := func(bad bool, text string) {
		if bad {
			faults = append(faults, errors.New("httptransport: config: "+text))
		}
	}
	fault(math.IsNaN(c.Rate) || math.IsInf(c.Rate, 0) || c.Rate < 0, "Rate: must be a positive number")
	fault(c.Burst < 0, "Burst: must be positive")
	fault(c.Tries < 0, "Tries: must be positive")
	fault(c.MinPause < 0, "MinPause: must be positive")
	fault(c.MaxPause < c.MinPause, "MaxPause: must not be less than MinPause")
	fault(c.TryTimeout < 0, "TryTimeout: must be positive")
	fault(c.Timeout < c.TryTimeout, "Timeout: must not be less than TryTimeout")
	fault(c.MaxBody < 0 || c.MaxBody == math.MaxInt, "MaxBody: must be positive and bounded")
	fault(c.MaxConnectors < 0, "MaxConnectors: must be positive")
	for i, n := range c.Networks {
		fault(!n.Prefix.IsValid(), fmt.Sprintf("Networks[%d].Prefix: is not a prefix", i))
	}
	return errors.Join(faults...)
}
