package chronopay

import "github.com/oplata-go/oplata/connector/secret"

// Settings is the settings form of a ChronoPay payment method. ProductID and SharedSec are all that the Tiksen guide
// asks for; an empty field has the default that its comment and its schema name.
type Settings struct {
	// ProductID names the shop at ChronoPay; its first six digits are ChronoPay's number of the client.
	ProductID string `json:"product_id" jsonschema:"title=ProductId,pattern=^[0-9]{6}-[0-9]{4}-[0-9]{4}$" jsonschema_description:"Идентификатор магазина из договора или кабинета ChronoPay, например 001234-0001-0001."`

	// SharedSec is the secret of both signs and of our token. When it changes, what is paid for orders that began before
	// and is signed with the new one becomes unallocated receipts, because their tokens are of the old one.
	SharedSec secret.Value `json:"shared_sec" jsonschema:"title=SharedSec,minLength=8,maxLength=200" jsonschema_description:"Защитный ключ из договора или кабинета ChronoPay. Подписывает запросы и уведомления."`

	// Currency is the only currency of ProductID, by default RUB.
	Currency string `json:"currency,omitempty" jsonschema:"title=Валюта,pattern=^[A-Z]{3}$,default=RUB" jsonschema_description:"Валюта, в которой работает ProductId: три буквы ISO 4217. Ограничьте её и на стороне ChronoPay: валюта не подписывается."`

	// Products are further products of the same client for other currencies.
	Products []Product `json:"products,omitempty" jsonschema:"title=ProductId для других валют,maxItems=20" jsonschema_description:"Если магазин принимает другие валюты: по одному ProductId того же клиента на валюту."`

	// SiteID is compared with site_id of callbacks; empty: not compared.
	SiteID string `json:"site_id,omitempty" jsonschema:"title=Номер сайта (site_id),pattern=^[0-9]{6}-[0-9]{4}$" jsonschema_description:"Если указан, уведомления с другим site_id не зачисляются на заказ, а попадают в нераспределённые."`

	// SignRule is what ChronoPay checks, by default R1: another rule without uniqueness control on ChronoPay's side makes
	// the page refuse every payment. R1 does not sign order_id, which our token makes up for; R2 is better.
	SignRule Rule `json:"sign_rule,omitempty" jsonschema:"title=Правило подписи запроса,enum=R1,enum=R2,enum=R3,enum=R4,default=R1" jsonschema_description:"R1 — обычное. R2 подписывает и номер заказа: попросите поддержку ChronoPay включить контроль уникальности заказов и выберите R2. R3 и R4 — то же с ограничением времени."`

	// TimeLimit is, in minutes, how long the payer may stay on the page (R3) or how long the order is reserved (R4, from
	// the start of the attempt). Required by these rules, refused with the others.
	TimeLimit int `json:"time_limit_minutes,omitempty" jsonschema:"title=Время на оплату в минутах,minimum=0,maximum=43200" jsonschema_description:"Только для правил R3 (время на странице оплаты) и R4 (срок резерва заказа)."`

	// PageURL is the hosted page, by default https://payments.chronopay.com/. Plain http is taken for loopback and private
	// addresses only, where a simulator lives.
	PageURL string `json:"page_url,omitempty" jsonschema:"title=Адрес страницы оплаты,format=uri,default=https://payments.chronopay.com/" jsonschema_description:"Меняется только для испытаний."`

	// PageMethod is how the browser goes there, by default POST. A GET link shows the payer's data in its address.
	PageMethod string `json:"page_method,omitempty" jsonschema:"title=Переход на страницу оплаты,enum=POST,enum=GET,default=POST" jsonschema_description:"POST — формой, GET — ссылкой."`

	// OmitCallbackURL leaves cb_url out, because the address is set on ChronoPay's side. That is safer: cb_url is not
	// signed.
	OmitCallbackURL bool `json:"omit_cb_url,omitempty" jsonschema:"title=Не передавать адрес уведомлений" jsonschema_description:"Включите, если адрес уведомлений задан на стороне ChronoPay. Так безопаснее: передаваемый адрес не подписывается."`

	// CallbackType is how ChronoPay is asked to call back: P (POST, default) or G (GET). Both are understood always.
	CallbackType string `json:"cb_type,omitempty" jsonschema:"title=Вид уведомлений,enum=P,enum=G,default=P" jsonschema_description:"P — POST, G — GET. Принимаются оба."`

	// TokenField is the free parameter that carries our token, by default cs2.
	TokenField string `json:"token_field,omitempty" jsonschema:"title=Параметр для метки заказа,enum=cs2,enum=cs3,default=cs2" jsonschema_description:"В этом параметре передаётся наша подпись номера, суммы и валюты заказа; ChronoPay возвращает его в уведомлении."`

	// Language of the page for payers whose language is neither ru nor en; empty leaves it to ChronoPay.
	Language string `json:"language,omitempty" jsonschema:"title=Язык страницы оплаты,enum=ru,enum=en" jsonschema_description:"Для плательщиков, чей язык неизвестен."`

	// PaymentTypeGroup preselects the instrument; empty leaves the choice to the payer.
	PaymentTypeGroup string `json:"payment_type_group_id,omitempty" jsonschema:"title=Способ оплаты на странице,pattern=^[0-9]{1\\,4}$" jsonschema_description:"Номер группы способов оплаты ChronoPay, например 1 — банковская карта. Пусто — выбирает плательщик."`

	// SourceAddresses are the addresses and networks (CIDR) that callbacks come from, by default 93.174.51.230. An empty
	// list is the default too, so a forgotten field never opens the door: only 0.0.0.0/0 accepts every sender.
	SourceAddresses []string `json:"source_addresses,omitempty" jsonschema:"title=Адреса отправителя уведомлений,default=93.174.51.230,maxItems=50" jsonschema_description:"Адреса или сети (CIDR), с которых ChronoPay присылает уведомления. 0.0.0.0/0 отключает проверку: не рекомендуется."`

	// CustomerIDPattern is the shape of customer_id, a regular expression for the whole text. Whatever it says, only
	// digits, Latin letters and hyphens pass, at most 32 of them.
	CustomerIDPattern string `json:"customer_id_pattern,omitempty" jsonschema:"title=Вид customer_id,maxLength=100,default=^[0-9]{6}-[0-9]{9}$" jsonschema_description:"Регулярное выражение. Менять, только если ChronoPay присылает номера другого вида."`

	// Answer is the body of the answer to a callback, by default empty.
	Answer string `json:"answer,omitempty" jsonschema:"title=Ответ на уведомление,maxLength=200" jsonschema_description:"Текст ответа 200, если ChronoPay его требует, например OK."`

	// UTCOffset is the zone of date and time in callbacks, by default +03:00.
	UTCOffset string `json:"utc_offset,omitempty" jsonschema:"title=Часовой пояс ChronoPay,pattern=^[+-][0-9]{2}:[0-9]{2}$,default=+03:00" jsonschema_description:"Пояс даты и времени в уведомлениях."`
}

