package connector

import (
	"encoding/json"
	"time"

	"github.com/oplata-go/oplata/connector/settings"
)

// Connector is a way to a gateway as the root reseller registers it: payment methods are made of it.
//
// Only the root reseller sees all fields. Others, who choose a connector for a payment method of their own, get ID, Name,
// Kind, Schema, Period and Version.
type Connector struct {
	ID      string
	Name    string
	Kind    string          // the name of a [Kind]
	URL     string          // where a remote gateway is; empty for one that lives in the program
	Schema  json.RawMessage // of the settings that payment methods fill in
	Static  json.RawMessage // settings common to all payment methods, its secrets left out; nil if there are none
	Secrets []string        // JSON pointers of the secrets that Static has
	Period  time.Duration   // how long a payment may be processing, whole minutes; 0: without end
	Methods int             // payment methods over all resellers
	Version int64           // grows with every change; name it in an update

	CreatedAt time.Time
	UpdatedAt time.Time
	UpdatedBy string // the name of the actor
}

// connectorBody is the stored form of a connector. Its members are never renamed.
type connectorBody struct {
	Name          string          `json:"name"`
	Kind          string          `json:"kind"`
	URL           string          `json:"url,omitempty"`
	Schema        json.RawMessage `json:"schema,omitempty"`         // pasted; kinds with a struct bring their own
	Static        json.RawMessage `json:"static,omitempty"`         // secrets sealed
	StaticVersion int64           `json:"static_version,omitempty"` // the connector's version that Static came with
	Minutes       int64           `json:"period_minutes,omitempty"`
	HashKeys      []hashKey       `json:"hash_keys"` // the current one first, at most two
	CreatedAt     time.Time       `json:"created_at"`
	UpdatedAt     time.Time       `json:"updated_at"`
	UpdatedBy     string          `json:"updated_by,omitempty"`
}

// stored is a connector as it was read, with what is needed to work on it.
type stored struct {
	ConnectorRecord
	body   connectorBody
	kind   Kind
	schema *settings.Schema // nil when the program does not know the kind any more
}

func (c *stored) period() time.Duration { return time.Duration(c.body.Minutes) * time.Minute }

// brief is what every reseller may see.
func (c *stored) brief() Connector {
	view := Connector{ID: c.ID, Name: c.body.Name, Kind: c.body.Kind, Period: c.period(), Version: c.Version}
	if c.schema != nil {
		view.Schema = c.schema.JSON()
	}
	return view
}

// full is what the root reseller and the SDK itself may see.
func (c *stored) full() (Connector, error) {
	view := c.brief()
	view.URL, view.Methods = c.body.URL, c.Methods
	view.CreatedAt, view.UpdatedAt, view.UpdatedBy = c.body.CreatedAt, c.body.UpdatedAt, c.body.UpdatedBy
	if c.schema == nil || c.body.Static == nil {
		return view, nil
	}
	var err error
	view.Static, view.Secrets, err = c.schema.Mask(c.body.Static)
	return view, err
}
