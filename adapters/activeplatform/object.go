package activeplatform

import (
	"bytes"
	"encoding/json"
	"slices"
)

// object is a JSON object whose members keep their order.
type object []member

type member struct {
	name  string
	value json.RawMessage
}

// MarshalJSON writes the members in their order.
func (o object) MarshalJSON() ([]byte, error) {
	out := []byte{'{'}
	for i, m := range o {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(append(append(out, raw(m.name)...), ':'), m.value...)
	}
	return append(out, '}'), nil
}

// UnmarshalJSON reads an object whose names are unique.
func (o *object) UnmarshalJSON(data []byte) error {
	d := json.NewDecoder(bytes.NewReader(data))
	if _, err := d.Token(); err != nil {
		return err
	}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return err
		}
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return err
		}
		text, _ := name.(string) // names are strings
		*o = append(*o, member{text, value})
	}
	return nil
}

func (o object) get(name string) json.RawMessage {
	for _, m := range o {
		if m.name == name {
			return m.value
		}
	}
	return nil
}

func (o *object) set(name string, value any) { *o = append(*o, member{name, raw(value)}) }

// take removes a member and returns its value.
func (o *object) take(name string) json.RawMessage {
	value := o.get(name)
	*o = slices.DeleteFunc(*o, func(m member) bool { return m.name == name })
	return value
}

// raw writes a value as JSON without the escapes that only HTML needs.
func raw(v any) json.RawMessage {
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	_ = e.Encode(v) //nolint:errchkjson // cannot fail: strings, numbers, booleans and what was read from JSON
	return bytes.TrimSpace(out.Bytes())
}

// text reads a JSON string.
func text(value json.RawMessage) (string, bool) {
	if len(value) == 0 || value[0] != '"' {
		return "", false
	}
	var s string
	return s, json.Unmarshal(value, &s) == nil
}

// texts reads a list of JSON strings.
func texts(value json.RawMessage) ([]string, bool) {
	var items []json.RawMessage
	if json.Unmarshal(value, &items) != nil || items == nil {
		return nil, false
	}
	out := make([]string, len(items))
	for i, item := range items {
		s, ok := text(item)
		if !ok {
			return nil, false
		}
		out[i] = s
	}
	return out, true
}
