package secret

import (
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"

	"github.com/invopop/jsonschema"
)

// mask is what every way of printing a secret gives, an empty one included: whether a secret is set is nobody's business.
const mask = "***"

// errMasked guards against the round trip: a printed settings struct read back would replace the secret by asterisks.
var errMasked = errors.New("secret: the text is the mask, not a secret")

// Value is a secret text. The zero Value is an empty one. Values may be copied and used by many goroutines; they cannot
// be compared with ==, use Equal.
//
// The text sits in a closure: fmt, reflection and diff tools can show the closure's address and nothing more.
type Value struct{ reveal func() string }

// New returns a Value that holds text. An empty text gives the zero Value, so `json:",omitzero"` works.
func New(text string) Value {
	if text == "" {
		return Value{}
	}
	return Value{reveal: func() string { return text }}
}

// Reveal returns the secret text, "" for the zero Value. It is the only way out: search for its callers to review them.
func (v Value) Reveal() string {
	if v.reveal == nil {
		return ""
	}
	return v.reveal()
}

// Empty reports whether there is no text.
func (v Value) Empty() bool { return v.reveal == nil }

// Equal reports whether both hold the same text, in time that depends on the lengths only.
func (v Value) Equal(other Value) bool {
	return subtle.ConstantTimeCompare([]byte(v.Reveal()), []byte(other.Reveal())) == 1
}

// String returns "***".
func (v Value) String() string { return mask }

// GoString returns "***", for %#v.
func (v Value) GoString() string { return mask }

// Format writes "***" for every verb, those that String does not serve (%d, %x, …) included.
func (v Value) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, mask) }

// LogValue returns "***" to log/slog.
func (v Value) LogValue() slog.Value { return slog.StringValue(mask) }

// MarshalJSON writes "***". Settings are therefore stored as the JSON they came in, never marshalled from their struct.
func (v Value) MarshalJSON() ([]byte, error) { return []byte(`"` + mask + `"`), nil }

// MarshalText writes "***", for XML, YAML, map keys and the like.
func (v Value) MarshalText() ([]byte, error) { return []byte(mask), nil }

// UnmarshalJSON takes a JSON string; null leaves the Value as it is, as encoding/json does for other types. The mask is
// refused, so that a printed struct can never be read back as a secret.
func (v *Value) UnmarshalJSON(data []byte) error {
	if string(data) == "null" {
		return nil
	}
	var text string
	if json.Unmarshal(data, &text) != nil {
		return errors.New("secret: a secret must be a JSON string")
	}
	return v.set(text)
}

// UnmarshalText takes the text as it is, except the mask, which is refused.
func (v *Value) UnmarshalText(text []byte) error { return v.set(string(text)) }

func (v *Value) set(text string) error {
	if text == mask {
		return errMasked
	}
	*v = New(text)
	return nil
}

// JSONSchema describes a Value in a settings schema: a write-only string that forms show as a password field.
func (Value) JSONSchema() *jsonschema.Schema {
	return &jsonschema.Schema{Type: "string", Format: "password", WriteOnly: true}
}
