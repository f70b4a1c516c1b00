package chronopaysim_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/oplata-go/oplata/adapters/chronopay"
	"github.com/oplata-go/oplata/adapters/chronopay/chronopaysim"
	"github.com/oplata-go/oplata/billing"
	"github.com/oplata-go/oplata/connector"
	"github.com/oplata-go/oplata/connector/secret"
)

const (
	sec     = "4G0i8590sl5Da37I"
	product = "001234-0001-0001"
)

// world is a shop with our gateway, the simulator, and a payer's browser that follows no redirects.
type world struct {
	t       *testing.T
	gateway *chronopay.Gateway
	sim     *chronopaysim.Simulator
	page    *httptest.Server
	shop    *httptest.Server
	browser *http.Client
	log     *bytes.Buffer

	mu      sync.Mutex
	now     time.Time
	results []connector.Result
	refused []error
	answers []int // what the shop answers before it means it
	methods []string
}

type change struct {
	settings func(*chronopay.Settings)
	product  func(*chronopaysim.Product)
	config   func(*chronopaysim.Config)
}

func newWorld(t *testing.T, c change) *world {
	t.Helper()
	w := &world{t: t, now: time.Date(2026, 3, 30, 9, 0, 0, 0, time.UTC), log: new(bytes.Buffer)}
	w.shop = httptest.NewServer(http.HandlerFunc(w.hear))
	t.Cleanup(w.shop.Close)

	p := chronopaysim.Product{ID: product, SharedSec: secret.New(sec)}
	if c.product != nil {
		c.product(&p)
	}
	cfg := chronopaysim.Config{
		Products: []chronopaysim.Product{p},
		Now:      w.clock,
		Logger:   slog.New(slog.NewTextHandler(w.log, nil)),
	}
	if c.config != nil {
		c.config(&cfg)
	}
	var err error
	w.sim, err = chronopaysim.New(cfg)
	require.NoError(t, err)
	w.page = httptest.NewServer(w.sim)
	t.Cleanup(w.page.Close)

	s := chronopay.Settings{
		ProductID: product, SharedSec: secret.New(sec), PageURL: w.page.URL + "/",
		SourceAddresses: []string{"127.0.0.1"}, SiteID: "001234-0001",
	}
	if c.settings != nil {
		c.settings(&s)
	}
	w.gateway, err = chronopay.New(s)
	require.NoError(t, err)
	w.browser = &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	return w
}

func (w *world) clock() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

func (w *world) pass(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(d)
}

// hear is the shop's callback address.
func (w *world) hear(rw http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	m, err := w.gateway.Receive(connector.Inbound{
		Method: r.Method, Query: r.URL.Query(), Body: body, Header: r.Header,
		Addr: netip.MustParseAddrPort(r.RemoteAddr).Addr(),
	})
	w.mu.Lock()
	defer w.mu.Unlock()
	w.methods = append(w.methods, r.Method)
	if err != nil {
		w.refused = append(w.refused, err)
		rw.WriteHeader(http.StatusForbidden)
		return
	}
	w.results = append(w.results, m.Results...)
	status := http.StatusOK
	if len(w.answers) > 0 {
		status, w.answers = w.answers[0], w.answers[1:]
	}
	rw.WriteHeader(status)
}

func (w *world) order() connector.Order {
	return connector.Order{
		Reference: "100045", Amount: billing.MustMoney("500.00", "RUB"), Description: "<b>Счёт 42</b>",
		ReturnURL: "https://isp.example/back", CallbackURL: w.shop.URL + "/callback", StartedAt: w.clock(),
	}
}

// form is what the payer's browser submits.
func (w *world) form(o connector.Order) url.Values {
	step, err := w.gateway.Start(o)
	require.NoError(w.t, err)
	form := url.Values{}
	for _, f := range step.(connector.Show).Fields {
		form.Set(f.Name, f.Value)
	}
	return form
}

// submit posts the form to the page and returns where it leads, or the page that refuses it.
func (w *world) submit(form url.Values) (location, body string) {
	resp, err := w.browser.PostForm(w.page.URL+"/", form)
	require.NoError(w.t, err)
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	require.NoError(w.t, err)
	return resp.Header.Get("Location"), string(text)
}

