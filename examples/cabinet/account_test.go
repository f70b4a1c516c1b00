package main

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/oplata-go/oplata/billing"
	"github.com/oplata-go/oplata/payment"
)

func TestStatementCoversItsPeriod(t *testing.T) {
	w := newWorld(t)
	month := w.get("/")
	month.shows(t, "На начало периода 0,00 ₽", "На конец периода 760,00 ₽", "Аренда телевизионной приставки")
	w.get("/?from=2026-06-01&to=2026-06-07").shows(t, "На начало периода 410,00 ₽", "На конец периода 910,00 ₽", "+500,00 ₽")
	w.get("/?from=2026-06-01&to=2026-06-07").hides(t, "Аренда телевизионной приставки", "Абонентская плата")
	w.get("/?from=2026-07-01&to=").shows(t, "За этот период движений не было.")
	w.get("/?from=2026-06-15&to=2026-06-01").shows(t, "Начало периода позже его конца.")
	w.get("/?from=yesterday").shows(t, "Укажите даты в виде ГГГГ-ММ-ДД.")
}

func TestLongListsHavePages(t *testing.T) {
	w := newWorld(t)
	for i := range 60 {
		require.NoError(t, w.book.Credit(w.ctx, posting(fmt.Sprintf("more-%d", i), "1.00", w.clock())))
	}
	for i := range 12 {
		_, err := w.payments.Create(w.ctx, payment.CreateParams{
			Account: demoAccount, Total: billing.MustMoney(fmt.Sprintf("%d.00", i+1), "RUB"), Purpose: payment.TopUp,
		})
		require.NoError(t, err)
		w.mu.Lock()
		w.now = w.now.Add(time.Second)
		w.mu.Unlock()
	}
	first := w.get("/")
	first.shows(t, "12,00 ₽ Ожидает оплаты", "3,00 ₽ Ожидает оплаты", "806,00 ₽", "На конец периода 820,00 ₽")
	first.hides(t, " 2,00 ₽ Ожидает оплаты", "807,00 ₽")
	require.True(t, strings.HasPrefix(first.link(t, "Дальше"), "/?from=2026-05-17&to=2026-06-15&after="), first.link(t, "Дальше"))

	w.get(first.link(t, "Более ранние")).shows(t, " 2,00 ₽ Ожидает оплаты", " 1,00 ₽ Ожидает оплаты", "320,00 ₽ Ожидает оплаты")
	last := w.get(first.link(t, "Дальше"))
	last.shows(t, "807,00 ₽", "820,00 ₽")
	last.hides(t, "Дальше", "806,00 ₽")
}

var linkTag = regexp.MustCompile(`<a href="([^"]*)">([^<]*)</a>`)

// link gives where a link of these words leads.
func (p page) link(t *testing.T, words string) string {
	t.Helper()
	for _, found := range linkTag.FindAllStringSubmatch(p.body, -1) {
		if found[2] == words {
			return strings.ReplaceAll(found[1], "&amp;", "&")
		}
	}
	require.Failf(t, "no such link", "%q on %s", words, p.url)
	return ""
}

func TestOurOwnFaultIsToldAsOne(t *testing.T) {
	w := newWorld(t)
	require.NoError(t, w.db.Close())
	p := w.get("/")
	require.Equal(t, http.StatusInternalServerError, p.status)
	p.shows(t, "Ошибка на нашей стороне")
	require.Contains(t, w.log.String(), "page failed")
}
