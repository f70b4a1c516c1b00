package connector

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
)

// CreateMethodParams describes a new payment method.
type CreateMethodParams struct {
	By        Actor
	ID        string // as in [CreateParams]
	Reseller  string // whose accounts may use it; empty: the actor's. Only the root reseller may name another
	Connector string // the ID
	Name      string // required, up to 200 bytes
	Inactive  bool   // not yet offered to anybody

	AccountTypes []string // empty: offered to all types
	Icon         string   // up to 2 KiB
	Description  string   // up to 16 KiB

	// Settings are the values for the connector's schema, a JSON object; nil is an empty one. Static settings and
	// defaults fill in what is absent.
	Settings json.RawMessage
}

// CreateMethod makes a payment method. Errors: [ErrForbidden] for another reseller, [ErrNotFound] without the connector,
// [ErrUnknownKind], [ErrExists], every wrong parameter as a [*ParamError], wrong settings as a settings.Error with all
// faults, and what the kind's open function says of them. A gateway that cannot be asked for the status needs a
// connector with a period, because nothing else would ever end a payment whose message was lost. Nothing was written
// then.
func (s *Service) CreateMethod(ctx context.Context, p CreateMethodParams) (Method, error) {
	if p.Reseller == "" {
		p.Reseller = p.By.Reseller
	}
	if !s.mayTouch(p.By, p.Reseller) {
		return Method{}, ErrForbidden
	}
	if p.Settings == nil {
		p.Settings = json.RawMessage(`{}`)
	}
	if p.ID == "" {
		var err error
		if p.ID, err = newID(s.cfg.Now(), s.cfg.Random); err != nil {
			return Method{}, err
		}
	}
	for range tries {
		m, err := s.createMethod(ctx, p)
		if !errors.Is(err, ErrConflict) {
			return m, err
		}
	}
	return Method{}, ErrConflict
}

// createMethod is one try. It meets ErrConflict when the connector has changed since it was read.
func (s *Service) createMethod(ctx context.Context, p CreateMethodParams) (Method, error) {
	c, err := s.usable(ctx, p.Connector)
	if err != nil {
		return Method{}, err
	}
	doc, err := s.staticOf(ctx, c)
	if err != nil {
		return Method{}, err
	}
	doc.Values = p.Settings
	if err := errors.Join(checkCreateMethod(p), s.fits(ctx, c, doc)); err != nil {
		return Method{}, err
	}
	now := s.now()
	m := MethodRecord{ID: p.ID, Reseller: p.Reseller, Connector: c.ID, Active: !p.Inactive}
	body := methodBody{
		Name: p.Name, AccountTypes: p.AccountTypes, Icon: p.Icon, Description: p.Description,
		CreatedAt: now, UpdatedAt: now, UpdatedBy: p.By.Name,
	}
	view, err := s.putMethod(ctx, c, m, body, &doc)
	if err != nil {
		return Method{}, err
	}
	s.changed(ctx, "payment method created", m.ID, p.By)
	return view, nil
}

func checkCreateMethod(p CreateMethodParams) error {
	var f faults
	f.line("by.name", p.By.Name, maxName)
	f.id("id", p.ID)
	f.line("reseller", p.Reseller, maxName)
	f.name(p.Name)
	f.accountTypes(p.AccountTypes)
	f.line("icon", p.Icon, maxIcon)
	f.text("description", p.Description, maxDescription)
	return f.err()
}

// UpdateMethodParams changes a payment method. A nil field stays as it is.
type UpdateMethodParams struct {
	By      Actor
	ID      string
	Version int64 // what the change was decided on: Method.Version

	Name         *string
	AccountTypes *[]string
	Icon         *string
	Description  *string

	// Settings replaces the values and becomes a new version of them. A secret that is absent keeps its value, as in a
	// form whose password field was left empty; null clears it.
	Settings json.RawMessage
}

// UpdateMethod changes a payment method. Besides the errors of [Service.CreateMethod] it returns [ErrNotFound], also for
// another reseller's method, and [ErrConflict] when the version is not the current one.
func (s *Service) UpdateMethod(ctx context.Context, p UpdateMethodParams) (Method, error) {
	for range tries {
		m, err := s.ownMethod(ctx, p.By, p.ID)
		if err != nil {
			return Method{}, err
		}
		if m.Version != p.Version {
			return Method{}, ErrConflict
		}
		view, err := s.updateMethod(ctx, m, p)
		if errors.Is(err, ErrConflict) {
			continue // the method or its connector has changed; the next look tells which
		}
		if err != nil {
			return Method{}, err
		}
		s.changed(ctx, "payment method changed", p.ID, p.By)
		return view, nil
	}
	return Method{}, ErrConflict
}

func (s *Service) updateMethod(ctx context.Context, m MethodRecord, p UpdateMethodParams) (Method, error) {
	c, body, err := s.readMethod(ctx, m)
	if err != nil {
		return Method{}, err
	}
	if p.Name != nil {
		body.Name = *p.Name
	}
	if p.AccountTypes != nil {
		body.AccountTypes = *p.AccountTypes
	}
	if p.Icon != nil {
		body.Icon = *p.Icon
	}
	if p.Description != nil {
		body.Description = *p.Description
	}
	body.UpdatedAt, body.UpdatedBy = s.now(), p.By.Name
	var doc *document
	err = checkUpdateMethod(p)
	if p.Settings != nil {
		next, wrong := s.newSettings(ctx, c, m, p.Settings)
		doc, err = &next, errors.Join(err, wrong)
	}
	if err != nil {
		return Method{}, err
	}
	return s.putMethod(ctx, c, m, body, doc)
}

