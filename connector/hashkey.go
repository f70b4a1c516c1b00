package connector

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/oplata-go/oplata/connector/secret"
)

// maxOverlap bounds how long a former hash key stays valid.
const maxOverlap = 30 * 24 * time.Hour

// hashKey is the stored form of a connector's key.
type hashKey struct {
	Sealed string    `json:"sealed"`
	Until  time.Time `json:"until,omitzero"` // zero: the current key
}

// HashKey returns the connector's current key. Only the root reseller may see it. It can be given to another connector.
func (s *Service) HashKey(ctx context.Context, by Actor, id string) (secret.Value, error) {
	if err := s.rootOnly(by); err != nil {
		return secret.Value{}, err
	}
	c, err := s.connector(ctx, id)
	if err != nil {
		return secret.Value{}, err
	}
	keys, err := s.validKeys(ctx, c, s.cfg.Now())
	if err != nil {
		return secret.Value{}, err
	}
	if len(keys) == 0 {
		return secret.Value{}, corrupt("connector", id)
	}
	return keys[0], nil
}

// RotateParams gives a connector another hash key.
type RotateParams struct {
	By  Actor
	ID  string
	Key secret.Value // empty: generated

	// Overlap is how long messages signed with the former key are still accepted, up to 30 days; 0: not at all. One
	// former key is kept: a second rotation within the overlap ends the one before.
	Overlap time.Duration
}

// RotateHashKey gives a connector another hash key; read it with [Service.HashKey]. Only the root reseller may.
func (s *Service) RotateHashKey(ctx context.Context, p RotateParams) (Connector, error) {
	if err := s.rootOnly(p.By); err != nil {
		return Connector{}, err
	}
	var f faults
	f.line("by.name", p.By.Name, maxName)
	f.line("key", p.Key.Reveal(), maxHashKey)
	if p.Overlap < 0 || p.Overlap > maxOverlap {
		f.add("overlap", "must be from 0 to 30 days")
	}
	if err := f.err(); err != nil {
		return Connector{}, err
	}
	for range tries {
		c, err := s.connector(ctx, p.ID)
		if err != nil {
			return Connector{}, err
		}
		if err := s.setHashKey(ctx, c, p.Key, p.Overlap); err != nil {
			return Connector{}, err
		}
		c.Version++
		c.body.UpdatedAt, c.body.UpdatedBy = s.now(), p.By.Name
		err = s.putConnector(ctx, c, false)
		if errors.Is(err, ErrConflict) {
			continue
		}
		if err != nil {
			return Connector{}, err
		}
		s.changed(ctx, "connector hash key rotated", c.ID, p.By)
		return c.full()
	}
	return Connector{}, ErrConflict
}

// setHashKey puts a new key before the one that c has.
func (s *Service) setHashKey(ctx context.Context, c *stored, key secret.Value, overlap time.Duration) error {
	if key.Empty() {
		var random [32]byte
		if _, err := io.ReadFull(s.cfg.Random, random[:]); err != nil {
			return fmt.Errorf("connector: new hash key: %w", err)
		}
		key = secret.New(hex.EncodeToString(random[:]))
	}
	text, err := s.sealer.Seal(ctx, []byte(key.Reveal()), keyPlace(c.ID)...)
	if err != nil {
		return err
	}
	keys := []hashKey{{Sealed: text}}
	if overlap > 0 && len(c.body.HashKeys) > 0 {
		keys = append(keys, hashKey{Sealed: c.body.HashKeys[0].Sealed, Until: s.now().Add(overlap)})
	}
	c.body.HashKeys = keys
	return nil
}

// validKeys opens the keys that are valid now, the current one first.
func (s *Service) validKeys(ctx context.Context, c *stored, now time.Time) ([]secret.Value, error) {
	keys := make([]secret.Value, 0, len(c.body.HashKeys))
	for _, k := range c.body.HashKeys {
		if !k.Until.IsZero() && !now.Before(k.Until) {
			continue
		}
		plain, err := s.sealer.Open(ctx, k.Sealed, keyPlace(c.ID)...)
		if err != nil {
			return nil, fmt.Errorf("connector: hash key: %w", err)
		}
		keys = append(keys, secret.New(string(plain)))
	}
	return keys, nil
}

// keysChangeAt is when the next key stops being valid; zero: never.
func (c *stored) keysChangeAt(now time.Time) time.Time {
	var next time.Time
	for _, k := range c.body.HashKeys {
		if now.Before(k.Until) && (next.IsZero() || k.Until.Before(next)) {
			next = k.Until
		}
	}
	return next
}
