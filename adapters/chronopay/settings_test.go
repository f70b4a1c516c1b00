package chronopay_test

import (
	"encoding/json"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/require"

	"github.com/oplata-go/oplata/adapters/chronopay"
	"github.com/oplata-go/oplata/connector"
	"github.com/oplata-go/oplata/connector/secret"
	"github.com/oplata-go/oplata/connector/settings"
)

func schema(t *testing.T) *settings.Schema {
	t.Helper()
	s, err := settings.For[chronopay.Settings]()
	require.NoError(t, err)
	return s
}

// ProductId and SharedSec are the two values that the Tiksen guide asks for.
func TestSettingsTwoValuesAreEnough(t *testing.T) {
	s := schema(t)
	require.NoError(t, s.Validate([]byte(`{"product_id":"001234-0001-0001","shared_sec":"4G0i8590sl5Da37I"}`)))
	err := s.Validate([]byte(`{"product_id":"1","shared_sec":"short","sign_rule":"R9","currency":"rub","page_url":"?","login":"x"}`))
	var wrong *settings.Error
	require.ErrorAs(t, err, &wrong)
	var fields []string
	for _, f := range wrong.Faults {
		fields = append(fields, f.Pointer)
	}
	slices.Sort(fields)
	require.Equal(t, []string{"/currency", "/login", "/page_url", "/product_id", "/shared_sec", "/sign_rule"}, fields, err)
}

// Defaults stand in the schema, for forms, and in New, for callers without one. Both open the same gateway.
func TestSettingsDefaultsOfSchemaAndNewAgree(t *testing.T) {
	doc, err := schema(t).WithDefaults([]byte(`{"product_id":"001234-0001-0001","shared_sec":"4G0i8590sl5Da37I"}`))
	require.NoError(t, err)
	var filled chronopay.Settings
	require.NoError(t, json.Unmarshal(doc, &filled))
	filled.SharedSec = usual().SharedSec // a closure is equal to itself only
	bySchema, err := chronopay.New(filled)
	require.NoError(t, err)
	byNew, err := chronopay.New(usual())
	require.NoError(t, err)

	got, want := reflect.ValueOf(*bySchema).FieldByName("settings"), reflect.ValueOf(*byNew).FieldByName("settings")
	for i := range got.NumField() {
		name := got.Type().Field(i).Name
		switch field := got.Field(i); {
		case name == "SharedSec":
		case field.Kind() == reflect.Slice:
			require.Equal(t, want.Field(i).Len(), field.Len(), name)
			for j := range field.Len() {
				require.True(t, field.Index(j).Equal(want.Field(i).Index(j)), name)
			}
		default:
			require.True(t, field.Equal(want.Field(i)), "%s: %v, want %v", name, field, want.Field(i))
		}
	}
}

// Operators read the form in Russian.
func TestSettingsFormIsRussian(t *testing.T) {
	var form struct {
		Properties map[string]struct{ Title, Description string }
	}
	require.NoError(t, json.Unmarshal(schema(t).JSON(), &form))
	require.Len(t, form.Properties, reflect.TypeFor[chronopay.Settings]().NumField())
	for name, p := range form.Properties {
		require.NotEmpty(t, p.Title, name)
		require.True(t, strings.ContainsFunc(p.Description, func(r rune) bool { return unicode.Is(unicode.Cyrillic, r) }), name)
	}
}

func TestNewNamesEveryWrongField(t *testing.T) {
	_, err := chronopay.New(chronopay.Settings{
		ProductID:         "x",
		SharedSec:         secret.New("short"),
		SignRule:          "R9",
		PageURL:           "payments.chronopay.com",
		PageMethod:        "PUT",
		SourceAddresses:   []string{"93.174.51.230", "chronopay.com"},
		CustomerIDPattern: "(",
		UTCOffset:         "Moscow",
	})
	require.Equal(t, []string{
		"shared_sec", "sign_rule", "page_method", "product_id", "page_url", "source_addresses", "customer_id_pattern", "utc_offset",
	}, fieldsOf(err))
}

func TestNewRefuses(t *testing.T) {
	usd := func(id string) []chronopay.Product { return []chronopay.Product{{Currency: "USD", ProductID: id}} }
	for name, c := range map[string]struct {
		field  string
		change func(*chronopay.Settings)
	}{
		"R3 without minutes":          {"time_limit_minutes", func(s *chronopay.Settings) { s.SignRule = chronopay.R3 }},
		"minutes without a rule":      {"time_limit_minutes", func(s *chronopay.Settings) { s.TimeLimit = 30 }},
		"unknown callback type":       {"cb_type", func(s *chronopay.Settings) { s.CallbackType = "X" }},
		"token in cs1":                {"token_field", func(s *chronopay.Settings) { s.TokenField = "cs1" }},
		"unknown language":            {"language", func(s *chronopay.Settings) { s.Language = "de" }},
		"unknown currency":            {"product_id", func(s *chronopay.Settings) { s.Currency = "ZZZ" }},
		"currency without two places": {"product_id", func(s *chronopay.Settings) { s.Currency = "JPY" }},
		"another client's product":    {"products", func(s *chronopay.Settings) { s.Products = usd("009999-0001-0001") }},
		"one product, two currencies": {"products", func(s *chronopay.Settings) { s.Products = usd(product) }},
		"malformed product":           {"products", func(s *chronopay.Settings) { s.Products = usd("1") }},
		"two products, one currency": {"products", func(s *chronopay.Settings) {
			s.Products = []chronopay.Product{{Currency: "RUB", ProductID: "001234-0001-0002"}}
		}},
		"plain http to the world": {"page_url", func(s *chronopay.Settings) { s.PageURL = "http://payments.chronopay.com/" }},
		"a password in the URL":   {"page_url", func(s *chronopay.Settings) { s.PageURL = "https://u:p@payments.chronopay.com/" }},
		"another scheme":          {"page_url", func(s *chronopay.Settings) { s.PageURL = "ftp://payments.chronopay.com/" }},
		"a malformed network":     {"source_addresses", func(s *chronopay.Settings) { s.SourceAddresses = []string{"10.0.0.0/99"} }},
	} {
		t.Run(name, func(t *testing.T) {
			s := usual()
			c.change(&s)
			g, err := chronopay.New(s)
			require.Nil(t, g)
			require.Equal(t, []string{c.field}, fieldsOf(err))
		})
	}
	for _, near := range []string{"http://127.0.0.1:8081/", "http://[::1]:8081/", "http://localhost:8081/", "http://192.168.1.2/"} {
		open(t, func(s *chronopay.Settings) { s.PageURL = near })
	}
}

func TestKindIsKnownToTheService(t *testing.T) {
	key, err := secret.GenerateKey("k1")
	require.NoError(t, err)
	ring, err := secret.NewRing(key)
	require.NoError(t, err)
	service, err := connector.New(connector.Config{
		Store:   struct{ connector.Store }{}, // never asked here
		Kinds:   []connector.Kind{chronopay.Kind()},
		Secrets: ring,
	})
	require.NoError(t, err)
	require.Equal(t, "chronopay", service.Kinds()[0].Name())
}

// fieldsOf lists the fields of all joined parameter errors.
func fieldsOf(err error) []string {
	var list interface{ Unwrap() []error }
	if !errors.As(err, &list) {
		return nil
	}
	var fields []string
	for _, e := range list.Unwrap() {
		if wrong, ok := errors.AsType[*connector.ParamError](e); ok {
			fields = append(fields, wrong.Field)
		}
	}
	return fields
}
