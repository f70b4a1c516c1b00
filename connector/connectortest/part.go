package connectortest

import (
	"bytes"
	"net/url"
	"slices"

	"github.com/oplata-go/oplata/connector"
)

// Part is a part of a message that a signature stands in or covers. Set works on a message that the suite has copied;
// an empty text removes the part.
type Part struct {
	Name string
	Get  func(in connector.Inbound) string
	Set  func(in *connector.Inbound, text string)
}

// BodyPart is the whole body, for signatures over raw bytes.
func BodyPart() Part {
	return Part{
		Name: "body",
		Get:  func(in connector.Inbound) string { return string(in.Body) },
		Set:  func(in *connector.Inbound, text string) { in.Body = []byte(text) },
	}
}

// HeaderPart is one header.
func HeaderPart(name string) Part {
	return Part{
		Name: "header " + name,
		Get:  func(in connector.Inbound) string { return in.Header.Get(name) },
		Set: func(in *connector.Inbound, text string) {
			if text == "" {
				in.Header.Del(name)
				return
			}
			in.Header.Set(name, text)
		},
	}
}

// QueryPart is one parameter of the query.
func QueryPart(name string) Part {
	return Part{
		Name: "query parameter " + name,
		Get:  func(in connector.Inbound) string { return in.Query.Get(name) },
		Set:  func(in *connector.Inbound, text string) { setValue(in.Query, name, text) },
	}
}

// FormPart is one field of a form in the body, application/x-www-form-urlencoded.
func FormPart(name string) Part {
	form := func(in connector.Inbound) url.Values {
		values, err := url.ParseQuery(string(in.Body))
		if err != nil {
			return url.Values{}
		}
		return values
	}
	return Part{
		Name: "form field " + name,
		Get:  func(in connector.Inbound) string { return form(in).Get(name) },
		Set: func(in *connector.Inbound, text string) {
			values := form(*in)
			setValue(values, name, text)
			in.Body = []byte(values.Encode())
		},
	}
}

func setValue(values url.Values, name, text string) {
	if text == "" {
		values.Del(name)
		return
	}
	values.Set(name, text)
}

// with gives a copy of the message with another text in the part.
func (p Part) with(in connector.Inbound, text string) connector.Inbound {
	in = clone(in)
	p.Set(&in, text)
	return in
}

// clone gives a message that shares no memory with in.
func clone(in connector.Inbound) connector.Inbound {
	in.Header, in.Body = in.Header.Clone(), bytes.Clone(in.Body)
	if in.Query != nil {
		query := url.Values{}
		for name, values := range in.Query {
			query[name] = slices.Clone(values)
		}
		in.Query = query
	}
	return in
}
