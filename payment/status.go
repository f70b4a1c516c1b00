package payment

// Status is where a payment stands. Its text is what is stored and sent.
type Status string

// The statuses in life order (law book, section 3; names after ActivePlatform's guide).
const (
	PendingBilling    Status = "pending_billing"     // the host's ERP has not approved the invoice
	WaitingForPayment Status = "waiting_for_payment" // first status of all others
	Processing        Status = "processing"          // a gateway works; no operation is available
	Authorized        Status = "authorized"          // two-stage: held, waits for confirmation
	Completed         Status = "completed"           // paid
	PaidFromBalance   Status = "paid_from_balance"   // paid by the account's balance
	Expired           Status = "expired"             // due date passed; can still be paid
	Cancelled         Status = "cancelled"           //
	ReceiptCreating   Status = "receipt_creating"    // bank transfer or cash: a receipt is being prepared
	ReceiptSent       Status = "receipt_sent"        // bank transfer or cash: the receipt is with the payer
)
