package connector

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/oplata-go/oplata/connector/secret"
	"github.com/oplata-go/oplata/connector/settings"
)

// Kind is a kind of gateway that the program knows: a name, the schema of its settings and how to open it. Make one
// with [KindOf] or [RawKind] and give it to [New]; there is no global registry. The zero value is not usable.
type Kind struct {
	name   string
	schema *settings.Schema // nil: the operator pastes one with each connector
	open   func(RawSettings) (Gateway, error)
	asks   bool  // every gateway of this kind is a StatusQuerier
	err    error // what was wrong with the declaration; New reports it
}

// Name is what connectors name the kind by. It is stored, so it must never change.
func (k Kind) Name() string { return k.name }

// Schema is the JSON Schema of the kind's settings, nil for a [RawKind].
func (k Kind) Schema() json.RawMessage {
	if k.schema == nil {
		return nil
	}
	return k.schema.JSON()
}

// KindOf makes a kind whose settings are the struct S: its json and jsonschema tags become the schema, fields of type
// [secret.Value] are secrets. The settings are validated, with the connector's static settings under the method's and
// with defaults filled in, before open sees them; open checks what a schema cannot say. A mistake in S is reported by
// [New].
//
// Open is called once per version of a payment method's settings and again after the gateway left the cache, from many
// goroutines; like the gateway itself it does no I/O. Its error must not name secrets.
func KindOf[S any, G Gateway](name string, open func(S) (G, error)) Kind {
	schema, err := settings.For[S]()
	if err != nil {
		err = fmt.Errorf("connector: kind %q: settings: %w", name, err)
	}
	if open == nil {
		err = fmt.Errorf("connector: kind %q: no function to open it", name)
	}
	var none G
	_, asks := any(none).(StatusQuerier)
	return Kind{name: name, schema: schema, asks: asks, err: err, open: func(raw RawSettings) (Gateway, error) {
		var s S
		if err := json.Unmarshal([]byte(raw.Settings.Reveal()), &s); err != nil {
			return nil, decodeError(err)
		}
		g, err := open(s)
		if err != nil {
			return nil, err
		}
		return g, nil
	}}
}

// RawSettings is what a [RawKind] is opened with.
type RawSettings struct {
	Connector string         // the connector's ID
	URL       string         // the connector's address, typed by an operator: untrusted
	HashKeys  []secret.Value // the connector's keys: the current one first, then one whose overlap has not ended
	Settings  secret.Value   // the merged settings as a JSON object, its secrets readable
}

// RawKind makes a kind without a settings struct: each connector of it brings a schema that an operator pasted, and
// open gets the settings as JSON together with the connector's address and keys.
func RawKind(name string, open func(RawSettings) (Gateway, error)) Kind {
	var err error
	if open == nil {
		err = fmt.Errorf("connector: kind %q: no function to open it", name)
	}
	return Kind{name: name, open: open, err: err}
}

// decodeError tells which field does not fit the settings struct. The decoder's own text may hold the value.
func decodeError(err error) error {
	field := "settings"
	var wrong *json.UnmarshalTypeError
	if errors.As(err, &wrong) && wrong.Field != "" {
		field += "." + wrong.Field
	}
	return &ParamError{Field: field, Reason: "does not fit the kind's settings"}
}
