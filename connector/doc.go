// Package connector describes payment gateways to the rest of the SDK, and keeps which of them a host uses.
//
// A [Gateway] is a translator. It turns an order into a [Step] (something to show the payer, a call to make, a result
// known at once) and a gateway's message into [Result] values; it does no I/O, reads no clock and keeps no state. What
// else it can do it shows by optional interfaces such as [StatusQuerier]. Calls are made by one [Transport], which alone
// decides about retries, rates, sizes and addresses.
//
// A [Kind] is a kind of gateway that the program knows: a settings struct and a function that opens it. A [Connector]
// is a kind as the root reseller registers it, with an address, a hash key, a processing period and static settings. A
// [Method] is a payment method: a connector with the settings of one reseller. The [Service] keeps both under these
// rules, which follow ActivePlatform's guide for payment gateway connectors:
//
//   - only the root reseller manages connectors; a payment method belongs to a reseller, and others do not find it;
//   - a connector's schema is locked, and the connector is not deleted, while payment methods use it;
//   - settings are validated as a whole and every wrong field is reported; new ones become a new version, and old
//     versions still open, because messages about old payments are verified with them;
//   - secrets are sealed before they reach the store, and leave in no value, error or log.
//
// A short use:
//
//	connectors, err := connector.New(connector.Config{
//		Store:   db.Connectors(),
//		Kinds:   []connector.Kind{connector.KindOf("acme", newAcme)}, // func(AcmeSettings) (*acme, error)
//		Secrets: keys,
//	})
//	acme, err := connectors.Create(ctx, connector.CreateParams{By: root, Name: "Acme", Kind: "acme", Period: 15 * time.Minute})
//	card, err := connectors.CreateMethod(ctx, connector.CreateMethodParams{
//		By: root, Connector: acme.ID, Name: "Bank card", Settings: json.RawMessage(`{"merchant_id":"m-1","api_key":"sk_1"}`),
//	})
//	opened, err := connectors.Open(ctx, card.ID, 0)
//	step, err := opened.Gateway.Start(order)
//
// The package starts no payments and moves no money: that is package payment. It makes no calls: that is a Transport,
// adapters/httptransport for one. It does not know who is signed in: the host says so in an [Actor].
package connector
