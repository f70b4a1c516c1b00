package chronopaysim_test

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/oplata-go/oplata/adapters/chronopay"
	"github.com/oplata-go/oplata/adapters/chronopay/chronopaysim"
)

// The simulator accepts what our gateway signs, under every rule, by form and by link.
func TestPageAcceptsOurSign(t *testing.T) {
	for _, rule := range []chronopay.Rule{chronopay.R1, chronopay.R2, chronopay.R3, chronopay.R4} {
		w := newWorld(t, change{
			settings: func(s *chronopay.Settings) {
				s.SignRule = rule
				if rule == chronopay.R3 || rule == chronopay.R4 {
					s.TimeLimit = 30
				}
			},
			product: func(p *chronopaysim.Product) { p.UniqueOrders = rule != chronopay.R1 },
		})
		form := w.form(w.order())
		location, _ := w.submit(form)
		require.Equal(t, "/orders/1", location, rule)
		status, _ := w.get("/?" + form.Encode())
		require.Equal(t, http.StatusSeeOther, status, rule)
		require.Len(t, w.sim.Orders(), 1, "the same form is the same order")
		until := w.sim.Orders()[0].PayUntil
		require.Equal(t, rule == chronopay.R3 || rule == chronopay.R4, until.Equal(w.clock().Add(30*time.Minute)))
	}
}

// What ChronoPay would refuse is refused, with the cause named and without the sign that would have been right.
func TestPageRefuses(t *testing.T) {
	unique := change{
		settings: func(s *chronopay.Settings) { s.SignRule = chronopay.R2 },
		product:  func(p *chronopaysim.Product) { p.UniqueOrders = true },
	}
	for name, c := range map[string]struct {
		world change
		alter func(url.Values)
		why   string
	}{
		"no sign":           {change{}, func(v url.Values) { v.Del("sign") }, "sign is missing"},
		"wrong sign":        {change{}, func(v url.Values) { v.Set("sign", strings.Repeat("0", 32)) }, "sign is wrong (rule R1)"},
		"price altered":     {change{}, func(v url.Values) { v.Set("product_price", "1.00") }, "sign is wrong (rule R1)"},
		"unknown product":   {change{}, func(v url.Values) { v.Set("product_id", "001234-0001-0009") }, "unknown product_id"},
		"unknown currency":  {change{}, func(v url.Values) { v.Set("product_price_currency", "ZZZ") }, "product_price_currency is unknown"},
		"bad address":       {change{}, func(v url.Values) { v.Set("cb_url", "javascript:alert(1)") }, "is not an http address"},
		"bad way back":      {change{}, func(v url.Values) { v.Set("success_url", "//evil.example") }, "is not an http address"},
		"R1, R2 agreed":     {change{product: unique.product}, func(url.Values) {}, "sign is wrong (rule R2)"},
		"R2, R1 agreed":     {change{settings: unique.settings}, func(url.Values) {}, "sign is wrong (rule R1)"},
		"order altered":     {unique, func(v url.Values) { v.Set("order_id", "7") }, "sign is wrong (rule R2)"},
		"no order":          {unique, func(v url.Values) { v.Del("order_id") }, "order_id is required"},
		"limit added":       {unique, func(v url.Values) { v.Set("orderTimelimit", "5") }, "sign is wrong (rule R3)"},
		"expiry added":      {unique, func(v url.Values) { v.Set("orderExpiretime", "x") }, "sign is wrong (rule R4)"},
		"both limits":       {unique, func(v url.Values) { v.Set("orderTimelimit", "5"); v.Set("orderExpiretime", "x") }, "exclude each other"},
		"form is too large": {change{}, func(v url.Values) { v.Set("product_name", strings.Repeat("x", 70_000)) }, "cannot be read"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, c.world)
			form := w.form(w.order())
			right := form.Get("sign")
			c.alter(form)
			location, page := w.submit(form)
			require.Empty(t, location)
			require.Contains(t, page, c.why)
			require.Contains(t, page, "Simulator / Симулятор")
			require.NotContains(t, page, right)
			require.NotContains(t, page+w.log.String(), sec)
			require.Empty(t, w.sim.Orders())
		})
	}
}

func TestPageRefusesASecondOrderUnderUniquenessControl(t *testing.T) {
	w := newWorld(t, change{
		settings: func(s *chronopay.Settings) { s.SignRule = chronopay.R2 },
		product:  func(p *chronopaysim.Product) { p.UniqueOrders = true },
	})
	w.submit(w.form(w.order()))
	again := w.order()
	again.ReturnURL += "/other"
	_, page := w.submit(w.form(again))
	require.Contains(t, page, "order_id was used before")

	w = newWorld(t, change{})
	w.submit(w.form(w.order()))
	location, _ := w.submit(w.form(again))
	require.Equal(t, "/orders/2", location, "without it the number may repeat")
}

