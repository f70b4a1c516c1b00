package connectortest

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/oplata-go/oplata/connector"
)

var hostileChecks = []named{
	{"a flipped byte in any signed part is refused", func(h Harness, g connector.Gateway) error {
		return h.altered(g, append([]Part{h.Signature}, h.Signed...), func(text string) []string {
			var out []string
			for i := range steps(len(text)) {
				flipped := []byte(text)
				flipped[i] ^= 1
				out = append(out, string(flipped))
			}
			return out
		})
	}},

	{"a signed part that was cut or lengthened is refused", func(h Harness, g connector.Gateway) error {
		return h.altered(g, h.Signed, func(text string) []string {
			return []string{text[:len(text)-1], text[1:], text + "0", "0" + text}
		})
	}},

	{"a message without its signature is refused", func(h Harness, g connector.Gateway) error {
		in, err := h.charged(h.order(g, 1, h.Amounts[0]), 1)
		if err != nil {
			return err
		}
		return h.refused(g, h.Signature.with(in, ""), "a message without a signature")
	}},

	{"a message signed with another key is refused", func(h Harness, g connector.Gateway) error {
		if h.OtherKey == nil {
			return &SkipError{Reason: "the harness signs with one key only"}
		}
		in, err := h.charged(h.order(g, 1, h.Amounts[0]), 1)
		if err != nil {
			return err
		}
		return h.refused(g, h.OtherKey(clone(in)), "a message signed with another key")
	}},

	{"a broken message ends with a typed error", func(h Harness, g connector.Gateway) error {
		for _, b := range h.broken(g) {
			m, err := g.Receive(b.in)
			if err == nil {
				return fmt.Errorf("%s is read as a message with %d results", b.name, len(m.Results))
			}
			if !typed(err) {
				return fmt.Errorf("%s: an error that is neither ErrBadSignature nor ErrBadMessage: %w", b.name, err)
			}
			if len(err.Error()) > longestError {
				return fmt.Errorf("%s: the error is %d bytes long: it holds what came", b.name, len(err.Error()))
			}
		}
		return nil
	}},

	{"no error, result or printed gateway shows a secret", func(h Harness, g connector.Gateway) error {
		if len(h.Secrets) == 0 {
			return &SkipError{Reason: "the harness names no secrets"}
		}
		if err := h.noSecret("the printed gateway", g); err != nil {
			return err
		}
		in, err := h.charged(h.order(g, 1, h.Amounts[0]), 1)
		if err != nil {
			return err
		}
		inputs := append(h.broken(g), input{"a genuine message", in}, input{"a message without a signature", h.Signature.with(in, "")})
		for _, part := range h.Signed {
			inputs = append(inputs, input{"an altered message", part.with(in, part.Get(in)+"0")})
		}
		if h.OtherKey != nil {
			inputs = append(inputs, input{"a message signed with another key", h.OtherKey(clone(in))})
		}
		for _, b := range inputs {
			m, err := g.Receive(b.in)
			if err := errors.Join(h.noSecret("the error about "+b.name, err), h.noSecret("the meaning of "+b.name, m)); err != nil {
				return err
			}
		}
		return nil
	}},
}

// longestError is room enough for our own words and a field's name.
const longestError = 500

// steps goes over the places in a text of n bytes: all of a short one, 256 of a long one, the first and the last included.
func steps(n int) func(yield func(int) bool) {
	const most = 256
	return func(yield func(int) bool) {
		for k := range min(n, most) {
			at := k
			if n > most {
				at = k * (n - 1) / (most - 1)
			}
			if !yield(at) {
				return
			}
		}
	}
}

// altered alters every part of a genuine message in every way, and expects each to be refused.
func (h *Harness) altered(g connector.Gateway, parts []Part, ways func(text string) []string) error {
	in, err := h.charged(h.order(g, 1, h.Amounts[0]), 1)
	if err != nil {
		return err
	}
	for _, part := range parts {
		text := part.Get(in)
		if text == "" {
			return fmt.Errorf("the harness calls %s signed, and a genuine message has none", part.Name)
		}
		for _, other := range ways(text) {
			if err := h.refused(g, part.with(in, other), "an altered "+part.Name); err != nil {
				return err
			}
		}
	}
	return nil
}

func (h *Harness) refused(g connector.Gateway, in connector.Inbound, what string) error {
	m, err := g.Receive(in)
	switch {
	case err == nil:
		return fmt.Errorf("%s is accepted, with %d results", what, len(m.Results))
	case !errors.Is(err, connector.ErrBadSignature):
		return fmt.Errorf("%s is refused with another error than ErrBadSignature: %w", what, err)
	case len(m.Results) > 0:
		return fmt.Errorf("%s is refused, and its results are given all the same", what)
	}
	return nil
}

// input is a message with a name for errors.
type input struct {
	name string
	in   connector.Inbound
}

// broken is what comes from scanners, broken proxies and attackers.
func (h *Harness) broken(g connector.Gateway) []input {
	form := http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}
	list := []input{
		{"nothing at all", connector.Inbound{}},
		{"an empty POST", connector.Inbound{Method: http.MethodPost, Header: http.Header{}}},
		{"an empty GET", connector.Inbound{Method: http.MethodGet, Query: url.Values{}}},
		{"an unknown method", connector.Inbound{Method: "BREW"}},
	}
	for _, body := range []struct{ name, text string }{
		{"a body that is not UTF-8", "\xff\xfe\xfd=\x80"},
		{"NUL bytes", "\x00\x00\x00"},
		{"bad percent signs", "a=%zz&b=%"},
		{"an empty object", "{}"},
		{"null", "null"},
		{"a cut object", `{"results":[{"type":"charge"`},
		{"deep nesting", strings.Repeat("[", 100_000)},
		{"many fields", strings.Repeat("a=1&", 50_000)},
		{"a page of HTML", "<html></html>"},
		{"a long line", strings.Repeat("A", connector.MaxInbound)},
		{"more than is ever read", string(bytes.Repeat([]byte("a=b&"), connector.MaxInbound/2))},
	} {
		list = append(
			list,
			input{body.name, connector.Inbound{Method: http.MethodPost, Header: form.Clone(), Body: []byte(body.text)}},
			input{body.name + " in the query", connector.Inbound{Method: http.MethodGet, Query: url.Values{"a": {body.text}}}},
		)
	}
	if in, err := h.charged(h.order(g, 1, h.Amounts[0]), 1); err == nil {
		for _, text := range []string{"\xff\xfe", strings.Repeat("0", 100_000), " ", "<script>"} {
			list = append(list, input{"a signature that is none", h.Signature.with(in, text)})
		}
	}
	return list
}
