package payment_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/oplata-go/oplata/adapters/memory"
	"github.com/oplata-go/oplata/connector"
	"github.com/oplata-go/oplata/connector/connectortest"
	"github.com/oplata-go/oplata/connector/secret"
	"github.com/oplata-go/oplata/payment"
	"github.com/oplata-go/oplata/payment/paymenttest"
)

var canaries = paymenttest.Secrets{
	Master:   "canary-of-the-master-key-wkzqpvxh",
	Merchant: "canary-of-a-secret-field-jtyrmqwd",
	Static:   "canary-of-static-settings-bnvcxlkg",
	Hash:     "canary-of-the-hash-key-plokijuhyg",
}

// haystack gathers all that is printed, told or stored.
type haystack struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (h *haystack) Write(p []byte) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.text.Write(p)
}

// print prints a value as a program may.
func (h *haystack) print(v any) {
	fmt.Fprintf(h, "%v\n%+v\n%#v\n", v, v, v)
	if text, err := json.Marshal(v); err == nil {
		fmt.Fprintf(h, "%s\n", text)
	}
}

// add prints a value, and how a test would that expected another one.
func (h *haystack) add(v, other any) {
	h.print(v)
	assert.Equal(h, other, v)
}

// Errorf is where testify writes why two values differ.
func (h *haystack) Errorf(format string, args ...any) { fmt.Fprintf(h, format, args...) }

// Send is a sink.
func (h *haystack) Send(_ context.Context, n payment.Notice) error {
	h.print(n)
	fmt.Fprintf(h, "%s\n", n.Data)
	return nil
}

// Transition and Worked make an observer.
func (h *haystack) Transition(_ context.Context, t payment.Transition) { h.print(t) }
func (h *haystack) Worked(_ context.Context, w payment.Work)           { h.print(w) }

// search looks for a text, plain and in the usual encodings.
func (h *haystack) search(t *testing.T, needle string) (found bool) {
	t.Helper()
	raw := []byte(needle)
	shown := [][]byte{raw, []byte(hex.EncodeToString(raw)), []byte(fmt.Sprint(raw))}
	for shift := range 3 { // base64 of a longer text that holds it
		text := base64.StdEncoding.EncodeToString(append(make([]byte, shift), raw...))
		shown = append(shown, []byte(text[4:len(text)-4]))
	}
	for _, one := range shown {
		found = found || bytes.Contains(h.text.Bytes(), one)
	}
	return found
}

// watch attaches the haystack wherever the services say anything.
func (h *haystack) watch(cfg *paymenttest.Config) {
	debug := &slog.HandlerOptions{Level: slog.LevelDebug, AddSource: true}
	text, asJSON := slog.New(slog.NewTextHandler(h, debug)), slog.New(slog.NewJSONHandler(h, debug))
	cfg.Secrets = canaries
	cfg.Secrets.Master = canaries.Master[:32]
	cfg.Errors = func(err error) { h.add(err, nil) }
	cfg.Adapt = func(c *payment.Config) {
		c.Logger, c.Observer, c.Sinks = text, h, map[string]payment.Sink{"haystack": h}
	}
	cfg.AdaptConnectors = func(c *connector.Config) { c.Logger = asJSON }
}

func TestSecretsShowNowhere(t *testing.T) {
	hay, ctx := new(haystack), t.Context()
	db := new(memory.DB)
	faults := new(paymenttest.Faults)
	cfg := paymenttest.Config{Stores: memoryStores(db), Faults: faults}
	hay.watch(&cfg)
	for seed := range uint64(20) {
		cfg.Seed = seed
		h, err := paymenttest.New(ctx, cfg)
		require.NoError(t, err)
		l := paymenttest.NewLife(h, fmt.Sprint("account-", seed))
		if seed == 0 {
			require.NoError(t, l.Run(ctx, paymenttest.WholeLife()))
		}
		faults.Arm(int(seed)*7, paymenttest.AfterActing)
		require.NoError(t, l.Run(ctx, paymenttest.Draw(seed, 100)))
		require.NoError(t, l.Finish(ctx))
		faults.Disarm()
		hay.services(t, h)
	}
	hay.stored(t, cfg.Stores)

	text := hay.text.String()
	for _, visible := range []string{"mute-1", "ask-1-call", "surplus", "connector: bad signature", "operator", "the answer is lost"} {
		require.True(t, strings.Contains(text, visible), visible) //nolint:testifylint // a long text; without these the search proves nothing
	}
	for _, hidden := range []string{canaries.Master[:32], canaries.Merchant, canaries.Static, canaries.Hash} {
		require.False(t, hay.search(t, hidden), hidden[:22])
	}
	hay.Errorf("%s", base64.StdEncoding.EncodeToString([]byte("key:"+canaries.Static)))
	require.True(t, hay.search(t, canaries.Static), "the search finds what is encoded")
}

// services prints what the services themselves are and give out.
func (h *haystack) services(t *testing.T, host *paymenttest.Host) {
	t.Helper()
	h.print(host.Service)
	h.print(host.Connectors)
	root := connector.Actor{Reseller: "root", Name: "admin"}
	for _, id := range host.Methods() {
		m, err := host.Connectors.Method(t.Context(), root, id)
		require.NoError(t, err)
		h.add(m, connector.Method{})
		c, err := host.Connectors.Connector(t.Context(), root, m.Connector)
		require.NoError(t, err)
		h.add(c, connector.Connector{})
		opened, err := host.Connectors.Open(t.Context(), id, 0)
		require.NoError(t, err)
		h.add(opened, connector.OpenedMethod{})
	}
	h.add(connectortest.Settings{Key: secret.New(canaries.Merchant)}, connectortest.Settings{})
}

// stored prints every body that is kept, and the records as the services read them.
func (h *haystack) stored(t *testing.T, s paymenttest.Stores) {
	t.Helper()
	ctx := t.Context()
	before := ""
	for {
		page, err := s.Payments.List(ctx, payment.Query{Before: before, Limit: 1000})
		require.NoError(t, err)
		if len(page) == 0 {
			break
		}
		for _, rec := range page {
			before = rec.ID
			var body struct {
				Payment payment.Payment `json:"payment"`
				Receipt payment.Receipt `json:"receipt"`
			}
			require.NoError(t, json.Unmarshal(rec.Body, &body))
			h.add(body.Payment, payment.Payment{})
			h.add(body.Receipt, payment.Receipt{})
			fmt.Fprintf(h, "%s\n%s\n", rec.Body, rec.Personal)
			events, err := s.Payments.Events(ctx, rec.ID, 0, 1000)
			require.NoError(t, err)
			for _, e := range events {
				fmt.Fprintf(h, "%s\n", e.Body)
			}
		}
	}
	tasks, err := s.Payments.Tasks(ctx, payment.TaskQuery{Limit: 1000})
	require.NoError(t, err)
	for _, task := range tasks {
		fmt.Fprintf(h, "%s %s\n", task.Body, task.Note)
	}
	connectors, err := s.Connectors.Connectors(ctx, "", 1000)
	require.NoError(t, err)
	for _, c := range connectors {
		fmt.Fprintf(h, "%s\n", c.Body)
	}
	methods, err := s.Connectors.Methods(ctx, connector.MethodFilter{Limit: 1000})
	require.NoError(t, err)
	for _, m := range methods {
		fmt.Fprintf(h, "%s\n", m.Body)
		for v := 1; v <= m.Settings; v++ {
			settings, err := s.Connectors.Settings(ctx, m.ID, v)
			require.NoError(t, err)
			fmt.Fprintf(h, "%s\n", settings.Body)
		}
	}
}
