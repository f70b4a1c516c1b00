package secret_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/oplata-go/oplata/connector/secret"
)

func TestValueHoldsItsText(t *testing.T) {
	v := secret.New("sk_1")
	require.Equal(t, "sk_1", v.Reveal())
	require.False(t, v.Empty())
	require.True(t, v.Equal(secret.New("sk_1")))
	require.False(t, v.Equal(secret.New("sk_2")))
	require.False(t, v.Equal(secret.Value{}))

	require.Empty(t, secret.Value{}.Reveal())
	require.True(t, secret.New("").Empty())
	require.True(t, secret.New("").Equal(secret.Value{}))
}

func TestValueReadsJSON(t *testing.T) {
	var got struct {
		Key  secret.Value `json:"key"`
		None secret.Value `json:"none,omitzero"`
	}
	require.NoError(t, json.Unmarshal([]byte(`{"key":"s\u043a","none":null}`), &got))
	require.Equal(t, "sк", got.Key.Reveal())
	require.True(t, got.None.Empty())

	for _, bad := range []string{`{"key":1}`, `{"key":{}}`, `{"key":["a"]}`} {
		require.ErrorContains(t, json.Unmarshal([]byte(bad), &got), "must be a JSON string")
	}

	out, err := json.Marshal(got)
	require.NoError(t, err)
	require.JSONEq(t, `{"key":"***"}`, string(out), "an empty optional secret is left out")
	require.ErrorContains(t, json.Unmarshal(out, &got), "mask")
	require.Equal(t, "sк", got.Key.Reveal(), "a printed struct read back leaves the secret alone")
}

func TestValueDescribesItself(t *testing.T) {
	out, err := json.Marshal(secret.Value{}.JSONSchema())
	require.NoError(t, err)
	require.JSONEq(t, `{"type":"string","writeOnly":true,"format":"password"}`, string(out))

	first, second := secret.New("a").JSONSchema(), secret.New("b").JSONSchema()
	require.NotSame(t, first, second, "generators write into it")
}
