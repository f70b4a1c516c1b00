package connector

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/oplata-go/oplata/connector/settings"
)

// document is one version of a payment method's settings. It carries the static settings of its time, so that a
// version opens the same gateway for ever, whatever happens to the connector: messages about old payments need it.
type document struct {
	Values json.RawMessage `json:"values"`
	Static json.RawMessage `json:"static,omitempty"`
}

// effective is what a gateway is opened with: the method's values over the static ones, and defaults where both are
// silent.
func (d document) effective(schema *settings.Schema) ([]byte, error) {
	merged := []byte(d.Values)
	if d.Static != nil {
		var err error
		if merged, err = settings.Merge(d.Static, d.Values); err != nil {
			return nil, err
		}
	}
	return schema.WithDefaults(merged)
}

// The places that a secret is bound to: a sealed text that is moved elsewhere does not open.
func staticPlace(connector string) []string { return []string{"connector", connector, "static"} }
func keyPlace(connector string) []string    { return []string{"connector", connector, "hash key"} }

func valuePlace(reseller, connector, method string) []string {
	return []string{"method", reseller, connector, method, "values"}
}

func snapshotPlace(reseller, connector, method string) []string {
	return []string{"method", reseller, connector, method, "static"}
}

// seal gives doc with every secret sealed for the place.
func (s *Service) seal(ctx context.Context, schema *settings.Schema, doc []byte, place []string) (json.RawMessage, error) {
	if doc == nil {
		return nil, nil
	}
	return schema.MapSecrets(doc, func(pointer, text string) (string, error) {
		return s.sealer.Seal(ctx, []byte(text), at(place, pointer)...)
	})
}

// unseal gives doc with every secret readable. What does not look sealed was written before its field became a secret,
// and is taken as it is; [Service.Rewrap] seals it.
func (s *Service) unseal(ctx context.Context, schema *settings.Schema, doc []byte, place []string) (json.RawMessage, error) {
	if doc == nil {
		return nil, nil
	}
	return schema.MapSecrets(doc, func(pointer, text string) (string, error) {
		if !sealed(text) {
			return text, nil
		}
		plain, err := s.sealer.Open(ctx, text, at(place, pointer)...)
		if err != nil {
			return "", fmt.Errorf("connector: secret %s: %w", pointer, err)
		}
		return string(plain), nil
	})
}

func at(place []string, pointer string) []string {
	return append(slices.Clip(place), pointer)
}

func sealed(text string) bool { return strings.HasPrefix(text, "v1.") }

// openDocument reads a version of a payment method's settings with its secrets readable.
func (s *Service) openDocument(ctx context.Context, c *stored, rec SettingsRecord, reseller string) (document, error) {
	if c.schema == nil {
		return document{}, fmt.Errorf("%w: %q", ErrUnknownKind, c.body.Kind)
	}
	doc, err := readDocument(rec)
	if err != nil {
		return document{}, err
	}
	doc.Values, err = s.unseal(ctx, c.schema, doc.Values, valuePlace(reseller, c.ID, rec.Method))
	if err != nil {
		return document{}, err
	}
	doc.Static, err = s.unseal(ctx, c.schema, doc.Static, snapshotPlace(reseller, c.ID, rec.Method))
	return doc, err
}

// sealDocument makes the body of a version, its secrets sealed.
func (s *Service) sealDocument(ctx context.Context, c *stored, doc document, reseller, method string) ([]byte, error) {
	values, err := s.seal(ctx, c.schema, doc.Values, valuePlace(reseller, c.ID, method))
	if err != nil {
		return nil, err
	}
	static, err := s.seal(ctx, c.schema, doc.Static, snapshotPlace(reseller, c.ID, method))
	if err != nil {
		return nil, err
	}
	return encodeBody(document{Values: values, Static: static})
}

func readDocument(rec SettingsRecord) (document, error) {
	var doc document
	if err := json.Unmarshal(rec.Body, &doc); err != nil {
		return document{}, corrupt("settings of method", rec.Method)
	}
	return doc, nil
}

// encodeBody makes the stored form of a record. Texts stay as they were typed: "<" is not escaped.
func encodeBody(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, fmt.Errorf("connector: encode: %w", err)
	}
	if b.Len() > maxBody {
		return nil, &ParamError{Field: "settings", Reason: "too large to be kept: more than " + strconv.Itoa(maxBody) + " bytes"}
	}
	return bytes.TrimRight(b.Bytes(), "\n"), nil
}

// compact takes the white space out of JSON, as it is stored, so that what a command returns equals what is read later.
// Text that is no JSON comes back as it is.
func compact(raw json.RawMessage) json.RawMessage {
	var b bytes.Buffer
	if json.Compact(&b, raw) != nil {
		return raw
	}
	return b.Bytes()
}

// corrupt reports a stored record that cannot be read. The decoder's text could show a part of it.
func corrupt(what, id string) error {
	return fmt.Errorf("connector: %s %s: stored record cannot be read", what, id)
}

// errHidden stands for an error text that held a secret.
var errHidden = errors.New("its reason holds a secret and is not shown")

// withoutSecrets gives a kind's error, unless its text holds a secret of the settings.
func withoutSecrets(err error, schema *settings.Schema, doc []byte) error {
	text := err.Error()
	leaks := false
	_, walk := schema.MapSecrets(doc, func(_, secret string) (string, error) {
		leaks = leaks || secret != "" && strings.Contains(text, secret)
		return secret, nil
	})
	if leaks || walk != nil {
		return fmt.Errorf("connector: the kind refused the settings: %w", errHidden)
	}
	return err
}
