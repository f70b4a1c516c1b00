package web

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/oplata-go/oplata/billing"
	"github.com/oplata-go/oplata/payment"
)

// operatorName is who gives the operator's commands: the demonstration signs nobody in.
const operatorName = "operator"

// operatorPage is what waits for an operator, what is going on, and what there was.
type operatorPage struct {
	Attention payment.Attention
	Running   []payment.Payment
	Payments  []payment.Payment
	Older     string
}

func (s *Site) operator(v visit) error { return s.showOperator(v, frame{}) }

func (s *Site) showOperator(v visit, f frame) error {
	ctx := v.r.Context()
	var p operatorPage
	var err error
	if p.Attention, err = s.cfg.Payments.Attention(ctx, payment.AttentionParams{}); err != nil {
		return err
	}
	if p.Running, err = s.cfg.Payments.Payments(ctx, payment.ListParams{Status: payment.Processing}); err != nil {
		return err
	}
	if p.Payments, p.Older, err = s.listPayments(ctx, "", v.r.URL.Query().Get("before")); err != nil {
		return err
	}
	f.Page, f.Section, f.Title, f.Here, f.Body = "operator", "operator", "operator.title", "/operator", p
	return s.show(v, f)
}

// repost sends a posting again that the ledger refused.
func (s *Site) repost(v visit) error {
	err := s.cfg.Payments.Repost(v.r.Context(), payment.RepostParams{By: operatorName, Reason: reasonOf(v), Task: v.r.PostForm.Get("task")})
	if err == nil {
		return v.see("/operator")
	}
	f := faultOf(err)
	if f.status == http.StatusInternalServerError {
		return err
	}
	return s.showOperator(v, frame{Status: f.status, Alert: f.text})
}

// operatorPaymentPage is a payment as an operator sees it.
type operatorPaymentPage struct {
	Payment payment.Payment
	Posting payment.PostingState
	Open    []openCharge // discrepancies to be resolved
	Orders  []string     // names of operatorCommands that are possible now
	Key     string
	history
}

// openCharge is an open discrepancy.
type openCharge struct {
	Attempt payment.Attempt
	Charge  payment.Charge
	Worth   string // what it is probably worth in the payment's currency
}

func (s *Site) operatorPayment(v visit) error {
	p, err := s.cfg.Payments.Payment(v.r.Context(), v.r.PathValue("id"))
	if err != nil {
		return err
	}
	return s.showOperatorPayment(v, p, frame{})
}

func (s *Site) showOperatorPayment(v visit, p payment.Payment, f frame) error {
	ctx := v.r.Context()
	page := operatorPaymentPage{Payment: p, Key: newKey()}
	var err error
	if page.Posting, err = s.cfg.Payments.Posting(ctx, p.ID); err != nil {
		return err
	}
	if page.history, err = s.history(ctx, p.ID); err != nil {
		return err
	}
	for _, a := range p.Attempts {
		for _, c := range a.Charges {
			if c.Place == payment.Discrepancy {
				open := openCharge{Attempt: a, Charge: c}
				if c.Amount.Currency() == p.Total.Currency() {
					open.Worth = c.Amount.Value()
				}
				page.Open = append(page.Open, open)
			}
		}
	}
	for _, order := range operatorCommands {
		if order.fits != nil && order.fits(p) {
			page.Orders = append(page.Orders, order.name)
		}
	}
	f.Page, f.Section, f.Title, f.Here, f.Body = "operator_payment", "operator", "operator.payment", "/operator/payments/"+p.ID, page
	return s.show(v, f)
}

// operatorCommand is one thing that an operator can do to a payment. The ones without fits have a form of their own.
type operatorCommand struct {
	name string
	fits func(payment.Payment) bool
	do   func(*payment.Service, visit, payment.CommandParams) (payment.Payment, error)
}

