package connector

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/oplata-go/oplata/connector/secret"
	"github.com/oplata-go/oplata/connector/settings"
)

// CreateParams describes a new connector.
type CreateParams struct {
	By   Actor
	ID   string // 1 to 64 Latin letters, digits, '-', '_', '.'; empty: generated. Choose one to make Create repeatable
	Name string // required, up to 200 bytes
	Kind string // the name of one of the Service's kinds

	// URL is where a remote gateway is: absolute, https. Empty for a gateway that lives in the program.
	URL string

	// Schema describes the settings, as JSON Schema or in the form of one of the Service's dialects. Required for a
	// [RawKind]; a kind with a settings struct brings its own and takes none.
	Schema json.RawMessage

	// Static are settings common to all payment methods: a JSON object, or nil. What a payment method sets itself wins.
	Static json.RawMessage

	// Period is how long a payment may be processing: whole minutes up to 30 days. 0 means without end, and then only
	// gateways that can be asked for the status take payments.
	Period time.Duration

	// HashKey signs requests and answers of a remote gateway. Empty: generated. Several connectors may share one.
	HashKey secret.Value
}

// Create registers a connector. Only the root reseller may. Errors: [ErrForbidden], [ErrUnknownKind], [ErrExists], every
// wrong parameter as a [*ParamError], a wrong schema or wrong static settings as the settings package reports them;
// nothing was written then.
func (s *Service) Create(ctx context.Context, p CreateParams) (Connector, error) {
	if err := s.rootOnly(p.By); err != nil {
		return Connector{}, err
	}
	kind, ok := s.kinds[p.Kind]
	if !ok {
		return Connector{}, fmt.Errorf("%w: %q", ErrUnknownKind, p.Kind)
	}
	if err := s.checkCreate(p); err != nil {
		return Connector{}, err
	}
	id := p.ID
	if id == "" {
		var err error
		if id, err = newID(s.cfg.Now(), s.cfg.Random); err != nil {
			return Connector{}, err
		}
	}
	now := s.now()
	c := &stored{kind: kind, ConnectorRecord: ConnectorRecord{ID: id, Version: 1}, body: connectorBody{
		Name: p.Name, Kind: p.Kind, URL: p.URL, Minutes: int64(p.Period / time.Minute),
		CreatedAt: now, UpdatedAt: now, UpdatedBy: p.By.Name,
	}}
	if err := s.setSchema(c, p.Schema); err != nil {
		return Connector{}, err
	}
	if err := s.setStatic(ctx, c, p.Static); err != nil {
		return Connector{}, err
	}
	if err := s.setHashKey(ctx, c, p.HashKey, 0); err != nil {
		return Connector{}, err
	}
	if err := s.putConnector(ctx, c, false); err != nil {
		return Connector{}, err
	}
	s.changed(ctx, "connector created", c.ID, p.By)
	return c.full()
}

func (s *Service) checkCreate(p CreateParams) error {
	var f faults
	f.line("by.name", p.By.Name, maxName)
	f.id("id", p.ID)
	f.name(p.Name)
	f.url(p.URL, s.cfg.InsecureHTTP)
	f.period(p.Period)
	f.line("hash_key", p.HashKey.Reveal(), maxHashKey)
	return f.err()
}

// UpdateParams changes a connector. A nil field stays as it is.
type UpdateParams struct {
	By      Actor
	ID      string
	Version int64 // what the change was decided on: Connector.Version

	Name *string
	URL  *string

	// Schema replaces a pasted schema while no payment method uses the connector. Static settings are kept where they
	// still fit; their secrets only in fields that are still secret.
	Schema json.RawMessage

	// Static replaces the static settings, all but the secrets: one that is absent keeps its value, null clears it.
	Static json.RawMessage

	Period *time.Duration
}

