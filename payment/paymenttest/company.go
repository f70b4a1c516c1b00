package paymenttest

import (
	"context"
	"fmt"
	"hash/fnv"
	"strings"
	"sync/atomic"

	"github.com/oplata-go/oplata/billing"
	"github.com/oplata-go/oplata/connector"
	"github.com/oplata-go/oplata/connector/connectortest"
	"github.com/oplata-go/oplata/connector/secret"
	"github.com/oplata-go/oplata/payment"
)

// company is an acquirer behind the payment methods of one merchant account. An askable one tells
// the truth about an order's first charge when it is asked; of the mute one its messages are all there is.
type company struct {
	host     *Host
	kind     string
	merchant string
	key      string
	name     string // of the merchant account in the SDK: charges are unique within it
	world    *connectortest.World
	failures atomic.Int64 // calls that brought no answer
}

func newCompany(h *Host, kind, merchant, key string) *company {
	c := &company{host: h, kind: kind, merchant: merchant, key: key}
	c.world = connectortest.NewWorld(connectortest.Settings{Merchant: merchant, Key: secret.New(key)})
	c.world.Script(c.answer)
	return c
}

func (c *company) askable() bool { return c.kind == connectortest.ScriptedKind }

// Do lets the company hear a call that the SDK makes.
func (h *Host) Do(ctx context.Context, r connector.Request) (connector.Answer, error) {
	for _, c := range h.companies {
		if c.merchant == r.Connector { // the connector bears its name
			answer, err := c.world.Do(ctx, r)
			if err != nil || answer.Status != 200 || strings.HasPrefix(string(answer.Body), "<") {
				c.failures.Add(1)
			}
			return answer, err
		}
	}
	return connector.Answer{}, fmt.Errorf("paymenttest: call of unknown connector %q", r.Connector)
}

// answer is the company's answer to the call that begins a payment. It is the same for the same reference.
func (c *company) answer(reference string, amount billing.Money) connector.Step {
	t := c.host.truth
	_ = t.note(Entry{Kind: Called, Merchant: c.name, Reference: reference}) // a journal that fails ends the life elsewhere
	hash := fnv.New32a()
	_, _ = hash.Write([]byte(reference))
	switch hash.Sum32() % 4 {
	case 0:
		return connector.Show{URL: "https://company.example/" + reference}
	case 1:
		return connector.Wait{}
	case 2:
		_ = t.note(Entry{Kind: Declined, Merchant: c.name, Reference: reference})
		return connector.Result{Reference: reference, State: connector.Failed, Text: "no"}
	}
	e := Entry{Kind: Took, Merchant: c.name, Reference: reference, Charge: first(reference), Amount: amount}
	_ = t.note(e)
	return connector.Result{Reference: reference, Charge: e.Charge, State: connector.Succeeded, Amount: amount}
}

// first is the name of an order's first charge.
func first(reference string) string { return "charge-" + reference }

// happen notes an entry and lets the company act on it.
func (h *Host) happen(e Entry) error {
	if err := h.truth.note(e); err != nil {
		return err
	}
	h.act(e)
	return nil
}

// act lets an askable company know what happened, so that it can be asked.
func (h *Host) act(e Entry) {
	for _, c := range h.companies {
		if !c.askable() || c.name != e.Merchant || e.Reference == "" {
			continue
		}
		switch e.Kind {
		case Took:
			if e.Method != "" {
				continue // it fits no order: the company is not asked about it
			}
			c.world.Charged(e.Reference, e.Charge, e.Amount)
		case Held:
			c.world.Authorized(e.Reference, e.Charge, e.Amount)
		case Unheld:
			c.world.Voided(e.Reference, e.Charge, e.Amount)
		case Declined:
			c.world.Failed(e.Reference, "no")
		case GaveBack:
			if e.What == string(payment.Refunded) && h.truth.isAsked(e) {
				c.world.Refunded(e.Reference, e.Charge, e.Operation, e.Amount)
			}
		}
	}
}

// meet lets the companies know the orders of a payment. What begins with the money taken is taken from here on.
func (h *Host) meet(p payment.Payment) error {
	for _, a := range p.Attempts {
		m := h.method(a.Method)
		if m == nil {
			continue
		}
		if _, known := h.truth.order(a.Merchant, a.Reference); known {
			continue
		}
		err := h.happen(Entry{
			Kind: Asked, Merchant: a.Merchant, Reference: a.Reference, Amount: a.Asked, Method: a.Method, Settings: a.Settings, Subject: p.ID,
		})
		if err != nil {
			return err
		}
		if m.begin != connectortest.BeginCharged {
			continue
		}
		err = h.happen(Entry{Kind: Took, Merchant: a.Merchant, Reference: a.Reference, Charge: first(a.Reference), Amount: a.Asked})
		if err != nil {
			return err
		}
	}
	return nil
}

// keyOf is the signing key of a version of a method's settings.
func (m *method) keyOf(version int64) string {
	if version == 1 {
		return m.key
	}
	return fmt.Sprintf("%s-v%d", m.key, version)
}

// rotate gives a mute company's method another signing key.
func (h *Host) rotate(ctx context.Context, m *method) error {
	view, err := h.Connectors.Method(ctx, root, m.id)
	if err != nil {
		return err
	}
	next := int64(view.SettingsVersion) + 1
	if _, err = h.Connectors.UpdateMethod(ctx, connector.UpdateMethodParams{
		By: root, ID: m.id, Version: view.Version, Settings: document("begin", string(m.begin), "key", m.keyOf(next)),
	}); err != nil {
		return err
	}
	m.version.Store(next)
	return nil
}
