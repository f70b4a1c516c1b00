package connector

import (
	"context"
	"errors"
	"fmt"

	"github.com/oplata-go/oplata/connector/settings"
)

// Rewrapped counts what [Service.Rewrap] did.
type Rewrapped struct {
	Records int // connectors and versions of settings that were looked at
	Changed int // of them sealed anew
}

// Rewrap seals every secret of the store that is not sealed with the current master key anew, record by record, each in
// a write of its own. It may be stopped at any point and started again. When it has returned without an error on every
// process's newest ring, a former master key is not needed by this Service any more.
//
// Connectors of a kind that the program does not know are an error, because their secrets cannot be found; the rest is
// done all the same.
func (s *Service) Rewrap(ctx context.Context) (Rewrapped, error) {
	const batch = 100
	var done Rewrapped
	var failed []error
	after := ""
	for {
		records, err := s.store.Connectors(ctx, after, batch)
		if err != nil {
			return done, errors.Join(append(failed, err)...)
		}
		for _, rec := range records {
			if err := s.rewrapAll(ctx, rec.ID, &done); err != nil {
				failed = append(failed, fmt.Errorf("connector: rewrap %s: %w", rec.ID, err))
			}
			if ctx.Err() != nil {
				return done, errors.Join(append(failed, ctx.Err())...)
			}
		}
		if len(records) < batch {
			return done, errors.Join(failed...)
		}
		after = records[len(records)-1].ID
	}
}

// rewrapAll does one connector and all its payment methods.
func (s *Service) rewrapAll(ctx context.Context, id string, done *Rewrapped) error {
	if err := s.rewrapConnector(ctx, id, done); err != nil {
		return err
	}
	c, err := s.usable(ctx, id)
	if err != nil {
		return err
	}
	return s.eachMethod(ctx, id, func(m MethodRecord) error {
		for version := 1; version <= m.Settings; version++ {
			if err := s.rewrapSettings(ctx, c, m, version, done); err != nil {
				return fmt.Errorf("connector: payment method %s version %d: %w", m.ID, version, err)
			}
		}
		return nil
	})
}

func (s *Service) rewrapConnector(ctx context.Context, id string, done *Rewrapped) error {
	for range tries {
		c, err := s.usable(ctx, id)
		if err != nil {
			return err
		}
		changed := false
		for i, k := range c.body.HashKeys {
			text, again, err := s.sealer.Rewrap(ctx, k.Sealed, keyPlace(c.ID)...)
			if err != nil {
				return err
			}
			c.body.HashKeys[i].Sealed = text
			changed = changed || again
		}
		static, again, err := s.rewrapDocument(ctx, c.schema, c.body.Static, staticPlace(c.ID))
		if err != nil {
			return err
		}
		c.body.Static = static
		if !changed && !again {
			done.Records++
			return nil
		}
		c.Version++
		err = s.putConnector(ctx, c, false)
		if errors.Is(err, ErrConflict) {
			continue
		}
		if err == nil {
			done.Records++
			done.Changed++
		}
		return err
	}
	return ErrConflict
}

func (s *Service) rewrapSettings(ctx context.Context, c *stored, m MethodRecord, version int, done *Rewrapped) error {
	for range tries {
		rec, err := s.store.Settings(ctx, m.ID, version)
		if err != nil {
			return err
		}
		doc, err := readDocument(rec)
		if err != nil {
			return err
		}
		var values, static bool
		doc.Values, values, err = s.rewrapDocument(ctx, c.schema, doc.Values, valuePlace(m.Reseller, c.ID, m.ID))
		if err != nil {
			return err
		}
		doc.Static, static, err = s.rewrapDocument(ctx, c.schema, doc.Static, snapshotPlace(m.Reseller, c.ID, m.ID))
		if err != nil {
			return err
		}
		if !values && !static {
			done.Records++
			return nil
		}
		if rec.Body, err = encodeBody(doc); err != nil {
			return err
		}
		rec.Revision++
		err = s.store.RewriteSettings(ctx, rec)
		if errors.Is(err, ErrConflict) {
			continue
		}
		if err == nil {
			done.Records++
			done.Changed++
		}
		return err
	}
	return ErrConflict
}

// rewrapDocument seals anew what another key sealed, and what was written before its field became a secret.
func (s *Service) rewrapDocument(ctx context.Context, schema *settings.Schema, doc []byte, place []string) (out []byte, changed bool, err error) {
	if doc == nil {
		return nil, false, nil
	}
	out, err = schema.MapSecrets(doc, func(pointer, text string) (string, error) {
		if !sealed(text) {
			changed = true
			return s.sealer.Seal(ctx, []byte(text), at(place, pointer)...)
		}
		next, again, err := s.sealer.Rewrap(ctx, text, at(place, pointer)...)
		changed = changed || again
		return next, err
	})
	return out, changed, err
}
