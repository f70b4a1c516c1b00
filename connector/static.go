package connector

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/oplata-go/oplata/connector/settings"
)

// validPart checks static settings. They are a part of what the schema describes, so what is missing is no fault here: a
// payment method may bring it, and then the whole is checked.
func validPart(schema *settings.Schema, doc []byte) error {
	err := schema.Validate(doc)
	var wrong *settings.Error
	if !errors.As(err, &wrong) {
		return err
	}
	present := slices.DeleteFunc(slices.Clone(wrong.Faults), func(f settings.Fault) bool {
		switch f.Code {
		case "required", "dependentRequired", "minProperties", "anyOf", "oneOf":
			return true
		default:
			return false
		}
	})
	if len(present) == 0 {
		return nil
	}
	return &settings.Error{Faults: present}
}

// staticOf begins a new version of settings with the connector's present static ones.
func (s *Service) staticOf(ctx context.Context, c *stored) (document, error) {
	static, err := s.unseal(ctx, c.schema, c.body.Static, staticPlace(c.ID))
	return document{Static: static}, err
}

// fits checks settings as a whole: what the schema says, what the kind's open function says, and that a payment can
// end.
func (s *Service) fits(ctx context.Context, c *stored, doc document) error {
	text, err := doc.effective(c.schema)
	if err != nil {
		return invalid("settings", err)
	}
	if err := c.schema.Validate(text); err != nil {
		return invalid("settings", err)
	}
	g, err := s.openKind(ctx, c, doc, s.cfg.Now())
	if err != nil {
		return invalid("settings", err)
	}
	if _, asks := g.(StatusQuerier); !asks && c.body.Minutes == 0 {
		return &ParamError{
			Field:  "connector",
			Reason: "has no processing period, and its gateway cannot be asked for the status: nothing would end a payment whose message was lost",
		}
	}
	return nil
}

// fitsAll checks that every payment method of the connector would work with its new static settings.
func (s *Service) fitsAll(ctx context.Context, c *stored) error {
	static, err := s.staticOf(ctx, c)
	if err != nil {
		return err
	}
	return s.eachMethod(ctx, c.ID, func(m MethodRecord) error {
		rec, err := s.store.Settings(ctx, m.ID, m.Settings)
		if err != nil {
			return err
		}
		doc, err := s.openDocument(ctx, c, rec, m.Reseller)
		if err != nil {
			return err
		}
		doc.Static = static.Static
		if err := s.fits(ctx, c, doc); err != nil {
			return fmt.Errorf("connector: payment method %s: %w", m.ID, err)
		}
		return nil
	})
}

// spreadStatic gives every payment method that still has former static settings a new version with the present ones. It
// goes on after a method that fails, and reports all that did.
func (s *Service) spreadStatic(ctx context.Context, c *stored, by Actor) error {
	if c.body.StaticVersion <= 1 {
		return nil // as old as the connector: every payment method began with them
	}
	var failed []error
	err := s.eachMethod(ctx, c.ID, func(m MethodRecord) error {
		if err := s.renewStatic(ctx, m, by); err != nil {
			failed = append(failed, fmt.Errorf("connector: payment method %s: %w", m.ID, err))
		}
		return ctx.Err()
	})
	return errors.Join(append(failed, err)...)
}

// renewStatic gives one payment method a version of its settings with the present static ones, unless it has them.
func (s *Service) renewStatic(ctx context.Context, m MethodRecord, by Actor) error {
	for range tries {
		c, body, err := s.readMethod(ctx, m)
		if err != nil {
			return err
		}
		rec, err := s.store.Settings(ctx, m.ID, m.Settings)
		if err != nil {
			return err
		}
		if rec.ConnectorVersion >= c.body.StaticVersion {
			return nil
		}
		doc, err := s.openDocument(ctx, c, rec, m.Reseller)
		if err != nil {
			return err
		}
		present, err := s.staticOf(ctx, c)
		if err != nil {
			return err
		}
		doc.Static = present.Static
		if err := s.fits(ctx, c, doc); err != nil {
			return err
		}
		body.UpdatedAt, body.UpdatedBy = s.now(), by.Name
		if _, err = s.putMethod(ctx, c, m, body, &doc); !errors.Is(err, ErrConflict) {
			return err
		}
		if m, err = s.store.Method(ctx, m.ID); err != nil {
			return err
		}
	}
	return ErrConflict
}

// eachMethod goes through the payment methods of a connector, of every reseller.
func (s *Service) eachMethod(ctx context.Context, connector string, do func(MethodRecord) error) error {
	const batch = 100
	f := MethodFilter{Connector: connector, Limit: batch}
	for {
		records, err := s.store.Methods(ctx, f)
		if err != nil {
			return err
		}
		for _, m := range records {
			if err := do(m); err != nil {
				return err
			}
		}
		if len(records) < batch {
			return nil
		}
		f.After = records[len(records)-1].ID
	}
}
