package main

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/oplata-go/oplata/adapters/chronopay/chronopaysim"
	"github.com/oplata-go/oplata/billing"
	"github.com/oplata-go/oplata/payment"
)

// order has the operator fill in one of the forms of a page.
func (w *world) order(path, name string, more ...string) page {
	w.t.Helper()
	form := w.get(path).form(w.t, path+"/"+name)
	form.Set("reason", "проверено в тесте")
	for i := 0; i+1 < len(more); i += 2 {
		form.Set(more[i], more[i+1])
	}
	p := w.post(path+"/"+name, form)
	w.deliver()
	return p
}

func TestOperatorResolvesAnotherAmount(t *testing.T) {
	for _, c := range []struct {
		how     payment.Resolution
		balance string
		status  payment.Status
	}{
		{payment.ResolveSettle, "837.00", payment.Completed},
		{payment.ResolveCredit, "837.00", payment.WaitingForPayment},
		{payment.ResolveReturn, "760.00", payment.WaitingForPayment},
	} {
		t.Run(string(c.how), func(t *testing.T) {
			w := newWorld(t)
			id, chronoPay := w.topUp("100", "card")
			back := w.choose(chronoPay, chronopaysim.PayOther, "total", "77")
			back.shows(t, "Платёж на проверке")
			back.hides(t, "Попробовать ещё раз")
			require.Equal(t, "760.00", w.balance())
			w.get("/operator").shows(t, "Пришла другая сумма")

			path := "/operator/payments/" + id
			w.get(path).shows(t, "Ожидалось 100,00 ₽, пришло 77,00 ₽", "История цела")
			done := w.order(path, "resolve", "how", string(c.how))
			require.Equal(t, http.StatusOK, done.status, done.text())
			done.shows(t, "проверено в тесте", "История цела")
			require.Equal(t, c.balance, w.balance())
			require.Equal(t, c.status, w.status(id))
			w.get("/operator").shows(t, "Всё спокойно.")
			require.NotContains(t, w.get("/payments/"+id).text(), "на проверке")
		})
	}
}

func TestPaymentUnderReviewCannotBeStarted(t *testing.T) {
	w := newWorld(t)
	id, chronoPay := w.topUp("100", "card")
	w.choose(chronoPay, chronopaysim.PayOther, "total", "77")
	p := w.post("/payments/"+id+"/start", url.Values{"method": {"card"}})
	require.Equal(t, http.StatusConflict, p.status)
	p.shows(t, "Пока платёж на проверке, оплатить его нельзя.")
}

func TestOperatorPlacesMoneyOfAnUnknownOrder(t *testing.T) {
	stray := func(w *world) string {
		form := w.callbackFor(payment.Attempt{Reference: "777"}, "40.00")
		require.Equal(t, http.StatusOK, w.post("/callback/card", form).status)
		require.Equal(t, http.StatusOK, w.post("/callback/card", form).status, "a repeat")
		w.get("/operator").shows(t, "Нераспределённое поступление", "40,00 ₽")
		list, err := w.payments.Attention(w.ctx, payment.AttentionParams{})
		require.NoError(t, err)
		require.Len(t, list.Receipts, 1)
		return "/operator/receipts/" + list.Receipts[0].ID
	}
	t.Run("to the account", func(t *testing.T) {
		w := newWorld(t)
		p := w.order(stray(w), "assign")
		p.shows(t, "Распределено", "История цела", "проверено в тесте")
		require.Equal(t, "800.00", w.balance())
		w.get("/operator").shows(t, "Всё спокойно.")
	})
	t.Run("to a payment", func(t *testing.T) {
		w := newWorld(t)
		id, _ := w.topUp("40", "card")
		w.order(stray(w), "assign", "payment", id).shows(t, "Распределено", id)
		require.Equal(t, payment.Completed, w.status(id))
		require.Equal(t, "800.00", w.balance())
	})
	t.Run("back", func(t *testing.T) {
		w := newWorld(t)
		w.order(stray(w), "return").shows(t, "Возвращено")
		require.Equal(t, "760.00", w.balance())
	})
	t.Run("nowhere", func(t *testing.T) {
		w := newWorld(t)
		path := stray(w)
		for says, wrong := range map[string][]string{
			"Такого счёта нет.":   {"account", "none"},
			"Такой страницы нет.": {"payment", "pay_none"},
			"Сумма не читается.":  {"worth", "x"},
			"Заполните все поля.": {"reason", " "},
		} {
			p := w.order(path, "assign", wrong...)
			require.GreaterOrEqual(t, p.status, 400)
			p.shows(t, says, "Открыто")
		}
		require.Equal(t, "760.00", w.balance())
	})
}

