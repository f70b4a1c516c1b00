package secret

import (
	"context"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"log/slog"
)

// KeySize is the length of a master key in bytes.
const KeySize = 32

// maxKeyID keeps ids short enough to be read in a log line.
const maxKeyID = 32

// ErrNoKey means that the provider has no key of that id, or none at all.
var ErrNoKey = errors.New("secret: no such key")

// KeyProvider gives master keys. Implementations are safe for concurrent use, and a key's bytes never change under its
// id: a record names the id alone.
type KeyProvider interface {
	// Current returns the key that new records are written with.
	Current(ctx context.Context) (Key, error)
	// Key returns the key of that id, or an error that is ErrNoKey when there is none.
	Key(ctx context.Context, id string) (Key, error)
}

// Key is a master key: an id, which is public and stands in every record, and 32 secret bytes, which never print. The
// zero Key is no key.
type Key struct {
	// ID is 1 to 32 letters, digits, "-" and "_".
	ID string

	master func() []byte
}

// NewKey returns a key of exactly 32 bytes; it keeps a copy of master.
func NewKey(id string, master []byte) (Key, error) {
	if !validID(id) {
		return Key{}, errors.New("secret: key: the id must be 1 to 32 letters, digits, - and _")
	}
	if len(master) != KeySize {
		return Key{}, fmt.Errorf("secret: key %s: %d bytes, must be %d", id, len(master), KeySize)
	}
	kept := [KeySize]byte(master)
	return Key{ID: id, master: func() []byte { return kept[:] }}, nil
}

// GenerateKey returns a new random key.
func GenerateKey(id string) (Key, error) {
	master := make([]byte, KeySize)
	rand.Read(master) // never fails, see crypto/rand
	return NewKey(id, master)
}

// Export returns the key in the form that ParseRing reads, "id:base64", to be written into a key file. The text is the
// secret itself.
func (k Key) Export() string {
	if k.master == nil {
		return ""
	}
	return k.ID + ":" + base64.StdEncoding.EncodeToString(k.master())
}

// String names the key by its id.
func (k Key) String() string { return "key " + k.ID }

// GoString names the key by its id, for %#v.
func (k Key) GoString() string { return k.String() }

// Format names the key by its id, whatever the verb.
func (k Key) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, k.String()) }

// LogValue gives the id to log/slog.
func (k Key) LogValue() slog.Value { return slog.StringValue(k.String()) }

// MarshalText gives the id, for JSON and the like; a key cannot be read back from it.
func (k Key) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// Derive returns 32 bytes for one purpose, such as the key of an event chain's MAC. The same key and purpose always give
// the same bytes; they say nothing about the key, about sealed records or about other purposes. It panics on the zero
// Key: carrying on with an empty key would protect nothing.
func Derive(k Key, purpose string) []byte {
	out, err := expand(k, nil, "connector-derive/v1:"+purpose)
	if err != nil {
		panic("secret: derive: " + err.Error()) //nolint:forbidigo // an empty MAC key would be accepted everywhere
	}
	return out
}

// expand is HKDF-SHA256 to 32 bytes.
func expand(k Key, salt []byte, info string) ([]byte, error) {
	if k.master == nil {
		return nil, fmt.Errorf("%w: the zero Key", ErrNoKey)
	}
	return hkdf.Key(sha256.New, k.master(), salt, info, 32)
}

func validID(id string) bool {
	if id == "" || len(id) > maxKeyID {
		return false
	}
	for _, c := range []byte(id) {
		letter := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
		if !letter && (c < '0' || c > '9') && c != '-' && c != '_' {
			return false
		}
	}
	return true
}
