package connectortest_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/oplata-go/oplata/billing"
	"github.com/oplata-go/oplata/connector"
	"github.com/oplata-go/oplata/connector/connectortest"
)

// harness describes the scripted gateway, or what wrap makes of it.
func harness(begin connectortest.Begin, wrap func(*connectortest.Scripted) connector.Gateway) connectortest.Harness {
	s := settingsWith(begin)
	world := connectortest.NewWorld(s)
	sender := world.Sender()
	return connectortest.Harness{
		Open: func() (connector.Gateway, error) {
			g, err := connectortest.NewScripted(s)
			if err != nil || wrap == nil {
				return g, err
			}
			return wrap(g), nil
		},
		Message: func(_ connector.Order, r connector.Result) (connector.Inbound, error) { return sender.Message(r), nil },
		Unknown: func(o connector.Order) (connector.Inbound, error) {
			return sender.Message(connector.Result{
				Kind: "loyalty", Reference: o.Reference, Charge: "c1", State: connector.Succeeded, Amount: o.Amount,
			}), nil
		},
		Signature: connectortest.HeaderPart("X-Signature"),
		Signed:    []connectortest.Part{connectortest.BodyPart()},
		OtherKey:  sender.OtherKey,
		Asked:     asked,
		Answer: func(q connector.Query, snapshot connector.Snapshot) (connector.Answer, error) {
			g, err := connectortest.NewScripted(s)
			if err != nil {
				return connector.Answer{}, err
			}
			call, err := g.Status(q)
			if err != nil {
				return connector.Answer{}, err
			}
			world.Know(q.Reference, snapshot)
			return world.Do(context.Background(), call.Request)
		},
		Secrets: []string{s.Key.Reveal()},
		Amounts: []billing.Money{
			billing.MustMoney("100.00", "RUB"), billing.MustMoney("0.01", "RUB"),
			billing.MustMoney("4503599627370497.05", "RUB"), // no float64 holds it
			billing.MustMoney("500", "JPY"), billing.MustMoney("1.234", "KWD"),
		},
	}
}

// asked reads what a step of the scripted gateway asks for.
func asked(s connector.Step) (string, billing.Money, error) {
	fields := url.Values{}
	switch step := s.(type) {
	case connector.Show:
		u, err := url.Parse(step.URL)
		if err != nil {
			return "", billing.Money{}, err
		}
		fields = u.Query()
		for _, f := range step.Fields {
			fields.Set(f.Name, f.Value)
		}
	case connector.Call[connector.Step]:
		var body struct {
			Reference string        `json:"reference"`
			Amount    billing.Money `json:"amount"`
		}
		err := json.Unmarshal(step.Request.Body, &body)
		return body.Reference, body.Amount, err
	}
	amount, err := billing.ParseMoney(fields.Get("amount"), fields.Get("currency"))
	return fields.Get("reference"), amount, err
}

func TestTheScriptedGatewayPasses(t *testing.T) {
	skipped := map[connectortest.Begin]int{connectortest.BeginShow: 1, connectortest.BeginForm: 1, connectortest.BeginCall: 1}
	for begin, want := range skipped {
		t.Run(string(begin), func(t *testing.T) {
			skips := 0
			for _, check := range connectortest.Checks(harness(begin, nil)) {
				err := check.Run(t.Context())
				if _, skip := connectortest.Skipped(err); skip {
					skips++
					continue
				}
				require.NoError(t, err, check.Name)
			}
			require.Equal(t, want, skips, "a check about steps that are shown, or about those that call")
		})
	}
}

func TestWhatAGatewayCannotDoIsSkippedByName(t *testing.T) {
	h := harness(connectortest.BeginShow, func(g *connectortest.Scripted) connector.Gateway { return struct{ connector.Gateway }{g} })
	h.Unknown, h.OtherKey, h.Asked, h.Secrets = nil, nil, nil, nil
	h.Message = func(_ connector.Order, r connector.Result) (connector.Inbound, error) {
		if r.State != connector.Succeeded || r.Kind != connector.OfCharge {
			return connector.Inbound{}, connectortest.ErrCannot
		}
		return connectortest.NewWorld(settingsWith("")).Sender().Message(r), nil
	}
	reasons := map[string]int{}
	for _, check := range connectortest.Checks(h) {
		err := check.Run(t.Context())
		if reason, skip := connectortest.Skipped(err); skip {
			reasons[reason]++
			continue
		}
		require.NoError(t, err, check.Name)
	}
	require.Equal(t, map[string]int{
		"Start makes no call":                                1,
		"the harness does not read steps":                    1,
		"the gateway has no types of messages":               1,
		"the harness signs with one key only":                1,
		"the harness names no secrets":                       1,
		"the gateway cannot be asked for the status":         9,
		"the gateway takes references of any shape":          1,
		"the gateway does not say where its money arrives":   1,
		"the gateway never says that a charge is failed":     1,
		"the gateway never says that a charge is pending":    1,
		"the gateway never says that a charge is authorized": 1,
		"the gateway never says that a charge is voided":     1,
		"the gateway never says that a refund is succeeded":  1,
		"the gateway never says that a dispute is opened":    1,
	}, reasons)
}

func TestAnIncompleteHarnessIsAnError(t *testing.T) {
	for _, check := range connectortest.Checks(connectortest.Harness{}) {
		err := check.Run(t.Context())
		require.ErrorContains(t, err, "the harness needs", check.Name)
	}
}

func TestACheckNoticesTheEndOfItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, check := range connectortest.Checks(harness(connectortest.BeginShow, nil)) {
		require.ErrorIs(t, check.Run(ctx), context.Canceled)
	}
}

func TestEachWrongGatewayIsCaughtByTheCheckThatSaysSo(t *testing.T) {
	for _, wrong := range wrongGateways {
		t.Run(wrong.name, func(t *testing.T) {
			begin := wrong.begin
			if begin == "" {
				begin = connectortest.BeginForm
			}
			failed := map[string]error{}
			for _, check := range connectortest.Checks(harness(begin, wrong.wrap)) {
				err := check.Run(t.Context())
				if _, skip := connectortest.Skipped(err); err != nil && !skip {
					failed[check.Name] = err
				}
			}
			require.Contains(t, failed, wrong.caught)
			require.ErrorContains(t, failed[wrong.caught], wrong.says)
		})
	}
}

func TestAGatewayThatDoesNotOpenFailsEveryCheck(t *testing.T) {
	h := harness(connectortest.BeginShow, nil)
	h.Open = func() (connector.Gateway, error) { return nil, errors.New("closed") }
	for _, check := range connectortest.Checks(h) {
		require.ErrorContains(t, check.Run(t.Context()), "closed", check.Name)
	}
}
