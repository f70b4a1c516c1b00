package settings

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
)

const (
	// documentURL names a schema inside the validator. Nothing is ever loaded from it.
	documentURL = "settings:///schema"

	// The work is bounded by counting steps; this bounds it once more, by the clock, for what counting has missed.
	patience = 10 * time.Second
	// quickSteps take a few milliseconds at the most; below that no clock is needed.
	quickSteps = 1 << 14
)

// Schema is a compiled settings schema. It is immutable and safe for concurrent use. Compiling costs as much as some
// dozens of validations, so keep the result, by Hash.
type Schema struct {
	raw     json.RawMessage
	hash    string
	root    *jsonschema.Schema
	graph   *graph
	cost    cost
	secrets map[*jsonschema.Schema]bool // schemas with a secret in them or below
}

// Compile reads a JSON Schema of draft 2020-12, or of draft-07 when its $schema says so. A schema that cannot be used
// gives a *SchemaError: bad JSON, against its draft, a reference outside the document (the drafts' own metaschemas
// aside), a pattern that RE2 does not know, a secret that is no text, or more work for the validator than any settings
// form needs. Nothing is fetched and no file is opened.
//
// Formats are asserted, unknown ones allow everything; content keywords are annotations, as the draft says.
func Compile(raw []byte) (*Schema, error) {
	doc, _, fault := parse(raw, MaxSchema, maxSchemaNodes)
	if fault != nil {
		return nil, &SchemaError{Faults: []Fault{*fault}}
	}
	if draft := doc.member("$schema"); draft != nil && draft.kind == '"' && !knownDraft(draft.text) {
		return nil, &SchemaError{Faults: []Fault{{Pointer: "/$schema", Code: "schemaDraft"}}}
	}
	s := &Schema{raw: slices.Clone(raw)}
	sum := sha256.Sum256(raw)
	s.hash = hex.EncodeToString(sum[:])

	faults, failure := within(patience, func() []Fault { return s.compile(&doc) })
	if failure != "" {
		faults = []Fault{{Code: failure}}
	}
	if len(faults) > 0 {
		return nil, &SchemaError{Faults: tidy(faults)}
	}
	return s, nil
}

// JSON returns the schema as it was given, white space and order included. The caller owns the copy.
func (s *Schema) JSON() json.RawMessage { return slices.Clone(s.raw) }

// Hash returns SHA-256 of JSON in hex: a key for caches.
func (s *Schema) Hash() string { return s.hash }

// Validate checks a document: nil, or *Error with every fault. Bad JSON, invalid Unicode, repeated members, and
// documents beyond the bounds of this package are faults too.
func (s *Schema) Validate(value []byte) error {
	v, nodes, fault := decode(value)
	if fault = s.bounded(fault, nodes, len(value)); fault != nil {
		return &Error{Faults: []Fault{*fault}}
	}
	check := func() []Fault { return s.faults(s.root.Validate(v)) }
	run := quick[[]Fault]
	if s.cost.steps(nodes, len(value)) > quickSteps {
		run = within[[]Fault]
	}
	faults, failure := run(patience, check)
	if failure != "" {
		faults = []Fault{{Code: failure}}
	}
	if len(faults) > 0 {
		return &Error{Faults: faults}
	}
	return nil
}

// bounded adds to a fault of reading that the document would cost too much against this schema.
func (s *Schema) bounded(fault *Fault, nodes, matched int) *Fault {
	if fault == nil && s.cost.steps(nodes, matched) > maxSteps {
		return &Fault{Code: "complexity"}
	}
	return fault
}

// read parses a document.
func (s *Schema) read(value []byte) (node, error) {
	root, nodes, fault := parse(value, MaxValue, MaxValue)
	if fault = s.bounded(fault, nodes, len(value)); fault != nil {
		return node{}, &Error{Faults: []Fault{*fault}}
	}
	return root, nil
}

// readStored parses a document that may have grown by sealing. No pattern is matched against its texts.
func (s *Schema) readStored(value []byte) (node, error) {
	root, nodes, fault := parse(value, MaxStored, MaxValue)
	if fault = s.bounded(fault, nodes, 0); fault != nil {
		return node{}, &Error{Faults: []Fault{*fault}}
	}
	return root, nil
}

// faults turns the validator's error into ours, which hold no value.
func (s *Schema) faults(err error) []Fault {
	if err == nil {
		return nil
	}
	invalid := new(jsonschema.ValidationError)
	if !errors.As(err, &invalid) {
		return []Fault{{Code: "internal"}}
	}
	var faults []Fault
	for _, f := range findings(invalid) {
		faults = append(faults, f.fault())
	}
	faults = tidy(faults)
	for i := range faults {
		faults[i].Title = s.title(faults[i].Pointer)
	}
	return faults
}

// within runs f and waits for it up to limit. The failure is the code of a fault when f took longer or panicked. A run
// that took longer is left to end by itself, which the count of steps makes sure of.
func within[T any](limit time.Duration, f func() T) (out T, failure string) {
	type outcome struct {
		out     T
		failure string
	}
	done := make(chan outcome, 1)
	go func() {
		out, failure := quick(0, f)
		done <- outcome{out, failure}
	}()
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case o := <-done:
		return o.out, o.failure
	case <-timer.C:
		return out, "timeout"
	}
}

// quick runs f without a clock.
func quick[T any](_ time.Duration, f func() T) (out T, failure string) {
	defer func() {
		if recover() != nil { // with what, is not told: it may show a value
			failure = "internal"
		}
	}()
	return f(), ""
}

// propertyNames checks member names in the validator's place, which reports a wrong location for a name that is wrong
// in one of several objects.
type propertyNames struct{ schema *jsonschema.Schema }

func (p propertyNames) Validate(ctx *jsonschema.ValidatorContext, v any) {
	object, _ := v.(map[string]any)
	for name := range object {
		if p.schema.Validate(name) != nil {
			ctx.AddError(&kind.PropertyNames{Property: name})
		}
	}
}
