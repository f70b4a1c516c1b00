package settings

// Dialect reads settings described in another way than JSON Schema, such as a platform's own list of form fields. It is
// a translator without state, safe for concurrent use.
type Dialect interface {
	// Name tells dialects apart, "activeplatform"; it is stored beside schemas and never changes.
	Name() string
	// Schema translates to JSON Schema, ready for Compile. With ok false the text is not of this dialect and is left to
	// others; err then is nil. An error means: of this dialect, and wrong.
	Schema(raw []byte) (schema []byte, ok bool, err error)
}
