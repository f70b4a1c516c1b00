package settings

import (
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// A secret is a text whose schema says writeOnly, wherever the schema says it: a secret of one branch of anyOf, oneOf,
// if or a dependency is a secret in all, because the price of a mistake is on the other side. writeOnly on an object or
// array makes secrets of all texts inside.

// secretsOf returns the schemas in which, or below which, a secret can stand.
func secretsOf(g *graph) map[*jsonschema.Schema]bool {
	leadTo := map[*jsonschema.Schema][]*jsonschema.Schema{}
	var queue []*jsonschema.Schema
	for _, s := range g.all {
		for _, next := range slices.Concat(g.inPlace(s), below(s)) {
			leadTo[next] = append(leadTo[next], s)
		}
		if s.WriteOnly {
			queue = append(queue, s)
		}
	}
	out := map[*jsonschema.Schema]bool{}
	for len(queue) > 0 {
		s := queue[0]
		queue = queue[1:]
		if !out[s] {
			out[s] = true
			queue = append(queue, leadTo[s]...)
		}
	}
	return out
}

// concerning narrows schemas to those with secrets in them, so that walks turn back early.
func (s *Schema) concerning(schemas []*jsonschema.Schema) []*jsonschema.Schema {
	return slices.DeleteFunc(s.annotating(schemas), func(sub *jsonschema.Schema) bool { return !s.secrets[sub] })
}

func writeOnly(schemas []*jsonschema.Schema) bool {
	return slices.ContainsFunc(schemas, func(sub *jsonschema.Schema) bool { return sub.WriteOnly })
}

// MapSecrets returns doc with every secret text replaced by what f returns for it, in the order of the document. The
// pointer is the secret's place, the text is without JSON escapes. All other bytes of doc stay as they are. An error of f
// ends the walk. A number or boolean in a secret's place is an *Error: it could not be kept secret. So is a result beyond
// MaxStored, so that what was sealed can always be opened.
//
// The document need not be valid: sealed texts need not fit the schema's patterns and lengths.
func (s *Schema) MapSecrets(doc []byte, f func(pointer, text string) (string, error)) ([]byte, error) {
	root, err := s.readStored(doc)
	if err != nil {
		return nil, err
	}
	w := secretWalk{schema: s, f: f}
	if err := w.walk(&root, []*jsonschema.Schema{s.root}, false, ""); err != nil {
		return nil, err
	}
	out := make([]byte, 0, len(doc))
	done := 0
	for _, e := range w.edits {
		out = append(append(out, doc[done:e.at]...), e.text...)
		done = e.end
	}
	if out = append(out, doc[done:]...); len(out) > MaxStored {
		return nil, &Error{Faults: []Fault{tooLong(MaxStored)}}
	}
	return out, nil
}

type secretWalk struct {
	schema *Schema
	f      func(pointer, text string) (string, error)
	edits  []edit
}

// edit replaces doc[at:end].
type edit struct {
	at, end int
	text    []byte
}

func (w *secretWalk) walk(n *node, schemas []*jsonschema.Schema, secret bool, at string) error {
	schemas = w.schema.concerning(schemas)
	if secret = secret || writeOnly(schemas); !secret && len(schemas) == 0 {
		return nil
	}
	switch n.kind {
	case '{':
		for i := range n.members {
			m := &n.members[i]
			if err := w.walk(&m.value, membersOf(schemas, m.name), secret, at+"/"+escapeToken(m.name)); err != nil {
				return err
			}
		}
	case '[':
		for i := range n.items {
			if err := w.walk(&n.items[i], itemsOf(schemas, i), secret, at+"/"+strconv.Itoa(i)); err != nil {
				return err
			}
		}
	case '"':
		if secret {
			return w.replace(n, at)
		}
	case '0', 't', 'f':
		if secret {
			return &Error{Faults: []Fault{{Pointer: at, Code: "secret"}}}
		}
	}
	return nil
}

func (w *secretWalk) replace(n *node, at string) error {
	text, err := w.f(at, n.text)
	if err != nil {
		return fmt.Errorf("settings: secret %s: %w", at, err)
	}
	if text != n.text {
		w.edits = append(w.edits, edit{n.at, n.at + len(n.raw), marshalled(text)})
	}
	return nil
}

// Mask returns doc without its secrets, for pages and answers, and the pointers of those that are set: neither null nor
// empty. The member that holds a secret is left out; a list of secrets is left out as a whole.
func (s *Schema) Mask(doc []byte) (masked []byte, set []string, err error) {
	root, err := s.readStored(doc)
	if err != nil {
		return nil, nil, err
	}
	schemas := []*jsonschema.Schema{s.root}
	if s.isSecret(&root, schemas) {
		return []byte("null"), []string{""}, nil
	}
	set = s.mask(&root, schemas, "")
	return root.print(nil), set, nil
}

// mask removes secrets below n.
func (s *Schema) mask(n *node, schemas []*jsonschema.Schema, at string) (set []string) {
	schemas = s.concerning(schemas)
	if len(schemas) == 0 {
		return nil
	}
	kept := n.members[:0:0]
	for _, m := range n.members {
		sub, place := membersOf(schemas, m.name), at+"/"+escapeToken(m.name)
		if !s.isSecret(&m.value, sub) {
			set = append(set, s.mask(&m.value, sub, place)...)
			n.changed = n.changed || m.value.changed
			kept = append(kept, m)
			continue
		}
		n.changed = true
		if m.value.kind != 'n' && m.value.raw != `""` {
			set = append(set, place)
		}
	}
	n.members = kept
	for i := range n.items {
		set = append(set, s.mask(&n.items[i], itemsOf(schemas, i), at+"/"+strconv.Itoa(i))...)
		n.changed = n.changed || n.items[i].changed
	}
	return set
}

// isSecret reports whether n is a secret as a whole, as a list of secrets is.
func (s *Schema) isSecret(n *node, schemas []*jsonschema.Schema) bool {
	schemas = s.concerning(schemas)
	if writeOnly(schemas) {
		return true
	}
	for i := range n.items {
		if s.isSecret(&n.items[i], itemsOf(schemas, i)) {
			return true
		}
	}
	return false
}

// Keep returns the given document with the secrets it leaves out taken from the stored one: a form sends a password field
// that was not touched as an absent member. A null clears the secret. A secret is not carried over where the given document
// has no place for it: its object is gone, or the object's discriminator now chooses a variant without it.
//
// Objects in lists are paired when they are equal apart from their secrets; in lists of equal length an object without
// such a partner is paired with the one in the same position.
func (s *Schema) Keep(stored, given []byte) ([]byte, error) {
	old, err := s.readStored(stored)
	if err != nil {
		return nil, err
	}
	n, err := s.read(given)
	if err != nil {
		return nil, err
	}
	s.keep(&n, &old, []*jsonschema.Schema{s.root})
	return n.print(nil), nil
}

func (s *Schema) keep(n, old *node, schemas []*jsonschema.Schema) {
	if n.kind != old.kind || len(s.concerning(schemas)) == 0 {
		return
	}
	schemas = s.applying(schemas, n, anyBranch)
	if n.kind == '[' {
		s.keepItems(n, old, schemas)
		return
	}
	given := n.members
	n.members = nil
	for _, m := range given {
		sub := membersOf(schemas, m.name)
		if was := old.member(m.name); was != nil && !s.isSecret(&m.value, sub) {
			s.keep(&m.value, was, sub)
		}
		if m.value.kind == 'n' && s.isSecret(&m.value, sub) {
			n.changed = true // cleared
			continue
		}
		n.changed = n.changed || m.value.changed
		n.members = append(n.members, m)
	}
	for _, m := range old.members {
		left := !slices.ContainsFunc(given, func(g member) bool { return g.name == m.name })
		if left && s.isSecret(&m.value, membersOf(schemas, m.name)) {
			n.members = append(n.members, m)
			n.changed = true
		}
	}
}

func (s *Schema) keepItems(n, old *node, schemas []*jsonschema.Schema) {
	partner := s.partners(n, old, schemas)
	for i := range n.items {
		if p, ok := partner[i]; ok {
			s.keep(&n.items[i], &old.items[p], itemsOf(schemas, i))
			n.changed = n.changed || n.items[i].changed
		}
	}
}

// partners pairs items of n with items of old.
func (s *Schema) partners(n, old *node, schemas []*jsonschema.Schema) map[int]int {
	free := map[string][]int{}
	alone := map[int]bool{}
	for i := range old.items {
		bare := s.bare(&old.items[i], itemsOf(schemas, i))
		free[bare] = append(free[bare], i)
		alone[i] = true
	}
	out := map[int]int{}
	for i := range n.items {
		bare := s.bare(&n.items[i], itemsOf(schemas, i))
		if same := free[bare]; len(same) > 0 {
			out[i], free[bare] = same[0], same[1:]
			delete(alone, same[0])
		}
	}
	if len(n.items) == len(old.items) {
		for _, i := range slices.Sorted(maps.Keys(alone)) {
			if _, paired := out[i]; !paired {
				out[i] = i
			}
		}
	}
	return out
}

// bare is an item without its secrets, in a form that does not depend on white space or order.
func (s *Schema) bare(n *node, schemas []*jsonschema.Schema) string {
	item, _, _ := parse([]byte(n.raw), MaxStored, MaxStored) // cannot fail: a copy of what was read, to be taken apart
	s.mask(&item, schemas, "")
	return string(marshalled(item.any()))
}
