package connectortest

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/oplata-go/oplata/connector"
)

var startChecks = []named{
	{"Start gives a step, never nil without an error", func(h Harness, g connector.Gateway) error {
		for i, amount := range h.Amounts {
			if _, err := startPlain(g, h.order(g, i+1, amount)); err != nil {
				return err
			}
		}
		return nil
	}},

	{"Start is pure: the same order gives the same step", func(h Harness, g connector.Gateway) error {
		o := h.order(g, 1, h.Amounts[0])
		first, err := startPlain(g, o)
		if err != nil {
			return err
		}
		if _, err := startPlain(g, h.order(g, 2, h.Amounts[len(h.Amounts)-1])); err != nil {
			return err
		}
		again, err := startPlain(g, o)
		if err != nil {
			return err
		}
		other, err := h.Open()
		if err != nil {
			return err
		}
		elsewhere, err := startPlain(other, o)
		if err != nil {
			return err
		}
		if !same(first, again) {
			return errors.New("the second step differs from the first")
		}
		if !same(first, elsewhere) {
			return errors.New("the same gateway opened again gives another step")
		}
		return nil
	}},

	{"Start shares no memory: changing a step changes no other", func(h Harness, g connector.Gateway) error {
		o := h.order(g, 1, h.Amounts[0])
		first, err := g.Start(o)
		if err != nil {
			return err
		}
		scribble(first)
		after, err := startPlain(g, o)
		if err != nil {
			return err
		}
		other, err := h.Open()
		if err != nil {
			return err
		}
		untouched, err := startPlain(other, o)
		if err != nil {
			return err
		}
		if !same(after, untouched) {
			return errors.New("the step shows what was written into an earlier one")
		}
		return nil
	}},

	{"Start asks for exactly the order's amount, by its reference", func(h Harness, g connector.Gateway) error {
		if h.Asked == nil {
			return &SkipError{Reason: "the harness does not read steps"}
		}
		for i, amount := range h.Amounts {
			o := h.order(g, i+1, amount)
			s, err := g.Start(o)
			if err != nil {
				return err
			}
			reference, asked, err := h.Asked(s)
			if err != nil {
				return fmt.Errorf("the harness cannot read the step: %w", err)
			}
			if asked != amount {
				return fmt.Errorf("asks for %s instead of %s", asked, amount)
			}
			if reference != o.Reference {
				return errors.New("does not name the order's reference")
			}
		}
		return nil
	}},

	{"Start shows the payer no secret", func(h Harness, g connector.Gateway) error {
		s, err := g.Start(h.order(g, 1, h.Amounts[0]))
		if err != nil {
			return h.noSecret("the error of Start", err)
		}
		if _, call := s.(connector.Call[connector.Step]); call {
			return &SkipError{Reason: "Start shows nothing: it begins with a call"}
		}
		return h.noSecret("the step", s)
	}},

	{"a call of Start takes no nonsense for success", func(h Harness, g connector.Gateway) error {
		s, err := g.Start(h.order(g, 1, h.Amounts[0]))
		if err != nil {
			return err
		}
		call, ok := s.(connector.Call[connector.Step])
		if !ok {
			return &SkipError{Reason: "Start makes no call"}
		}
		for _, a := range nonsense() {
			next, err := call.Read(a.answer)
			if err != nil {
				if leak := h.noSecret("the error about "+a.name, err); leak != nil {
					return leak
				}
				continue
			}
			if _, err := plainStep(next); err != nil {
				return fmt.Errorf("%s: %w", a.name, err)
			}
			if r, ok := next.(connector.Result); ok && moves(r) {
				return fmt.Errorf("%s is read as %s", a.name, r.State)
			}
		}
		return nil
	}},
}

// scribble writes over all memory that a step refers to.
func scribble(s connector.Step) {
	overwrite := func(b []byte) {
		for i := range b {
			b[i] ^= 0xff
		}
	}
	switch step := s.(type) {
	case connector.Show:
		overwrite(step.State)
		for i := range step.Fields {
			step.Fields[i] = connector.Field{Name: "scribbled", Value: "scribbled"}
		}
	case connector.Wait:
		overwrite(step.State)
	case connector.Call[connector.Step]:
		overwrite(step.Request.Body)
		for name := range step.Request.Header {
			step.Request.Header[name] = []string{"scribbled"}
		}
	}
}

// nonsense is what servers, proxies and attackers answer instead of an answer.
func nonsense() []struct {
	name   string
	answer connector.Answer
} {
	type a = struct {
		name   string
		answer connector.Answer
	}
	text := func(name string, status int, body string) a {
		return a{name, connector.Answer{Status: status, Header: http.Header{}, Body: []byte(body)}}
	}
	return []a{
		text("an empty answer", 200, ""),
		text("an answer without a body", 204, ""),
		text("a page of HTML", 200, "<html><body>OK approved success</body></html>"),
		text("null", 200, "null"),
		text("an empty object", 200, "{}"),
		text("an empty array", 200, "[]"),
		text("a cut answer", 200, `{"status":"succe`),
		text("the word true", 200, "true"),
		text("a text that is not UTF-8", 200, "\xff\xfe\x00"),
		text("deep nesting", 200, strings.Repeat("[", 100_000)),
		text("a redirect", 302, ""),
		text("a refusal of the request", 400, "{}"),
		text("no access", 403, "{}"),
		text("too many requests", 429, ""),
		text("an error of the server", 500, "{}"),
		text("an error of a proxy", 502, "<html>Bad Gateway</html>"),
		text("a server that is busy", 503, ""),
		{"a very long answer", connector.Answer{Status: 200, Body: bytes.Repeat([]byte("x"), connector.MaxInbound)}},
	}
}

// noSecret looks for a secret in everything that printing shows.
func (h *Harness) noSecret(what string, v any) error {
	text := fmt.Sprintf("%v %+v %#v %q", v, v, v, fmt.Sprint(v))
	for i, secret := range h.Secrets {
		if secret != "" && strings.Contains(text, secret) {
			return fmt.Errorf("%s shows secret %d of the harness", what, i+1)
		}
	}
	return nil
}