// click presses a button of the order's page, as a browser on that page does.
func (w *world) click(fields url.Values) (int, string) {
	resp, err := w.browser.PostForm(w.page.URL+"/orders/1", fields)
	require.NoError(w.t, err)
	defer resp.Body.Close()
	page, err := io.ReadAll(resp.Body)
	require.NoError(w.t, err)
	return resp.StatusCode, string(page)
}

func TestPersonPaysOnThePage(t *testing.T) {
	w := newWorld(t, change{})
	w.submit(w.form(w.order()))
	status, page := w.get("/orders/1")
	require.Equal(t, http.StatusOK, status)
	for _, text := range []string{
		"Simulator / Симулятор", "500.00&nbsp;RUB", "100045", "&lt;b&gt;Счёт 42&lt;/b&gt;", "ожидает оплаты",
		`value="pay"`, `value="decline"`, `value="say_nothing"`, `value="pay_later"`, `value="pay_twice_told"`,
		`value="pay_forged"`, `value="pay_other"`, `value="pay_two"`,
	} {
		require.Contains(t, page, text)
	}
	require.NotContains(t, page, "<script")
	require.NotContains(t, page, sec)

	status, _ = w.click(url.Values{"action": {"pay"}})
	require.Equal(t, http.StatusSeeOther, status)
	require.Len(t, w.results, 1, "the shop knows before the payer sees the page")
	_, page = w.get("/orders/1")
	require.Contains(t, page, "оплачен")
	require.Contains(t, page, "принято (200)")
}

func TestPersonHurriesATimer(t *testing.T) {
	w := newWorld(t, change{})
	w.submit(w.form(w.order()))
	w.click(url.Values{"action": {"pay_later"}, "minutes": {"90"}})
	require.Empty(t, w.results)
	_, page := w.get("/orders/1")
	require.Contains(t, page, "ожидает отправки")
	w.click(url.Values{"action": {"hurry"}})
	require.Len(t, w.results, 1)
}

func TestPersonErrs(t *testing.T) {
	w := newWorld(t, change{})
	w.submit(w.form(w.order()))
	for _, fields := range []url.Values{
		{"action": {"pay_later"}, "minutes": {"soon"}},
		{"action": {"pay_later"}, "minutes": {"-5"}},
		{"action": {"pay_other"}, "total": {"<i>"}},
		{"action": {"other"}},
		{},
	} {
		status, page := w.click(fields)
		require.Equal(t, http.StatusUnprocessableEntity, status, fields)
		require.Contains(t, page, `role="alert"`)
	}
	require.Empty(t, w.sim.Orders()[0].Deliveries)
	for _, path := range []string{"/orders/2", "/orders/x", "/orders/2/back", "/other"} {
		status, _ := w.get(path)
		require.Equal(t, http.StatusNotFound, status, path)
	}
}

func TestWayBack(t *testing.T) {
	w := newWorld(t, change{})
	form := w.form(w.order())
	form.Set("decline_url", "https://isp.example/declined")
	w.submit(form)
	back := func() string {
		resp, err := w.browser.Get(w.page.URL + "/orders/1/back")
		require.NoError(t, err)
		defer resp.Body.Close()
		require.Equal(t, http.StatusSeeOther, resp.StatusCode)
		return resp.Header.Get("Location")
	}
	require.Equal(t, "https://isp.example/back", back())
	w.do(chronopaysim.Action{Kind: chronopaysim.Decline})
	require.Equal(t, "https://isp.example/declined", back())
}

func TestPageSpeaksThePayersLanguage(t *testing.T) {
	w := newWorld(t, change{})
	o := w.order()
	o.Language = "en"
	w.submit(w.form(o))
	_, page := w.get("/orders/1")
	require.Contains(t, page, `<html lang="en">`)
	require.Contains(t, page, "waiting for payment")
	_, list := w.get("/")
	require.Contains(t, list, `href="/orders/1"`)
	require.Contains(t, list, `<html lang="ru">`)
}

// A page of another site must not choose for the person, and no page may load anything from elsewhere.
func TestPageIsGuarded(t *testing.T) {
	w := newWorld(t, change{})
	w.submit(w.form(w.order()))
	r, err := http.NewRequest(http.MethodPost, w.page.URL+"/orders/1", strings.NewReader("action=pay"))
	require.NoError(t, err)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Sec-Fetch-Site", "cross-site")
	resp, err := w.browser.Do(r)
	require.NoError(t, err)
	defer resp.Body.Close()
	require.Equal(t, http.StatusForbidden, resp.StatusCode)
	require.Empty(t, w.results)
	require.Contains(t, resp.Header.Get("Content-Security-Policy"), "default-src 'none'")

	status, style := w.get("/style.css")
	require.Equal(t, http.StatusOK, status)
	require.NotContains(t, style, "url(")
}
