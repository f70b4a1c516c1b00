package payment

import "slices"

// AttemptState is where an attempt stands. Its text is what is stored and sent.
type AttemptState string

// The states of an attempt in life order (law book, section 4).
const (
	AttemptLive       AttemptState = "live"       // the gateway works on it; its outcome is open
	AttemptOverdue    AttemptState = "overdue"    // nobody waits for it any more, yet it may still charge
	AttemptAuthorized AttemptState = "authorized" // the gateway holds the money
	AttemptCapturing  AttemptState = "capturing"  // a capture was ordered
	AttemptVoiding    AttemptState = "voiding"    // a void was ordered
	AttemptSucceeded  AttemptState = "succeeded"  // it took the money
	AttemptFailed     AttemptState = "failed"     // it took none
	AttemptVoided     AttemptState = "voided"     // the hold is gone
	AttemptDiscrepant AttemptState = "discrepant" // it took another amount or currency
)

// news is what a gateway, the clock or a command says about an attempt, after it was compared with what is known.
type news string

// The news.
const (
	newsCharged        news = "charged"         // a charge not seen before, as asked
	newsMischarged     news = "mischarged"      // a charge not seen before, with another amount or currency
	newsRepeated       news = "repeated"        // the same word again
	newsHoldMade       news = "hold made"       // the gateway holds the money
	newsDeclined       news = "declined"        // the gateway will take none
	newsNotSent        news = "not sent"        // the call that begins it surely did not leave
	newsLapsed         news = "lapsed"          // the hold was voided or ran out
	newsContradicted   news = "contradicted"    // the same charge with another amount
	newsRanOut         news = "ran out"         // the processing period ended
	newsLetGo          news = "let go"          // an operator stops waiting
	newsCaptureBegun   news = "capture begun"   // written before the call
	newsCaptureDenied  news = "capture denied"  // the gateway answered that it will not
	newsVoidBegun      news = "void begun"      // written before the call
	newsVoidDenied     news = "void denied"     // the gateway answered that it will not
	newsTestCharged    news = "test charged"    // test money on a live method
	newsForgottenSince news = "forgotten since" // overdue for long
)

// attemptRow is one line of the attempt table: in these states this news leads there and tells the payment that. An
// empty Raise swallows the news.
type attemptRow struct {
	From  []AttemptState
	On    news
	To    AttemptState
	Raise EventName
	Mark  mark
}

var (
	open     = []AttemptState{AttemptLive, AttemptOverdue}
	holding  = []AttemptState{AttemptAuthorized, AttemptCapturing, AttemptVoiding}
	gone     = []AttemptState{AttemptFailed, AttemptVoided}
	allState = []AttemptState{AttemptLive, AttemptOverdue, AttemptAuthorized, AttemptCapturing, AttemptVoiding, AttemptSucceeded, AttemptFailed, AttemptVoided, AttemptDiscrepant}
)

// stay stands in the To column for the state the attempt has.
const stay AttemptState = "same"

