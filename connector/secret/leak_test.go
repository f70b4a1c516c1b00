package secret_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/oplata-go/oplata/connector/secret"
)

const planted = "canary-sk-live-71c9"

// holder has secrets in every position that reflection treats differently.
type holder struct {
	Public  secret.Value
	private secret.Value
	Pointer *secret.Value
	hidden  *secret.Value
	List    []secret.Value
	Map     map[string]secret.Value
	Any     any
	any     any
	Key     secret.Key
	key     secret.Key
}

func newHolder(text string, key secret.Key) holder {
	v := secret.New(text)
	return holder{
		Public: v, private: v, Pointer: &v, hidden: &v, List: []secret.Value{v}, Map: map[string]secret.Value{"a": v},
		Any: v, any: &v, Key: key, key: key,
	}
}

// recorder collects what testify would print.
type recorder struct{ out strings.Builder }

func (r *recorder) Errorf(format string, args ...any) { fmt.Fprintf(&r.out, format, args...) }

// TestNothingPrintsASecret prints secrets in every way a program could by accident and looks for the text.
func TestNothingPrintsASecret(t *testing.T) {
	master := bytes.Repeat([]byte("K"), secret.KeySize)
	key, err := secret.NewKey("k1", master)
	require.NoError(t, err)
	h := newHolder(planted, key)
	other := newHolder("another", key)

	var out bytes.Buffer
	for _, v := range []any{
		h, &h, h.Public, h.Pointer, h.List, h.Map, h.Any, h.Key, &h.Key,
		[]any{h},
		map[string]any{"h": &h},
		struct{ h *holder }{&h},
	} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%t", "%e", "%08b", "%-20s|", "%w", "%T", "%!"} {
			fmt.Fprintf(&out, verb+"\n", v)
		}
		fmt.Fprintln(&out, v)

		// Some of these values cannot be marshalled; whatever comes out is looked at.
		text, err := json.Marshal(v)
		fmt.Fprintln(&out, string(text), err)
		text, err = xml.Marshal(v)
		fmt.Fprintln(&out, string(text), err)

		for _, handler := range []slog.Handler{slog.NewTextHandler(&out, nil), slog.NewJSONHandler(&out, nil)} {
			slog.New(handler).Info("x", "v", v, "group", slog.GroupValue(slog.Any("v", v)))
		}
		fmt.Fprintln(&out, errors.Join(fmt.Errorf("x: %v", v), fmt.Errorf("y: %+v", v)))

		var r recorder
		assert.Equal(&r, v, other)
		assert.Nil(&r, v)
		assert.Contains(&r, []any{v}, other)
		assert.ElementsMatch(&r, []any{v}, []any{other})
		io.WriteString(&out, r.out.String())
	}
	var bad secret.Value
	fmt.Fprintln(&out, json.Unmarshal([]byte(`{"`+planted+`":1}`), &bad), json.Unmarshal([]byte(planted), &bad))

	require.Contains(t, out.String(), "***")
	require.Greater(t, out.Len(), 10_000, "the test printed what it meant to print")
	forbidden := []string{planted, string(master)}
	for _, text := range forbidden[:2:2] {
		forbidden = append(forbidden, hex.EncodeToString([]byte(text)), strings.ToUpper(hex.EncodeToString([]byte(text))),
			base64.StdEncoding.EncodeToString([]byte(text)), fmt.Sprint([]byte(text)))
	}
	for _, text := range forbidden {
		require.NotContains(t, out.String(), text)
	}
}

// TestRingErrorsShowNoKey gives a ring text in which every entry is wrong in another way.
func TestRingErrorsShowNoKey(t *testing.T) {
	good := base64.StdEncoding.EncodeToString([]byte(planted + planted)[:32])
	for name, text := range map[string]string{
		"empty":        "",
		"no id":        good,
		"bad id":       "k 1:" + good,
		"long id":      strings.Repeat("k", 33) + ":" + good,
		"short key":    "k1:" + good[:20],
		"not base64":   "k1:" + planted,
		"line noise":   "k1:" + good + ";k2:" + good,
		"same id":      "k1:" + good + ",k1:" + good,
		"empty id":     ":" + good,
		"second wrong": "k1:" + good + ",k2:" + planted,
	} {
		_, err := secret.ParseRing(text)
		require.Error(t, err, name)
		require.NotContains(t, err.Error(), planted, name)
		require.NotContains(t, err.Error(), good[:16], name)
	}
}
