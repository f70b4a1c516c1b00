package main

import (
	"bytes"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/oplata-go/oplata/adapters/chronopay/chronopaysim"
	"github.com/oplata-go/oplata/payment"
)

func TestWrongTopUpFormMakesNothing(t *testing.T) {
	w := newWorld(t)
	before := w.made()
	for _, c := range []struct{ field, value, says string }{
		{"amount", "", "Введите сумму."},
		{"amount", "  ", "Введите сумму."},
		{"amount", "сто", "Введите сумму числом"},
		{"amount", "10.505", "Введите сумму числом"},
		{"amount", "1,000", "Введите сумму числом"},
		{"amount", "1e3", "Введите сумму числом"},
		{"amount", "-5", "Введите сумму числом"},
		{"amount", "+5", "Введите сумму числом"},
		{"amount", "1 00", "Введите сумму числом"},
		{"amount", "5.", "Введите сумму числом"},
		{"amount", strings.Repeat("9", 40), "Введите сумму числом"},
		{"amount", `"><script>alert(1)</script>`, "Введите сумму числом"},
		{"amount", "\xff\xfe", "Введите сумму числом"},
		{"amount", "0", "Сумма должна быть больше нуля."},
		{"amount", "0,99", "Наименьшая сумма"},
		{"amount", "100000.01", "Наибольшая сумма"},
		{"method", "", "Выберите способ оплаты."},
		{"method", "balance", "Выберите способ оплаты."},
		{"method", "no-such", "Выберите способ оплаты."},
		{"key", "", "Эта форма уже была отправлена"},
		{"key", "short", "Эта форма уже была отправлена"},
	} {
		form := w.get("/").form(t, "/topups")
		form.Set("amount", "100")
		form.Set(c.field, c.value)
		p := w.post("/topups", form)
		require.Equal(t, http.StatusUnprocessableEntity, p.status, c.value)
		p.shows(t, c.says)
		if c.field == "amount" {
			require.Contains(t, p.body, `aria-invalid="true" aria-describedby="amount-fault"`, c.value)
		}
	}
	require.Equal(t, before, w.made())
}

func TestEveryUsualSpellingOfAnAmountIsTaken(t *testing.T) {
	w := newWorld(t)
	for typed, want := range map[string]string{
		"100": "100.00", "100.5": "100.50", "100.50": "100.50", "100,50": "100.50", " 7 ": "7.00", "1 234,5": "1234.50", "12\u00a0345": "12345.00",
	} {
		id, _ := w.topUp(typed, "card")
		p, err := w.payments.Payment(w.ctx, id)
		require.NoError(t, err)
		require.Equal(t, want, p.Total.Value(), typed)
	}
}

