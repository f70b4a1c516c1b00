package paymenttest

// The payment methods as [Move].B of "start" chooses them.
const (
	askShow = iota
	askCall
	askCharged
	askWait
	muteShow
	muteCall
	muteCharged
	muteWait
)

// WholeLife is a life in which most of what can happen to payments happens: a late result, a second one, discrepancies,
// payments in part and in whole from the balance, an edit whose predecessor is paid after all, receipts, refunds and
// disputes from outside, money that fits nothing, a key that changes, answers that are lost.
func WholeLife() []Move {
	return append(ShortLife(), []Move{
		// A refund from outside, before and after the money is told; a dispute that is won.
		{What: "refund", A: 1, B: 1},
		{What: "hand over"},
		{What: "refund", A: 3, B: 1},
		{What: "hand over"},
		{What: "top up", B: 1},
		{What: "start", B: muteShow},
		{What: "charge"},
		{What: "refund", B: 2},
		{What: "dispute", B: 2},
		{What: "hand over", A: 1},
		{What: "hand over"},
		{What: "hand over"},
		{What: "end dispute"},
		{What: "hand over"},
		{What: "deliver"},
		// A hold that is captured, one that lapses; a decline; test money; words that contradict each other.
		{What: "order"},
		{What: "start", B: muteWait},
		{What: "hold"},
		{What: "hand over"},
		{What: "order cancelled"},
		{What: "charge"},
		{What: "hand over"},
		{What: "contradict"},
		{What: "hand over"},
		{What: "test money"},
		{What: "hand over"},
		{What: "acknowledge"},
		{What: "services", C: 1},
		{What: "start", B: askWait},
		{What: "hold"},
		{What: "ask"},
		{What: "hand over"},
		{What: "void"},
		{What: "hand over"},
		{What: "start", B: muteWait},
		{What: "decline"},
		{What: "hand over"},
		// Gateways that are called, with answers that are lost.
		{What: "break connection", A: 0, B: 2},
		{What: "start", B: askCall},
		{What: "minutes", A: 1},
		{What: "ask"},
		{What: "release"},
		{What: "charge"},
		{What: "minutes", A: 1},
		{What: "ask"},
		{What: "top up", B: 2},
		{What: "start", B: muteCall},
		{What: "top up", B: 2},
		{What: "start", B: askCall},
		{What: "top up", B: 2},
		{What: "start", B: muteCharged},
		// Money that fits nothing goes to a payment, to an account and back.
		{What: "stray", B: muteShow},
		{What: "hand over"},
		{What: "stray", B: askShow},
		{What: "hand over"},
		{What: "stray", B: muteShow},
		{What: "hand over"},
		{What: "order", B: 0},
		{What: "assign", A: 2, B: 1, C: 0},
		{What: "assign", A: 1, B: 0, C: 0},
		{What: "return receipt", A: 0},
		{What: "deliver"},
		// Joined, by an operator's word, by a receipt, from the balance.
		{What: "top up", B: 1},
		{What: "top up", B: 2},
		{What: "join", A: 1},
		{What: "approve"},
		{What: "pending services", B: 1},
		{What: "approve billing", C: 2},
		{What: "start receipt"},
		{What: "withdraw receipt"},
		{What: "start receipt"},
		{What: "send receipt"},
		{What: "receipt paid"},
		{What: "services", B: 2, C: 1},
		{What: "pay from balance"},
		{What: "order"},
		{What: "cancel"},
		{What: "order"},
		{What: "autocomplete"},
		{What: "rotate key", A: muteShow},
		{What: "top up", B: 3},
		{What: "start", B: muteShow},
		{What: "use the old key"},
		{What: "forge"},
		{What: "charge"},
		{What: "hand over"},
		{What: "erase"},
		{What: "deliver"},
	}...)
}

// ShortLife is the beginning of [WholeLife].
func ShortLife() []Move {
	return []Move{
		{What: "pay in"},
		// The period ends, the late result settles, the second attempt's success is surplus.
		{What: "top up"},
		{What: "start", B: muteShow},
		{What: "minutes", A: 19},
		{What: "tick"},
		{What: "start", B: askShow},
		{What: "charge", A: 1},
		{What: "hand over"},
		{What: "charge"},
		{What: "hand over"},
		{What: "hand over again", A: 1},
		{What: "deliver"},
		// Another amount waits for an operator, who takes it for the payment.
		{What: "services", C: 1},
		{What: "start", B: muteShow},
		{What: "charge", B: 14},
		{What: "hand over"},
		{What: "resolve", B: 0, C: 1},
		// A part comes from the balance and goes back with the edit; the late money of the old payment goes on to the new one.
		{What: "order"},
		{What: "start", B: muteShow},
		{What: "minutes", A: 19},
		{What: "tick"},
		{What: "pay from balance", B: 3},
		{What: "edit"},
		{What: "charge"},
		{What: "hand over"},
		{What: "deliver"},
		{What: "deliver"},
	}
}
