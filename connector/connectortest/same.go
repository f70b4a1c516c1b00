package connectortest

import (
	"errors"
	"fmt"
	"reflect"
	"time"

	"github.com/oplata-go/oplata/connector"
)

// stamp is what calls are signed with here. It is the same for every try, so that requests can be compared.
var stamp = connector.Stamp{
	Time:  time.Date(2026, 1, 15, 12, 30, 5, 0, time.UTC),
	Nonce: "00112233445566778899aabbccddeeff",
	Try:   1,
}

// plainStep gives a step in a form that can be compared: of a call the request as it would be sent.
func plainStep(s connector.Step) (any, error) {
	switch step := s.(type) {
	case nil:
		return nil, errors.New("a nil step without an error")
	case connector.Show, connector.Wait, connector.Result:
		return step, nil
	case connector.Call[connector.Step]:
		if step.Read == nil {
			return nil, errors.New("a call without Read")
		}
		return plainRequest(step.Request)
	default:
		return nil, fmt.Errorf("a step of type %T: the SDK knows Show, Wait, Result and Call[Step], as values", s)
	}
}

// plainRequest signs a copy of the request as a transport does.
func plainRequest(r connector.Request) (connector.Request, error) {
	if r.Name == "" || r.Method == "" || r.URL == "" {
		return r, fmt.Errorf("a request needs a name, a method and a URL: has %q, %q", r.Name, r.Method)
	}
	signing := r.Sign
	r.Sign = nil
	r.Header = r.Header.Clone()
	if signing == nil {
		return r, nil
	}
	if err := signing(&r, stamp); err != nil {
		return r, fmt.Errorf("the request cannot be signed: %w", err)
	}
	r.Sign = nil
	return r, nil
}

func startPlain(g connector.Gateway, o connector.Order) (any, error) {
	s, err := g.Start(o)
	if err != nil {
		return nil, fmt.Errorf("Start: %w", err)
	}
	return plainStep(s)
}

// meaning is a message in a form that can be compared.
type meaning struct {
	results []connector.Result
	ignored string
	err     string
}

func receive(g connector.Gateway, in connector.Inbound) meaning {
	m, err := g.Receive(in)
	if err != nil {
		return meaning{err: err.Error()}
	}
	return meaning{results: m.Results, ignored: m.Ignored}
}

func same(a, b any) bool { return reflect.DeepEqual(a, b) }

// moves reports whether a result says that money was taken, held or given back.
func moves(r connector.Result) bool {
	return r.State == connector.Succeeded || r.State == connector.Authorized
}
