package secret

import (
	"context"
	"crypto/subtle"
	"fmt"
)

const (
	canaryText  = "oplata canary"
	canaryPlace = "canary"
)

// NewCanary seals a known text. A host stores it beside its data when it seals its first secret, and again after a
// rotation.
func NewCanary(ctx context.Context, keys KeyProvider) (string, error) {
	return NewSealer(keys).Seal(ctx, []byte(canaryText), canaryPlace)
}

// Check opens a stored canary. A host calls it at start and stops on an error: the provider then does not fit the data,
// and every secret would fail later, one by one, in the middle of payments. The error is ErrNoKey when the canary's key
// is gone, ErrOpen when another key stands under its id, ErrFormat when the text is no canary.
func Check(ctx context.Context, keys KeyProvider, canary string) error {
	plain, err := NewSealer(keys).Open(ctx, canary, canaryPlace)
	if err != nil {
		return fmt.Errorf("secret: the keys do not fit the data: %w", err)
	}
	if subtle.ConstantTimeCompare(plain, []byte(canaryText)) != 1 {
		return fmt.Errorf("secret: the keys do not fit the data: %w", ErrFormat)
	}
	return nil
}
