package payment

import "slices"

// row is one line of the payment table: in these statuses this event leads there, with this effect on the money.
type row struct {
	From  []Status
	On    EventName
	To    Status // same and previous are resolved against the payment
	Money effect // what happens to money
	Then  duty   // what else has to follow
	Mark  mark
}

// same and previous stand in the To column for the status the payment has, and for the one it had before an attempt.
const (
	newborn  Status = "new"      // before the first event
	same     Status = "same"     //
	previous Status = "previous" //
)

// effect is what an event does to money. The empty effect moves none.
type effect string

// The effects.
const (
	doNothing   effect = ""
	doSettle    effect = "settle"    // the charge is the payment's own money
	doSurplus   effect = "surplus"   // the charge is credited to the account
	doOnward    effect = "onward"    // the charge goes to the successor; without one it is surplus
	doSetAside  effect = "set aside" // the charge waits as a discrepancy
	doReturn    effect = "return"    // the discrepancy was given back to the payer
	doDebit     effect = "debit"     // the ledger is told to debit the account for this payment
	doSpend     effect = "spend"     // the debit is part of what is paid
	doGiveBack  effect = "give back" // what was debited for this payment is credited again
	doReserve   effect = "reserve"   // of the charge, for a refund: what was credited is debited first
	doUnreserve effect = "unreserve" // the refund does not happen
	doPayOut    effect = "pay out"   // the reserved refund happened
	doTakeBack  effect = "take back" // refunded without us: what was credited is debited by force
	doDispute   effect = "dispute"   // charged back: what was credited is debited by force
	doUndispute effect = "undispute" // the chargeback was won: credited again
)

// duty is what has to follow an event beside the money.
type duty string

// The duties.
const (
	thenNothing    duty = ""
	thenTell       duty = "tell"       // show the gateway's words to the payer
	thenPostpone   duty = "postpone"   // keep the event and apply it when the attempt ends without success
	thenDropHold   duty = "drop hold"  // void the hold of the attempt that the event is about
	thenDropOthers duty = "drop holds" // void every hold of the payment
	thenCapture    duty = "capture"    // send the capture
	thenLook       duty = "look"       // an operator has to look at it
)

// mark says where a row comes from.
type mark string

// The marks.
const (
	documented mark = "documented" // in ActivePlatform's or Spring eCom's guide
	ourChoice  mark = "our choice" // so that no money is lost and none counted twice
)

// payable statuses can take a success that nobody waits for just now.
var payable = []Status{WaitingForPayment, Expired, ReceiptCreating, ReceiptSent}

// busy statuses belong to an attempt.
var busy = []Status{Processing, Authorized}

// done statuses need no money any more.
var done = []Status{Completed, PaidFromBalance, Cancelled}

// paid statuses were paid.
var paid = []Status{Completed, PaidFromBalance}

// anywhere is every status of a payment that exists.
var anywhere = []Status{
	PendingBilling, WaitingForPayment, Processing, Authorized, Completed, PaidFromBalance, Expired, Cancelled,
	ReceiptCreating, ReceiptSent,
}

