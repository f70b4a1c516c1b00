package secret

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
)

const (
	version   = "v1"
	recordUse = "connector-secret/v1"
	saltSize  = 16
)

var (
	// ErrFormat means that a text is not a sealed record of a version known here.
	ErrFormat = errors.New("secret: not a sealed record")
	// ErrOpen means that a record was altered, stands in another place than it was sealed for, or was sealed with another
	// key under the same id. The causes cannot be told apart.
	ErrOpen = errors.New("secret: record does not open: altered, moved or sealed with another key")
)

// encoding is strict: one record has one text.
var encoding = base64.RawURLEncoding.Strict()

// Sealer encrypts and decrypts records. It keeps no state beyond its provider and is safe for concurrent use.
type Sealer struct{ keys KeyProvider }

// NewSealer returns a Sealer over the keys of a provider.
func NewSealer(keys KeyProvider) *Sealer { return &Sealer{keys: keys} }

// Seal encrypts plain with the provider's current key. The bind parts name the place of the record, such as reseller,
// method and field; Open wants the same parts in the same order. Two calls never give the same text.
func (s *Sealer) Seal(ctx context.Context, plain []byte, bind ...string) (string, error) {
	k, err := s.keys.Current(ctx)
	if err != nil {
		return "", fmt.Errorf("secret: seal: %w", err)
	}
	return seal(k, plain, bind)
}

// Open decrypts a record. The error is ErrFormat, ErrOpen, or the provider's: ErrNoKey when the record's key is gone.
func (s *Sealer) Open(ctx context.Context, sealed string, bind ...string) ([]byte, error) {
	r, err := parse(sealed)
	if err != nil {
		return nil, err
	}
	k, err := s.keys.Key(ctx, r.kid)
	if err != nil {
		return nil, fmt.Errorf("secret: open: %w", err)
	}
	return r.open(k, bind)
}

// Rewrap encrypts a record anew when it was sealed with another key than the current one. A record of the current key
// comes back as it was, changed false, without being opened. Rewrap may be stopped and repeated at any record.
func (s *Sealer) Rewrap(ctx context.Context, sealed string, bind ...string) (out string, changed bool, err error) {
	kid, err := KeyID(sealed)
	if err != nil {
		return "", false, err
	}
	current, err := s.keys.Current(ctx)
	if err != nil {
		return "", false, fmt.Errorf("secret: rewrap: %w", err)
	}
	if kid == current.ID {
		return sealed, false, nil
	}
	plain, err := s.Open(ctx, sealed, bind...)
	if err != nil {
		return "", false, err
	}
	out, err = seal(current, plain, bind)
	return out, err == nil, err
}

// KeyID returns the id of the key that a record was sealed with, so that a host can count the records which still need
// a key before it removes the key. The record is not opened and may be altered.
func KeyID(sealed string) (string, error) {
	r, err := parse(sealed)
	return r.kid, err
}

type record struct {
	kid      string
	salt, ct []byte
}

func seal(k Key, plain []byte, bind []string) (string, error) {
	salt := make([]byte, saltSize)
	rand.Read(salt) // never fails, see crypto/rand
	aead, err := recordCipher(k, salt)
	if err != nil {
		return "", fmt.Errorf("secret: seal: %w", err)
	}
	ct := aead.Seal(nil, nil, plain, place(k.ID, bind))
	return strings.Join([]string{version, k.ID, encoding.EncodeToString(salt), encoding.EncodeToString(ct)}, "."), nil
}

func (r record) open(k Key, bind []string) ([]byte, error) {
	aead, err := recordCipher(k, r.salt)
	if err != nil {
		return nil, fmt.Errorf("secret: open: %w", err)
	}
	plain, err := aead.Open(nil, nil, r.ct, place(r.kid, bind))
	if err != nil {
		return nil, ErrOpen
	}
	return plain, nil
}

func parse(sealed string) (record, error) {
	parts := strings.Split(sealed, ".")
	// Go's base64 skips line breaks even when strict.
	if len(parts) != 4 || parts[0] != version || !validID(parts[1]) || strings.ContainsAny(sealed, "\r\n") {
		return record{}, ErrFormat
	}
	salt, err := encoding.DecodeString(parts[2])
	if err != nil || len(salt) != saltSize {
		return record{}, ErrFormat
	}
	ct, err := encoding.DecodeString(parts[3])
	if err != nil {
		return record{}, ErrFormat
	}
	return record{kid: parts[1], salt: salt, ct: ct}, nil
}

func recordCipher(k Key, salt []byte) (cipher.AEAD, error) {
	recordKey, err := expand(k, salt, recordUse)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(recordKey)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(block)
}

// place encodes key id and bind parts for authentication. Lengths stand before the parts, so that ("a", "bc") and
// ("ab", "c") are different places.
func place(kid string, bind []string) []byte {
	var out []byte
	for _, part := range append([]string{kid}, bind...) {
		out = binary.AppendUvarint(out, uint64(len(part)))
		out = append(out, part...)
	}
	return out
}
