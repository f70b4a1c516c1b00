package settings_test

import (
	"bytes"
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/oplata-go/oplata/connector/secret"
	"github.com/oplata-go/oplata/connector/settings"
)

type Common struct {
	Timeout int `json:"timeout,omitempty" jsonschema:"title=Timeout,minimum=1,maximum=60,default=30"`
}

type acme struct {
	Common
	MerchantID string         `json:"merchant_id" jsonschema:"title=Номер магазина,pattern=^m-[0-9]{1\\,9}$" jsonschema_description:"Выдаёт банк"`
	APIKey     secret.Value   `json:"api_key" jsonschema:"title=API key,minLength=4"`
	Backup     secret.Value   `json:"backup,omitzero"`
	Mode       string         `json:"mode" jsonschema:"enum=test,enum=live,default=test"`
	Limit      json.Number    `json:"limit,omitempty" jsonschema:"type=number"`
	URL        string         `json:"url,omitempty" jsonschema:"format=uri"`
	Keys       []secret.Value `json:"keys,omitempty"`
	Proxy      *proxy         `json:"proxy,omitempty"`
	Since      time.Time      `json:"since,omitzero"`
	hidden     chan int
	Skipped    func() `json:"-"`
}

type proxy struct {
	Host     string        `json:"host" jsonschema:"minLength=1"`
	Password *secret.Value `json:"password,omitempty"`
}

func TestSchemaOfAStruct(t *testing.T) {
	s, err := settings.For[acme]()
	require.NoError(t, err)

	var got bytes.Buffer
	require.NoError(t, json.Indent(&got, s.JSON(), "", " "))
	require.JSONEq(t, `{
		"$schema":"https://json-schema.org/draft/2020-12/schema","type":"object","additionalProperties":false,
		"required":["merchant_id","api_key","mode"],
		"properties":{
			"timeout":{"type":"integer","title":"Timeout","minimum":1,"maximum":60,"default":30},
			"merchant_id":{"type":"string","title":"Номер магазина","description":"Выдаёт банк","pattern":"^m-[0-9]{1,9}$"},
			"api_key":{"type":"string","title":"API key","minLength":4,"writeOnly":true,"format":"password"},
			"backup":{"type":"string","writeOnly":true,"format":"password"},
			"mode":{"type":"string","enum":["test","live"],"default":"test"},
			"limit":{"type":"number"},
			"url":{"type":"string","format":"uri"},
			"keys":{"type":"array","items":{"type":"string","writeOnly":true,"format":"password"}},
			"proxy":{"type":"object","additionalProperties":false,"required":["host"],"properties":{
				"host":{"type":"string","minLength":1},"password":{"type":"string","writeOnly":true,"format":"password"}}},
			"since":{"type":"string","format":"date-time"}}}`, got.String())

	doc := []byte(`{"merchant_id":"m-1","api_key":"sk_1","mode":"test","keys":["k"],"proxy":{"host":"h","password":"p"},"since":"2026-01-02T03:04:05Z"}`)
	require.NoError(t, s.Validate(doc))
	masked, set, err := s.Mask(doc)
	require.NoError(t, err)
	require.JSONEq(t, `{"merchant_id":"m-1","mode":"test","proxy":{"host":"h"},"since":"2026-01-02T03:04:05Z"}`, string(masked))
	require.Equal(t, []string{"/api_key", "/keys", "/proxy/password"}, set)

	require.Equal(t, "/api_key minLength, /merchant_id pattern, /mode enum, /other additionalProperties, /proxy/host required, /timeout maximum, /url format",
		faults(t, s.Validate([]byte(`{"merchant_id":"1","api_key":"k","mode":"dev","proxy":{},"timeout":61,"url":"x","other":1}`))))

	filled, err := s.WithDefaults([]byte(`{"merchant_id":"m-1","api_key":"sk_1"}`))
	require.NoError(t, err)
	var decoded acme
	require.NoError(t, json.Unmarshal(filled, &decoded))
	require.Equal(t, 30, decoded.Timeout)
	require.Equal(t, "test", decoded.Mode)
	require.Equal(t, "sk_1", decoded.APIKey.Reveal())
	require.Nil(t, decoded.hidden)
}

type branch struct {
	Children []branch `json:"children"`
}

type (
	recursive struct{ Tree map[string]*branch }
	channel   struct{ C []chan int }
	function  struct{ F func() }
	complexes struct{ C complex128 }
	twice     struct{ A, B proxy }
)

func TestTypesThatAreNoSettings(t *testing.T) {
	for name, compile := range map[string]func() (*settings.Schema, error){
		"/Tree/Children schemaType": settings.For[recursive],
		"/C schemaType":             settings.For[channel],
		"/F schemaType":             settings.For[function],
		"schemaType":                settings.For[string],
	} {
		_, err := compile()
		require.Equal(t, name, faults(t, err))
	}
	_, err := settings.For[*acme]()
	require.Error(t, err)
	_, err = settings.For[complexes]()
	require.ErrorContains(t, err, "complex128")
	_, err = settings.For[twice]()
	require.NoError(t, err)
	_, err = settings.For[struct{}]()
	require.NoError(t, err)
}

func TestSchemaIsItsText(t *testing.T) {
	text := "{ \"type\" : \"object\" }\n"
	s := compile(t, text)
	got := s.JSON()
	require.Equal(t, text, string(got))
	got[0] = 'x'
	require.Equal(t, text, string(s.JSON()), "callers get a copy")
	require.Equal(t, s.Hash(), compile(t, text).Hash())
	require.Len(t, s.Hash(), 64)
	require.NotEqual(t, s.Hash(), compile(t, `{"type":"object"}`).Hash())
}