// table is the law of payments in life order: law book, section 5. A pair of status and event stands in one row at most.
// A pair in no row is refused; that happens to commands only.
var table = []row{
	// Birth.
	{in(newborn), EventCreated, WaitingForPayment, doNothing, thenNothing, documented},
	{in(newborn), EventCreatedPending, PendingBilling, doNothing, thenNothing, documented},
	{in(newborn), EventReceiptAccepted, Completed, doSettle, thenNothing, ourChoice},
	{in(PendingBilling), EventBillingApproved, WaitingForPayment, doNothing, thenNothing, documented},

	// An attempt begins and goes on.
	{in(WaitingForPayment, Expired), EventStarted, Processing, doNothing, thenNothing, documented},
	{anywhere, EventStepped, same, doNothing, thenNothing, ourChoice},

	// The current attempt ends.
	{in(Processing), EventSuccess, Completed, doSettle, thenNothing, documented},
	{in(Processing), EventHeld, Authorized, doNothing, thenNothing, ourChoice},
	{busy, EventFailure, previous, doNothing, thenTell, documented},
	{in(Processing), EventPeriodEnded, previous, doNothing, thenNothing, documented},
	{in(Processing), EventReleased, previous, doNothing, thenNothing, ourChoice},
	{busy, EventDiscrepancy, previous, doSetAside, thenLook, ourChoice},

	// Two-stage: the money is held.
	{in(Authorized), EventTotalLowered, same, doNothing, thenNothing, ourChoice},
	{in(Authorized), EventConfirmOrdered, same, doNothing, thenCapture, documented},
	{in(Authorized), EventConfirmDue, same, doNothing, thenCapture, documented},
	{in(Authorized), EventSuccess, Completed, doSettle, thenNothing, documented},
	{in(Authorized), EventCaptureRefused, same, doNothing, thenLook, ourChoice},
	{in(Authorized), EventVoidOrdered, same, doNothing, thenDropHold, ourChoice},
	{in(Authorized), EventVoidRefused, same, doNothing, thenLook, ourChoice},
	{busy, EventHoldGone, previous, doNothing, thenNothing, documented},
	{in(Authorized), EventCancelOrdered, same, doNothing, thenPostpone, ourChoice},

	// Paid by other means.
	{in(WaitingForPayment, Expired), EventOfflineApproved, Completed, doSettle, thenNothing, documented},
	{in(WaitingForPayment), EventAutocompleted, Completed, doNothing, thenNothing, documented},
	{in(WaitingForPayment), EventReceiptStarted, ReceiptCreating, doNothing, thenNothing, documented},
	{in(ReceiptCreating), EventReceiptDispatched, ReceiptSent, doNothing, thenNothing, documented},
	{in(ReceiptSent), EventReceiptPaid, Completed, doSettle, thenNothing, documented},
	{in(ReceiptCreating, ReceiptSent), EventReceiptWithdrawn, WaitingForPayment, doNothing, thenNothing, ourChoice},
	{in(WaitingForPayment, Expired), EventBalanceOrdered, Processing, doDebit, thenNothing, documented},
	{in(Processing), EventBalanceDebited, PaidFromBalance, doSpend, thenNothing, documented},
	{in(Processing), EventBalancePart, previous, doSpend, thenNothing, documented},
	{in(Processing), EventBalanceRefused, previous, doNothing, thenTell, documented},

	// The end without money, and what waits for the attempt.
	{in(WaitingForPayment), EventDuePassed, Expired, doNothing, thenNothing, documented},
	{in(WaitingForPayment), EventInvoiceExpired, Cancelled, doGiveBack, thenNothing, ourChoice},
	{in(PendingBilling, WaitingForPayment), EventCancelOrdered, Cancelled, doGiveBack, thenNothing, documented},
	{in(PendingBilling, WaitingForPayment), EventOrderCancelled, Cancelled, doGiveBack, thenNothing, documented},
	{in(WaitingForPayment), EventSuperseded, Cancelled, doGiveBack, thenNothing, documented},
	{busy, EventDuePassed, same, doNothing, thenPostpone, ourChoice},
	{busy, EventInvoiceExpired, same, doNothing, thenPostpone, ourChoice},
	{busy, EventOrderCancelled, same, doNothing, thenPostpone, ourChoice},

	// Late results: of attempts that nobody waits for any more.
	{in(WaitingForPayment), EventLateSuccess, Completed, doSettle, thenNothing, documented},
	{in(Expired, ReceiptCreating, ReceiptSent), EventLateSuccess, Completed, doSettle, thenNothing, ourChoice},
	{in(WaitingForPayment), EventLateFailure, same, doNothing, thenTell, documented},
	{in(Expired, ReceiptCreating, ReceiptSent), EventLateFailure, same, doNothing, thenTell, ourChoice},
	{payable, EventLateHeld, Authorized, doNothing, thenNothing, ourChoice},
	{in(Processing), EventLateSuccess, Completed, doSettle, thenNothing, documented},
	{in(Authorized), EventLateSuccess, Completed, doSettle, thenDropOthers, ourChoice},
	{busy, EventLateFailure, same, doNothing, thenNothing, ourChoice},
	{in(Completed), EventLateSuccess, same, doSurplus, thenNothing, documented},
	{in(PaidFromBalance, PendingBilling), EventLateSuccess, same, doSurplus, thenNothing, ourChoice},
	{in(Cancelled), EventLateSuccess, same, doOnward, thenNothing, ourChoice},
	{in(Completed), EventLateFailure, same, doNothing, thenNothing, documented},
	{in(PaidFromBalance, Cancelled, PendingBilling), EventLateFailure, same, doNothing, thenNothing, ourChoice},
	{union(in(PendingBilling), busy, done), EventLateHeld, same, doNothing, thenDropHold, ourChoice},
	{anywhere, EventLateHoldGone, same, doNothing, thenNothing, ourChoice},
	{anywhere, EventLateDiscrepancy, same, doSetAside, thenLook, ourChoice},
	{anywhere, EventSecondCharge, same, doSurplus, thenNothing, ourChoice},
	{anywhere, EventContradiction, same, doNothing, thenLook, ourChoice},
	{anywhere, EventTestMoney, same, doNothing, thenLook, ourChoice},
	{without(anywhere, done...), EventOverdueLong, same, doNothing, thenLook, ourChoice},
	{done, EventOverdueLong, same, doNothing, thenNothing, ourChoice},

	// Money from another record: a predecessor's late success, an unallocated receipt.
	{union(in(Processing), payable), EventTransferred, Completed, doSettle, thenNothing, ourChoice},
	{in(Authorized), EventTransferred, Completed, doSettle, thenDropOthers, ourChoice},
	{union(in(PendingBilling), paid), EventTransferred, same, doSurplus, thenNothing, ourChoice},
	{in(Cancelled), EventTransferred, same, doOnward, thenNothing, ourChoice},
	{without(anywhere, Cancelled), EventTransferredMore, same, doSurplus, thenNothing, ourChoice},
	{in(Cancelled), EventTransferredMore, same, doOnward, thenNothing, ourChoice},

	// Discrepancies.
	{union(in(Processing), payable), EventDiscrepancySettled, Completed, doSettle, thenNothing, ourChoice},
	{in(Authorized), EventDiscrepancySettled, Completed, doSettle, thenDropOthers, ourChoice},
	{union(in(PendingBilling), paid), EventDiscrepancySettled, same, doSurplus, thenNothing, ourChoice},
	{in(Cancelled), EventDiscrepancySettled, same, doOnward, thenNothing, ourChoice},
	{anywhere, EventDiscrepancyCredited, same, doSurplus, thenNothing, ourChoice},
	{anywhere, EventDiscrepancyReturned, same, doReturn, thenNothing, ourChoice},

	// Refunds and disputes stand beside the payment.
	{anywhere, EventRefundRequested, same, doReserve, thenNothing, ourChoice},
	{anywhere, EventRefundApproved, same, doNothing, thenNothing, ourChoice},
	{anywhere, EventRefundDeclined, same, doUnreserve, thenNothing, ourChoice},
	{anywhere, EventRefundSucceeded, same, doPayOut, thenNothing, ourChoice},
	{anywhere, EventRefundRejected, same, doUnreserve, thenNothing, ourChoice},
	{anywhere, EventRefundedOutside, same, doTakeBack, thenNothing, ourChoice},
	{anywhere, EventDisputeOpened, same, doDispute, thenLook, ourChoice},
	{anywhere, EventDisputeWon, same, doUndispute, thenNothing, ourChoice},
	{anywhere, EventDisputeLost, same, doNothing, thenNothing, ourChoice},
	{anywhere, EventAcknowledged, same, doNothing, thenNothing, ourChoice},
	{anywhere, EventReposted, same, doNothing, thenNothing, ourChoice},
	{anywhere, EventErased, same, doNothing, thenNothing, ourChoice},

	// News that come when they do not matter any more.
	{in(Authorized), EventHeld, same, doNothing, thenNothing, ourChoice},
	{without(anywhere, Processing), EventPeriodEnded, same, doNothing, thenNothing, documented},
	{without(anywhere, Authorized), EventCaptureRefused, same, doNothing, thenLook, ourChoice},
	{without(anywhere, Authorized), EventVoidRefused, same, doNothing, thenLook, ourChoice},
	{anywhere, EventLateDebited, same, doGiveBack, thenNothing, ourChoice},
	{without(anywhere, Processing), EventBalanceRefused, same, doNothing, thenNothing, ourChoice},
	{without(anywhere, Authorized), EventConfirmDue, same, doNothing, thenNothing, ourChoice},
	{without(anywhere, Processing, Authorized, WaitingForPayment), EventDuePassed, same, doNothing, thenNothing, ourChoice},
	{without(anywhere, Processing, Authorized, WaitingForPayment), EventInvoiceExpired, same, doNothing, thenNothing, ourChoice},
	{in(Expired, ReceiptCreating, ReceiptSent, Completed, PaidFromBalance), EventOrderCancelled, same, doNothing, thenLook, ourChoice},
	{in(Cancelled), EventOrderCancelled, same, doNothing, thenNothing, ourChoice},
}

