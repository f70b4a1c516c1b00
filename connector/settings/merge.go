package settings

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// Merge joins a connector's static settings with the values of one payment method. Both are JSON objects, an empty text
// counts as one without members. Where both have a member the method's value wins; objects in the same place are joined
// member by member, lists are not. A wrong document gives an *Error.
func Merge(static, values []byte) ([]byte, error) {
	under, err := readObject(static)
	if err != nil {
		return nil, err
	}
	over, err := readObject(values)
	if err != nil {
		return nil, err
	}
	overlay(&under, &over)
	return under.print(nil), nil
}

func readObject(raw []byte) (node, error) {
	if len(raw) == 0 {
		raw = []byte("{}")
	}
	root, _, fault := parse(raw, MaxStored, MaxValue)
	if fault == nil && root.kind != '{' {
		fault = &Fault{Code: "type", Args: map[string]string{"type": "object"}}
	}
	if fault != nil {
		return node{}, &Error{Faults: []Fault{*fault}}
	}
	return root, nil
}

func overlay(under, over *node) {
	for _, m := range over.members {
		under.changed = true
		was := under.member(m.name)
		switch {
		case was == nil:
			under.members = append(under.members, m)
		case was.kind == '{' && m.value.kind == '{':
			overlay(was, &m.value)
		default:
			*was = m.value
		}
	}
}

// WithDefaults returns doc with the schema's defaults for members it does not have, in every object that it has. An
// object that is absent and has no default itself stays absent. Defaults of a branch count when the document takes it;
// of anyOf and oneOf, when discriminators and types leave no other. Defaults that lead to each other without end, or make
// the document longer than MaxValue, give an *Error.
func (s *Schema) WithDefaults(doc []byte) ([]byte, error) {
	root, err := s.read(doc)
	if err != nil {
		return nil, err
	}
	f := filler{schema: s, size: len(doc)}
	f.fill(&root, []*jsonschema.Schema{s.root}, 1)
	if f.fault != nil {
		return nil, &Error{Faults: []Fault{*f.fault}}
	}
	return root.print(nil), nil
}

type filler struct {
	schema *Schema
	size   int // of the document so far
	fault  *Fault
}

func (f *filler) fill(n *node, schemas []*jsonschema.Schema, depth int) {
	if n.kind != '{' && n.kind != '[' || f.fault != nil {
		return
	}
	if depth > MaxDepth {
		f.fault = tooDeep()
		return
	}
	schemas = f.schema.applying(schemas, n, onlyBranch)
	for _, sub := range schemas {
		f.insert(n, sub)
	}
	for i := range n.members {
		m := &n.members[i]
		f.fill(&m.value, membersOf(schemas, m.name), depth+1)
		n.changed = n.changed || m.value.changed
	}
	for i := range n.items {
		f.fill(&n.items[i], itemsOf(schemas, i), depth+1)
		n.changed = n.changed || n.items[i].changed
	}
}

// insert adds the members that n lacks and sub has defaults for.
func (f *filler) insert(n *node, sub *jsonschema.Schema) {
	if n.kind != '{' {
		return
	}
	for _, name := range slices.Sorted(maps.Keys(sub.Properties)) {
		value, ok := f.schema.defaultOf(sub.Properties[name])
		if !ok || n.member(name) != nil {
			continue
		}
		m := member{name, string(marshalled(name)), value}
		if f.size += len(m.key) + len(value.raw); f.size > MaxValue {
			fault := tooLong(MaxValue)
			f.fault = &fault
			return
		}
		n.members = append(n.members, m)
		n.changed = true
	}
}

// defaultOf returns the default of a property, its own or that of a schema it refers to.
func (s *Schema) defaultOf(property *jsonschema.Schema) (node, bool) {
	for _, sub := range s.spread([]*jsonschema.Schema{property}, s.graph.unconditional) {
		if sub.Default == nil {
			continue
		}
		value, _, fault := parse(marshalled(*sub.Default), MaxSchema, maxSchemaNodes)
		return value, fault == nil
	}
	return node{}, false
}

// marshalled writes JSON without the escapes that only HTML needs.
func marshalled(v any) []byte {
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	_ = e.Encode(v) //nolint:errchkjson // cannot fail: text, or a value that was read from JSON
	return bytes.TrimSuffix(out.Bytes(), []byte("\n"))
}
