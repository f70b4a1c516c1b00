package activeplatform

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"
	"strconv"

	"github.com/oplata-go/oplata/connector/settings"
)

// extension holds what a descriptor says and JSON Schema does not.
const extension = "x-activeplatform"

// descriptorList is what every list of descriptors must be.
const descriptorList = `{
	"type":"array","maxItems":500,
	"items":{
		"type":"object","required":["type","key"],
		"properties":{
			"type":{"enum":["string","password","text","select","radio","checkbox"]},
			"key":{"type":"string","minLength":1,"maxLength":100},
			"x-activeplatform":false
		}
	}
}`

// Dialect translates between ActivePlatform's descriptors and JSON Schema. The zero value is ready and safe for
// concurrent use.
type Dialect struct{}

var _ settings.Dialect = Dialect{}

// Name returns "activeplatform".
func (Dialect) Name() string { return "activeplatform" }

// Schema turns a list of descriptors into JSON Schema of draft 2020-12. Every JSON array is taken for a list of
// descriptors, for a JSON Schema never is one. A wrong list gives a *settings.SchemaError with all faults; their pointers
// name the descriptor and its member, "/2/type". A list has at most 500 descriptors and settings.MaxValue bytes.
//
// Members that the list does not describe are refused in the settings, fields without "required":true may be left out.
func (Dialect) Schema(list []byte) (schema []byte, ok bool, err error) {
	if !bytes.HasPrefix(bytes.TrimLeft(list, " \t\r\n"), []byte("[")) {
		return nil, false, nil
	}
	if err := check(descriptorList, list); err != nil {
		return nil, true, err
	}
	var descriptors []object
	if err := json.Unmarshal(list, &descriptors); err != nil {
		return nil, true, err
	}
	if faults := repeats(descriptors); len(faults) > 0 {
		return nil, true, &settings.SchemaError{Faults: faults}
	}

	properties, required := object{}, []string{}
	for i, d := range descriptors {
		key, _ := text(d.take("key"))
		if string(d.get("required")) == "true" {
			d.take("required")
			required = append(required, key)
		}
		properties.set(key, property(d, i+1))
	}
	var root object
	root.set("$schema", "https://json-schema.org/draft/2020-12/schema")
	root.set("type", "object")
	root.set("properties", properties)
	if len(required) > 0 {
		root.set("required", required)
	}
	root.set("additionalProperties", false)
	return raw(root), true, nil
}

// check validates doc and gives its faults as those of a schema, which it is going to be.
func check(schema string, doc []byte) error {
	s, err := settings.Compile([]byte(schema))
	if err != nil {
		return err
	}
	err = s.Validate(doc)
	if invalid := new(settings.Error); errors.As(err, &invalid) {
		return &settings.SchemaError{Faults: invalid.Faults}
	}
	return err
}

// repeats finds keys and options that stand twice.
func repeats(descriptors []object) []settings.Fault {
	var faults []settings.Fault
	seen := map[string]bool{}
	for i, d := range descriptors {
		at := "/" + strconv.Itoa(i)
		key, _ := text(d.get("key"))
		if seen[key] {
			faults = append(faults, settings.Fault{Pointer: at + "/key", Code: "duplicate"})
		}
		seen[key] = true
		values, _ := options(d.get("options"))
		for n, value := range values {
			if first := slices.Index(values, value); first < n {
				faults = append(faults, settings.Fault{
					Pointer: at + "/options", Code: "uniqueItems",
					Args: map[string]string{"first": strconv.Itoa(first + 1), "second": strconv.Itoa(n + 1)},
				})
			}
		}
	}
	return faults
}

// property is the schema of one setting. What it says is taken out of the descriptor, the rest is kept beside it.
func property(d object, order int) object {
	var p object
	kind, _ := text(d.get("type"))
	list := kind == "checkbox"
	values, known := options(d.get("options"))
	known = known && (list || kind == "select" || kind == "radio")

	switch {
	case list:
		items := object{}
		items.set("type", "string")
		if known {
			items.set("enum", values)
		}
		p.set("type", "array")
		p.set("items", items)
		p.set("uniqueItems", true)
	default:
		p.set("type", "string")
		if known {
			p.set("enum", values)
		}
	}
	if kind == "password" {
		p.set("writeOnly", true)
		p.set("format", "password")
	}
	if _, plain := texts(d.get("options")); known && plain {
		d.take("options")
	}
	if label, ok := text(d.get("label")); ok {
		d.take("label")
		p.set("title", label)
	}
	if fits(d.get("default"), list) {
		p.set("default", d.take("default"))
	}
	p.set("x-order", order)
	p.set(extension, d)
	return p
}

// options reads the values of a field's options: texts, or objects with a text "value".
func options(value json.RawMessage) (values []string, ok bool) {
	if values, ok = texts(value); ok {
		return values, len(values) > 0
	}
	var list []json.RawMessage
	if json.Unmarshal(value, &list) != nil {
		return nil, false
	}
	for _, item := range list {
		var o object
		if len(item) == 0 || item[0] != '{' || json.Unmarshal(item, &o) != nil {
			return nil, false
		}
		v, isText := text(o.get("value"))
		if !isText {
			return nil, false
		}
		values = append(values, v)
	}
	return values, len(values) > 0
}

// fits reports whether a default has the type of its field.
func fits(value json.RawMessage, list bool) bool {
	_, isText := text(value)
	_, isList := texts(value)
	return list && isList || !list && isText
}
