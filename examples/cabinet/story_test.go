package main

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/oplata-go/oplata/adapters/chronopay/chronopaysim"
	"github.com/oplata-go/oplata/payment"
)

func TestTopUpGoesFromTheFormToTheStatement(t *testing.T) {
	for _, method := range []string{"card", "chronopay"} { // by a form, by a link
		t.Run(method, func(t *testing.T) {
			w := newWorld(t)
			w.get("/").shows(t, "760,00 ₽")
			id, chronoPay := w.topUp("100,50", method)
			chronoPay.shows(t, "100.50 RUB")
			chronoPay.shows(t, "лицевой счёт 4200017")

			waiting := w.get("/payments/" + id)
			waiting.shows(t, "Ждём ответа платёжной системы")
			require.True(t, waiting.refreshes())
			require.Equal(t, "760.00", w.balance())

			back := w.choose(chronoPay, chronopaysim.Pay)
			require.Equal(t, w.siteURL+"/payments/"+id, back.url)
			back.shows(t, "Баланс пополнен")
			require.False(t, back.refreshes())

			w.get("/").shows(t, "860,50 ₽", "15.06.2026 12:00:00 Пополнение баланса через ЛК +100,50 ₽ 860,50 ₽", "Завершён")
		})
	}
}

func TestReturningBrowserProvesNothing(t *testing.T) {
	w := newWorld(t)
	id, _ := w.topUp("100", "card")
	for _, address := range []string{"/return/" + id, "/return/" + id + "?status=success&total=100.00"} {
		w.get(address).shows(t, "Ждём ответа")
		w.post(address, url.Values{"transaction_type": {"Purchase"}}).shows(t, "Ждём ответа")
	}
	require.Equal(t, payment.Processing, w.status(id))
	require.Equal(t, "760.00", w.balance())
}

func TestDeclinedPaymentIsTriedAgain(t *testing.T) {
	w := newWorld(t)
	id, chronoPay := w.topUp("200", "card")
	back := w.choose(chronoPay, chronopaysim.Decline)
	back.shows(t, "Оплата не прошла")
	back.shows(t, "decline")
	require.Equal(t, payment.WaitingForPayment, w.status(id))

	again := back.form(t, "/payments/"+id+"/start")
	again.Set("method", "chronopay")
	back = w.choose(w.handOff(w.post("/payments/"+id+"/start", again)), chronopaysim.Pay)
	back.shows(t, "Баланс пополнен")
	require.Equal(t, "960.00", w.balance())
}

func TestNothingHappensTwice(t *testing.T) {
	t.Run("callback", func(t *testing.T) {
		w := newWorld(t)
		_, chronoPay := w.topUp("100", "card")
		w.choose(chronoPay, chronopaysim.PayTwiceTold)
		require.Equal(t, "860.00", w.balance())
	})
	t.Run("click", func(t *testing.T) {
		w := newWorld(t)
		form := w.get("/").form(t, "/topups")
		form.Set("amount", "100")
		first, second := w.post("/topups", form), w.post("/topups", form)
		require.Equal(t, first.url, second.url)
		require.Len(t, w.made(), 2, "the demo payment and this one")

		form.Set("amount", "150")
		changed := w.post("/topups", form)
		require.Equal(t, http.StatusConflict, changed.status)
		changed.shows(t, "Эта форма уже была отправлена")
		require.NotEqual(t, form.Get("key"), changed.form(t, "/topups").Get("key"))
		require.Len(t, w.made(), 2)
	})
	t.Run("money", func(t *testing.T) {
		w := newWorld(t)
		_, chronoPay := w.topUp("100", "card")
		back := w.choose(chronoPay, chronopaysim.PayTwoCharges)
		back.shows(t, "лишнее на балансе")
		require.Equal(t, "960.00", w.balance(), "both charges are the payer's money")
	})
}

