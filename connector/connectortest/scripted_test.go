package connectortest_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/oplata-go/oplata/billing"
	"github.com/oplata-go/oplata/connector"
	"github.com/oplata-go/oplata/connector/connectortest"
	"github.com/oplata-go/oplata/connector/secret"
)

var rub100 = billing.MustMoney("100.00", "RUB")

func settingsWith(begin connectortest.Begin) connectortest.Settings {
	return connectortest.Settings{Merchant: "m-1", Key: secret.New("canary-signing-key"), Begin: begin}
}

func open(t *testing.T, begin connectortest.Begin) (*connectortest.Scripted, *connectortest.World) {
	t.Helper()
	g, err := connectortest.NewScripted(settingsWith(begin))
	require.NoError(t, err)
	return g, connectortest.NewWorld(settingsWith(begin))
}

func order(reference string) connector.Order {
	return connector.Order{Reference: reference, Amount: rub100, StartedAt: time.Unix(1, 0)}
}

// pay makes the call of a payment that begins with one, once.
func pay(ctx context.Context, g *connectortest.Scripted, w *connectortest.World, reference string) (connector.Step, error) {
	step, err := g.Start(order(reference))
	if err != nil {
		return nil, err
	}
	call := step.(connector.Call[connector.Step])
	answer, err := w.Do(ctx, call.Request)
	if err != nil {
		return nil, err
	}
	return call.Read(answer)
}

func ask(t *testing.T, g *connectortest.Scripted, w *connectortest.World, reference string) connector.Snapshot {
	t.Helper()
	call, err := g.Status(connector.Query{Reference: reference})
	require.NoError(t, err)
	answer, err := w.Do(t.Context(), call.Request)
	require.NoError(t, err)
	s, err := call.Read(answer)
	require.NoError(t, err)
	return s
}

func TestTheFirstStepIsWhatTheSettingsSay(t *testing.T) {
	for begin, want := range map[connectortest.Begin]connector.Step{
		connectortest.BeginShow: connector.Show{
			URL: "https://scripted.example/page?amount=100.00&currency=RUB&reference=r1", State: []byte("begun r1"),
		},
		connectortest.BeginWait:    connector.Wait{After: 5 * time.Second, State: []byte("begun r1")},
		connectortest.BeginCharged: connector.Result{Reference: "r1", Charge: "charge-r1", State: connector.Succeeded, Amount: rub100},
		connectortest.BeginRefused: connector.Result{Reference: "r1", State: connector.Failed, Code: "51", Text: "Not enough money"},
	} {
		g, _ := open(t, begin)
		step, err := g.Start(order("r1"))
		require.NoError(t, err)
		require.Equal(t, want, step)
	}
	g, _ := open(t, connectortest.BeginError)
	_, err := g.Start(order("r1"))
	require.ErrorIs(t, err, connector.ErrInvalid)
}

func TestTheScriptAnswersTheCall(t *testing.T) {
	g, w := open(t, connectortest.BeginCall)
	charged := connector.Result{Kind: connector.OfCharge, Reference: "r1", Charge: "c1", State: connector.Succeeded, Amount: rub100}
	for _, want := range []connector.Step{
		connector.Show{URL: "https://bank.example/3ds"}, connector.Wait{After: 7 * time.Second}, charged,
	} {
		w.Script(func(string, billing.Money) connector.Step { return want })
		step, err := pay(t.Context(), g, w, "r1")
		require.NoError(t, err)
		require.Equal(t, want, step)
	}
	require.Equal(t, rub100, ask(t, g, w, "r1").Captured)
}

func TestACallFailsBeforeOrAfterTheWorldActed(t *testing.T) {
	for fault, want := range map[connectortest.Fault]struct {
		acted bool
		safe  bool
	}{
		connectortest.NotSent:     {acted: false, safe: true},
		connectortest.RequestLost: {acted: false, safe: false},
		connectortest.AnswerLost:  {acted: true, safe: false},
		connectortest.ServerError: {acted: true, safe: false},
		connectortest.Nonsense:    {acted: true, safe: false},
		connectortest.Hang:        {acted: true, safe: false},
	} {
		t.Run(string(fault), func(t *testing.T) {
			g, w := open(t, connectortest.BeginCall)
			w.Script(func(reference string, amount billing.Money) connector.Step {
				return connector.Result{Reference: reference, Charge: "c1", State: connector.Succeeded, Amount: amount}
			})
			w.Fail(1, fault)
			ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
			defer cancel()
			_, err := pay(ctx, g, w, "r1")
			require.Error(t, err)
			require.Equal(t, want.safe, connector.SafeToRetry(err))
			require.Len(t, w.Calls(), 1)
			require.Equal(t, want.acted, ask(t, g, w, "r1").Found)
		})
	}
}

func TestTheWorldRefusesACallThatIsNotSigned(t *testing.T) {
	g, w := open(t, connectortest.BeginShow)
	call, err := g.Status(connector.Query{Reference: "r1"})
	require.NoError(t, err)
	call.Request.Sign = nil
	answer, err := w.Do(t.Context(), call.Request)
	require.NoError(t, err)
	_, err = call.Read(answer)
	require.ErrorContains(t, err, "401")
}

func TestTheWorldKnowsWhatHappened(t *testing.T) {
	g, w := open(t, connectortest.BeginShow)
	require.Equal(t, connector.Snapshot{}, ask(t, g, w, "r1"))

	w.Authorized("r1", "c1", rub100)
	require.Equal(t, connector.Snapshot{Found: true, State: connector.Authorized, Charge: "c1", Held: rub100}, ask(t, g, w, "r1"))

	w.Charged("r1", "c1", rub100)
	w.Charged("r1", "c2", rub100) // told by its message alone
	w.Refunded("r1", "c1", "o1", billing.MustMoney("30.00", "RUB"))
	w.Refunded("r1", "c1", "o2", billing.MustMoney("5.00", "RUB"))
	require.Equal(t, connector.Snapshot{
		Found: true, State: connector.Succeeded, Charge: "c1", Captured: rub100, Refunded: billing.MustMoney("35.00", "RUB"),
	}, ask(t, g, w, "r1"))

	w.Authorized("r2", "c3", rub100)
	w.Voided("r2", "c3", rub100)
	require.Equal(t, connector.Snapshot{Found: true, State: connector.Voided, Charge: "c3"}, ask(t, g, w, "r2"))

	w.Failed("r3", "No money")
	require.Equal(t, connector.Snapshot{Found: true, State: connector.Failed, Text: "No money"}, ask(t, g, w, "r3"))

	w.Know("r3", connector.Snapshot{Found: true, State: connector.Pending})
	require.Equal(t, connector.Pending, ask(t, g, w, "r3").State)
}

func TestAMessageForAnotherMerchantIsMisplacedAndNotRefused(t *testing.T) {
	g, _ := open(t, connectortest.BeginShow)
	other := connectortest.Sender{Merchant: "m-2", Key: settingsWith("").Key}
	m, err := g.Receive(other.Charged("r1", "c1", rub100))
	require.NoError(t, err)
	require.Equal(t, "another merchant", m.Results[0].Misplaced)
	require.Equal(t, rub100, m.Results[0].Amount)
}

func TestTheMuteKindCannotBeAsked(t *testing.T) {
	g, err := connectortest.NewScripted(settingsWith(""))
	require.NoError(t, err)
	var mute connector.Gateway = connectortest.Mute{Gateway: g, Referencer: g, Merchant: g, Tester: g}
	_, asks := mute.(connector.StatusQuerier)
	require.False(t, asks)
	require.Equal(t, "scripted-mute", connectortest.KindMute().Name())
}
