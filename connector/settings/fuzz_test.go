package settings_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/oplata-go/oplata/connector/settings"
)

var fuzzDocuments = []string{`{}`, `{"a":"x","k":[1,{"b":null}]}`, `[]`, `"text"`, `1.5e3`, `null`}

// FuzzCompile compiles foreign schemas and uses those that pass. Whatever happens ends soon and in typed errors.
func FuzzCompile(f *testing.F) {
	for _, seed := range []string{
		wallet, conditional, extended, tree, everywhere, `true`, `{"$schema":"http://json-schema.org/draft-07/schema#"}`,
		doubled(8, `{"allOf":[NEXT,NEXT]}`), `{"pattern":"(a{500}){500}"}`, `{"$ref":"#"}`, `{"$dynamicAnchor":"n","items":{"$dynamicRef":"#n"}}`,
		`{"$id":"https://x.example/a","$defs":{"b":{"$id":"b","$anchor":"c"}},"$ref":"b#c"}`, `{"minLength":1e400}`,
		`{"properties":{"a":{"default":{},"$ref":"#"}}}`,
	} {
		f.Add([]byte(seed), []byte(fuzzDocuments[1]))
	}
	f.Fuzz(func(t *testing.T, schema, doc []byte) {
		start := time.Now()
		s, err := settings.Compile(schema)
		_ = faults(t, err)
		if err == nil {
			for _, d := range append(fuzzDocuments, string(doc)) {
				use(t, s, []byte(d))
			}
		}
		require.Less(t, time.Since(start), patience)
	})
}

// FuzzValue gives foreign documents to a schema that uses everything.
func FuzzValue(f *testing.F) {
	s := compile(f, everywhere)
	for _, seed := range append(fuzzDocuments, everySecret, `{"a":1,"a":2}`, `{"\ud800":1}`, `{"a":`, `1e401`, "\xff") {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, doc []byte) {
		use(t, s, doc)
		if s.Validate(doc) == nil {
			require.True(t, json.Valid(doc), "accepted what is no JSON")
		}
	})
}

// use calls everything there is with one document.
func use(t *testing.T, s *settings.Schema, doc []byte) {
	_ = faults(t, s.Validate(doc))

	same, err := s.MapSecrets(doc, func(_, text string) (string, error) { return text, nil })
	if _ = faults(t, err); err == nil {
		require.Equal(t, string(doc), string(same))
	}
	masked, set, err := s.Mask(doc)
	if _ = faults(t, err); err != nil {
		return
	}
	_, again, err := s.Mask(masked)
	require.NoError(t, err)
	if len(masked) > 0 && string(masked) != "null" {
		require.Empty(t, again, "masked twice: %s %s", masked, set)
	}
	for _, change := range []func() ([]byte, error){
		func() ([]byte, error) { return s.Keep(doc, masked) },
		func() ([]byte, error) { return s.WithDefaults(doc) },
		func() ([]byte, error) { return settings.Merge(doc, masked) },
	} {
		out, err := change()
		if _ = faults(t, err); err == nil {
			require.True(t, json.Valid(out), "%s", out)
		}
	}
}