func TestForgedCallbackChangesNothing(t *testing.T) {
	w := newWorld(t)
	id, chronoPay := w.topUp("100", "card")
	back := w.choose(chronoPay, chronopaysim.PayForged)
	back.shows(t, "Ждём ответа платёжной системы")
	require.Equal(t, payment.Processing, w.status(id))
	require.Equal(t, "760.00", w.balance())
	w.get(chronoPay.url).shows(t, "403")
	require.Contains(t, w.log.String(), "bad signature: wrong key")
}

func TestLateResultCounts(t *testing.T) {
	w := newWorld(t)
	id, chronoPay := w.topUp("100", "card")
	w.choose(chronoPay, chronopaysim.PayLater, "minutes", "5")
	w.pass(2 * time.Minute)
	late := w.get("/payments/" + id)
	late.shows(t, "не ответила вовремя")
	late.shows(t, "Попробовать ещё раз")
	require.Equal(t, "760.00", w.balance())

	w.pass(3 * time.Minute)
	w.get("/payments/"+id).shows(t, "Подтверждение пришло позже срока")
	require.Equal(t, "860.00", w.balance())
}

func TestLateResultOfTheFirstTryAndResultOfTheSecondBothCount(t *testing.T) {
	w := newWorld(t)
	id, first := w.topUp("100", "card")
	w.choose(first, chronopaysim.SayNothing)
	w.pass(2 * time.Minute)
	start := "/payments/" + id + "/start"
	w.choose(w.handOff(w.post(start, w.get("/payments/"+id).form(t, start))), chronopaysim.Pay)
	require.Equal(t, "860.00", w.balance())
	w.choose(first, chronopaysim.Pay)
	require.Equal(t, "960.00", w.balance())
}

func TestEverythingSurvivesARestart(t *testing.T) {
	w := newWorld(t)
	done, chronoPay := w.topUp("100", "card")
	w.choose(chronoPay, chronopaysim.Pay)
	begun, _ := w.topUp("50", "card")
	made := w.made()
	w.restart()

	require.Equal(t, made, w.made(), "the demo payment is not made again")
	require.Equal(t, "860.00", w.balance())
	w.get("/payments/"+done).shows(t, "Баланс пополнен")
	// The simulator has forgotten its orders, as a browser's form has not; both sides still know the same secret.
	back := w.choose(w.handOff(w.get("/payments/"+begun+"/pay")), chronopaysim.Pay)
	back.shows(t, "Баланс пополнен")
	require.Equal(t, "910.00", w.balance())
}

func TestSimulatorMayMoveAndPeriodMayChange(t *testing.T) {
	w := newWorld(t)
	moved := w.o
	moved.simulator = address{host: "127.0.0.1", fixed: true}
	moved.period = 3 * time.Minute
	before := w.simulatorURL
	w.stop()
	w.start(moved)
	require.NotEqual(t, before, w.simulatorURL)
	id, chronoPay := w.topUp("100", "chronopay")
	w.pass(2 * time.Minute)
	require.Equal(t, payment.Processing, w.status(id))
	w.choose(chronoPay, chronopaysim.Pay)
	require.Equal(t, "860.00", w.balance())
}

func TestPagesSpeakBothLanguages(t *testing.T) {
	w := newWorld(t)
	id, chronoPay := w.topUp("1234.5", "card")
	w.choose(chronoPay, chronopaysim.PayOther, "total", "7")
	for _, path := range []string{
		"/", "/?from=&to=", "/?from=x", "/?from=2026-07-01&to=2026-01-01", "/?before=" + id, "/payments/" + id, "/operator", "/operator/payments/" + id, "/nowhere",
	} {
		join := "?"
		if strings.Contains(path, "?") {
			join = "&"
		}
		for _, lang := range []string{"en", "ru"} {
			for _, address := range []string{path + join + "lang=" + lang, path} { // the second time the cookie tells
				require.Equal(t, lang, w.get(address).language(), address)
			}
		}
	}
	w.get("/payments/"+id+"?lang=en").shows(t, "1,234.50 RUB")
	w.get("/payments/"+id+"?lang=ru").shows(t, "1 234,50 ₽")
	require.Equal(t, "ru", w.get("/?lang=xx").language())
}
