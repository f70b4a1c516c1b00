package payment

// EventName is what happens to a payment. Its text is what is stored and sent.
//
// Where two events differ only by "late_", the late one comes from an attempt that is not the one the payment is
// processing just now: an overdue one, or one that had failed.
type EventName string

// Commands of the host, of a payer or of an operator. They alone can be refused.
const (
	EventCreated             EventName = "created"              // a payment that can be paid at once
	EventCreatedPending      EventName = "created_pending"      // a payment that waits for the host's ERP
	EventBillingApproved     EventName = "billing_approved"     // the ERP approved the invoice
	EventStarted             EventName = "started"              // an attempt began
	EventOfflineApproved     EventName = "offline_approved"     // an operator saw the money: cash, bank transfer
	EventBalanceOrdered      EventName = "balance_ordered"      // pay from the account's balance
	EventReceiptStarted      EventName = "receipt_started"      // a receipt is being prepared
	EventReceiptDispatched   EventName = "receipt_dispatched"   // it was sent to the payer
	EventReceiptPaid         EventName = "receipt_paid"         // it came back paid
	EventReceiptWithdrawn    EventName = "receipt_withdrawn"    // it is not wanted any more
	EventAutocompleted       EventName = "autocompleted"        // the reseller's setting: complete without money
	EventCancelOrdered       EventName = "cancel_ordered"       // somebody cancels the payment
	EventSuperseded          EventName = "superseded"           // edited or joined: another payment takes its place
	EventReleased            EventName = "released"             // an operator stops waiting for an attempt
	EventConfirmOrdered      EventName = "confirm_ordered"      // capture the hold
	EventVoidOrdered         EventName = "void_ordered"         // release the hold
	EventTotalLowered        EventName = "total_lowered"        // before a capture of less
	EventDiscrepancySettled  EventName = "discrepancy_settled"  // an operator takes the other amount for this payment
	EventDiscrepancyCredited EventName = "discrepancy_credited" // an operator credits it to the account
	EventDiscrepancyReturned EventName = "discrepancy_returned" // an operator gave it back
	EventRefundRequested     EventName = "refund_requested"     //
	EventRefundApproved      EventName = "refund_approved"      // by a second person
	EventRefundDeclined      EventName = "refund_declined"      // by a second person
	EventReposted            EventName = "reposted"             // a posting that was stuck is sent again
	EventAcknowledged        EventName = "acknowledged"         // an operator has seen what needed attention
)

// Messages: what gateways, the ledger, the host's orders and other payments say. Every one has a row in every status.
const (
	EventSuccess         EventName = "success"           // the current attempt took the money that was asked
	EventLateSuccess     EventName = "late_success"      //
	EventFailure         EventName = "failure"           // the current attempt will not take money
	EventLateFailure     EventName = "late_failure"      //
	EventHeld            EventName = "held"              // the current attempt holds the money
	EventLateHeld        EventName = "late_held"         //
	EventHoldGone        EventName = "hold_gone"         // the current attempt's hold was voided or lapsed
	EventLateHoldGone    EventName = "late_hold_gone"    //
	EventCaptureRefused  EventName = "capture_refused"   // the gateway did not capture; the hold stands
	EventVoidRefused     EventName = "void_refused"      // the gateway did not void; the hold stands
	EventDiscrepancy     EventName = "discrepancy"       // the current attempt took another amount or currency
	EventLateDiscrepancy EventName = "late_discrepancy"  //
	EventSecondCharge    EventName = "second_charge"     // one attempt took the asked amount again
	EventContradiction   EventName = "contradiction"     // a gateway takes back its final word
	EventTestMoney       EventName = "test_money"        // a success in test money on a live method
	EventTransferred     EventName = "transferred"       // money from another record, as much as is outstanding
	EventTransferredMore EventName = "transferred_other" // money from another record, not what is outstanding
	EventRefundSucceeded EventName = "refund_succeeded"  // a refund that we asked for
	EventRefundRejected  EventName = "refund_rejected"   // it will not happen
	EventRefundedOutside EventName = "refunded_outside"  // made in the bank's workstation
	EventDisputeOpened   EventName = "dispute_opened"    // a chargeback
	EventDisputeWon      EventName = "dispute_won"       //
	EventDisputeLost     EventName = "dispute_lost"      //
	EventStepped         EventName = "stepped"           // the current attempt came to its next step
	EventBalanceDebited  EventName = "balance_debited"   // the ledger debited all that was outstanding
	EventBalancePart     EventName = "balance_part"      // the ledger debited the part that was ordered
	EventBalanceRefused  EventName = "balance_refused"   // the ledger refused: no funds
	EventLateDebited     EventName = "late_debited"      // the ledger debited although the order was given up
	EventOrderCancelled  EventName = "order_cancelled"   // the host's order is gone
	EventReceiptAccepted EventName = "receipt_accepted"  // a network paid an account by itself
	EventErased          EventName = "erased"            // personal data was erased
)

// Timers. Every one has a row in every status, too.
const (
	EventPeriodEnded    EventName = "period_ended"    // the processing period of the current attempt
	EventDuePassed      EventName = "due_passed"      // the due date
	EventInvoiceExpired EventName = "invoice_expired" //
	EventConfirmDue     EventName = "confirm_due"     // the confirmation deadline of a hold
	EventOverdueLong    EventName = "overdue_long"    // an attempt has been overdue for long
)

// Commands lists what can be refused.
func Commands() []EventName {
	return []EventName{
		EventCreated, EventCreatedPending, EventBillingApproved, EventStarted, EventOfflineApproved, EventBalanceOrdered, EventReceiptStarted, EventReceiptDispatched,
		EventReceiptPaid, EventReceiptWithdrawn, EventAutocompleted, EventCancelOrdered, EventSuperseded, EventReleased, EventConfirmOrdered, EventVoidOrdered,
		EventTotalLowered, EventDiscrepancySettled, EventDiscrepancyCredited, EventDiscrepancyReturned, EventRefundRequested, EventRefundApproved,
		EventRefundDeclined, EventReposted, EventAcknowledged,
	}
}

// Messages lists what cannot be refused because somebody else says it.
func Messages() []EventName {
	return []EventName{
		EventSuccess, EventLateSuccess, EventFailure, EventLateFailure, EventHeld, EventLateHeld, EventHoldGone, EventLateHoldGone, EventCaptureRefused, EventVoidRefused,
		EventDiscrepancy, EventLateDiscrepancy, EventSecondCharge, EventContradiction, EventTestMoney, EventTransferred, EventTransferredMore, EventRefundSucceeded,
		EventRefundRejected, EventRefundedOutside, EventDisputeOpened, EventDisputeWon, EventDisputeLost, EventStepped, EventBalanceDebited, EventBalancePart,
		EventBalanceRefused, EventLateDebited, EventOrderCancelled, EventErased, EventReceiptAccepted,
	}
}

// Timers lists what cannot be refused because the clock says it.
func Timers() []EventName {
	return []EventName{EventPeriodEnded, EventDuePassed, EventInvoiceExpired, EventConfirmDue, EventOverdueLong}
}
