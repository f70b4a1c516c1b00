// Package chronopay takes payments through ChronoPay's hosted page: the gateway of the Tiksen billing, set up with the two
// values ProductId and SharedSec.
//
// [Gateway.Start] makes the form that the payer's browser submits to the page, [Gateway.Receive] reads the callbacks that
// ChronoPay's server posts. ChronoPay has no known request for the state of an order, so a connector of this kind needs a
// processing period, and the verified callback itself moves the money. ChronoPay's document is not public: the formats
// follow open integrations, and what they disagree on is a setting.
//
//	connectors, err := connector.New(connector.Config{Kinds: []connector.Kind{chronopay.Kind()}, …})
//	method, err := connectors.CreateMethod(ctx, connector.CreateMethodParams{…,
//		Settings: json.RawMessage(`{"product_id":"001234-0001-0001","shared_sec":"…"}`)})
//
// # What a callback proves
//
// ChronoPay signs MD5(SharedSec + customer_id + transaction_id + transaction_type + total). Everything else in a callback,
// and nearly everything in the form, can be rewritten by the payer: who sets cb_url to a server of his own learns a genuine
// callback and can post it as often and with whatever order_id he likes. Therefore:
//
//   - The four signed values must have strict shapes before they are hashed. They are joined without separators, so the
//     border between two of them could be moved; and since the secret comes first, MD5 can be continued: whoever knows one
//     sign can compute the sign of a longer text. Padding bytes fit into none of the shapes.
//   - A charge is known by customer_id and transaction_id joined, a text that a moved border leaves as it is, and is unique
//     within the whole ChronoPay client (see [Gateway.MerchantAccount]). A replay is a repeat, whatever else it says.
//   - The form carries a token of ours, an HMAC over order, amount and currency as they were asked, with those two in its
//     text. A callback whose order_id is not the one that the token was made for is genuine money at the wrong
//     place: its [connector.Result] says Misplaced and no order is paid by it. The token does not look at the total,
//     which is signed anyway: another amount for the right order is reported as it is, and the SDK compares.
//   - The currency is signed by nobody. Limit every product to one currency at ChronoPay, and keep the list of source
//     addresses. With products in several currencies agree on rule R2: under R1 the payer can take the sign of a cheap
//     currency's product to an order in a dear one, and only the address list then stops his edited callback.
//   - A returning browser proves nothing and settles nothing.
//
// # What it does not do
//
// No Gate (recurring charges), no refunds on our side; card data, payer names, user names and passwords in a callback are
// neither kept nor logged. Package chronopaysim plays ChronoPay for tests and demonstrations.
package chronopay
