// Package activeplatform speaks ActivePlatform's dialect of connector settings.
//
// ActivePlatform's operators describe the settings of a payment gateway connector by a list of form fields, an array of
// descriptors such as {"type":"password","key":"api_key"}, and not by JSON Schema. [Dialect] turns such a list into JSON
// Schema, so that an operator can paste it where a schema is expected, and turns schemas back into lists:
//
//	connectors, err := connector.New(connector.Config{
//		Dialects: []settings.Dialect{activeplatform.Dialect{}},
//		...
//	})
//
// The guide documents two members of a descriptor, type and key, and says that the order of descriptors is the order on
// the page (operator guide 5.8, "Creating a payment gateway connector"). What else real lists hold is not published, so
// label, required, options and default are understood when they have the obvious form, and everything else is kept as it
// is under "x-activeplatform" and comes back unchanged.
//
//	type       JSON Schema
//	string     a string
//	password   a string that is writeOnly: a secret
//	text       a string
//	select     a string; an enum, when options are given
//	radio      a string; an enum, when options are given
//	checkbox   an array of different strings, the chosen options
//
// ActivePlatform knows neither numbers nor booleans nor nested settings; a schema with those, or with limits and patterns,
// cannot be turned into descriptors.
package activeplatform
