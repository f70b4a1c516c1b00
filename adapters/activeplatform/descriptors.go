package activeplatform

import (
	"cmp"
	"encoding/json"
	"slices"

	"github.com/oplata-go/oplata/connector/settings"
)

// describable is what a schema must be for the dialect to say the same.
const describable = `{
	"$defs":{
		"options":{"type":"array","items":{"type":"string"},"minItems":1,"uniqueItems":true},
		"line":{
			"properties":{"type":true,"enum":{"$ref":"#/$defs/options"},"default":{"type":"string"},
				"title":true,"x-order":true,"x-activeplatform":true},
			"additionalProperties":false
		},
		"secret":{
			"properties":{"type":true,"writeOnly":{"const":true},"format":{"const":"password"},"default":{"type":"string"},
				"title":true,"x-order":true,"x-activeplatform":true},
			"additionalProperties":false
		},
		"list":{
			"required":["items","uniqueItems"],
			"properties":{"type":true,"uniqueItems":{"const":true},
				"items":{"type":"object","required":["type"],"additionalProperties":false,
					"properties":{"type":true,"enum":{"$ref":"#/$defs/options"}}},
				"default":{"type":"array","items":{"type":"string"}},
				"title":true,"x-order":true,"x-activeplatform":true},
			"additionalProperties":false
		},
		"field":{
			"type":"object","required":["type"],
			"properties":{"type":{"enum":["string","array"]},"title":{"type":"string"},"x-order":{"type":"integer"},"x-activeplatform":{"type":"object"}},
			"if":{"required":["type"],"properties":{"type":{"const":"array"}}},
			"then":{"$ref":"#/$defs/list"},
			"else":{"if":{"required":["writeOnly"]},"then":{"$ref":"#/$defs/secret"},"else":{"$ref":"#/$defs/line"}}
		}
	},
	"type":"object","required":["type","additionalProperties"],
	"properties":{
		"$schema":true,
		"type":{"const":"object"},
		"additionalProperties":{"const":false},
		"required":{"type":"array","items":{"type":"string"}},
		"properties":{"type":"object","additionalProperties":{"$ref":"#/$defs/field"},"propertyNames":{"minLength":1,"maxLength":100}}
	},
	"additionalProperties":false
}`

// Descriptors turns a schema into a list of descriptors, sorted by x-order and then as they stand. A schema that Schema
// made gives the list it was made from, members in another order. A schema that says what the dialect cannot say gives a
// *settings.SchemaError that names every such place: nothing is left out silently.
func (Dialect) Descriptors(schema []byte) ([]byte, error) {
	if _, err := settings.Compile(schema); err != nil {
		return nil, err
	}
	if err := check(describable, schema); err != nil {
		return nil, err
	}
	var root struct {
		Properties object   `json:"properties"`
		Required   []string `json:"required"`
	}
	if err := json.Unmarshal(schema, &root); err != nil {
		return nil, err
	}
	if missing := undescribed(root.Required, root.Properties); len(missing) > 0 {
		return nil, &settings.SchemaError{Faults: missing}
	}

	type field struct {
		order      int
		descriptor object
	}
	fields := make([]field, 0, len(root.Properties))
	for _, m := range root.Properties {
		var p object
		if err := json.Unmarshal(m.value, &p); err != nil {
			return nil, err
		}
		var f field
		_ = json.Unmarshal(p.get("x-order"), &f.order) // absent: 0, before those that are numbered
		f.descriptor = descriptor(m.name, p, slices.Contains(root.Required, m.name))
		fields = append(fields, f)
	}
	slices.SortStableFunc(fields, func(a, b field) int { return cmp.Compare(a.order, b.order) })
	list := make([]object, len(fields))
	for i, f := range fields {
		list[i] = f.descriptor
	}
	return raw(list), nil
}

// undescribed finds required names without a property.
func undescribed(required []string, properties object) []settings.Fault {
	var faults []settings.Fault
	for _, name := range required {
		if properties.get(name) == nil {
			faults = append(faults, settings.Fault{Pointer: "/required", Code: "schemaRef"})
		}
	}
	return faults
}

func descriptor(key string, p object, required bool) object {
	var rest, d object
	if kept := p.get(extension); kept != nil {
		_ = json.Unmarshal(kept, &rest) // an object, as was checked
	}
	said, _ := text(rest.take("type"))
	enum := p.get("enum")
	if items := p.get("items"); items != nil {
		var o object
		_ = json.Unmarshal(items, &o) // an object, as was checked
		enum = o.get("enum")
	}
	d.set("type", kind(p, said, enum != nil))
	d.set("key", key)
	for _, name := range []struct{ in, out string }{{"title", "label"}, {"default", "default"}} {
		if value := p.get(name.in); value != nil {
			rest.take(name.out)
			d.set(name.out, value)
		}
	}
	if required {
		rest.take("required")
		d.set("required", true)
	}
	if values, ok := texts(enum); ok && !sameOptions(rest.get("options"), values) {
		rest.take("options")
		d.set("options", values)
	}
	rest.take("key")
	return append(d, rest...)
}

// kind is the type of control: the one that was given, when the schema still allows it.
func kind(p object, said string, enum bool) string {
	isList, _ := text(p.get("type"))
	switch {
	case isList == "array":
		return "checkbox"
	case p.get("writeOnly") != nil:
		return "password"
	case said == "select" || said == "radio":
		return said
	case enum:
		return "select"
	case said == "text":
		return said
	default:
		return "string"
	}
}

// sameOptions reports whether options, which may hold more than values, still say the same.
func sameOptions(given json.RawMessage, values []string) bool {
	known, ok := options(given)
	return ok && slices.Equal(known, values)
}
