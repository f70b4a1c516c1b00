package payment

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"sync"

	"github.com/oplata-go/oplata/connector/secret"
)

// chain links the events of each record by HMACs, so that nobody without the key can alter, drop, insert or reorder one
// unseen. A cut tail shows against the head that leaves with every published event.
type chain struct {
	keys secret.KeyProvider

	mu      sync.RWMutex
	derived map[string][]byte // by key ID
}

const chainPurpose = "payment-events/v1"

func newChain(keys secret.KeyProvider) *chain {
	return &chain{keys: keys, derived: make(map[string][]byte)}
}

// link gives the event its key's name and its MAC over the one before.
func (c *chain) link(ctx context.Context, e *Event, prev []byte) error {
	key, err := c.keys.Current(ctx)
	if err != nil {
		return fmt.Errorf("payment: key of the event chain: %w", err)
	}
	e.KeyID = key.ID
	e.MAC = mac(c.derive(key), e, prev)
	return nil
}

// holds reports whether the event follows prev.
func (c *chain) holds(ctx context.Context, e *Event, prev []byte) (bool, error) {
	derived, ok := c.known(e.KeyID)
	if !ok {
		key, err := c.keys.Key(ctx, e.KeyID)
		if err != nil {
			return false, fmt.Errorf("payment: key of the event chain: %w", err)
		}
		derived = c.derive(key)
	}
	return hmac.Equal(e.MAC, mac(derived, e, prev)), nil
}

func (c *chain) known(id string) ([]byte, bool) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	derived, ok := c.derived[id]
	return derived, ok
}

func (c *chain) derive(k secret.Key) []byte {
	if derived, ok := c.known(k.ID); ok {
		return derived
	}
	derived := secret.Derive(k, chainPurpose)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.derived[k.ID] = derived
	return derived
}

// mac covers every field of the event, each with its length, and the MAC before it.
func mac(key []byte, e *Event, prev []byte) []byte {
	var buf bytes.Buffer
	buf.Grow(len(e.Body) + 256)
	field := func(b string) {
		buf.Write(binary.BigEndian.AppendUint64(buf.AvailableBuffer(), uint64(len(b))))
		buf.WriteString(b)
	}
	number := func(n int64) {
		buf.Write(binary.BigEndian.AppendUint64(buf.AvailableBuffer(), uint64(n)))
	}
	field(e.Record)
	number(e.Seq)
	field(e.ID)
	number(e.At.UnixMicro())
	field(e.Name)
	field(e.KeyID)
	number(int64(len(e.Body)))
	buf.Write(e.Body)
	number(int64(len(prev)))
	buf.Write(prev)
	h := hmac.New(sha256.New, key)
	h.Write(buf.Bytes())
	return h.Sum(nil)
}

// TamperError says where a stored history is not the one that was written.
type TamperError struct {
	Record string
	Seq    int64  // of the first event that does not fit; 0 when the record itself does not
	What   string // "altered", "missing", "record differs from its events", …
}

// Error names the record, the event and what is wrong.
func (e *TamperError) Error() string {
	return fmt.Sprintf("payment: history of %s: event %d: %s", e.Record, e.Seq, e.What)
}

// VerifyParams name a history, and optionally what a subscriber was told of it.
type VerifyParams struct {
	Record string // a payment or an unallocated receipt
	Seq    int64  // of the last notice a subscriber has; 0: none
	Head   []byte // of that notice
}

// Verify reads the whole history of a payment or an unallocated receipt, checks every link, rebuilds the record from the
// events alone and compares it with the stored one. A [*TamperError] says where they part. With what a [Sink] was told it
// also notices a tail that was cut together with the record. It may run while the record changes.
func (s *Service) Verify(ctx context.Context, p VerifyParams) error {
	for range tries {
		rec, err := s.store.Load(ctx, p.Record)
		if err != nil {
			return err
		}
		err = s.verify(ctx, rec, p)
		if _, tampered := errors.AsType[*TamperError](err); !tampered {
			return err
		}
		again, lookup := s.store.Load(ctx, p.Record)
		if lookup != nil || again.Version == rec.Version {
			return err
		}
	}
	return ErrConflict
}

func (s *Service) verify(ctx context.Context, rec Record, p VerifyParams) error {
	if p.Seq > rec.Version {
		return &TamperError{Record: rec.ID, Seq: p.Seq, What: "missing: a subscriber was told of it"}
	}
	var (
		pay  document
		rcp  receiptDocument
		prev []byte
		seq  int64
	)
	for {
		page, err := s.store.Events(ctx, rec.ID, seq, 500)
		if err != nil {
			return err
		}
		if len(page) == 0 {
			break
		}
		for _, e := range page {
			seq++
			if err := s.follows(ctx, rec.ID, e, prev, seq); err != nil {
				return err
			}
			if seq == p.Seq && !bytes.Equal(e.MAC, p.Head) {
				return &TamperError{Record: rec.ID, Seq: seq, What: "not the event that a subscriber was told of"}
			}
			if err := replay(rec.Kind, e, &pay, &rcp); err != nil {
				return &TamperError{Record: rec.ID, Seq: seq, What: "unreadable"}
			}
			prev = e.MAC
		}
	}
	if seq != rec.Version {
		return &TamperError{Record: rec.ID, Seq: seq, What: "the record counts more or fewer events"}
	}
	return sameRecord(rec, &pay, &rcp)
}

// sameRecord compares the stored record with the one that its events lead to. Bodies are compared by what they say.
func sameRecord(rec Record, pay *document, rcp *receiptDocument) error {
	var (
		want Record
		err  error
		body any
	)
	switch rec.Kind {
	case ReceiptRecord:
		want, err = rcp.record()
		body = new(receiptDocument)
	default:
		want, err = pay.record()
		body = new(document)
	}
	if err != nil {
		return err
	}
	stored := json.NewDecoder(bytes.NewReader(rec.Body))
	stored.DisallowUnknownFields()
	if err := stored.Decode(body); err != nil {
		return &TamperError{Record: rec.ID, What: "the record cannot be read"}
	}
	rec.Body, rec.Personal = encode(body), nil // personal data is never part of the history
	if !reflect.DeepEqual(want, rec) {
		return &TamperError{Record: rec.ID, What: "the record differs from what its events say"}
	}
	return nil
}

func (s *Service) follows(ctx context.Context, record string, e Event, prev []byte, seq int64) error {
	if e.Seq != seq || e.Record != record {
		return &TamperError{Record: record, Seq: seq, What: "missing"}
	}
	ok, err := s.chain.holds(ctx, &e, prev)
	if err != nil {
		return err
	}
	if !ok {
		return &TamperError{Record: record, Seq: seq, What: "altered"}
	}
	return nil
}

func replay(kind RecordKind, e Event, pay *document, rcp *receiptDocument) error {
	if kind == ReceiptRecord {
		var f receiptFact
		if err := json.Unmarshal(e.Body, &f); err != nil {
			return err
		}
		rcp.apply(e, f)
		return nil
	}
	var f fact
	if err := json.Unmarshal(e.Body, &f); err != nil {
		return err
	}
	pay.apply(e, f)
	return nil
}
