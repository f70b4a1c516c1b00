package payment

import (
	"errors"
	"fmt"
	"slices"

	"github.com/oplata-go/oplata/billing"
)

// judge holds one step of the model against the law book. It looks at no table.
func judge(before, after *state) error {
	return errors.Join(judgeMoney(before, after), judgeTargets(before, after))
}

// judgeMoney is the part about money.
func judgeMoney(before, after *state) error {
	return errors.Join(moneyRule(after), placesAreLawful(before, after), ordersAreLawful(after))
}

// judgeTargets is the part about where payments and attempts stand.
func judgeTargets(before, after *state) error {
	err := errors.Join(statusIsLawful(&before.p, &after.p), attemptsAreLawful(before, after))
	for _, s := range after.steps {
		if want := lawfulTarget(s); s.to != want {
			err = errors.Join(err, fmt.Errorf("%s in %s led to %s, not to %s", s.on, s.from, s.to, want))
		}
	}
	return err
}

// moneyRule: every charge the gateway took is in exactly one place, nothing is settled twice, and the ledger, with the
// orders on their way, holds what the places say.
func moneyRule(s *state) error {
	payments := []*Payment{&s.p}
	if s.next != nil {
		payments = append(payments, s.next)
	}
	owed := int64(0)
	for _, p := range payments {
		sum, err := account(p)
		if err != nil {
			return err
		}
		owed += sum
	}
	if err := arrivalsAreLawful(s.next); err != nil {
		return err
	}
	onward, err := captured(s)
	if err != nil {
		return err
	}
	for _, m := range s.transfers {
		onward -= m.Amount.Minor()
	}
	if s.next != nil {
		for _, a := range s.next.Attempts {
			onward -= a.Worth.Minor()
		}
	}
	if onward != 0 {
		return fmt.Errorf("money sent to the successor and money that arrived or is on its way differ by %d", onward)
	}
	if held := inLedger(s); held != owed {
		return fmt.Errorf("the ledger and the orders on their way hold %d, the payments say %d", held, owed)
	}
	return nil
}

// arrivalsAreLawful: the first money that is as much as the successor's total settles it, the rest is surplus.
func arrivalsAreLawful(next *Payment) error {
	if next == nil {
		return nil
	}
	settled := false
	for _, a := range next.Attempts {
		want := Surplus
		if a.Worth == next.Total && !settled {
			want, settled = Settled, true
		}
		if got := a.Charges[0].Place; got != want {
			return fmt.Errorf("money that arrived went to %s, not to %s", got, want)
		}
	}
	return nil
}

// captured compares the charges with what the gateway truly took, and returns what was sent on.
func captured(s *state) (onward int64, err error) {
	known := 0
	for _, a := range s.p.Attempts {
		for _, c := range a.Charges {
			if c.Place == Onward {
				onward += c.Worth.Minor()
			}
			if a.Method != "card" {
				continue
			}
			known++
			if took, ok := s.took[c.Reference]; !ok || took != c.Amount {
				return 0, fmt.Errorf("charge %s of %s is recorded, the gateway took %s", c.Reference, c.Amount, took)
			}
		}
	}
	if known != len(s.took) {
		return 0, fmt.Errorf("the gateway took %d charges, %d are recorded", len(s.took), known)
	}
	return onward, nil
}

// account is what a payment has done to its account in all, by the law of postings: section 8.
func account(p *Payment) (int64, error) {
	sum, settled := int64(0), 0
	for _, a := range p.Attempts {
		if a.Method == MethodBalance && a.State == AttemptSucceeded {
			sum -= a.Asked.Minor()
		}
		for _, c := range a.Charges {
			credited, elsewhere := int64(0), int64(0)
			switch c.Place {
			case Settled:
				settled++
				if p.Purpose == TopUp {
					credited = c.Worth.Minor()
				}
			case Surplus:
				credited = c.Worth.Minor()
			case Onward:
				if p.Purpose == TopUp { // the successor credits it
					credited, elsewhere = c.Worth.Minor(), c.Worth.Minor()
				}
			case Discrepancy, Returned:
			default:
				return 0, fmt.Errorf("charge %s has place %q", c.Reference, c.Place)
			}
			back := int64(0)
			for _, b := range c.Backs {
				if !slices.Contains([]BackState{BackDeclined, BackRejected, BackWon}, b.State) {
					back += b.Amount.Minor()
				}
			}
			if back > c.Amount.Minor() {
				return 0, fmt.Errorf("%d of charge %s went back, it brought %s", back, c.Reference, c.Amount)
			}
			// The amounts of the model divide without remainder or round alike, so a share is exact here.
			sum += credited - elsewhere - (credited*back+c.Amount.Minor()/2)/c.Amount.Minor()
		}
	}
	if settled > 1 {
		return 0, fmt.Errorf("settled %d times", settled)
	}
	back := givenBack(p, settled)
	if kept := debitedFor(p) - back; p.FromBalance.Minor() != kept {
		return 0, fmt.Errorf("paid from balance: %d, and the payment says %d", kept, p.FromBalance.Minor())
	}
	return sum + back, nil
}

