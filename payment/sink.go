package payment

import (
	"context"
	"encoding/json"
	"time"
)

// Notice is one event as it is told to a [Sink]. Seq and Head are the number of events of the record so far and the MAC
// of this one: a subscriber that keeps the last of them can later show whether a history was cut, see [Service.Verify].
type Notice struct {
	ID       string          `json:"id"` // of the event; the same on every repeat
	Record   string          `json:"record"`
	Reseller string          `json:"reseller"`
	Seq      int64           `json:"seq"`
	At       time.Time       `json:"at"`
	Name     EventName       `json:"name"`
	Data     json.RawMessage `json:"data"` // what the event says: condition, attempts, postings
	Head     []byte          `json:"head"`
}

// Sink is somebody who is told of every event: a webhook, a broker, a fiscal register. Nil means that the notice is
// safely there; every error leads to another try, with growing pauses, for ever. Notices of one record come in order, and
// each at least once.
type Sink interface {
	Send(ctx context.Context, n Notice) error
}

func noticeOf(e Event, reseller string) Notice {
	return Notice{
		ID: e.ID, Record: e.Record, Reseller: reseller, Seq: e.Seq, At: e.At, Name: EventName(e.Name), Data: e.Body, Head: e.MAC,
	}
}