// Update changes a connector. Only the root reseller may. Besides the errors of [Service.Create] it returns
// [ErrNotFound], [ErrConflict] when the version is not the current one, and [ErrInUse] for another schema, or for no
// more period where not every gateway of the kind can be asked, while payment methods use the connector.
//
// New static settings are checked with every payment method first, and refused if one would not fit. Then each payment
// method gets a new version of its settings, one write each; if that was interrupted, the error says so, the methods
// not reached work on with the former static settings, and the next Update of the connector carries it on.
func (s *Service) Update(ctx context.Context, p UpdateParams) (Connector, error) {
	if err := s.rootOnly(p.By); err != nil {
		return Connector{}, err
	}
	c, err := s.connector(ctx, p.ID)
	if err != nil {
		return Connector{}, err
	}
	if c.Version != p.Version {
		return Connector{}, ErrConflict
	}
	if c.schema == nil {
		return Connector{}, fmt.Errorf("%w: %q", ErrUnknownKind, c.body.Kind)
	}
	if err := s.checkUpdate(p); err != nil {
		return Connector{}, err
	}
	unused, err := s.change(ctx, c, p)
	if err != nil {
		return Connector{}, err
	}
	if err := s.putConnector(ctx, c, unused); err != nil {
		return Connector{}, err
	}
	s.changed(ctx, "connector changed", c.ID, p.By)
	if err := s.spreadStatic(ctx, c, p.By); err != nil {
		return Connector{}, fmt.Errorf("connector: changed, but some payment methods still use the former static settings: %w", err)
	}
	return c.full()
}

func (s *Service) checkUpdate(p UpdateParams) error {
	var f faults
	f.line("by.name", p.By.Name, maxName)
	if p.Name != nil {
		f.name(*p.Name)
	}
	if p.URL != nil {
		f.url(*p.URL, s.cfg.InsecureHTTP)
	}
	if p.Period != nil {
		f.period(*p.Period)
	}
	return f.err()
}

// change makes c what it shall be after the update, and tells whether that is allowed only while c is unused.
func (s *Service) change(ctx context.Context, c *stored, p UpdateParams) (unused bool, err error) {
	c.Version++
	c.body.UpdatedAt, c.body.UpdatedBy = s.now(), p.By.Name
	if p.Name != nil {
		c.body.Name = *p.Name
	}
	if p.URL != nil {
		c.body.URL = *p.URL
	}
	if p.Period != nil {
		// Whether a gateway can be asked may depend on its settings, so this cannot be decided for methods that
		// somebody adds meanwhile.
		unused = *p.Period == 0 && c.body.Minutes > 0 && !c.kind.asks
		c.body.Minutes = int64(*p.Period / time.Minute)
	}
	former, err := s.unseal(ctx, c.schema, c.body.Static, staticPlace(c.ID))
	if err != nil {
		return false, err
	}
	static := p.Static
	if p.Schema != nil {
		before := c.schema
		if err := s.setSchema(c, p.Schema); err != nil {
			return false, err
		}
		if before.Hash() != c.schema.Hash() {
			unused = true
			if static == nil && former != nil {
				if static, _, err = before.Mask(former); err != nil {
					return false, err
				}
			}
		}
	}
	if static == nil {
		return unused, nil
	}
	if former != nil {
		if static, err = c.schema.Keep(former, static); err != nil {
			return false, invalid("static", err)
		}
	}
	if err := s.setStatic(ctx, c, static); err != nil {
		return false, err
	}
	return unused, s.fitsAll(ctx, c)
}

// Delete removes a connector that no payment method uses; else [ErrInUse]. Version is the one that was seen, as in an
// update. Only the root reseller may.
func (s *Service) Delete(ctx context.Context, by Actor, id string, version int64) error {
	if err := s.rootOnly(by); err != nil {
		return err
	}
	if !possibleID(id) {
		return ErrNotFound
	}
	defer s.open.forgetRows() // after a failure too: it may have been written
	if err := s.store.DeleteConnector(ctx, id, version); err != nil {
		return err
	}
	s.changed(ctx, "connector deleted", id, by)
	return nil
}

// Connector returns a connector. Every reseller may see what it needs to make a payment method of it; the rest is the
// root reseller's.
func (s *Service) Connector(ctx context.Context, by Actor, id string) (Connector, error) {
	if by.Reseller == "" {
		return Connector{}, ErrForbidden
	}
	c, err := s.connector(ctx, id)
	if err != nil {
		return Connector{}, err
	}
	return s.visible(by, c)
}

// Page is a part of a list, which is sorted by ID.
type Page struct {
	After string // only IDs greater than this: the last one of the page before
	Limit int    // 1 to 1000; 0 means 100
}

func (p Page) limit() (int, error) {
	if p.Limit < 0 || p.Limit > 1000 {
		return 0, &ParamError{Field: "limit", Reason: "must be from 1 to 1000"}
	}
	if p.Limit == 0 {
		return 100, nil
	}
	return p.Limit, nil
}