// attemptTable is the law of attempts in life order: law book, section 4. The payment hears the late form of an event
// when the attempt is not its current one. Every news has a row in every state but the two commands, CaptureBegun and
// VoidBegun, which exclude each other.
var attemptTable = []attemptRow{
	{open, newsCharged, AttemptSucceeded, EventSuccess, documented},
	{open, newsMischarged, AttemptDiscrepant, EventDiscrepancy, ourChoice},
	{open, newsHoldMade, AttemptAuthorized, EventHeld, documented},
	{open, newsDeclined, AttemptFailed, EventFailure, documented},
	{open, newsNotSent, AttemptFailed, EventFailure, ourChoice},
	{open, newsLapsed, AttemptVoided, EventFailure, ourChoice},
	{states(AttemptLive), newsRanOut, AttemptOverdue, EventPeriodEnded, documented},
	{states(AttemptLive), newsLetGo, AttemptOverdue, EventReleased, ourChoice},
	{states(AttemptOverdue), newsForgottenSince, stay, EventOverdueLong, ourChoice},

	{states(AttemptAuthorized), newsCaptureBegun, AttemptCapturing, EventConfirmOrdered, documented},
	{states(AttemptAuthorized), newsVoidBegun, AttemptVoiding, EventVoidOrdered, documented},
	{holding, newsCharged, AttemptSucceeded, EventSuccess, documented},
	{holding, newsMischarged, AttemptDiscrepant, EventDiscrepancy, ourChoice},
	{holding, newsHoldMade, stay, "", ourChoice},
	{holding, newsDeclined, AttemptFailed, EventHoldGone, ourChoice},
	{holding, newsLapsed, AttemptVoided, EventHoldGone, documented},
	{states(AttemptCapturing), newsCaptureDenied, AttemptAuthorized, EventCaptureRefused, ourChoice},
	{states(AttemptVoiding), newsVoidDenied, AttemptAuthorized, EventVoidRefused, ourChoice},

	{states(AttemptSucceeded), newsCharged, stay, EventSecondCharge, ourChoice},
	{states(AttemptSucceeded), newsMischarged, stay, EventDiscrepancy, ourChoice},
	{states(AttemptSucceeded, AttemptDiscrepant), newsHoldMade, stay, EventContradiction, ourChoice},
	{states(AttemptSucceeded, AttemptDiscrepant), newsDeclined, stay, EventContradiction, ourChoice},
	{states(AttemptSucceeded, AttemptDiscrepant), newsLapsed, stay, EventContradiction, ourChoice},

	{gone, newsCharged, AttemptSucceeded, EventSuccess, ourChoice},
	{gone, newsMischarged, AttemptDiscrepant, EventDiscrepancy, ourChoice},
	{gone, newsHoldMade, AttemptAuthorized, EventHeld, ourChoice},
	{gone, newsDeclined, stay, "", ourChoice},
	{gone, newsLapsed, stay, "", ourChoice},

	{states(AttemptDiscrepant), newsCharged, AttemptSucceeded, EventSuccess, ourChoice},
	{states(AttemptDiscrepant), newsMischarged, stay, EventDiscrepancy, ourChoice},

	{allState, newsRepeated, stay, "", ourChoice},
	{allState, newsContradicted, stay, EventContradiction, ourChoice},
	{allState, newsTestCharged, stay, EventTestMoney, ourChoice},
	{except(open...), newsNotSent, stay, "", ourChoice},
	{except(AttemptLive), newsRanOut, stay, "", ourChoice},
	{except(AttemptLive), newsLetGo, stay, "", ourChoice},
	{except(AttemptOverdue), newsForgottenSince, stay, "", ourChoice},
	{except(AttemptCapturing), newsCaptureDenied, stay, "", ourChoice},
	{except(AttemptVoiding), newsVoidDenied, stay, "", ourChoice},
}

func states(s ...AttemptState) []AttemptState { return s }

func except(left ...AttemptState) []AttemptState {
	return slices.DeleteFunc(slices.Clone(allState), func(s AttemptState) bool { return slices.Contains(left, s) })
}

type attemptCell struct {
	state AttemptState
	news  news
}

var attemptIndex = indexAttempts(attemptTable) //nolint:gochecknoglobals // the table by its key, never changed

func indexAttempts(rows []attemptRow) map[attemptCell]*attemptRow {
	found := make(map[attemptCell]*attemptRow)
	for i := range rows {
		for _, from := range rows[i].From {
			found[attemptCell{from, rows[i].On}] = &rows[i]
		}
	}
	return found
}

// AttemptStates lists all states in life order.
func AttemptStates() []AttemptState { return slices.Clone(allState) }

// allNews lists all news in the order in which they were declared.
func allNews() []news {
	return []news{
		newsCharged, newsMischarged, newsRepeated, newsHoldMade, newsDeclined, newsNotSent, newsLapsed, newsContradicted, newsRanOut, newsLetGo, newsCaptureBegun,
		newsCaptureDenied, newsVoidBegun, newsVoidDenied, newsTestCharged, newsForgottenSince,
	}
}
