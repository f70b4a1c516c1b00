package memory

import (
	"bytes"
	"context"

	"github.com/oplata-go/oplata/connector"
)

// Connectors is the view of a [DB] that keeps connectors, payment methods and their settings. It implements
// [connector.Store].
type Connectors struct{ db *DB }

var _ connector.Store = Connectors{}

// Connectors returns the view for the connector package. Views are small values; any number of them may be in use.
func (db *DB) Connectors() Connectors { return Connectors{db} }

// connectorData is what a [Connectors] view holds. Bytes in it are never changed and never handed out.
type connectorData struct {
	connectors tree[text, *connector.ConnectorRecord] // with the present count of payment methods
	methods    tree[text, *connector.MethodRecord]
	settings   tree[place, *connector.SettingsRecord]
}

// Connector returns one connector with its count of payment methods.
func (c Connectors) Connector(ctx context.Context, id string) (connector.ConnectorRecord, error) {
	now, err := c.db.read(ctx)
	if err != nil {
		return connector.ConnectorRecord{}, err
	}
	stored, ok := now.connectors.connectors.find(text(id))
	if !ok {
		return connector.ConnectorRecord{}, connector.ErrNotFound
	}
	return copyConnector(*stored), nil
}

// Connectors returns connectors by ascending ID.
func (c Connectors) Connectors(ctx context.Context, after string, limit int) ([]connector.ConnectorRecord, error) {
	now, err := c.db.read(ctx)
	if err != nil {
		return nil, err
	}
	var found []connector.ConnectorRecord
	for id, stored := range now.connectors.connectors.from(text(after)) {
		if len(found) >= limit {
			break
		}
		if string(id) != after {
			found = append(found, copyConnector(*stored))
		}
	}
	return found, nil
}

// PutConnector writes a connector whole, guarded by its version and, if wanted, by having no payment methods.
func (c Connectors) PutConnector(ctx context.Context, r connector.ConnectorRecord, unused bool) error {
	return c.db.write(ctx, func(next *content) error { return next.connectors.put(r, unused) })
}

func (d *connectorData) put(r connector.ConnectorRecord, unused bool) error {
	stored, there := d.connectors.find(text(r.ID))
	r = copyConnector(r)
	r.Methods = 0
	if r.Version == 1 {
		if there {
			return connector.ErrExists
		}
		d.connectors.put(text(r.ID), &r)
		return nil
	}
	switch {
	case !there:
		return connector.ErrNotFound
	case stored.Version != r.Version-1:
		return connector.ErrConflict
	case unused && stored.Methods > 0:
		return connector.ErrInUse
	}
	r.Methods = stored.Methods
	d.connectors.put(text(r.ID), &r)
	return nil
}

// DeleteConnector removes a connector that no payment method belongs to.
func (c Connectors) DeleteConnector(ctx context.Context, id string, version int64) error {
	return c.db.write(ctx, func(next *content) error {
		stored, ok := next.connectors.connectors.find(text(id))
		switch {
		case !ok:
			return connector.ErrNotFound
		case stored.Version != version:
			return connector.ErrConflict
		case stored.Methods > 0:
			return connector.ErrInUse
		}
		next.connectors.connectors.remove(text(id))
		return nil
	})
}

// Method returns one payment method.
func (c Connectors) Method(ctx context.Context, id string) (connector.MethodRecord, error) {
	now, err := c.db.read(ctx)
	if err != nil {
		return connector.MethodRecord{}, err
	}
	m, ok := now.connectors.methods.find(text(id))
	if !ok {
		return connector.MethodRecord{}, connector.ErrNotFound
	}
	return copyMethod(*m), nil
}

// Methods returns payment methods by ascending ID.
func (c Connectors) Methods(ctx context.Context, f connector.MethodFilter) ([]connector.MethodRecord, error) {
	now, err := c.db.read(ctx)
	if err != nil {
		return nil, err
	}
	var found []connector.MethodRecord
	for id, m := range now.connectors.methods.from(text(f.After)) {
		if len(found) >= f.Limit {
			break
		}
		if string(id) != f.After && selectsMethod(f, m) {
			found = append(found, copyMethod(*m))
		}
	}
	return found, nil
}

func selectsMethod(f connector.MethodFilter, m *connector.MethodRecord) bool {
	return (f.Reseller == "" || f.Reseller == m.Reseller) &&
		(f.Connector == "" || f.Connector == m.Connector) &&
		(!f.ActiveOnly || m.Active)
}

// PutMethod writes a payment method whole and may add a version of its settings, both or nothing.
func (c Connectors) PutMethod(ctx context.Context, m connector.MethodRecord, s *connector.SettingsRecord) error {
	return c.db.write(ctx, func(next *content) error { return next.connectors.putMethod(m, s) })
}

func (d *connectorData) putMethod(m connector.MethodRecord, s *connector.SettingsRecord) error {
	stored, there := d.methods.find(text(m.ID))
	switch {
	case m.Version == 1 && there:
		return connector.ErrExists
	case m.Version > 1 && !there:
		return connector.ErrNotFound
	case m.Version > 1 && stored.Version != m.Version-1:
		return connector.ErrConflict
	}
	if s != nil {
		if err := d.addSettings(m, *s); err != nil {
			return err
		}
	}
	if m.Version == 1 {
		d.countMethod(m.Connector)
	}
	m = copyMethod(m)
	d.methods.put(text(m.ID), &m)
	return nil
}

func (d *connectorData) addSettings(m connector.MethodRecord, s connector.SettingsRecord) error {
	kind, ok := d.connectors.find(text(m.Connector))
	switch {
	case !ok:
		return connector.ErrNotFound
	case kind.Version != s.ConnectorVersion:
		return connector.ErrConflict
	}
	s.Body = bytes.Clone(s.Body)
	d.settings.put(place{s.Method, int64(s.Version)}, &s)
	return nil
}

// countMethod counts one payment method more for a connector.
func (d *connectorData) countMethod(id string) {
	if stored, ok := d.connectors.find(text(id)); ok {
		counted := *stored
		counted.Methods++
		d.connectors.put(text(id), &counted)
	}
}

// Settings returns one version of a payment method's settings.
func (c Connectors) Settings(ctx context.Context, method string, version int) (connector.SettingsRecord, error) {
	now, err := c.db.read(ctx)
	if err != nil {
		return connector.SettingsRecord{}, err
	}
	s, ok := now.connectors.settings.find(place{method, int64(version)})
	if !ok {
		return connector.SettingsRecord{}, connector.ErrNotFound
	}
	found := *s
	found.Body = bytes.Clone(s.Body)
	return found, nil
}

// RewriteSettings replaces the body of an existing version of settings, guarded by its revision.
func (c Connectors) RewriteSettings(ctx context.Context, s connector.SettingsRecord) error {
	return c.db.write(ctx, func(next *content) error {
		key := place{s.Method, int64(s.Version)}
		stored, ok := next.connectors.settings.find(key)
		switch {
		case !ok:
			return connector.ErrNotFound
		case stored.Revision != s.Revision-1:
			return connector.ErrConflict
		}
		rewritten := *stored
		rewritten.Revision, rewritten.Body = s.Revision, bytes.Clone(s.Body)
		next.connectors.settings.put(key, &rewritten)
		return nil
	})
}

func copyConnector(r connector.ConnectorRecord) connector.ConnectorRecord {
	r.Body = bytes.Clone(r.Body)
	return r
}

func copyMethod(m connector.MethodRecord) connector.MethodRecord {
	m.Body = bytes.Clone(m.Body)
	return m
}