// operatorCommands in the order of their buttons. Their names stand in addresses and, as order.<name>, in the catalog.
var operatorCommands = []operatorCommand{
	{"release", inStatus(payment.Processing), plain((*payment.Service).Release)},
	{"approve", payment.Payment.Payable, plain((*payment.Service).Approve)},
	{"receipt_start", mayHaveReceipt, plain((*payment.Service).StartReceipt)},
	{"receipt_send", inStatus(payment.ReceiptCreating), plain((*payment.Service).SendReceipt)},
	{"receipt_paid", inStatus(payment.ReceiptSent), plain((*payment.Service).ReceiptPaid)},
	{"receipt_withdraw", inStatus(payment.ReceiptCreating, payment.ReceiptSent), plain((*payment.Service).WithdrawReceipt)},
	{"acknowledge", hasAnswerableConcern, plain((*payment.Service).Acknowledge)},
	{"resolve", nil, resolve},
}

func inStatus(some ...payment.Status) func(payment.Payment) bool {
	return func(p payment.Payment) bool { return slices.Contains(some, p.Status) }
}

func mayHaveReceipt(p payment.Payment) bool {
	return p.Status == payment.WaitingForPayment && !p.UnderReview()
}

// hasAnswerableConcern: an open discrepancy cannot be acknowledged away.
func hasAnswerableConcern(p payment.Payment) bool {
	open := 0
	for _, a := range p.Attempts {
		for _, c := range a.Charges {
			if c.Place == payment.Discrepancy {
				open++
			}
		}
	}
	return len(p.Concerns) > open
}

// plain is a command that needs no more than who and why.
func plain(do func(*payment.Service, context.Context, payment.CommandParams) (payment.Payment, error)) func(*payment.Service, visit, payment.CommandParams) (payment.Payment, error) {
	return func(payments *payment.Service, v visit, p payment.CommandParams) (payment.Payment, error) {
		return do(payments, v.r.Context(), p)
	}
}

func resolve(payments *payment.Service, v visit, p payment.CommandParams) (payment.Payment, error) {
	form := v.r.PostForm
	params := payment.ResolveParams{CommandParams: p, Charge: form.Get("charge"), How: payment.Resolution(form.Get("how"))}
	if params.How != payment.ResolveReturn {
		about, err := payments.Payment(v.r.Context(), p.Payment)
		if err != nil {
			return payment.Payment{}, err
		}
		if params.Worth, err = typedWorth(form.Get("worth"), about.Total.Currency()); err != nil {
			return payment.Payment{}, err
		}
	}
	return payments.Resolve(v.r.Context(), params)
}

// errAmount is an amount that cannot be read.
var errAmount = errors.New("web: not an amount")

func typedWorth(typed string, currency billing.Currency) (billing.Money, error) {
	worth, wrong := parseAmount(typed, currency)
	if wrong != "" {
		return billing.Money{}, errAmount
	}
	return worth, nil
}

// operatorCommand carries out an operator's command and shows the payment again.
func (s *Site) operatorCommand(v visit) error {
	name, id := v.r.PathValue("order"), v.r.PathValue("id")
	i := slices.IndexFunc(operatorCommands, func(o operatorCommand) bool { return o.name == name })
	if i < 0 {
		return errNowhere
	}
	_, err := operatorCommands[i].do(s.cfg.Payments, v, payment.CommandParams{
		Key: v.r.PostForm.Get("key"), By: operatorName, Reason: reasonOf(v), Payment: id,
	})
	if err == nil {
		return v.see("/operator/payments/" + id)
	}
	f := faultOf(err)
	p, lookup := s.cfg.Payments.Payment(v.r.Context(), id)
	if f.status == http.StatusInternalServerError || lookup != nil {
		return cmp.Or(lookup, err)
	}
	return s.showOperatorPayment(v, p, frame{Status: f.status, Alert: f.text})
}

func reasonOf(v visit) string { return strings.TrimSpace(v.r.PostForm.Get("reason")) }