func TestOperatorLetsAnAttemptGo(t *testing.T) {
	w := newWorld(t)
	id, chronoPay := w.topUp("100", "card")
	w.get("/operator").shows(t, "Обрабатывается")
	w.order("/operator/payments/"+id, "release").shows(t, "Оператор перестал ждать", "Нет ответа вовремя")
	require.Equal(t, payment.WaitingForPayment, w.status(id))
	w.choose(chronoPay, chronopaysim.Pay)
	require.Equal(t, payment.Completed, w.status(id))
	require.Equal(t, "860.00", w.balance())
}

func TestOperatorSeesMoneyThatCameAnotherWay(t *testing.T) {
	for name, orders := range map[string][]string{
		"at once":    {"approve"},
		"by receipt": {"receipt_start", "receipt_withdraw", "receipt_start", "receipt_send", "receipt_paid"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			path := "/operator/payments/" + w.made()[0]
			for _, order := range orders {
				require.Equal(t, http.StatusOK, w.order(path, order).status, order)
			}
			require.Equal(t, payment.Completed, w.status(w.made()[0]))
			require.Equal(t, "760.00", w.balance(), "for services nothing is credited")
		})
	}
}

func TestOperatorAcknowledges(t *testing.T) {
	w := newWorld(t)
	id, chronoPay := w.topUp("100", "card")
	w.choose(chronoPay, chronopaysim.SayNothing)
	w.pass(2 * time.Minute)
	w.pass(25 * time.Hour)
	w.get("/operator").shows(t, "Долго нет ответа")
	w.order("/operator/payments/"+id, "acknowledge").shows(t, "Просмотрено оператором")
	w.get("/operator").shows(t, "Всё спокойно.")
}

func TestOperatorSaysWhy(t *testing.T) {
	w := newWorld(t)
	id, _ := w.topUp("100", "card")
	for _, reason := range []string{"", "   ", strings.Repeat("x", 2000)} {
		p := w.order("/operator/payments/"+id, "release", "reason", reason)
		require.Equal(t, http.StatusUnprocessableEntity, p.status)
		p.shows(t, "Заполните все поля.")
	}
	require.Equal(t, payment.Processing, w.status(id))

	hostile := `<img src=x onerror=alert(1)>`
	p := w.order("/operator/payments/"+id, "release", "reason", hostile)
	p.shows(t, hostile)
}

