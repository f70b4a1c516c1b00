// Package settings describes, checks and joins the settings of payment methods.
//
// A connector has a schema: JSON Schema, generated from a Go struct by [For] or pasted by an operator and read by
// [Compile]. A payment method has a document: the JSON that someone typed, which is stored as it came and never marshalled
// again from a struct. [Schema.Validate] checks a document and reports every fault at once, in English or Russian, without
// ever showing a value. Schemas and documents may be hostile: their size, depth, numbers and patterns are bounded before
// anything is built from them, the work of a check is counted before it is done, and nothing outside the schema's own text
// is ever loaded.
//
// Texts that the schema marks writeOnly are secrets. [Schema.MapSecrets] seals and opens them in place, [Schema.Mask]
// takes them out for pages, [Schema.Keep] carries them over when a form leaves them out. [Merge] lays a method's values
// over the connector's static settings, [Schema.WithDefaults] adds the defaults. All of these keep the order of members and
// the spelling of numbers.
//
//	schema, err := settings.For[AcmeSettings]()
//	...
//	err = schema.Validate(doc)
//	if invalid := new(settings.Error); errors.As(err, &invalid) {
//		for _, fault := range invalid.Faults {
//			fmt.Println(fault.Pointer, fault.Text("ru"))
//		}
//	}
//
// The package does not encrypt (see connector/secret), does not decode documents into structs, draws no forms and caches
// nothing: compiling is slow, keep a Schema by its Hash.
//
// Where a draft leaves room: formats are asserted, unknown ones allow everything; patterns are RE2, without lookaround;
// a number has at most 40 characters and an exponent within ±400; counts are at most 2^31-1; references that never
// end, and dynamic references with several targets, are refused with the schema.
package settings