// debitedFor is what the ledger debited for the payment and does not give back as too late.
func debitedFor(p *Payment) int64 {
	sum := int64(0)
	for _, a := range p.Attempts {
		if a.Method == MethodBalance && a.State == AttemptSucceeded {
			sum += a.Asked.Minor()
		}
	}
	return sum
}

// givenBack is what of the debits for this payment it does not need: all of it when it was cancelled, what exceeds the
// total when a gateway's money settled it, and debits that came after it was paid otherwise.
func givenBack(p *Payment, settled int) int64 {
	debited := debitedFor(p)
	kept := debited
	switch {
	case p.Status == Cancelled:
		kept = 0
	case settled == 1:
		worth := int64(0)
		for _, a := range p.Attempts {
			for _, c := range a.Charges {
				if c.Place == Settled {
					worth = c.Worth.Minor()
				}
			}
		}
		kept = max(0, min(debited, p.Total.Minor()-worth))
	}
	return debited - kept
}

// inLedger is the balance with the orders on their way. An order to pay from the balance counts from the moment its answer
// is written; until then what the ledger may have done for it is taken out.
func inLedger(s *state) int64 {
	sum := s.balance
	for _, o := range s.pending {
		done := slices.Contains(s.applied, o.Key)
		switch {
		case o.Attempt != 0 && done:
			sum += o.Amount.Minor()
		case o.Attempt != 0 || done:
		case o.Kind == credit:
			sum += o.Amount.Minor()
		default:
			sum -= o.Amount.Minor()
		}
	}
	return sum
}

// placesAreLawful: where a charge goes when it is told of, by the status the payment had; and places change only when an
// operator resolves a discrepancy.
func placesAreLawful(before, after *state) error {
	old := places(&before.p, before.p.Outstanding())
	if err := resolutionsAreLawful(before, after, old); err != nil {
		return err
	}
	for ref, c := range places(&after.p, before.p.Outstanding()) {
		was, known := old[ref]
		if known && was.place == c.place {
			continue
		}
		if known && was.place != Discrepancy {
			return fmt.Errorf("charge %s went from %s to %s", ref, was.place, c.place)
		}
		if want := lawfulPlace(&before.p, c, known); !slices.Contains(want, c.place) {
			return fmt.Errorf("charge %s told of in %s went to %s, not to %s", ref, before.p.Status, c.place, want)
		}
	}
	return nil
}

// resolutionsAreLawful: an operator's resolution takes one discrepancy to its place.
func resolutionsAreLawful(before, after *state, old map[string]placed) error {
	for _, s := range after.steps {
		var want Place
		switch s.on {
		case EventDiscrepancyCredited:
			want = Surplus
		case EventDiscrepancyReturned:
			want = Returned
		case EventDiscrepancySettled:
			want = lawfulPlace(&before.p, placed{wrong: true}, true)[0]
		default:
			continue
		}
		moved := 0
		for ref, c := range places(&after.p, before.p.Outstanding()) {
			if old[ref].place == Discrepancy && c.place != Discrepancy {
				moved++
				if c.place != want {
					return fmt.Errorf("%s in %s took charge %s to %s, not to %s", s.on, s.from, ref, c.place, want)
				}
			}
		}
		if moved != 1 {
			return fmt.Errorf("%s resolved %d discrepancies", s.on, moved)
		}
	}
	return nil
}

type placed struct {
	place Place
	wrong bool // not the amount that was asked
	again bool // not the first charge of its attempt that was as asked
	other bool // came from another record and is not what was outstanding
}