func checkUpdateMethod(p UpdateMethodParams) error {
	var f faults
	f.line("by.name", p.By.Name, maxName)
	if p.Name != nil {
		f.name(*p.Name)
	}
	if p.AccountTypes != nil {
		f.accountTypes(*p.AccountTypes)
	}
	if p.Icon != nil {
		f.line("icon", *p.Icon, maxIcon)
	}
	if p.Description != nil {
		f.text("description", *p.Description, maxDescription)
	}
	return f.err()
}

// newSettings makes the next version of a method's settings out of what was typed, and checks that it fits.
func (s *Service) newSettings(ctx context.Context, c *stored, m MethodRecord, typed json.RawMessage) (document, error) {
	if c.schema == nil {
		return document{}, fmt.Errorf("%w: %q", ErrUnknownKind, c.body.Kind)
	}
	rec, err := s.store.Settings(ctx, m.ID, m.Settings)
	if err != nil {
		return document{}, err
	}
	former, err := s.openDocument(ctx, c, rec, m.Reseller)
	if err != nil {
		return document{}, err
	}
	doc, err := s.staticOf(ctx, c)
	if err != nil {
		return document{}, err
	}
	if doc.Values, err = c.schema.Keep(former.Values, typed); err != nil {
		return document{}, invalid("settings", err)
	}
	return doc, s.fits(ctx, c, doc)
}

// Activate offers the payment method to payers again. It returns [ErrNotFound] for another reseller's method; an active
// one stays as it is.
func (s *Service) Activate(ctx context.Context, by Actor, id string) (Method, error) {
	return s.setActive(ctx, by, id, true)
}

// Deactivate stops offering the payment method: no payment starts with it any more. Results of the payments that it has
// begun are still received.
func (s *Service) Deactivate(ctx context.Context, by Actor, id string) (Method, error) {
	return s.setActive(ctx, by, id, false)
}

func (s *Service) setActive(ctx context.Context, by Actor, id string, active bool) (Method, error) {
	var f faults
	f.line("by.name", by.Name, maxName)
	if err := f.err(); err != nil {
		return Method{}, err
	}
	for range tries {
		m, err := s.ownMethod(ctx, by, id)
		if err != nil {
			return Method{}, err
		}
		c, body, err := s.readMethod(ctx, m)
		if err != nil {
			return Method{}, err
		}
		if m.Active == active {
			return methodView(m, c)
		}
		m.Active = active
		body.UpdatedAt, body.UpdatedBy = s.now(), by.Name
		view, err := s.putMethod(ctx, c, m, body, nil)
		if errors.Is(err, ErrConflict) {
			continue
		}
		if err != nil {
			return Method{}, err
		}
		s.changed(ctx, map[bool]string{true: "payment method activated", false: "payment method deactivated"}[active], id, by)
		return view, nil
	}
	return Method{}, ErrConflict
}

// method reads a payment method. An ID that none can have comes from a stranger and is not even looked up.
func (s *Service) method(ctx context.Context, id string) (MethodRecord, error) {
	if !possibleID(id) {
		return MethodRecord{}, ErrNotFound
	}
	return s.store.Method(ctx, id)
}

// ownMethod reads a payment method that the actor may touch. Another reseller's is not found, so that IDs cannot be
// tried out.
func (s *Service) ownMethod(ctx context.Context, by Actor, id string) (MethodRecord, error) {
	m, err := s.method(ctx, id)
	if err != nil {
		return MethodRecord{}, err
	}
	if !s.mayTouch(by, m.Reseller) {
		return MethodRecord{}, ErrNotFound
	}
	return m, nil
}

func (s *Service) readMethod(ctx context.Context, m MethodRecord) (*stored, methodBody, error) {
	var body methodBody
	if err := json.Unmarshal(m.Body, &body); err != nil {
		return nil, methodBody{}, corrupt("payment method", m.ID)
	}
	c, err := s.connector(ctx, m.Connector)
	return c, body, err
}

// usable reads a connector whose kind the program knows.
func (s *Service) usable(ctx context.Context, id string) (*stored, error) {
	c, err := s.connector(ctx, id)
	if err != nil {
		return nil, err
	}
	if c.schema == nil {
		return nil, fmt.Errorf("%w: %q", ErrUnknownKind, c.body.Kind)
	}
	return c, nil
}

// putMethod writes the next version of a payment method and, with doc, of its settings.
func (s *Service) putMethod(ctx context.Context, c *stored, m MethodRecord, body methodBody, doc *document) (Method, error) {
	m.Version++
	var rec *SettingsRecord
	if doc != nil {
		m.Settings++
		doc.Values = compact(doc.Values)
		sealed, err := s.sealDocument(ctx, c, *doc, m.Reseller, m.ID)
		if err != nil {
			return Method{}, err
		}
		rec = &SettingsRecord{Method: m.ID, Version: m.Settings, ConnectorVersion: c.Version, Revision: 1, Body: sealed}
	}
	body.AccountTypes = slices.Clone(body.AccountTypes)
	var err error
	if m.Body, err = encodeBody(body); err != nil {
		return Method{}, err
	}
	defer s.open.forgetRows() // after a failure too: it may have been written
	if err := s.store.PutMethod(ctx, m, rec); err != nil {
		return Method{}, err
	}
	view, err := methodView(m, c)
	if err != nil || doc == nil {
		return view, err
	}
	view.Settings, view.Secrets, err = c.schema.Mask(doc.Values)
	return view, err
}