func TestPayingFromTheBalance(t *testing.T) {
	pay := func(w *world, amount string) page {
		path := "/payments/" + w.made()[0]
		form := w.get(path).form(t, path+"/balance")
		if amount != "" {
			form.Set("amount", amount)
		}
		return w.post(path+"/balance", form)
	}
	t.Run("whole", func(t *testing.T) {
		w := newWorld(t)
		w.get("/").shows(t, "К оплате", "Оплатить до 29.06.2026")
		pay(w, "").shows(t, "Оплачено с баланса", "Сумма списана с вашего баланса.")
		require.Equal(t, "440.00", w.balance())
		w.get("/").hides(t, "К оплате")
	})
	t.Run("part, the rest by card", func(t *testing.T) {
		w := newWorld(t)
		pay(w, "120,5").shows(t, "Оплачен частично", "199,50 ₽")
		require.Equal(t, "639.50", w.balance())
		start := "/payments/" + w.made()[0] + "/start"
		back := w.choose(w.handOff(w.post(start, w.get("/payments/"+w.made()[0]).form(t, start))), chronopaysim.Pay)
		back.shows(t, "Оплачено", "Завершён")
		require.Equal(t, "639.50", w.balance())
	})
	t.Run("twice under one key", func(t *testing.T) {
		w := newWorld(t)
		path := "/payments/" + w.made()[0]
		form := w.get(path).form(t, path+"/balance")
		form.Set("amount", "100")
		w.post(path+"/balance", form)
		w.post(path+"/balance", form)
		require.Equal(t, "660.00", w.balance())
	})
	t.Run("no funds", func(t *testing.T) {
		w := newWorld(t)
		require.NoError(t, w.book.Debit(w.ctx, posting("shop", "700.00", w.clock())))
		pay(w, "").shows(t, "Не хватает денег на балансе", "на балансе недостаточно средств")
		require.Equal(t, "60.00", w.balance())
	})
	t.Run("wrong", func(t *testing.T) {
		w := newWorld(t)
		for amount, says := range map[string]string{"320.01": "Больше, чем осталось оплатить.", "x": "Введите сумму числом", "0": "больше нуля"} {
			p := pay(w, amount)
			require.Equal(t, http.StatusUnprocessableEntity, p.status)
			p.shows(t, says)
		}
		require.Equal(t, "760.00", w.balance())
	})
	t.Run("never a top-up", func(t *testing.T) {
		w := newWorld(t)
		id, chronoPay := w.topUp("100", "card")
		w.choose(chronoPay, chronopaysim.Decline).hides(t, "Оплатить с баланса")
		p := w.post("/payments/"+id+"/balance", url.Values{"amount": {"100"}})
		require.Equal(t, http.StatusConflict, p.status)
		p.shows(t, "В нынешнем состоянии платежа это невозможно.")
	})
}

func TestCancelledTopUpStillTakesLateMoney(t *testing.T) {
	w := newWorld(t)
	id, chronoPay := w.topUp("100", "card")
	path := "/payments/" + id
	require.Equal(t, http.StatusConflict, w.post(path+"/cancel", nil).status, "not while a gateway works")
	w.pass(2 * time.Minute)
	for range 2 {
		form := url.Values{}
		if w.status(id) == payment.WaitingForPayment {
			form = w.get(path).form(t, path+"/cancel")
		}
		w.post(path+"/cancel", form)
	}
	require.Equal(t, payment.Cancelled, w.status(id))
	w.choose(chronoPay, chronopaysim.Pay).shows(t, "деньги на балансе")
	require.Equal(t, "860.00", w.balance())
}

func TestOperatorSendsAStuckPostingAgain(t *testing.T) {
	w := newWorld(t)
	p, err := w.payments.Create(w.ctx, payment.CreateParams{Account: "7", Total: billing.MustMoney("30.00", "RUB"), Purpose: payment.TopUp})
	require.NoError(t, err)
	a, err := w.payments.Start(w.ctx, payment.StartParams{Payment: p.ID, Method: "card"})
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, w.post("/callback/card", w.callbackFor(a, "30.00")).status)
	w.deliver()
	w.get("/operator").shows(t, "Проводка не прошла: нет такого счёта", "30,00 ₽")
	require.Equal(t, http.StatusNotFound, w.get("/payments/"+p.ID).status, "another account's")

	form := w.get("/operator").form(t, "/operator/postings")
	require.Equal(t, http.StatusUnprocessableEntity, w.post("/operator/postings", form).status, "without a reason")
	form.Set("reason", "счёт открыт")
	require.NoError(t, w.book.Open(w.ctx, billing.Account{ID: "7", Currency: "RUB"}))
	w.post("/operator/postings", form).shows(t, "Всё спокойно.")
	w.deliver()
	balance, err := w.book.Balance(w.ctx, "7")
	require.NoError(t, err)
	require.Equal(t, "30.00", balance.Value())
	require.Equal(t, http.StatusNotFound, w.post("/operator/postings", form).status, "it is not stuck any more")
	w.get("/operator/payments/"+p.ID).shows(t, "Проводка отправлена снова", "счёт открыт", "История цела")
}
