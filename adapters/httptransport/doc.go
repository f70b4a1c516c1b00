// Package httptransport makes the calls of gateways over HTTP. It is the shipped [connector.Transport], and the one place
// that decides about retries, rates, timeouts, sizes, addresses and logs, so that no gateway can get them wrong.
//
// A call is a series of tries. Before each one the transport waits for the connector's rate and lets the gateway sign the
// request anew; then it connects past the address guard, sends, and reads the whole answer within bounds. A call that the
// gateway declares Repeatable gets several tries with growing, jittered pauses. Any other call is a money call: it is
// tried again only while no connection to the gateway was there that could have carried it. Whatever may have left makes
// the outcome unknown, and an unknown outcome is asked for, never repeated. Every status is an answer, redirects and 500
// included; what it means is the gateway's business.
//
//	transport, err := httptransport.New(httptransport.Config{Logger: logger})
//	if err != nil {
//		return err
//	}
//	defer transport.Close()
//
//	answer, err := transport.Do(ctx, connector.Request{
//		Connector: "acme", Name: "status", Method: http.MethodGet,
//		URL: "https://pay.example/orders/7", Repeatable: true,
//	})
//	if connector.SafeToRetry(err) {
//		// the gateway surely heard nothing
//	}
//
// Addresses are judged when the connection is made, after the name was resolved, so neither a name that points inside nor
// one that changes between two looks gets through. Only public addresses on ports 80 and 443 over https are called, until
// the operator allows more in [Config.Networks]. Proxies of the environment are not used, because behind a proxy nobody
// could judge the address.
//
// Logs and errors tell connector, operation, method, host, path, try, status and duration. The query, the headers, the
// body and whatever the gateway sent stay out of them.
//
// The package keeps no circuit breaker and no cache, speaks HTTP/1.1 only, and follows no redirect.
package httptransport
