package secret

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
)

// maxKeyFile is far above any ring and far below what could hurt when a wrong path is given.
const maxKeyFile = 64 << 10

// Ring is a KeyProvider over a fixed set of keys: the first writes, all read. It is immutable and safe for concurrent
// use; to rotate, build a new one.
type Ring struct {
	current Key
	byID    map[string]Key
}

var _ KeyProvider = (*Ring)(nil)

// NewRing returns a ring of at least one key with different ids. The first key is the one that writes.
func NewRing(keys ...Key) (*Ring, error) {
	if len(keys) == 0 {
		return nil, errors.New("secret: ring: no keys")
	}
	r := &Ring{current: keys[0], byID: make(map[string]Key, len(keys))}
	for i, k := range keys {
		if k.master == nil {
			return nil, fmt.Errorf("secret: ring: key %d is the zero Key", i+1)
		}
		if _, taken := r.byID[k.ID]; taken {
			return nil, fmt.Errorf("secret: ring: key %s given twice", k.ID)
		}
		r.byID[k.ID] = k
	}
	return r, nil
}

// ParseRing reads keys of the form id:base64, separated by commas or white space, the writing one first:
// "k2:base64,k1:base64". Errors name the place of a bad entry and never show any of its text.
func ParseRing(text string) (*Ring, error) {
	entries := strings.FieldsFunc(text, func(c rune) bool { return strings.ContainsRune(", \t\r\n", c) })
	keys := make([]Key, 0, len(entries))
	for i, entry := range entries {
		id, encoded, ok := strings.Cut(entry, ":")
		if !ok || !validID(id) {
			return nil, fmt.Errorf("secret: ring: entry %d is not of the form id:base64", i+1)
		}
		master, err := base64.StdEncoding.Strict().DecodeString(encoded)
		if err != nil {
			return nil, fmt.Errorf("secret: ring: entry %d is not base64", i+1)
		}
		k, err := NewKey(id, master)
		if err != nil {
			return nil, fmt.Errorf("secret: ring: entry %d: %d bytes, must be %d", i+1, len(master), KeySize)
		}
		keys = append(keys, k)
	}
	return NewRing(keys...)
}

// RingFromEnv reads the ring from an environment variable in the form of ParseRing. An unset or empty variable is an
// error.
func RingFromEnv(name string) (*Ring, error) {
	r, err := ParseRing(os.Getenv(name)) //nolint:forbidigo // the caller names the variable
	if err != nil {
		return nil, fmt.Errorf("secret: environment variable %s: %w", name, err)
	}
	return r, nil
}

// RingFromFile reads the ring from a file of at most 64 KiB: entries in the form of ParseRing, usually one a line; lines
// that begin with # are comments.
func RingFromFile(path string) (*Ring, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("secret: key file: %w", err)
	}
	defer f.Close()

	text, err := io.ReadAll(io.LimitReader(f, maxKeyFile+1))
	if err != nil {
		return nil, fmt.Errorf("secret: key file: %w", err)
	}
	if len(text) > maxKeyFile {
		return nil, fmt.Errorf("secret: key file %s: larger than %d bytes", path, maxKeyFile)
	}
	var entries strings.Builder
	for line := range strings.Lines(string(text)) {
		if !strings.HasPrefix(strings.TrimSpace(line), "#") {
			entries.WriteString(line)
		}
	}
	r, err := ParseRing(entries.String())
	if err != nil {
		return nil, fmt.Errorf("secret: key file %s: %w", path, err)
	}
	return r, nil
}

// Current returns the first key.
func (r *Ring) Current(context.Context) (Key, error) { return r.current, nil }

// Key returns the key of that id, ErrNoKey when the ring has none.
func (r *Ring) Key(_ context.Context, id string) (Key, error) {
	k, ok := r.byID[id]
	if !ok {
		return Key{}, fmt.Errorf("%w: %q", ErrNoKey, id)
	}
	return k, nil
}
