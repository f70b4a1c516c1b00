package httptransport

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"syscall"
	"time"

	"code.dny.dev/ssrf"
)

// How long a connection may take to come about. A dial that another call could still use outlives the try that began it,
// so it needs bounds of its own.
const (
	dialTimeout      = 10 * time.Second
	handshakeTimeout = 10 * time.Second
)

// azurePlatform is a public address at which machines of that cloud find their credentials.
const azurePlatform = "168.63.129.16/32"

// guard decides which addresses one connector may reach, and connects to them.
type guard struct {
	connector string
	networks  []Network // those that are open to the connector
	public    *ssrf.Guardian
	resolver  *net.Resolver
	tls       func(connector string) (*tls.Config, error)

	passed func(address string) error // for tests: sees, and may stop, what is about to be connected
}

func newGuard(by string, c Config) *guard {
	g := &guard{
		connector: by,
		resolver:  c.Resolver,
		tls:       c.TLS,
		public:    ssrf.New(ssrf.WithPorts(c.Ports...), ssrf.WithDeniedV4Prefixes(netip.MustParsePrefix(azurePlatform))),
	}
	for _, n := range c.Networks {
		if n.Connectors == nil || slices.Contains(n.Connectors, by) {
			g.networks = append(g.networks, n)
		}
	}
	return g
}

// dialError is why no connection came about.
type dialError struct {
	err   error
	final bool // it will not come about in the next minute either
}

func (e *dialError) Error() string { return e.err.Error() }
func (e *dialError) Unwrap() error { return e.err }

func newDialError(err error) *dialError {
	dns, isDNS := errors.AsType[*net.DNSError](err)
	_, isCert := errors.AsType[*tls.CertificateVerificationError](err)
	return &dialError{err: err, final: errors.Is(err, ErrAddress) || isDNS && dns.IsNotFound || isCert}
}

// dialPlain connects for http, dialTLS for https. Their signatures are those of [http.Transport].
func (g *guard) dialPlain(ctx context.Context, network, address string) (net.Conn, error) {
	return g.dial(ctx, network, address, true)
}

func (g *guard) dialTLS(ctx context.Context, network, address string) (net.Conn, error) {
	config, err := g.tlsConfig(address)
	if err != nil {
		return nil, &dialError{err: err, final: true}
	}
	raw, err := g.dial(ctx, network, address, false)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, handshakeTimeout)
	defer cancel()
	conn := tls.Client(raw, config)
	if err := conn.HandshakeContext(ctx); err != nil {
		raw.Close()
		return nil, newDialError(err)
	}
	return conn, nil
}

func (g *guard) dial(ctx context.Context, network, address string, plain bool) (net.Conn, error) {
	dialer := net.Dialer{
		Timeout:  dialTimeout,
		Resolver: g.resolver,
		Control: func(network, address string, raw syscall.RawConn) error {
			return g.control(network, address, raw, plain)
		},
	}
	conn, err := dialer.DialContext(ctx, network, address)
	if err != nil {
		return nil, newDialError(err)
	}
	return conn, nil
}

// control sees every address after the name was resolved and before the first packet.
func (g *guard) control(network, address string, raw syscall.RawConn, plain bool) error {
	if err := g.allowed(network, address, raw, plain); err != nil {
		return fmt.Errorf("%w: %w", ErrAddress, err)
	}
	if g.passed != nil {
		return g.passed(address)
	}
	return nil
}

func (g *guard) allowed(network, address string, raw syscall.RawConn, plain bool) error {
	to, err := netip.ParseAddrPort(address)
	if err != nil {
		return errors.New("not an IP address with a port")
	}
	trusted := slices.ContainsFunc(g.networks, func(n Network) bool {
		return n.Prefix.Contains(to.Addr()) && (n.Ports == nil || slices.Contains(n.Ports, to.Port())) && (n.Plain || !plain)
	})
	if trusted {
		return nil
	}
	if plain {
		return fmt.Errorf("%s may be called over https only", to)
	}
	return g.public.Safe(network, address, raw)
}

// tlsConfig is the connector's own configuration or the default, made fit for one connection.
func (g *guard) tlsConfig(address string) (*tls.Config, error) {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, errors.New("address has no port")
	}
	config := new(tls.Config)
	if g.tls != nil {
		given, err := g.tls(g.connector)
		if err != nil {
			return nil, fmt.Errorf("TLS configuration: %w", err)
		}
		if given != nil {
			config = given.Clone()
		}
	}
	if config.ServerName == "" {
		config.ServerName = host
	}
	config.MinVersion = max(config.MinVersion, tls.VersionTLS12)
	config.NextProtos = nil
	return config, nil
}
