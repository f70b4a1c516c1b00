package storetest_test

import (
	"context"
	"sync"

	"github.com/oplata-go/oplata/adapters/memory"
	"github.com/oplata-go/oplata/connector"
)

// connectors is a right store whose methods can be replaced one by one.
type connectors struct {
	db      *memory.DB
	right   connector.Store
	mu      sync.Mutex // for what a broken store remembers
	between meeting

	one      func(context.Context, string) (connector.ConnectorRecord, error)
	all      func(context.Context, string, int) ([]connector.ConnectorRecord, error)
	put      func(context.Context, connector.ConnectorRecord, bool) error
	remove   func(context.Context, string, int64) error
	method   func(context.Context, string) (connector.MethodRecord, error)
	methods  func(context.Context, connector.MethodFilter) ([]connector.MethodRecord, error)
	add      func(context.Context, connector.MethodRecord, *connector.SettingsRecord) error
	settings func(context.Context, string, int) (connector.SettingsRecord, error)
	rewrite  func(context.Context, connector.SettingsRecord) error
}

func newConnectors(db *memory.DB) *connectors {
	s := db.Connectors()
	return &connectors{
		db: db, right: s,
		one: s.Connector, all: s.Connectors, put: s.PutConnector, remove: s.DeleteConnector,
		method: s.Method, methods: s.Methods, add: s.PutMethod, settings: s.Settings, rewrite: s.RewriteSettings,
	}
}

func (c *connectors) Connector(ctx context.Context, id string) (connector.ConnectorRecord, error) {
	return c.one(ctx, id)
}

func (c *connectors) Connectors(ctx context.Context, after string, limit int) ([]connector.ConnectorRecord, error) {
	return c.all(ctx, after, limit)
}

func (c *connectors) PutConnector(ctx context.Context, r connector.ConnectorRecord, unused bool) error {
	return c.put(ctx, r, unused)
}

func (c *connectors) DeleteConnector(ctx context.Context, id string, version int64) error {
	return c.remove(ctx, id, version)
}

func (c *connectors) Method(ctx context.Context, id string) (connector.MethodRecord, error) {
	return c.method(ctx, id)
}

func (c *connectors) Methods(ctx context.Context, f connector.MethodFilter) ([]connector.MethodRecord, error) {
	return c.methods(ctx, f)
}

func (c *connectors) PutMethod(ctx context.Context, m connector.MethodRecord, s *connector.SettingsRecord) error {
	return c.add(ctx, m, s)
}

func (c *connectors) Settings(ctx context.Context, method string, version int) (connector.SettingsRecord, error) {
	return c.settings(ctx, method, version)
}

func (c *connectors) RewriteSettings(ctx context.Context, s connector.SettingsRecord) error {
	return c.rewrite(ctx, s)
}

// puttingKind alters connectors before they are written.
func puttingKind(alter func(c *connectors, r *connector.ConnectorRecord, unused *bool)) func(*connectors) {
	return func(c *connectors) {
		c.put = func(ctx context.Context, r connector.ConnectorRecord, unused bool) error {
			alter(c, &r, &unused)
			return c.right.PutConnector(ctx, r, unused)
		}
	}
}

// readingKind alters connectors that are read.
func readingKind(alter func(c *connectors, r *connector.ConnectorRecord)) func(*connectors) {
	return func(c *connectors) {
		c.one = func(ctx context.Context, id string) (connector.ConnectorRecord, error) {
			r, err := c.right.Connector(ctx, id)
			alter(c, &r)
			return r, err
		}
	}
}

// addingMethod alters payment methods and settings before they are written.
func addingMethod(alter func(c *connectors, m *connector.MethodRecord, s **connector.SettingsRecord)) func(*connectors) {
	return func(c *connectors) {
		c.add = func(ctx context.Context, m connector.MethodRecord, s *connector.SettingsRecord) error {
			if s != nil {
				own := *s
				s = &own
			}
			alter(c, &m, &s)
			return c.right.PutMethod(ctx, m, s)
		}
	}
}

// filtering alters every question for payment methods.
func filtering(alter func(*connector.MethodFilter)) func(*connectors) {
	return func(c *connectors) {
		c.methods = func(ctx context.Context, f connector.MethodFilter) ([]connector.MethodRecord, error) {
			alter(&f)
			return c.right.Methods(ctx, f)
		}
	}
}

// kind reads a connector from the right store; the zero record if there is none.
func (c *connectors) kind(id string) connector.ConnectorRecord {
	r, _ := c.right.Connector(context.Background(), id)
	return r
}

// known reads a payment method from the right store; the zero record if there is none.
func (c *connectors) known(id string) connector.MethodRecord {
	m, _ := c.right.Method(context.Background(), id)
	return m
}

// force writes a payment method whatever version it has and whatever became of its connector.
func (c *connectors) force(ctx context.Context, m connector.MethodRecord, s *connector.SettingsRecord) error {
	m.Version = c.known(m.ID).Version + 1
	if s != nil {
		own := *s
		own.ConnectorVersion = c.kind(m.Connector).Version
		s = &own
	}
	return c.right.PutMethod(ctx, m, s)
}