func TestForeignRequestsAreRefused(t *testing.T) {
	w := newWorld(t)
	id, _ := w.topUp("100", "card")
	before := w.made()
	send := func(method, address string, header map[string]string, body string) page {
		r, err := http.NewRequestWithContext(w.ctx, method, w.absolute(address), strings.NewReader(body))
		require.NoError(t, err)
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		for name, value := range header {
			r.Header.Set(name, value)
		}
		if host := header["Host"]; host != "" {
			r.Host = host
		}
		return w.do(r)
	}
	crossSite := map[string]string{"Sec-Fetch-Site": "cross-site"}
	otherOrigin := map[string]string{"Origin": "http://evil.example"}
	form := w.get("/").form(t, "/topups")
	form.Set("amount", "100")
	for _, c := range []struct {
		what, method, address string
		header                map[string]string
		body                  string
		want                  int
	}{
		{"a form of another site", "POST", "/topups", crossSite, form.Encode(), 403},
		{"a form of another origin", "POST", "/topups", otherOrigin, form.Encode(), 403},
		{"a command of another site", "POST", "/payments/" + id + "/cancel", crossSite, "", 403},
		{"an operator's command of another site", "POST", "/operator/payments/" + id + "/release", crossSite, "reason=x", 403},
		{"a callback may come from anywhere", "POST", "/callback/card", crossSite, "a=b", 403}, // by its signature
		{"a return may come from anywhere", "POST", "/return/" + id, crossSite, "", 200},
		{"a foreign name of this machine", "GET", "/", map[string]string{"Host": "evil.example"}, "", 421},
		{"localhost", "GET", "/", map[string]string{"Host": "localhost:8080"}, "", 200},
		{"a form that is too large", "POST", "/topups", nil, "amount=" + strings.Repeat("1", 70<<10), 400},
		{"a broken form", "POST", "/topups", nil, "%zz", 400},
		{"a callback that is too large", "POST", "/callback/card", nil, strings.Repeat("a", 1<<20+1), 413},
		{"a callback without a signature", "GET", "/callback/card?transaction_type=Purchase", nil, "", 403},
		{"a callback for an unknown method", "POST", "/callback/none", nil, "a=b", 404},
		{"a callback by another verb", "PUT", "/callback/card", nil, "a=b", 404},
		{"an unknown page", "GET", "/nowhere", nil, "", 404},
		{"an unknown payment", "GET", "/payments/pay_none", nil, "", 404},
		{"an unknown return", "GET", "/return/pay_none", nil, "", 404},
		{"an unknown command", "POST", "/payments/" + id + "/steal", nil, "", 404},
		{"an unknown operator's command", "POST", "/operator/payments/" + id + "/steal", nil, "reason=x", 404},
		{"an unknown receipt", "GET", "/operator/receipts/rcp_none", nil, "", 404},
		{"a command by a link", "GET", "/payments/" + id + "/cancel", nil, "", 404},
	} {
		t.Run(c.what, func(t *testing.T) {
			require.Equal(t, c.want, send(c.method, c.address, c.header, c.body).status)
		})
	}
	require.Equal(t, before, w.made())
	require.Equal(t, payment.Processing, w.status(id))
}

func TestCallbackRefusalSaysWhatIsWrongAndNothingIsWritten(t *testing.T) {
	w := newWorld(t)
	id, _ := w.topUp("100", "card")
	p, err := w.payments.Payment(w.ctx, id)
	require.NoError(t, err)
	version := p.Version
	genuine := w.callbackFor(p.Attempt(1), "100.00")
	for cause, change := range map[string]func(url.Values){
		"altered field":          func(v url.Values) { v.Set("total", "1.00") },
		"wrong key":              func(v url.Values) { v.Set("sign", strings.Repeat("0", 32)) },
		"missing: sign":          func(v url.Values) { v.Del("sign") },
		"malformed: customer_id": func(v url.Values) { v.Set("customer_id", "1") },
		"malformed: total":       func(v url.Values) { v.Add("total", "100.00") },
	} {
		form := url.Values{}
		for name, values := range genuine {
			form[name] = append([]string(nil), values...)
		}
		change(form)
		require.NotEqual(t, http.StatusOK, w.post("/callback/card", form).status, cause)
		require.Contains(t, w.log.String(), cause)
	}
	p, err = w.payments.Payment(w.ctx, id)
	require.NoError(t, err)
	require.Equal(t, version, p.Version)

	require.Equal(t, http.StatusOK, w.get("/callback/card?"+genuine.Encode()).status, "by GET too")
	require.Equal(t, payment.Completed, w.status(id))
}

// callbackFor is what ChronoPay would post about an attempt.
func (w *world) callbackFor(a payment.Attempt, total string) url.Values {
	fields := map[string]string{}
	for _, f := range a.Show.Fields {
		fields[f.Name] = f.Value
	}
	return chronopaysim.Callback{
		TransactionType: "Purchase", CustomerID: "001234-000000077", TransactionID: "5550001", SiteID: "001234-0001", ProductID: demoProduct,
		OrderID: a.Reference, CS1: fields["cs1"], CS2: fields["cs2"], Total: total, Currency: "RUB",
	}.Form(w.shared)
}

func TestNoSecretIsInTheDatabaseInTheOpen(t *testing.T) {
	w := newWorld(t)
	_, chronoPay := w.topUp("100", "card")
	w.choose(chronoPay, chronopaysim.Pay)
	w.stop()
	stored, err := os.ReadFile(w.o.db)
	require.NoError(t, err)
	require.Contains(t, string(stored), "Пополнение баланса через ЛК", "the file is what is looked at")
	require.False(t, bytes.Contains(stored, []byte(w.shared.Reveal())))
}
