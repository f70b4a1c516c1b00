package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"syscall"
	"time"
)

// address is where a server listens. As a flag it is fixed; a default gives way to the next free port.
type address struct {
	host  string
	port  uint16
	fixed bool
}

// String is the address as it is typed.
func (a *address) String() string { return net.JoinHostPort(a.host, strconv.Itoa(int(a.port))) }

// Set reads a flag. The operator's page asks nobody for a password and the simulator posts to loopback only, so an address
// of one network is refused; who wants others to reach the cabinet says 0.0.0.0 or ::.
func (a *address) Set(text string) error {
	host, port, err := net.SplitHostPort(text)
	if err != nil {
		return errors.New("must be host:port, such as 127.0.0.1:8080")
	}
	if host == "localhost" {
		host = "127.0.0.1"
	}
	number, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		return errors.New("the port must be a number up to 65535")
	}
	if ip, err := netip.ParseAddr(host); err != nil || !ip.IsLoopback() && !ip.IsUnspecified() {
		return errors.New("the host must be a loopback address, or 0.0.0.0 or :: for all")
	}
	*a = address{host: host, port: uint16(number), fixed: true}
	return nil
}

// isLocal reports whether only this machine can reach the address.
func (a *address) isLocal() bool {
	ip, err := netip.ParseAddr(a.host)
	return err == nil && ip.IsLoopback()
}

// portsTried bounds the search for a free port.
const portsTried = 50

// listen opens the port, or the next free one.
func (a *address) listen(ctx context.Context) (net.Listener, error) {
	var config net.ListenConfig
	for tried := 1; ; tried++ {
		l, err := config.Listen(ctx, "tcp", a.String())
		if err == nil {
			return l, nil
		}
		if a.fixed || !errors.Is(err, syscall.EADDRINUSE) || tried == portsTried {
			return nil, fmt.Errorf("cabinet: listen: %w", err)
		}
		a.port++
	}
}

// urlOf is how a browser on this machine reaches the listener.
func urlOf(l net.Listener, a address) string {
	host := a.host
	if !a.isLocal() {
		host = "127.0.0.1"
	}
	_, port, _ := net.SplitHostPort(l.Addr().String()) // a TCP listener's address has both
	return "http://" + net.JoinHostPort(host, port)
}

// newServer bounds what a client can hold up.
func newServer(h http.Handler, logger *slog.Logger) *http.Server {
	return &http.Server{
		Handler:           h,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       15 * time.Second,
		WriteTimeout:      60 * time.Second, // the simulator's page waits for the answer to its callback
		IdleTimeout:       60 * time.Second,
		MaxHeaderBytes:    32 << 10,
		ErrorLog:          slog.NewLogLogger(logger.Handler(), slog.LevelWarn),
	}
}

// patience is how long requests may take to end when the program stops.
const patience = 10 * time.Second

// serveUntil serves until ctx ends, then lets the requests under way finish.
func serveUntil(ctx context.Context, server *http.Server, l net.Listener) error {
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(l) }()
	select {
	case err := <-failed:
		return fmt.Errorf("cabinet: serve: %w", err)
	case <-ctx.Done():
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer cancel()
	err := server.Shutdown(ctx)
	if err != nil {
		err = errors.Join(err, server.Close())
	}
	if served := <-failed; !errors.Is(served, http.ErrServerClosed) {
		err = errors.Join(err, served)
	}
	return err
}
