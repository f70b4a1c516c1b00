package sqlite

import (
	"context"

	"github.com/oplata-go/oplata/connector"
)

// Connectors is the view of a [DB] or a [Tx] that keeps connectors, payment methods and their settings. It implements
// [connector.Store].
type Connectors struct{ at place }

var _ connector.Store = Connectors{}

// Connector returns the connector, or [connector.ErrNotFound].
func (s Connectors) Connector(ctx context.Context, id string) (connector.ConnectorRecord, error) {
	var r connector.ConnectorRecord
	err := s.at.read(ctx, "load connector", func(c *conn) error {
		found, err := c.one(selectConnector, []any{id}, func(from *row) { r = scanConnector(from) })
		return orNotFound(found, err, connector.ErrNotFound)
	})
	return r, err
}

// Connectors returns connectors by ascending ID.
func (s Connectors) Connectors(ctx context.Context, after string, limit int) ([]connector.ConnectorRecord, error) {
	var found []connector.ConnectorRecord
	err := s.at.read(ctx, "list connectors", func(c *conn) error {
		return c.each(ctx, selectConnectors, []any{after, limit}, func(from *row) {
			found = append(found, scanConnector(from))
		})
	})
	return found, err
}

// PutConnector writes a connector whole, guarded by its version and, if asked, by its not being used.
func (s Connectors) PutConnector(ctx context.Context, r connector.ConnectorRecord, unused bool) error {
	return s.at.write(ctx, "write connector", func(c *conn) error {
		if r.Version == 1 {
			changed, err := c.exec(insertConnector, r.ID, r.Version, r.Body)
			return unless(changed, err, connector.ErrExists)
		}
		if err := guardConnector(c, r.ID, r.Version-1, unused); err != nil {
			return err
		}
		return c.run(replaceConnector, r.ID, r.Version, r.Body)
	})
}

// DeleteConnector removes a connector that nobody uses.
func (s Connectors) DeleteConnector(ctx context.Context, id string, version int64) error {
	return s.at.write(ctx, "delete connector", func(c *conn) error {
		if err := guardConnector(c, id, version, true); err != nil {
			return err
		}
		return c.run(deleteConnector, id)
	})
}

// guardConnector looks whether a connector may be changed. Nothing comes between this and the change: there is one
// writer.
func guardConnector(c *conn, id string, version int64, unused bool) error {
	var stored int64
	var used bool
	found, err := c.one(selectConnectorUse, []any{id}, func(from *row) { stored, used = from.int(), from.bool() })
	switch {
	case err != nil:
		return err
	case !found:
		return refusal{connector.ErrNotFound}
	case stored != version:
		return refusal{connector.ErrConflict}
	case unused && used:
		return refusal{connector.ErrInUse}
	}
	return nil
}

// Method returns the payment method, or [connector.ErrNotFound].
func (s Connectors) Method(ctx context.Context, id string) (connector.MethodRecord, error) {
	var r connector.MethodRecord
	err := s.at.read(ctx, "load payment method", func(c *conn) error {
		found, err := c.one(selectMethod, []any{id}, func(from *row) { r = scanMethod(from) })
		return orNotFound(found, err, connector.ErrNotFound)
	})
	return r, err
}

// Methods returns payment methods by ascending ID.
func (s Connectors) Methods(ctx context.Context, f connector.MethodFilter) ([]connector.MethodRecord, error) {
	var found []connector.MethodRecord
	err := s.at.read(ctx, "list payment methods", func(c *conn) error {
		text, args := listMethods(f)
		return c.each(ctx, text, args, func(from *row) { found = append(found, scanMethod(from)) })
	})
	return found, err
}

// PutMethod writes a payment method whole and, unless it is nil, a version of its settings.
func (s Connectors) PutMethod(ctx context.Context, m connector.MethodRecord, set *connector.SettingsRecord) error {
	return s.at.write(ctx, "write payment method", func(c *conn) error {
		if err := guardMethod(c, m.ID, m.Version); err != nil {
			return err
		}
		if set != nil {
			if err := guardConnector(c, m.Connector, set.ConnectorVersion, false); err != nil {
				return err
			}
		}
		write := replaceMethod
		if m.Version == 1 {
			write = insertMethod
		}
		err := c.run(write, m.ID, m.Reseller, m.Connector, m.Active, m.Version, m.Settings, m.Body)
		if err != nil || set == nil {
			return err
		}
		return c.run(insertSettings, set.Method, set.Version, set.ConnectorVersion, set.Revision, set.Body)
	})
}

// guardMethod looks whether this version of a payment method follows the stored one.
func guardMethod(c *conn, id string, version int64) error {
	var stored int64
	found, err := c.one(selectMethodVersion, []any{id}, func(from *row) { stored = from.int() })
	switch {
	case err != nil:
		return err
	case version == 1 && found:
		return refusal{connector.ErrExists}
	case version > 1 && !found:
		return refusal{connector.ErrNotFound}
	case version > 1 && stored != version-1:
		return refusal{connector.ErrConflict}
	}
	return nil
}

// Settings returns one version of a payment method's settings, or [connector.ErrNotFound].
func (s Connectors) Settings(ctx context.Context, method string, version int) (connector.SettingsRecord, error) {
	var r connector.SettingsRecord
	err := s.at.read(ctx, "load settings", func(c *conn) error {
		found, err := c.one(selectSettings, []any{method, version}, func(from *row) { r = scanSettings(from) })
		return orNotFound(found, err, connector.ErrNotFound)
	})
	return r, err
}

// RewriteSettings replaces the revision and the body of an existing version.
func (s Connectors) RewriteSettings(ctx context.Context, r connector.SettingsRecord) error {
	return s.at.write(ctx, "rewrite settings", func(c *conn) error {
		var stored connector.SettingsRecord
		found, err := c.one(selectSettings, []any{r.Method, r.Version}, func(from *row) { stored = scanSettings(from) })
		switch {
		case err != nil:
			return err
		case !found:
			return refusal{connector.ErrNotFound}
		case stored.Revision != r.Revision-1:
			return refusal{connector.ErrConflict}
		}
		return c.run(rewriteSettings, r.Method, r.Version, r.Revision, r.Body)
	})
}

func scanConnector(from *row) connector.ConnectorRecord {
	return connector.ConnectorRecord{
		ID: from.text(), Version: from.int(), Body: from.bytes(), Methods: int(from.int()),
	}
}

func scanMethod(from *row) connector.MethodRecord {
	return connector.MethodRecord{
		ID: from.text(), Reseller: from.text(), Connector: from.text(), Active: from.bool(), Version: from.int(),
		Settings: int(from.int()), Body: from.bytes(),
	}
}

func scanSettings(from *row) connector.SettingsRecord {
	return connector.SettingsRecord{
		Method: from.text(), Version: int(from.int()), ConnectorVersion: from.int(), Revision: from.int(),
		Body: from.bytes(),
	}
}