// lateForm pairs what a current attempt says with what another attempt says. Outside the busy statuses no attempt is
// current, so there the left event shares the right one's rows.
var lateForm = map[EventName]EventName{
	EventSuccess:     EventLateSuccess,
	EventFailure:     EventLateFailure,
	EventHeld:        EventLateHeld,
	EventHoldGone:    EventLateHoldGone,
	EventDiscrepancy: EventLateDiscrepancy,

	EventBalanceDebited: EventLateDebited,
	EventBalancePart:    EventLateDebited,
}

func in(statuses ...Status) []Status { return statuses }

func union(sets ...[]Status) []Status { return slices.Concat(sets...) }

func without(set []Status, left ...Status) []Status {
	return slices.DeleteFunc(slices.Clone(set), func(s Status) bool { return slices.Contains(left, s) })
}

type cell struct {
	status Status
	event  EventName
}

// index finds the row of a pair. It is built once from the table and never changes.
var index = indexTable(table) //nolint:gochecknoglobals // the table by its key, never changed

func indexTable(rows []row) map[cell]*row {
	found := make(map[cell]*row)
	for i := range rows {
		for _, from := range rows[i].From {
			found[cell{from, rows[i].On}] = &rows[i]
		}
	}
	for current, late := range lateForm {
		for _, from := range anywhere {
			if found[cell{from, current}] == nil {
				found[cell{from, current}] = found[cell{from, late}]
			}
		}
	}
	return found
}

// Statuses lists all statuses in life order.
func Statuses() []Status { return slices.Clone(anywhere) }

// rowFor looks a pair up. A pair without a row is a refusal, which only commands meet.
func rowFor(from Status, on EventName) (*row, bool) {
	row, ok := index[cell{from, on}]
	return row, ok
}
