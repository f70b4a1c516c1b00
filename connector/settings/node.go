package settings

import (
	"encoding/json"
	"strings"
	"unicode/utf8"
)

// node is a JSON value with the bytes it was written as. Nodes of several documents can be put together: a node that was
// not changed prints its own bytes, so order, numbers and escapes stay as they were.
type node struct {
	kind    byte   // '{' '[' '"' '0' 't' 'f' 'n'
	raw     string // as written
	at      int    // where raw begins in its document
	text    string // a string's text
	members []member
	items   []node
	changed bool // members or items differ from raw
	value   any  // from decode only, which leaves members and items out
}

type member struct {
	name  string
	key   string // the name as written, with quotes
	value node
}

// any returns the value in the form that the validator takes: numbers as json.Number, so that no digit is lost.
func (n *node) any() any {
	switch n.kind {
	case '{':
		m := make(map[string]any, len(n.members))
		for i := range n.members {
			m[n.members[i].name] = n.members[i].value.any()
		}
		return m
	case '[':
		s := make([]any, len(n.items))
		for i := range n.items {
			s[i] = n.items[i].any()
		}
		return s
	case '"':
		return n.text
	case '0':
		return json.Number(n.raw)
	case 't':
		return true
	case 'f':
		return false
	default:
		return nil
	}
}

// member returns the value of that name, nil when there is none.
func (n *node) member(name string) *node {
	for i := range n.members {
		if n.members[i].name == name {
			return &n.members[i].value
		}
	}
	return nil
}

// print appends the value as JSON. Containers that changed lose their white space, everything else keeps its bytes.
func (n *node) print(out []byte) []byte {
	if !n.changed {
		return append(out, n.raw...)
	}
	open, end := byte('{'), byte('}')
	if n.kind == '[' {
		open, end = '[', ']'
	}
	out = append(out, open)
	for i := range n.members {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(out, n.members[i].key...)
		out = append(out, ':')
		out = n.members[i].value.print(out)
	}
	for i := range n.items {
		if i > 0 {
			out = append(out, ',')
		}
		out = n.items[i].print(out)
	}
	return append(out, end)
}

// pointer joins tokens to a JSON pointer (RFC 6901). Tokens are names found in the document, so long ones are cut.
func pointer(path []string) string {
	const longest = 64
	var b strings.Builder
	for _, token := range path {
		b.WriteByte('/')
		if utf8.RuneCountInString(token) > longest {
			token = string([]rune(token)[:longest]) + "…"
		}
		b.WriteString(escapeToken(token))
	}
	return b.String()
}

func escapeToken(token string) string {
	return strings.ReplaceAll(strings.ReplaceAll(token, "~", "~0"), "/", "~1")
}

// tokens splits a JSON pointer that is not empty.
func tokens(pointer string) []string {
	out := strings.Split(pointer, "/")[1:]
	for i, token := range out {
		out[i] = strings.ReplaceAll(strings.ReplaceAll(token, "~1", "/"), "~0", "~")
	}
	return out
}