func (w *world) get(path string) (int, string) {
	resp, err := w.browser.Get(w.page.URL + path)
	require.NoError(w.t, err)
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	require.NoError(w.t, err)
	return resp.StatusCode, string(text)
}

func (w *world) do(a chronopaysim.Action) {
	w.t.Helper()
	require.NoError(w.t, w.sim.Act("100045", a))
	require.NoError(w.t, w.sim.Deliver(w.t.Context()))
}

// Every choice on the page, and what the shop hears of it.
func TestActions(t *testing.T) {
	rub := func(v string) billing.Money { return billing.MustMoney(v, "RUB") }
	for _, c := range []struct {
		action  chronopaysim.Action
		state   chronopaysim.OrderState
		amounts []billing.Money // of results
		charges int
		refused int
	}{
		{chronopaysim.Action{Kind: chronopaysim.Pay}, chronopaysim.Paid, []billing.Money{rub("500.00")}, 1, 0},
		{chronopaysim.Action{Kind: chronopaysim.Decline}, chronopaysim.Declined, []billing.Money{rub("500.00")}, 1, 0},
		{chronopaysim.Action{Kind: chronopaysim.SayNothing}, chronopaysim.Waiting, nil, 0, 0},
		{chronopaysim.Action{Kind: chronopaysim.PayLater, After: time.Minute}, chronopaysim.Waiting, nil, 0, 0},
		{chronopaysim.Action{Kind: chronopaysim.PayTwiceTold}, chronopaysim.Paid, []billing.Money{rub("500.00"), rub("500.00")}, 1, 0},
		{chronopaysim.Action{Kind: chronopaysim.PayTwoCharges}, chronopaysim.Paid, []billing.Money{rub("500.00"), rub("500.00")}, 2, 0},
		{chronopaysim.Action{Kind: chronopaysim.PayOther, Total: "499.5"}, chronopaysim.Paid, []billing.Money{rub("499.50")}, 1, 0},
		{chronopaysim.Action{Kind: chronopaysim.PayForged}, chronopaysim.Waiting, nil, 0, 1},
	} {
		t.Run(string(c.action.Kind), func(t *testing.T) {
			w := newWorld(t, change{})
			w.submit(w.form(w.order()))
			w.do(c.action)
			charges := map[string]bool{}
			var amounts []billing.Money
			for _, r := range w.results {
				require.Equal(t, "100045", r.Reference)
				require.Empty(t, r.Misplaced)
				charges[r.Charge] = true
				amounts = append(amounts, r.Amount)
			}
			require.Equal(t, c.amounts, amounts)
			require.Len(t, charges, c.charges)
			require.Len(t, w.refused, c.refused)
			require.Equal(t, c.state, w.sim.Orders()[0].State)
		})
	}
}

func TestActRefuses(t *testing.T) {
	w := newWorld(t, change{settings: func(s *chronopay.Settings) { s.OmitCallbackURL = true }})
	require.ErrorIs(t, w.sim.Act("100045", chronopaysim.Action{Kind: chronopaysim.Pay}), chronopaysim.ErrNoOrder)
	w.submit(w.form(w.order()))
	require.ErrorIs(t, w.sim.Act("100045", chronopaysim.Action{Kind: chronopaysim.Pay}), chronopaysim.ErrNoCallback)

	w = newWorld(t, change{})
	w.submit(w.form(w.order()))
	for _, a := range []chronopaysim.Action{
		{Kind: "steal"},
		{Kind: chronopaysim.PayLater, After: -1},
		{Kind: chronopaysim.PayOther, Total: "0.00"},
		{Kind: chronopaysim.PayOther, Total: "many"},
	} {
		require.ErrorIs(t, w.sim.Act("100045", a), chronopaysim.ErrBadAction)
	}
	require.Empty(t, w.sim.Orders()[0].Deliveries)
	for range 100 {
		if err := w.sim.Act("100045", chronopaysim.Action{Kind: chronopaysim.Pay}); err != nil {
			require.ErrorIs(t, err, chronopaysim.ErrTooMany)
			return
		}
	}
	t.Fatal("one order keeps any number of callbacks")
}