// places are those of a payment's charges; rest is what was outstanding before the move.
func places(p *Payment, rest billing.Money) map[string]placed {
	all := make(map[string]placed)
	for _, a := range p.Attempts {
		right := 0
		for _, c := range a.Charges {
			wrong := c.Amount != a.Asked
			all[c.Reference] = placed{c.Place, wrong, !wrong && right > 0, a.Method == MethodTransfer && a.Worth != rest}
			if !wrong {
				right++
			}
		}
	}
	return all
}

func lawfulPlace(before *Payment, c placed, resolved bool) []Place {
	switch {
	case c.wrong && !resolved:
		return []Place{Discrepancy}
	case resolved && c.place == Returned, resolved && c.place == Surplus:
		return []Place{Returned, Surplus} // the operator's choice
	case c.again, c.other && before.Status != Cancelled:
		return []Place{Surplus}
	}
	switch before.Status {
	case "", WaitingForPayment, Processing, Authorized, Expired, ReceiptCreating, ReceiptSent:
		return []Place{Settled}
	case Cancelled:
		if before.Successor != "" {
			return []Place{Onward}
		}
	}
	return []Place{Surplus}
}

// statusIsLawful: what statuses mean, and which may follow which.
func statusIsLawful(before, after *Payment) error {
	current := after.Attempt(after.Current)
	settled := slices.ContainsFunc(after.Attempts, func(a Attempt) bool {
		return slices.ContainsFunc(a.Charges, func(c Charge) bool { return c.Place == Settled })
	})
	live := 0
	for _, a := range after.Attempts {
		if a.State == AttemptLive {
			live++
		}
	}
	switch {
	case before.Status == Completed && after.Status != Completed:
		return errors.New("completed was left")
	case slices.Contains([]Status{PaidFromBalance, Cancelled}, before.Status) && after.Status != before.Status:
		return fmt.Errorf("%s was left", before.Status)
	case settled && after.Status != Completed:
		return fmt.Errorf("settled, but %s", after.Status)
	case after.Status == Processing && current.State != AttemptLive:
		return fmt.Errorf("processing, but the current attempt is %q", current.State)
	case after.Status == Authorized && !slices.Contains([]AttemptState{AttemptAuthorized, AttemptCapturing, AttemptVoiding}, current.State):
		return fmt.Errorf("authorized, but the current attempt is %q", current.State)
	case (after.Status == Processing || after.Status == Authorized) != (after.Current != 0):
		return fmt.Errorf("%s with current attempt %d", after.Status, after.Current)
	case after.Status == PaidFromBalance && after.FromBalance != after.Total:
		return fmt.Errorf("paid from balance, but only %s", after.FromBalance)
	case live > 1:
		return fmt.Errorf("%d attempts are live", live)
	}
	return nil
}

// ordersAreLawful: only what the host asks for can be refused by the ledger, the rest is debited by force; and whoever
// pays from the balance is debited.
func ordersAreLawful(after *state) error {
	for _, s := range after.steps {
		debits := 0
		for _, o := range s.orders {
			force := !slices.Contains([]EventName{EventRefundRequested, EventBalanceOrdered}, s.on)
			if o.Kind != credit && force != (o.Kind == forcedDebit) {
				return fmt.Errorf("%s ordered a %s", s.on, o.Kind)
			}
			if o.Kind == debit && o.Attempt != 0 {
				debits++
			}
		}
		if (s.on == EventBalanceOrdered) != (debits == 1) {
			return fmt.Errorf("%s ordered %d debits for the payment", s.on, debits)
		}
	}
	return nil
}

