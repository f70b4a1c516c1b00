package main

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/oplata-go/oplata/connector/secret"
)

// The keys of the file. The first seals and signs; it may be rotated by putting a new one before it. The other one is what
// the demo shop's SharedSec is made from, and stays.
const (
	masterKey    = "k1"
	simulatorKey = "simulator"
)

// readKeys reads the key file, or makes it when there is no database yet. It never makes one beside an existing database:
// nothing in that could be read with new keys.
func readKeys(o options) (*secret.Ring, error) {
	ring, err := secret.RingFromFile(o.keys)
	if !errors.Is(err, fs.ErrNotExist) {
		return ring, err
	}
	if _, err := os.Stat(o.db); !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("cabinet: %s is missing, and %s cannot be read without it", o.keys, o.db)
	}
	return makeKeys(o.keys)
}

// makeKeys writes a new key file, durably and for its owner's eyes only.
func makeKeys(path string) (*secret.Ring, error) {
	lines := []string{"# The master keys of a cabinet. Without them its database cannot be read; whoever has both reads all secrets."}
	var keys []secret.Key
	for _, id := range []string{masterKey, simulatorKey} {
		k, err := secret.GenerateKey(id)
		if err != nil {
			return nil, fmt.Errorf("cabinet: new key: %w", err)
		}
		keys = append(keys, k)
		lines = append(lines, k.Export())
	}
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, fmt.Errorf("cabinet: new key file: %w", err)
	}
	_, err = file.WriteString(strings.Join(lines, "\n") + "\n")
	if err := errors.Join(err, file.Sync(), file.Close()); err != nil {
		return nil, errors.Join(fmt.Errorf("cabinet: new key file: %w", err), os.Remove(path))
	}
	return secret.NewRing(keys...)
}

// sharedSec is the secret that the demo shop and the simulated ChronoPay share: the same at every start.
func sharedSec(ctx context.Context, ring *secret.Ring) (secret.Value, error) {
	key, err := ring.Key(ctx, simulatorKey)
	if err != nil {
		return secret.Value{}, fmt.Errorf("cabinet: key file: %w", err)
	}
	return secret.New(base64.RawURLEncoding.EncodeToString(secret.Derive(key, "cabinet demo SharedSec"))), nil
}
