package connector

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/oplata-go/oplata/connector/secret"
)

// OpenedMethod is a gateway that is ready to translate, with what it was opened from. Others share what it refers to, so
// its slices are only read.
type OpenedMethod struct {
	Method    Method    // without Settings and Secrets
	Connector Connector // as the root reseller sees it
	Version   int       // of the settings that Gateway was opened with
	Gateway   Gateway

	// Account is the merchant account that the gateway's money arrives at: charges and references are unique within it.
	// It is "kind:reseller:account" of a [Merchant], else "method:id".
	Account string
}

// Open gives the gateway of a payment method with one version of its settings; version 0 is the current one. Opened
// gateways are kept and shared, and a payment method is read at most once per [Config.CacheFor].
//
// An inactive payment method opens too, because results of its old payments still come: whoever starts a payment looks
// at Method.Active. Open takes no actor, because it serves the SDK: whoever passes on a payer's choice checks
// Method.Reseller.
//
// Errors: [ErrNotFound] without such a method or version, [ErrUnknownKind] when the program does not know the kind,
// secret.ErrNoKey and secret.ErrOpen when the keys do not fit, and whatever the kind's own open function says.
func (s *Service) Open(ctx context.Context, method string, version int) (OpenedMethod, error) {
	row, err := s.methodRow(ctx, method)
	if err != nil {
		return OpenedMethod{}, err
	}
	if version == 0 {
		version = row.method.SettingsVersion
	}
	g, err := s.gateway(ctx, row, version)
	if err != nil {
		return OpenedMethod{}, fmt.Errorf("connector: open method %s version %d: %w", method, version, err)
	}
	return OpenedMethod{Method: row.method, Connector: row.view, Version: version, Gateway: g.gateway, Account: g.account}, nil
}

// Versions returns the versions of a payment method's settings, the current one first: the order in which a message
// that names no version is tried. All of them open.
func (s *Service) Versions(ctx context.Context, method string) ([]int, error) {
	m, err := s.method(ctx, method)
	if err != nil {
		return nil, err
	}
	versions := make([]int, m.Settings)
	for i := range versions {
		versions[i] = m.Settings - i
	}
	return versions, nil
}

// methodRow reads a payment method with its connector, or takes what was read a moment ago.
func (s *Service) methodRow(ctx context.Context, id string) (methodRow, error) {
	now := s.cfg.Now()
	row, epoch, ok := s.open.row(id)
	if age := now.Sub(row.readAt); ok && age >= 0 && age < s.cfg.CacheFor {
		return row, nil
	}
	m, err := s.method(ctx, id)
	if err != nil {
		return methodRow{}, err
	}
	c, err := s.connector(ctx, m.Connector)
	if err != nil {
		return methodRow{}, err
	}
	row = methodRow{connector: c, readAt: now}
	if row.method, err = methodView(m, c); err != nil {
		return methodRow{}, err
	}
	if row.view, err = c.full(); err != nil {
		return methodRow{}, err
	}
	s.open.keepRow(id, row, epoch)
	return row, nil
}

// gateway opens one version of the settings, or takes the gateway that was opened before.
func (s *Service) gateway(ctx context.Context, row methodRow, version int) (openGateway, error) {
	key := gatewayKey{row.method.ID, version}
	now := s.cfg.Now()
	if g, ok := s.open.gateways.get(key); ok && g.connector == row.connector.Version && (g.until.IsZero() || now.Before(g.until)) {
		return g, nil
	}
	rec, err := s.store.Settings(ctx, row.method.ID, version)
	if err != nil {
		return openGateway{}, err
	}
	doc, err := s.openDocument(ctx, row.connector, rec, row.method.Reseller)
	if err != nil {
		return openGateway{}, err
	}
	gateway, err := s.openKind(ctx, row.connector, doc, now)
	if err != nil {
		return openGateway{}, err
	}
	g := openGateway{
		gateway:   gateway,
		account:   account(row.connector.body.Kind, row.method.Reseller, row.method.ID, gateway),
		connector: row.connector.Version,
		until:     row.connector.keysChangeAt(now),
	}
	s.open.gateways.put(key, g)
	return g, nil
}

// openKind opens a gateway with the effective settings of one version.
func (s *Service) openKind(ctx context.Context, c *stored, doc document, now time.Time) (Gateway, error) {
	text, err := doc.effective(c.schema)
	if err != nil {
		return nil, err
	}
	keys, err := s.validKeys(ctx, c, now)
	if err != nil {
		return nil, err
	}
	g, err := c.kind.open(RawSettings{Connector: c.ID, URL: c.body.URL, HashKeys: keys, Settings: secret.New(string(text))})
	if err != nil {
		return nil, withoutSecrets(err, c.schema, text)
	}
	if g == nil {
		return nil, fmt.Errorf("connector: kind %s: opened no gateway", c.body.Kind)
	}
	return g, nil
}

// account names the merchant account, so that two payment methods of a reseller that share one share its charges and
// references. The reseller is part of it: a name that somebody typed into settings must not reach another's payments.
func account(kind, reseller, method string, g Gateway) string {
	if m, ok := g.(Merchant); ok {
		if name := m.MerchantAccount(); name != "" {
			return kind + ":" + reseller + ":" + name
		}
	}
	return "method:" + method
}

// methodRow is a payment method and its connector as they were at one moment.
type methodRow struct {
	method    Method
	connector *stored
	view      Connector // of the connector
	readAt    time.Time
}

type gatewayKey struct {
	method  string
	version int
}

type openGateway struct {
	gateway   Gateway
	account   string
	connector int64     // version of the connector that the gateway was opened with
	until     time.Time // when one of the hash keys ends; zero: never
}

// openCache keeps what [Service.Open] has read and opened. A version of settings never changes, so gateways stay; rows
// are forgotten with every change made through this Service.
type openCache struct {
	gateways *lru[gatewayKey, openGateway]

	mu    sync.Mutex
	rows  *lru[string, methodRow]
	epoch uint64 // grows with every change, so that a row read before the change is not kept after it
}

func newOpenCache(most int) *openCache {
	return &openCache{gateways: newLRU[gatewayKey, openGateway](most), rows: newLRU[string, methodRow](most)}
}

func (c *openCache) row(id string) (methodRow, uint64, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	row, ok := c.rows.get(id)
	return row, c.epoch, ok
}

func (c *openCache) keepRow(id string, row methodRow, epoch uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.epoch == epoch {
		c.rows.put(id, row)
	}
}

func (c *openCache) forgetRows() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.epoch++
	c.rows.clear()
}