func TestDecisionIsTheTypeOnTheWire(t *testing.T) {
	w := newWorld(t, change{})
	w.submit(w.form(w.order()))
	w.do(chronopaysim.Action{Kind: chronopaysim.Decline})
	w.do(chronopaysim.Action{Kind: chronopaysim.Pay})
	require.Equal(t, []connector.State{connector.Failed, connector.Succeeded},
		[]connector.State{w.results[0].State, w.results[1].State})
	require.Equal(t, w.clock(), w.results[1].At)
}

func TestPayLaterWaitsForTheClock(t *testing.T) {
	w := newWorld(t, change{})
	w.submit(w.form(w.order()))
	w.do(chronopaysim.Action{Kind: chronopaysim.PayLater, After: 20 * time.Minute})
	w.pass(20*time.Minute - 1)
	require.NoError(t, w.sim.Deliver(t.Context()))
	require.Empty(t, w.results)
	w.pass(1)
	require.NoError(t, w.sim.Deliver(t.Context()))
	require.Len(t, w.results, 1)
}

// A callback that was not answered with 200 comes again, later and later, and not for ever.
func TestCallbackIsRepeated(t *testing.T) {
	w := newWorld(t, change{config: func(c *chronopaysim.Config) { c.Tries, c.Backoff = 4, time.Minute }})
	w.answers = []int{500, 503, 404, 500, 500}
	w.submit(w.form(w.order()))
	w.do(chronopaysim.Action{Kind: chronopaysim.Pay})
	for i, pause := range []time.Duration{time.Minute, 2 * time.Minute, 4 * time.Minute} {
		w.pass(pause - 1)
		require.NoError(t, w.sim.Deliver(t.Context()))
		require.Len(t, w.results, i+1, "too early")
		w.pass(1)
		require.NoError(t, w.sim.Deliver(t.Context()))
		require.Len(t, w.results, i+2)
		require.Equal(t, w.results[0], w.results[i+1], "the very same callback")
	}
	w.pass(1000 * time.Hour)
	require.NoError(t, w.sim.Deliver(t.Context()))
	require.Len(t, w.results, 4)
	d := w.sim.Orders()[0].Deliveries[0]
	require.True(t, d.Done)
	require.Equal(t, 500, d.Status)
	require.Equal(t, w.clock().Add(-1000*time.Hour), d.Due, "when it was sent last")
}

func TestCallbackIsNotRepeatedAfter200(t *testing.T) {
	w := newWorld(t, change{})
	w.submit(w.form(w.order()))
	w.do(chronopaysim.Action{Kind: chronopaysim.Pay})
	w.pass(1000 * time.Hour)
	require.NoError(t, w.sim.Deliver(t.Context()))
	require.Len(t, w.results, 1)
}

func TestForgedCallbackIsNotRepeated(t *testing.T) {
	w := newWorld(t, change{})
	w.submit(w.form(w.order()))
	w.do(chronopaysim.Action{Kind: chronopaysim.PayForged})
	w.pass(1000 * time.Hour)
	require.NoError(t, w.sim.Deliver(t.Context()))
	require.Len(t, w.refused, 1)
	require.ErrorIs(t, w.refused[0], connector.ErrBadSignature)
}

func TestShopThatCannotBeReached(t *testing.T) {
	w := newWorld(t, change{})
	w.submit(w.form(w.order()))
	w.shop.Close()
	w.do(chronopaysim.Action{Kind: chronopaysim.Pay})
	d := w.sim.Orders()[0].Deliveries[0]
	require.Equal(t, 1, d.Tries)
	require.Zero(t, d.Status)
	require.NotEmpty(t, d.Answer)
	require.Equal(t, chronopaysim.Paid, w.sim.Orders()[0].State, "the money was taken all the same")
}

func TestCallbackByGET(t *testing.T) {
	w := newWorld(t, change{settings: func(s *chronopay.Settings) { s.CallbackType = "G" }})
	o := w.order()
	o.CallbackURL += "?shop=1"
	w.submit(w.form(o))
	w.do(chronopaysim.Action{Kind: chronopaysim.Pay})
	require.Equal(t, []string{http.MethodGet}, w.methods)
	require.Len(t, w.results, 1)
}