// lawfulTarget says in words of the law book where an event leads: section 5.
func lawfulTarget(s step) Status {
	among := func(set ...Status) bool { return slices.Contains(set, s.from) }
	busy := among(Processing, Authorized)
	open := busy || among(WaitingForPayment, Expired, ReceiptCreating, ReceiptSent)
	switch s.on {
	case EventCreated, EventBillingApproved, EventReceiptWithdrawn:
		return WaitingForPayment
	case EventCreatedPending:
		return PendingBilling
	case EventReceiptAccepted, EventOfflineApproved, EventReceiptPaid, EventAutocompleted:
		return Completed
	case EventStarted, EventBalanceOrdered:
		return Processing
	case EventReceiptStarted:
		return ReceiptCreating
	case EventReceiptDispatched:
		return ReceiptSent
	case EventSuperseded:
		return Cancelled
	case EventBalanceDebited:
		return PaidFromBalance
	case EventReleased, EventBalancePart, EventBalanceRefused:
		return s.previous
	}
	switch {
	case open && (s.on == EventSuccess || s.on == EventLateSuccess || s.on == EventTransferred || s.on == EventDiscrepancySettled):
		return Completed
	case busy && (s.on == EventFailure || s.on == EventHoldGone || s.on == EventDiscrepancy):
		return s.previous
	case among(Processing) && s.on == EventPeriodEnded:
		return s.previous
	case among(Processing) && s.on == EventHeld, open && !busy && s.on == EventLateHeld:
		return Authorized
	case among(WaitingForPayment) && s.on == EventDuePassed:
		return Expired
	case among(PendingBilling, WaitingForPayment) && (s.on == EventCancelOrdered || s.on == EventOrderCancelled):
		return Cancelled
	case among(WaitingForPayment) && s.on == EventInvoiceExpired:
		return Cancelled
	}
	return s.from
}

// attemptsAreLawful: an attempt with a charge as asked has succeeded, one with another charge only is discrepant, and
// without a charge it moves as section 4 says.
func attemptsAreLawful(before, after *state) error {
	for _, a := range after.p.Attempts {
		if a.Method != "card" {
			continue
		}
		right := slices.ContainsFunc(a.Charges, func(c Charge) bool { return c.Amount == a.Asked })
		was := before.p.Attempt(a.Number).State
		switch {
		case right != (a.State == AttemptSucceeded):
			return fmt.Errorf("attempt %d has its charge: %v, and is %s", a.Number, right, a.State)
		case (len(a.Charges) > 0 && !right) != (a.State == AttemptDiscrepant):
			return fmt.Errorf("attempt %d has %d charges, none as asked: %v, and is %s", a.Number, len(a.Charges), !right, a.State)
		case len(a.Charges) == 0 && was != a.State && !slices.Contains(lawfulMoves[was], a.State):
			return fmt.Errorf("attempt %d went from %s to %s", a.Number, was, a.State)
		}
		if want := lawfulAfter(after.said, was); after.saidOf == a.Number && want != "" && len(a.Charges) == 0 && a.State != want {
			return fmt.Errorf("attempt %d was %s, heard %s, and is %s", a.Number, was, after.said, a.State)
		}
	}
	return nil
}

// lawfulMoves are the moves of an attempt without a charge.
var lawfulMoves = map[AttemptState][]AttemptState{
	"":                {AttemptLive},
	AttemptLive:       {AttemptOverdue, AttemptFailed, AttemptVoided, AttemptAuthorized},
	AttemptOverdue:    {AttemptFailed, AttemptVoided, AttemptAuthorized},
	AttemptAuthorized: {AttemptCapturing, AttemptVoiding, AttemptFailed, AttemptVoided},
	AttemptCapturing:  {AttemptAuthorized, AttemptFailed, AttemptVoided},
	AttemptVoiding:    {AttemptAuthorized, AttemptFailed, AttemptVoided},
	AttemptFailed:     {AttemptAuthorized},
	AttemptVoided:     {AttemptAuthorized},
}

// lawfulAfter is where a word takes an attempt without a charge; empty where the word is no news.
func lawfulAfter(said news, was AttemptState) AttemptState {
	among := func(set ...AttemptState) bool { return slices.Contains(set, was) }
	pending := among(AttemptLive, AttemptOverdue)
	held := among(AttemptAuthorized, AttemptCapturing, AttemptVoiding)
	switch said {
	case newsDeclined:
		if pending || held {
			return AttemptFailed
		}
	case newsLapsed:
		if pending || held {
			return AttemptVoided
		}
	case newsNotSent:
		if pending {
			return AttemptFailed
		}
	case newsHoldMade:
		if !held {
			return AttemptAuthorized
		}
	case newsRanOut, newsLetGo:
		if among(AttemptLive) {
			return AttemptOverdue
		}
	case newsCaptureBegun:
		return AttemptCapturing
	case newsVoidBegun:
		return AttemptVoiding
	case newsCaptureDenied:
		if among(AttemptCapturing) {
			return AttemptAuthorized
		}
	case newsVoidDenied:
		if among(AttemptVoiding) {
			return AttemptAuthorized
		}
	}
	return was
}