// Product is ChronoPay's product for one currency.
type Product struct {
	Currency  string `json:"currency" jsonschema:"title=Валюта,pattern=^[A-Z]{3}$"`
	ProductID string `json:"product_id" jsonschema:"title=ProductId,pattern=^[0-9]{6}-[0-9]{4}-[0-9]{4}$"`
}

// The defaults of Settings; a test holds them equal to those of the schema.
const (
	defaultCurrency        = "RUB"
	defaultPageURL         = "https://payments.chronopay.com/"
	defaultSourceAddress   = "93.174.51.230"
	defaultCustomerPattern = "^[0-9]{6}-[0-9]{9}$"
	defaultUTCOffset       = "+03:00"
)

// withDefaults returns s with every empty field that has a default filled.
func (s Settings) withDefaults() Settings {
	for _, field := range []struct {
		value *string
		empty string
	}{
		{&s.Currency, defaultCurrency},
		{(*string)(&s.SignRule), string(R1)},
		{&s.PageURL, defaultPageURL},
		{&s.PageMethod, "POST"},
		{&s.CallbackType, "P"},
		{&s.TokenField, "cs2"},
		{&s.CustomerIDPattern, defaultCustomerPattern},
		{&s.UTCOffset, defaultUTCOffset},
	} {
		if *field.value == "" {
			*field.value = field.empty
		}
	}
	if len(s.SourceAddresses) == 0 {
		s.SourceAddresses = []string{defaultSourceAddress}
	}
	return s
}
