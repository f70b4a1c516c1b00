package settings

import (
	"encoding/json"
	"reflect"
	"slices"

	"github.com/invopop/jsonschema"
)

// For returns the schema of a settings struct. Fields are described by the tags of github.com/invopop/jsonschema: names
// and optional fields (omitempty, omitzero) by json, title, description, enum, pattern, default and the rest by
// jsonschema, where a comma is written \\,. A field of type secret.Value is a secret. Members that the struct does not
// have are refused.
//
//	type Settings struct {
//		MerchantID string       `json:"merchant_id" jsonschema:"title=Merchant ID,pattern=^m-[0-9]+$"`
//		APIKey     secret.Value `json:"api_key" jsonschema:"title=API key"`
//		Mode       string       `json:"mode,omitempty" jsonschema:"enum=test,enum=live,default=test"`
//	}
//
// A type that is no struct, or a field that JSON cannot hold or that leads back to its own struct, gives a *SchemaError.
func For[S any]() (*Schema, error) {
	t := reflect.TypeFor[S]()
	if t.Kind() != reflect.Struct {
		return nil, unsupported(t, "")
	}
	if err := supported(t, "", nil); err != nil {
		return nil, err
	}
	r := jsonschema.Reflector{Anonymous: true, DoNotReference: true}
	raw, err := json.Marshal(r.ReflectFromType(t))
	if err != nil {
		return nil, unsupported(t, "")
	}
	return Compile(raw)
}

// selfDescribed are types that give their schema themselves, as secret.Value does.
type selfDescribed interface{ JSONSchema() *jsonschema.Schema }

// supported walks the types as the generator will, which panics on some of them and never ends on others.
func supported(t reflect.Type, at string, path []reflect.Type) error {
	if t.Implements(reflect.TypeFor[selfDescribed]()) {
		return nil
	}
	if slices.Contains(path, t) {
		return unsupported(t, at)
	}
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Array, reflect.Map:
		return supported(t.Elem(), at, path)
	case reflect.Struct:
		path = append(path, t)
		for f := range t.Fields() {
			if !f.IsExported() && !f.Anonymous || f.Tag.Get("json") == "-" || f.Tag.Get("jsonschema") == "-" {
				continue
			}
			if err := supported(f.Type, at+"/"+f.Name, path); err != nil {
				return err
			}
		}
		return nil
	case reflect.Chan, reflect.Func, reflect.UnsafePointer, reflect.Uintptr, reflect.Complex64, reflect.Complex128:
		return unsupported(t, at)
	default:
		return nil
	}
}

func unsupported(t reflect.Type, at string) error {
	return &SchemaError{Faults: []Fault{{Pointer: at, Code: "schemaType", Args: map[string]string{"type": t.String()}}}}
}
