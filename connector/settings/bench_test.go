package settings_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"

	"github.com/oplata-go/oplata/connector/settings"
)

var benchDocument = []byte(`{"merchant_id":"m-123456","api_key":"sk_live_0123456789abcdef","mode":"live","limit":15000.00,
	"url":"https://gateway.example.com/pay","keys":["k1","k2"],"proxy":{"host":"proxy.example","password":"p"},"timeout":20}`)

// bareDecode is the least that a careful program does before it hands a foreign text to the validator: its length, its
// Unicode, its nesting and the length of its numbers are bounded, then encoding/json decodes it.
func bareDecode(raw []byte) (any, error) {
	if len(raw) > settings.MaxValue || !utf8.Valid(raw) {
		return nil, errors.New("too long or no text")
	}
	depth, digits, inText := 0, 0, false
	for i := 0; i < len(raw); i++ {
		c := raw[i]
		switch {
		case inText:
			if c == '\\' {
				i++
			}
			inText = c != '"'
			continue
		case c == '"':
			inText = true
		case c == '{' || c == '[':
			depth++
		case c == '}' || c == ']':
			depth--
		case '0' <= c && c <= '9' || c == '.' || c == 'e' || c == '-':
			digits++
			if digits > settings.MaxNumber {
				return nil, errors.New("number too long")
			}
			continue
		}
		if digits = 0; depth > settings.MaxDepth {
			return nil, errors.New("too deep")
		}
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var v any
	err := d.Decode(&v)
	return v, err
}

func bareValidator(b *testing.B, schema json.RawMessage) func([]byte) error {
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(schema))
	require.NoError(b, err)
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	require.NoError(b, c.AddResource("bare:///schema", doc))
	s, err := c.Compile("bare:///schema")
	require.NoError(b, err)
	return func(raw []byte) error {
		v, err := bareDecode(raw)
		if err != nil {
			return err
		}
		return s.Validate(v)
	}
}

// BenchmarkValidateAgainstBare reports the time of Validate divided by the time of the bare validator behind the same
// bounds: the median of interleaved rounds. The budget is 1.2.
func BenchmarkValidateAgainstBare(b *testing.B) {
	s, err := settings.For[acme]()
	require.NoError(b, err)
	bare := bareValidator(b, s.JSON())
	require.NoError(b, bare(benchDocument))
	require.NoError(b, s.Validate(benchDocument))

	const rounds, each = 15, 400
	timed := func(validate func([]byte) error) time.Duration {
		start := time.Now()
		for range each {
			_ = validate(benchDocument)
		}
		return time.Since(start)
	}
	for b.Loop() {
		var ours, theirs []time.Duration
		var ratios []float64
		for range rounds {
			o, t := timed(s.Validate), timed(bare)
			ours, theirs = append(ours, o), append(theirs, t)
			ratios = append(ratios, float64(o)/float64(t))
		}
		slices.Sort(ours)
		slices.Sort(theirs)
		slices.Sort(ratios)
		b.ReportMetric(ratios[rounds/2], "ratio")
		b.ReportMetric(float64(ours[rounds/2].Nanoseconds())/each, "ours-ns")
		b.ReportMetric(float64(theirs[rounds/2].Nanoseconds())/each, "bare-ns")
	}
}

func BenchmarkCompile(b *testing.B) {
	s, err := settings.For[acme]()
	require.NoError(b, err)
	raw := s.JSON()
	for b.Loop() {
		_, err = settings.Compile(raw)
	}
	require.NoError(b, err)
}

func BenchmarkMapSecrets(b *testing.B) {
	s, err := settings.For[acme]()
	require.NoError(b, err)
	for b.Loop() {
		_, err = s.MapSecrets(benchDocument, func(_, text string) (string, error) { return text + ".", nil })
	}
	require.NoError(b, err)
}
