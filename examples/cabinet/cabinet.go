package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"

	"github.com/oplata-go/oplata/adapters/chronopay"
	"github.com/oplata-go/oplata/adapters/chronopay/chronopaysim"
	"github.com/oplata-go/oplata/adapters/sqlite"
	"github.com/oplata-go/oplata/billing"
	"github.com/oplata-go/oplata/connector"
	"github.com/oplata-go/oplata/connector/secret"
	"github.com/oplata-go/oplata/examples/cabinet/web"
	"github.com/oplata-go/oplata/payment"
)

// cabinet is the whole program, open and listening.
type cabinet struct {
	o         options
	db        *sqlite.DB
	book      *billing.Book
	methods   *connector.Service
	payments  *payment.Service
	simulator *chronopaysim.Simulator

	siteURL, simulatorURL string
	listeners             []net.Listener
	servers               []*http.Server // one for each listener
}

// open opens everything in the order in which it depends on each other, and makes what the first start needs. What was
// opened before an error is closed again.
func open(ctx context.Context, o options) (_ *cabinet, err error) {
	c := &cabinet{o: o}
	defer func() {
		if err != nil {
			err = errors.Join(err, c.close())
		}
	}()
	ring, err := readKeys(o)
	if err != nil {
		return nil, err
	}
	shared, err := sharedSec(ctx, ring)
	if err != nil {
		return nil, err
	}
	if c.db, err = sqlite.Open(o.db); err != nil { //nolint:contextcheck // the file stays open when ctx ends
		return nil, err
	}
	if err := c.listen(ctx); err != nil {
		return nil, err
	}
	if err := c.assemble(ring); err != nil {
		return nil, err
	}
	if err := c.prepare(ctx, shared); err != nil {
		return nil, err
	}
	return c, c.addServers(shared)
}

// listen opens both ports. It comes before the rest, because addresses that are told to others name the ports.
func (c *cabinet) listen(ctx context.Context) error {
	for _, at := range []struct {
		address *address
		url     *string
	}{{&c.o.site, &c.siteURL}, {&c.o.simulator, &c.simulatorURL}} {
		l, err := at.address.listen(ctx)
		if err != nil {
			return err
		}
		c.listeners = append(c.listeners, l)
		*at.url = urlOf(l, *at.address)
	}
	return nil
}

// assemble puts the SDK together as any host does.
func (c *cabinet) assemble(ring *secret.Ring) error {
	c.book = billing.NewBook(c.db.Ledger())
	var err error
	c.methods, err = connector.New(connector.Config{
		Store:   c.db.Connectors(),
		Kinds:   []connector.Kind{chronopay.Kind()},
		Secrets: ring,
		Now:     c.o.now,
		Logger:  c.o.logger,
	})
	if err != nil {
		return err
	}
	c.payments, err = payment.New(payment.Config{
		Store:       c.db.Payments(),
		Connectors:  c.methods,
		Ledger:      c.book.OpenOnly(),
		CallbackURL: func(method string) string { return c.siteURL + "/callback/" + method },
		Now:         c.o.now,
		Logger:      c.o.logger,
	})
	return err
}

// addServers makes the site and the simulator, each for its listener.
func (c *cabinet) addServers(shared secret.Value) error {
	var err error
	c.simulator, err = chronopaysim.New(chronopaysim.Config{
		Products: []chronopaysim.Product{{ID: demoProduct, SharedSec: shared, UniqueOrders: true}},
		Now:      c.o.now,
		Logger:   c.o.logger,
	})
	if err != nil {
		return err
	}
	site, err := web.New(web.Config{
		Payments:   c.payments,
		Connectors: c.methods,
		Book:       c.book,
		History:    c.db.Payments(),
		Account:    demoAccount,
		BaseURL:    c.siteURL,
		Gateways:   []string{c.simulatorURL},
		LocalOnly:  c.o.site.isLocal(),
		Zone:       c.o.zone,
		Now:        c.o.now,
		Logger:     c.o.logger,
	})
	if err != nil {
		return err
	}
	c.servers = []*http.Server{newServer(site, c.o.logger), newServer(c.simulator, c.o.logger)}
	return nil
}

// serve works until ctx ends or something fails, and leaves everything closed.
func (c *cabinet) serve(ctx context.Context) error {
	work := []func(context.Context) error{c.payments.Run, c.simulator.Run}
	for i, server := range c.servers {
		work = append(work, func(ctx context.Context) error { return serveUntil(ctx, server, c.listeners[i]) })
	}
	err := together(ctx, work)
	return errors.Join(err, c.close())
}

// together runs all until ctx ends; when one fails, the others are told to end. Everything has ended when it returns.
func together(ctx context.Context, work []func(context.Context) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	errs := make([]error, len(work))
	var wg sync.WaitGroup
	for i, do := range work {
		wg.Go(func() {
			if err := do(ctx); err != nil && !errors.Is(err, context.Canceled) {
				errs[i] = err
				cancel()
			}
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}

// close gives back the ports and the database.
func (c *cabinet) close() error {
	for _, l := range c.listeners {
		_ = l.Close() // a server that has stopped closed its own already
	}
	if c.db == nil {
		return nil
	}
	if err := c.db.Close(); err != nil {
		return fmt.Errorf("cabinet: close the database: %w", err)
	}
	return nil
}
