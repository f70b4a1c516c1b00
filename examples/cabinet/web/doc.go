// Package web holds the pages of the cabinet: what a subscriber sees of an account and its payments, what an operator
// decides on, and the address at which gateways post their results.
//
// The pages are plain HTML made on the server and need no script. They show what the store says and nothing else: a browser
// that comes back from a gateway is shown the payment as it stands, whatever its address claims. Every form carries an
// idempotency key, so a double click, a second tab or a reloaded page does nothing twice.
//
// A real cabinet would sign its visitors in. This one is a demonstration: it is one account's, and its operator page is
// open to everybody who reaches it, so the program listens on loopback only unless it is told otherwise.
package web
