package connector

import (
	"encoding/json"
	"slices"
	"time"
)

// Method is a payment method: a connector with settings, offered by a reseller to its accounts. Payment methods are
// switched off and never deleted, because results of old payments still come.
type Method struct {
	ID        string
	Reseller  string // whose accounts may use it
	Connector string // the ID
	Name      string // shown to payers
	Active    bool

	// AccountTypes are the types of accounts that it is offered to, in the host's own words; empty means all.
	AccountTypes []string

	Icon        string // for the host's pages: an address or a name, as the host likes
	Description string // shown to payers; an operator typed it and it may hold HTML: to be escaped or cleaned

	// Settings are the values with secrets left out, and Secrets the JSON pointers of the secrets that are set. Static
	// settings are not among them. Only [Service.Method], and the commands that write settings, fill them in.
	Settings json.RawMessage
	Secrets  []string

	SettingsVersion int           // of the current settings: 1, 2, 3, …; payments pin it
	Version         int64         // grows with every change; name it in an update
	Period          time.Duration // how long a payment may be processing: the connector's; 0: without end

	CreatedAt time.Time
	UpdatedAt time.Time
	UpdatedBy string // the name of the actor
}

// OfferedTo reports whether accounts of this type may choose the payment method.
func (m Method) OfferedTo(accountType string) bool {
	return m.Active && (len(m.AccountTypes) == 0 || slices.Contains(m.AccountTypes, accountType))
}

// methodBody is the stored form of a payment method, beside what is a column. Its members are never renamed.
type methodBody struct {
	Name         string    `json:"name"`
	AccountTypes []string  `json:"account_types,omitempty"`
	Icon         string    `json:"icon,omitempty"`
	Description  string    `json:"description,omitempty"`
	CreatedAt    time.Time `json:"created_at"`
	UpdatedAt    time.Time `json:"updated_at"`
	UpdatedBy    string    `json:"updated_by,omitempty"`
}

// methodView is the payment method as others see it, without its settings.
func methodView(m MethodRecord, c *stored) (Method, error) {
	var body methodBody
	if err := json.Unmarshal(m.Body, &body); err != nil {
		return Method{}, corrupt("payment method", m.ID)
	}
	return Method{
		ID: m.ID, Reseller: m.Reseller, Connector: m.Connector, Name: body.Name, Active: m.Active,
		AccountTypes: body.AccountTypes, Icon: body.Icon, Description: body.Description,
		SettingsVersion: m.Settings, Version: m.Version, Period: c.period(),
		CreatedAt: body.CreatedAt, UpdatedAt: body.UpdatedAt, UpdatedBy: body.UpdatedBy,
	}, nil
}