// Connectors lists the connectors, each as [Service.Connector] shows it to the actor. A page that is shorter than its
// limit is the last one.
func (s *Service) Connectors(ctx context.Context, by Actor, page Page) ([]Connector, error) {
	if by.Reseller == "" {
		return nil, ErrForbidden
	}
	limit, err := page.limit()
	if err != nil {
		return nil, err
	}
	if err := selectable(page.After); err != nil {
		return nil, err
	}
	records, err := s.store.Connectors(ctx, page.After, limit)
	if err != nil {
		return nil, err
	}
	list := make([]Connector, len(records))
	for i, rec := range records {
		c, err := s.read(rec)
		if err != nil {
			return nil, err
		}
		if list[i], err = s.visible(by, c); err != nil {
			return nil, err
		}
	}
	return list, nil
}

func (s *Service) visible(by Actor, c *stored) (Connector, error) {
	if by.Reseller != s.cfg.Root {
		return c.brief(), nil
	}
	return c.full()
}

func (s *Service) connector(ctx context.Context, id string) (*stored, error) {
	if !possibleID(id) {
		return nil, ErrNotFound
	}
	rec, err := s.store.Connector(ctx, id)
	if err != nil {
		return nil, err
	}
	return s.read(rec)
}

// read decodes a stored connector. One of a kind that the program does not know any more has no schema.
func (s *Service) read(rec ConnectorRecord) (*stored, error) {
	c := &stored{ConnectorRecord: rec}
	if err := json.Unmarshal(rec.Body, &c.body); err != nil {
		return nil, corrupt("connector", rec.ID)
	}
	var known bool
	if c.kind, known = s.kinds[c.body.Kind]; !known {
		return c, nil
	}
	var err error
	if c.schema = c.kind.schema; c.schema == nil {
		c.schema, err = s.compiled(c.body.Schema)
	}
	return c, err
}

// compiled compiles a stored schema, or takes it from the cache: compiling costs as much as many validations.
func (s *Service) compiled(raw json.RawMessage) (*settings.Schema, error) {
	if schema, ok := s.pasted.get(string(raw)); ok {
		return schema, nil
	}
	schema, err := settings.Compile(raw)
	if err != nil {
		return nil, err
	}
	s.pasted.put(string(raw), schema)
	return schema, nil
}

// setSchema gives c its schema: the kind's own, or the one that was pasted.
func (s *Service) setSchema(c *stored, raw json.RawMessage) error {
	if c.kind.schema != nil {
		if raw != nil {
			return &ParamError{Field: "schema", Reason: "kind " + c.kind.name + " brings its own"}
		}
		c.schema = c.kind.schema
		return nil
	}
	if raw == nil {
		return &ParamError{Field: "schema", Reason: "required for kind " + c.kind.name}
	}
	for _, dialect := range s.cfg.Dialects {
		converted, ok, err := dialect.Schema(raw)
		if err != nil {
			return invalid("schema", err)
		}
		if ok {
			raw = converted
			break
		}
	}
	schema, err := settings.Compile(compact(raw))
	if err != nil {
		return invalid("schema", err)
	}
	c.schema, c.body.Schema = schema, schema.JSON()
	return nil
}

// setStatic gives c static settings.
func (s *Service) setStatic(ctx context.Context, c *stored, raw json.RawMessage) error {
	if raw == nil {
		return nil
	}
	if err := validPart(c.schema, raw); err != nil {
		return invalid("static", err)
	}
	sealed, err := s.seal(ctx, c.schema, compact(raw), staticPlace(c.ID))
	if err != nil {
		return err
	}
	c.body.Static, c.body.StaticVersion = sealed, c.Version
	return nil
}

func (s *Service) putConnector(ctx context.Context, c *stored, unused bool) error {
	var err error
	if c.Body, err = encodeBody(c.body); err != nil {
		return err
	}
	defer s.open.forgetRows() // after a failure too: it may have been written
	return s.store.PutConnector(ctx, c.ConnectorRecord, unused)
}

// invalid says which parameter an error of the settings package is about. It stays findable with errors.As.
func invalid(field string, err error) error {
	if _, own := errors.AsType[*ParamError](err); own {
		return err
	}
	return fmt.Errorf("%w: %s: %w", ErrInvalid, field, err)
}