// Without cb_url in the form the product's own address is called.
func TestCallbackAddressOnChronoPaysSide(t *testing.T) {
	const agreed = "https://isp.example/agreed"
	w := newWorld(t, change{
		settings: func(s *chronopay.Settings) { s.OmitCallbackURL = true },
		product:  func(p *chronopaysim.Product) { p.CallbackURL = agreed },
	})
	w.submit(w.form(w.order()))
	require.Equal(t, agreed, w.sim.Orders()[0].CallbackURL)
}

// The default client must not be a way to post to other machines. Nothing is sent: the dialer refuses the address.
func TestDefaultClientStaysOnThisMachine(t *testing.T) {
	w := newWorld(t, change{})
	o := w.order()
	o.CallbackURL = "http://192.0.2.1/callback"
	w.submit(w.form(o))
	w.do(chronopaysim.Action{Kind: chronopaysim.Pay})
	require.Contains(t, w.sim.Orders()[0].Deliveries[0].Answer, "loopback addresses only")
}

func TestDeliverEndsWithItsContext(t *testing.T) {
	w := newWorld(t, change{})
	w.submit(w.form(w.order()))
	require.NoError(t, w.sim.Act("100045", chronopaysim.Action{Kind: chronopaysim.Pay}))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, w.sim.Deliver(ctx), context.Canceled)
	require.ErrorIs(t, w.sim.Run(ctx), context.Canceled)
	require.Empty(t, w.results)
	require.NoError(t, w.sim.Deliver(t.Context()))
	require.Len(t, w.results, 1, "it was put back")
}

// Many hosts call Deliver beside Run: a callback is sent once all the same.
func TestDeliverIsSafeForConcurrentUse(t *testing.T) {
	w := newWorld(t, change{})
	w.submit(w.form(w.order()))
	require.NoError(t, w.sim.Act("100045", chronopaysim.Action{Kind: chronopaysim.Pay}))
	var all sync.WaitGroup
	for range 16 {
		all.Go(func() { _ = w.sim.Deliver(t.Context()) })
	}
	all.Wait()
	require.Len(t, w.results, 1)
}

// A restarted simulator must not give out the transaction numbers of charges that the shop remembers.
func TestRestartDoesNotRepeatTransactions(t *testing.T) {
	charges := map[string]bool{}
	for start := range 3 {
		w := newWorld(t, change{})
		w.now = w.now.Add(time.Duration(start) * time.Second)
		sim, err := chronopaysim.New(chronopaysim.Config{
			Products: []chronopaysim.Product{{ID: product, SharedSec: secret.New(sec)}}, Now: w.clock,
		})
		require.NoError(t, err)
		w.sim, w.page.Config.Handler = sim, sim
		w.submit(w.form(w.order()))
		w.do(chronopaysim.Action{Kind: chronopaysim.PayTwoCharges})
		for _, r := range w.results {
			charges[r.Charge] = true
		}
	}
	require.Len(t, charges, 6)
}

func TestMemoryIsBounded(t *testing.T) {
	w := newWorld(t, change{config: func(c *chronopaysim.Config) { c.MaxOrders = 3 }})
	for n := range 10 {
		o := w.order()
		o.Reference = fmt.Sprint(n)
		w.submit(w.form(o))
	}
	var kept []string
	for _, o := range w.sim.Orders() {
		kept = append(kept, o.OrderID)
	}
	require.Equal(t, []string{"7", "8", "9"}, kept)
}

func TestNewNamesWhatIsWrong(t *testing.T) {
	_, err := chronopaysim.New(chronopaysim.Config{})
	require.ErrorContains(t, err, "no products")
	_, err = chronopaysim.New(chronopaysim.Config{Products: []chronopaysim.Product{
		{ID: "1", SharedSec: secret.New(sec)}, {ID: product}, {ID: "001234-0001-0002", SharedSec: secret.New(sec), Currency: "ZZZ"},
	}})
	for _, part := range []string{"product 0: id", product + ": no SharedSec", "001234-0001-0002: currency"} {
		require.ErrorContains(t, err, part)
	}
	require.NotContains(t, err.Error(), sec)
}
