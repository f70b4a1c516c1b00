package storetest

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"time"
)

// refused says that got is not the error that was wanted.
func refused(got, want error) error {
	if errors.Is(got, want) {
		return nil
	}
	return fmt.Errorf("got error %w, want %w", orNone(got), want)
}

var errNone = errors.New("none")

func orNone(err error) error {
	if err == nil {
		return errNone
	}
	return err
}

// about says what an error is about.
func about(what string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", what, err)
}

// same says in which fields a value of a store differs from the one that was given to it. Bytes are equal when nil is
// nil and empty is empty; times are equal when they are the same instant, and a store gives them in UTC.
func same[T any](got, want T) error {
	var faults []error
	g, w := reflect.ValueOf(got), reflect.ValueOf(want)
	for i := range g.NumField() {
		fault := sameField(g.Field(i).Interface(), w.Field(i).Interface())
		faults = append(faults, about(g.Type().Field(i).Name, fault))
	}
	return errors.Join(faults...)
}

func sameField(got, want any) error {
	switch want := want.(type) {
	case time.Time:
		if got, ok := got.(time.Time); !ok || !got.Equal(want) || got.Location() != time.UTC {
			return fmt.Errorf("got %v, want %v", got, want)
		}
	case []byte:
		if got, ok := got.([]byte); !ok || !bytes.Equal(got, want) || (got == nil) != (want == nil) {
			return fmt.Errorf("got %s, want %s", brief(got), brief(want))
		}
	default:
		if got != want {
			return fmt.Errorf("got %#v, want %#v", got, want)
		}
	}
	return nil
}

// brief prints bytes so that nil, empty and unprintable ones can be told apart.
func brief(b []byte) string {
	if b == nil {
		return "nil"
	}
	const most = 200
	if len(b) > most {
		return fmt.Sprintf("%q… (%d bytes)", b[:most], len(b))
	}
	return fmt.Sprintf("%q", b)
}

// sameAll says in which place two lists differ.
func sameAll[T any](got, want []T) error {
	if len(got) != len(want) {
		return fmt.Errorf("got %d of %T, want %d", len(got), want, len(want))
	}
	for i := range want {
		if err := same(got[i], want[i]); err != nil {
			return about(fmt.Sprint("number ", i+1), err)
		}
	}
	return nil
}

// sameIDs says that a store gave other things, or in another order, than it should.
func sameIDs[T any](got []T, id func(T) string, want ...string) error {
	ids := make([]string, 0, len(got))
	for _, v := range got {
		ids = append(ids, id(v))
	}
	if !slices.Equal(ids, want) {
		return fmt.Errorf("got %q, want %q", ids, want)
	}
	return nil
}
