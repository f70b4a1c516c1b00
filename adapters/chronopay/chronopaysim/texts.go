package chronopaysim

import (
	"fmt"
	"net/http"
)

// texts are the words of the pages in one language.
type texts struct {
	Lang, Title, Order, Shop, Amount, Description, PayUntil      string
	State, Choose, ChooseHint, Minutes, OtherTotal               string
	Callbacks, NoCallbacks, Due, Transaction, Type, Total, Tries string
	Answer, Hurry, Back, Refused, RefusedHint, Orders, NoOrders  string
	BadAction, NoCallback, Forged                                string
	Planned, Answered, NotAnswered, GivenUp                      string
	States                                                       map[OrderState]string
	Refusals                                                     map[refusal]string
	Actions                                                      []choice
}

// choice is one button. Extra names the field beside it: "minutes", "total" or nothing.
type choice struct {
	Kind        ActionKind
	Label, Hint string
	Extra       string
	Class       string
}

func textsOf(language string) texts {
	if languageOf(language) == "en" {
		return english
	}
	return russian
}

// result says how a delivery stands.
func (t texts) result(d Delivery) string {
	switch {
	case d.Tries == 0:
		return t.Planned
	case d.Status == http.StatusOK:
		return t.Answered
	case d.Done:
		return fmt.Sprintf(t.GivenUp, d.Status)
	default:
		return fmt.Sprintf(t.NotAnswered, d.Status)
	}
}

var russian = texts{
	Lang: "ru", Title: "Оплата заказа", Order: "Заказ", Shop: "Магазин", Amount: "К оплате",
	Description: "Назначение", PayUntil: "Оплатить до", State: "Состояние",
	Choose:     "Что сделает платёжная система?",
	ChooseHint: "Карта не нужна: выберите, что увидит магазин. Каждая оплата — отдельная операция.",
	Minutes:    "минут", OtherTotal: "сумма",
	Callbacks: "Уведомления магазину", NoCallbacks: "Пока ничего не отправлено.",
	Due: "Время", Transaction: "Операция", Type: "Вид", Total: "Сумма", Tries: "Попыток", Answer: "Ответ магазина",
	Hurry: "Отправить ожидающие сейчас", Back: "Вернуться в магазин",
	Refused:     "Страница оплаты не открылась",
	RefusedHint: "ChronoPay отклонил бы такой запрос. Причина:",
	Orders:      "Заказы", NoOrders: "Заказов пока нет. Начните оплату в магазине.",
	BadAction:  "Так сделать нельзя: проверьте сумму и число минут.",
	NoCallback: "Магазин не назвал адреса для уведомлений.",
	Forged:     "подпись неверна",
	Planned:    "ожидает отправки", Answered: "принято (200)",
	NotAnswered: "не принято (%d), будет повтор", GivenUp: "не принято (%d)",
	States: map[OrderState]string{Waiting: "ожидает оплаты", Paid: "оплачен", Declined: "отклонён"},
	Refusals: map[refusal]string{
		errUnknownProduct: "неизвестный product_id",
		errBadPrice:       "product_price — не положительная сумма",
		errBadCurrency:    "неизвестная валюта в product_price_currency",
		errNoOrderID:      "нет order_id, а контроль уникальности заказов включён",
		errTakenOrderID:   "такой order_id уже был, а контроль уникальности заказов включён",
		errTwoLimits:      "orderTimelimit и orderExpiretime исключают друг друга",
		errBadLimit:       "не читается orderTimelimit или orderExpiretime",
		errBadAddress:     "cb_url, success_url или decline_url — не адрес http",
		errNoSign:         "нет подписи sign",
		errWrongSign:      "неверная подпись sign",
		errBadForm:        "запрос не читается",
	},
	Actions: []choice{
		{Kind: Pay, Label: "Оплатить", Hint: "деньги списаны, магазин уведомлён", Class: "main"},
		{Kind: Decline, Label: "Отклонить", Hint: "отказ, магазин уведомлён"},
		{Kind: SayNothing, Label: "Промолчать", Hint: "уведомления не будет"},
		{Kind: PayLater, Label: "Оплатить позже", Hint: "уведомление придёт через указанное время", Extra: "minutes"},
		{Kind: PayOther, Label: "Оплатить другую сумму", Hint: "не ту, что в заказе", Extra: "total"},
		{Kind: PayTwiceTold, Label: "Уведомить дважды", Hint: "одна операция, два одинаковых уведомления"},
		{Kind: PayTwoCharges, Label: "Списать дважды", Hint: "две разные операции по одному заказу"},
		{Kind: PayForged, Label: "Неверная подпись", Hint: "поддельное уведомление, деньги не списаны", Class: "bad"},
	},
}

var english = texts{
	Lang: "en", Title: "Pay for an order", Order: "Order", Shop: "Shop", Amount: "To pay",
	Description: "Description", PayUntil: "Pay before", State: "State",
	Choose:     "What will the payment system do?",
	ChooseHint: "No card is needed: choose what the shop will see. Every payment is a transaction of its own.",
	Minutes:    "minutes", OtherTotal: "amount",
	Callbacks: "Callbacks to the shop", NoCallbacks: "Nothing was sent yet.",
	Due: "Time", Transaction: "Transaction", Type: "Type", Total: "Amount", Tries: "Tries", Answer: "The shop's answer",
	Hurry: "Send what waits now", Back: "Back to the shop",
	Refused:     "The payment page did not open",
	RefusedHint: "ChronoPay would refuse this request. The cause:",
	Orders:      "Orders", NoOrders: "No orders yet. Begin a payment in the shop.",
	BadAction:  "That is not possible: look at the amount and the minutes.",
	NoCallback: "The shop named no address for callbacks.",
	Forged:     "wrong sign",
	Planned:    "waits to be sent", Answered: "accepted (200)",
	NotAnswered: "not accepted (%d), will be repeated", GivenUp: "not accepted (%d)",
	States: map[OrderState]string{Waiting: "waiting for payment", Paid: "paid", Declined: "declined"},
	Refusals: map[refusal]string{
		errUnknownProduct: string(errUnknownProduct), errBadPrice: string(errBadPrice), errBadCurrency: string(errBadCurrency),
		errNoOrderID: string(errNoOrderID), errTakenOrderID: string(errTakenOrderID), errTwoLimits: string(errTwoLimits),
		errBadLimit: string(errBadLimit), errBadAddress: string(errBadAddress), errNoSign: string(errNoSign),
		errWrongSign: string(errWrongSign), errBadForm: string(errBadForm),
	},
	Actions: []choice{
		{Kind: Pay, Label: "Pay", Hint: "money taken, shop told", Class: "main"},
		{Kind: Decline, Label: "Decline", Hint: "refused, shop told"},
		{Kind: SayNothing, Label: "Say nothing", Hint: "no callback will come"},
		{Kind: PayLater, Label: "Pay later", Hint: "the callback comes after the time given", Extra: "minutes"},
		{Kind: PayOther, Label: "Pay another amount", Hint: "not that of the order", Extra: "total"},
		{Kind: PayTwiceTold, Label: "Tell twice", Hint: "one transaction, two equal callbacks"},
		{Kind: PayTwoCharges, Label: "Charge twice", Hint: "two transactions for one order"},
		{Kind: PayForged, Label: "Wrong signature", Hint: "a forged callback, no money taken", Class: "bad"},
	},
}
