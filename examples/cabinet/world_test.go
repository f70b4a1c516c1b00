package main

import (
	"bytes"
	"context"
	"errors"
	"html"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/oplata-go/oplata/adapters/chronopay/chronopaysim"
	"github.com/oplata-go/oplata/billing"
	"github.com/oplata-go/oplata/connector/secret"
	"github.com/oplata-go/oplata/payment"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// world is the program over real HTTP on loopback, a subscriber's browser without scripts, and a clock. Timers, postings
// and delayed callbacks act when the test says so. Whatever the browser gets is checked as a page and kept, so that in the
// end no secret may be found in it.
type world struct {
	*cabinet
	t       *testing.T
	ctx     context.Context
	browser *http.Client
	shared  secret.Value
	stop    func()

	mu   sync.Mutex
	now  time.Time
	seen bytes.Buffer // all that the browser got
	log  bytes.Buffer
}

func newWorld(t *testing.T) *world {
	t.Helper()
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	w := &world{
		t: t, ctx: t.Context(), browser: &http.Client{Jar: jar, Transport: &http.Transport{}},
		now: time.Date(2026, 6, 15, 12, 0, 0, 0, time.UTC),
	}
	dir := t.TempDir()
	w.start(options{
		site: address{host: "127.0.0.1", fixed: true}, simulator: address{host: "127.0.0.1", fixed: true},
		db: filepath.Join(dir, "cabinet.db"), keys: filepath.Join(dir, "cabinet.keys"), period: time.Minute, zone: time.UTC,
		now: w.clock, logger: slog.New(slog.NewTextHandler(lockedWriter{w}, nil)),
	})
	t.Cleanup(func() {
		w.stop()
		w.browser.CloseIdleConnections()
		w.searchForSecrets()
	})
	return w
}

// start opens the program and serves both ports until stop.
func (w *world) start(o options) {
	w.t.Helper()
	var err error
	w.cabinet, err = open(w.ctx, o)
	require.NoError(w.t, err)
	ring, err := secret.RingFromFile(o.keys)
	require.NoError(w.t, err)
	w.shared, err = sharedSec(w.ctx, ring)
	require.NoError(w.t, err)

	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	c := w.cabinet
	go func() {
		ended <- together(ctx, []func(context.Context) error{
			func(ctx context.Context) error { return serveUntil(ctx, c.servers[0], c.listeners[0]) },
			func(ctx context.Context) error { return serveUntil(ctx, c.servers[1], c.listeners[1]) },
		})
	}()
	w.stop = sync.OnceFunc(func() {
		cancel()
		w.browser.CloseIdleConnections()
		require.NoError(w.t, errors.Join(<-ended, c.close()))
	})
}

// restart is a stop and a start with the same files and ports, a moment later: the simulator numbers its transactions from
// the clock.
func (w *world) restart() {
	w.t.Helper()
	o := w.o
	for address, from := range map[*address]string{&o.site: w.siteURL, &o.simulator: w.simulatorURL} {
		require.NoError(w.t, address.Set(strings.TrimPrefix(from, "http://")))
	}
	w.stop()
	w.mu.Lock()
	w.now = w.now.Add(time.Second)
	w.mu.Unlock()
	w.start(o)
}

func (w *world) clock() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

// pass moves the clock and lets what is due happen.
func (w *world) pass(d time.Duration) {
	w.t.Helper()
	w.mu.Lock()
	w.now = w.now.Add(d)
	w.mu.Unlock()
	require.NoError(w.t, w.payments.Tick(w.ctx))
	require.NoError(w.t, w.simulator.Deliver(w.ctx))
	w.deliver()
}

func (w *world) deliver() {
	w.t.Helper()
	require.NoError(w.t, w.payments.Deliver(w.ctx))
}

// page is what the browser shows.
type page struct {
	url    string
	status int
	body   string
}

func (w *world) get(address string) page {
	w.t.Helper()
	r, err := http.NewRequestWithContext(w.ctx, http.MethodGet, w.absolute(address), nil)
	require.NoError(w.t, err)
	return w.do(r)
}

func (w *world) post(address string, form url.Values) page {
	w.t.Helper()
	r, err := http.NewRequestWithContext(w.ctx, http.MethodPost, w.absolute(address), strings.NewReader(form.Encode()))
	require.NoError(w.t, err)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return w.do(r)
}

func (w *world) absolute(address string) string {
	if strings.HasPrefix(address, "/") {
		return w.siteURL + address
	}
	return address
}

// do follows redirects, as a browser does, and checks what it gets.
func (w *world) do(r *http.Request) page {
	w.t.Helper()
	resp, err := w.browser.Do(r)
	require.NoError(w.t, err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	require.NoError(w.t, err)
	p := page{url: resp.Request.URL.String(), status: resp.StatusCode, body: string(body)}
	w.mu.Lock()
	w.seen.WriteString(p.url + "\n" + p.body + "\n")
	require.NoError(w.t, resp.Header.Write(&w.seen))
	w.mu.Unlock()
	if strings.HasPrefix(p.url, w.siteURL) && strings.HasPrefix(resp.Header.Get("Content-Type"), "text/html") {
		require.NoError(w.t, checkPage(p.body), "%s\n%s", p.url, p.text())
		require.Contains(w.t, resp.Header.Get("Content-Security-Policy"), "default-src 'none'")
		require.Contains(w.t, resp.Header.Get("Content-Security-Policy"), "frame-ancestors 'none'")
		require.Contains(w.t, resp.Header.Get("Content-Security-Policy"), "form-action 'self' "+w.simulatorURL)
		require.Equal(w.t, "nosniff", resp.Header.Get("X-Content-Type-Options"))
		require.Equal(w.t, "no-store", resp.Header.Get("Cache-Control"))
	}
	return p
}

// text is what a person reads on the page.
func (p page) text() string {
	_, main, _ := strings.Cut(p.body, "<main")
	return strings.Join(strings.Fields(html.UnescapeString(anyTag.ReplaceAllString("<main"+main, " "))), " ")
}

// shows checks that a page says all of this.
func (p page) shows(t *testing.T, all ...string) {
	t.Helper()
	for _, text := range all {
		if !strings.Contains(p.text(), text) {
			require.Failf(t, "not on the page", "%q is not on %s: %s", text, p.url, p.text())
		}
	}
}

func (p page) hides(t *testing.T, all ...string) {
	t.Helper()
	for _, text := range all {
		if strings.Contains(p.text(), text) {
			require.Failf(t, "on the page", "%q is on %s: %s", text, p.url, p.text())
		}
	}
}

func (p page) language() string {
	_, lang, _ := strings.Cut(p.body, `<html lang="`)
	lang, _, _ = strings.Cut(lang, `"`)
	return lang
}

// refreshes tells whether the page asks again by itself.
func (p page) refreshes() bool { return strings.Contains(p.body, `http-equiv="refresh"`) }

var (
	formTag   = regexp.MustCompile(`(?s)<form[^>]*action="([^"]*)"[^>]*>(.*?)</form>`)
	fieldTag  = regexp.MustCompile(`<input[^>]*>`)
	attribute = regexp.MustCompile(`([a-z-]+)="([^"]*)"`)
)

// form finds the form with this action and gives what a browser would send when nothing is typed.
func (p page) form(t *testing.T, action string) url.Values {
	t.Helper()
	for _, found := range formTag.FindAllStringSubmatch(p.body, -1) {
		to, _, _ := strings.Cut(html.UnescapeString(found[1]), "#")
		if to != action {
			continue
		}
		values := url.Values{}
		for _, tag := range fieldTag.FindAllString(found[2], -1) {
			at := map[string]string{}
			for _, pair := range attribute.FindAllStringSubmatch(tag, -1) {
				at[pair[1]] = html.UnescapeString(pair[2])
			}
			if at["type"] != "radio" || strings.Contains(tag, " checked") {
				values.Set(at["name"], at["value"])
			}
		}
		return values
	}
	require.Failf(t, "no such form", "%s has no form that goes to %s", p.url, action)
	return nil
}

// topUp fills in the top-up form and goes as far as the simulator's page. It gives the payment's ID and that page.
func (w *world) topUp(amount, method string) (id string, atChronoPay page) {
	w.t.Helper()
	form := w.get("/").form(w.t, "/topups")
	form.Set("amount", amount)
	form.Set("method", method)
	before := w.made()
	p := w.post("/topups", form)
	require.Equal(w.t, http.StatusOK, p.status, p.text())
	for _, id = range w.made() {
		if !slices.Contains(before, id) {
			return id, w.handOff(p)
		}
	}
	require.Fail(w.t, "no payment was made")
	return "", page{}
}

// made are the IDs of all payments.
func (w *world) made() []string {
	w.t.Helper()
	list, err := w.payments.Payments(w.ctx, payment.ListParams{})
	require.NoError(w.t, err)
	var ids []string
	for _, p := range list {
		ids = append(ids, p.ID)
	}
	return ids
}

// handOff presses the button of the page before the gateway's, where there is one.
func (w *world) handOff(p page) page {
	w.t.Helper()
	if strings.HasPrefix(p.url, w.siteURL) {
		p = w.post(w.simulatorURL+"/", p.form(w.t, w.simulatorURL+"/"))
	}
	require.Equal(w.t, http.StatusOK, p.status, p.text())
	require.True(w.t, strings.HasPrefix(p.url, w.simulatorURL+"/orders/"), p.url)
	return p
}

// choose presses a button of the simulator's page and returns to the cabinet.
func (w *world) choose(at page, action chronopaysim.ActionKind, more ...string) page {
	w.t.Helper()
	form := url.Values{"action": {string(action)}}
	for i := 0; i+1 < len(more); i += 2 {
		form.Set(more[i], more[i+1])
	}
	at = w.post(at.url, form)
	require.Equal(w.t, http.StatusOK, at.status, at.text())
	w.deliver()
	back := w.get(at.url + "/back")
	require.Equal(w.t, http.StatusOK, back.status, back.text())
	return back
}

func (w *world) balance() string {
	w.t.Helper()
	w.deliver()
	balance, err := w.book.Balance(w.ctx, demoAccount)
	require.NoError(w.t, err)
	return balance.Value()
}

func (w *world) status(id string) payment.Status {
	w.t.Helper()
	p, err := w.payments.Payment(w.ctx, id)
	require.NoError(w.t, err)
	require.NoError(w.t, w.payments.Verify(w.ctx, payment.VerifyParams{Record: id}))
	return p.Status
}

// searchForSecrets looks for the canary, the demo shop's SharedSec, in all that left the program.
func (w *world) searchForSecrets() {
	w.mu.Lock()
	defer w.mu.Unlock()
	require.NotEmpty(w.t, w.shared.Reveal())
	for where, text := range map[string]string{"pages": w.seen.String(), "log": w.log.String()} {
		if strings.Contains(text, w.shared.Reveal()) { // a failed comparison would print it once more
			require.Failf(w.t, "a secret got out", "SharedSec is in the %s", where)
		}
	}
}

// lockedWriter writes the program's log.
type lockedWriter struct{ w *world }

func (l lockedWriter) Write(line []byte) (int, error) {
	l.w.mu.Lock()
	defer l.w.mu.Unlock()
	return l.w.log.Write(line)
}

func posting(key, amount string, at time.Time) billing.Posting {
	return billing.Posting{Key: key, Account: demoAccount, Amount: billing.MustMoney(amount, "RUB"), At: at}
}
