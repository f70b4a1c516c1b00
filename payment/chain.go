package payment

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
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

// Verify reads the whole history of a payment or an unallocated receipt, checks every link, rebuilds the record from the
// events alone and compares it with the stored one. A [*TamperError] says where they part. With head and count as a
// subscriber received them it also notices a tail that was cut together with the record: pass 0 and nil to leave
// that out.
func (s *Service) Verify(ctx context.Context, id string, count int64, head []byte) error {
	rec, err := s.store.Load(ctx, id)
	if err != nil {
		return err
	}
	rebuilt, macs, err := s.rebuild(ctx, rec)
	if err != nil {
		return err
	}
	if count > int64(len(macs)) || count > 0 && !bytes.Equal(macs[count-1], head) {
		return &TamperError{Record: id, Seq: count, What: "not the event that was published"}
	}
	if int64(len(macs)) != rec.Version {
		return &TamperError{Record: id, Seq: int64(len(macs)), What: "missing: the record counts more or fewer events"}
	}
	want, err := rebuilt()
	if err != nil {
		return err
	}
	want.Personal = rec.Personal // never part of the history
	if !reflect.DeepEqual(want, rec) {
		return &TamperError{Record: id, What: "the record differs from what its events say"}
	}
	return nil
}

// rebuild replays a record's events. The function it returns gives the record they lead to.
func (s *Service) rebuild(ctx context.Context, rec Record) (rebuilt func() (Record, error), macs [][]byte, err error) {
	var (
		pay  document
		rcp  receiptDocument
		prev []byte
	)
	for {
		page, err := s.store.Events(ctx, rec.ID, int64(len(macs)), 500)
		if err != nil {
			return nil, nil, err
		}
		for _, e := range page {
			if err := s.follows(ctx, rec.ID, e, prev, int64(len(macs))+1); err != nil {
				return nil, nil, err
			}
			if err := replay(rec.Kind, e, &pay, &rcp); err != nil {
				return nil, nil, &TamperError{Record: rec.ID, Seq: e.Seq, What: "unreadable"}
			}
			prev = e.MAC
			macs = append(macs, e.MAC)
		}
		if len(page) == 0 {
			break
		}
	}
	return func() (Record, error) {
		if rec.Kind == ReceiptRecord {
			return rcp.record()
		}
		return pay.record()
	}, macs, nil
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
