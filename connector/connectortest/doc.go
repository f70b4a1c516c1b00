// Package connectortest says what a gateway must do, and has a gateway to test other things with.
//
// [Checks] is the conformance suite: a list of named sentences, each with a function that returns an error when the
// sentence is not true of a gateway. An adapter describes itself in a [Harness], above all how a genuine message of its
// gateway is made, and runs the list in its tests:
//
//	for _, check := range connectortest.Checks(harness) {
//		t.Run(check.Name, func(t *testing.T) {
//			err := check.Run(t.Context())
//			if reason, skipped := connectortest.Skipped(err); skipped {
//				t.Skip(reason)
//			}
//			require.NoError(t, err)
//		})
//	}
//
// What a gateway cannot do is skipped by name and reason, never silently. Run the tests with -race: the check about
// concurrent use depends on it.
//
// [Scripted] is a gateway that does as its settings say, with every ability that the connector package declares; it is a
// translator without state like any other. [World] plays the company behind it: it knows what became of each order,
// makes the messages that would come, answers the gateway's calls as a [connector.Transport], and fails at the calls it
// is told to fail at, before or after it has acted.
//
// The package tests no transport and no settings schema, and it knows nothing of what a gateway's documentation says:
// signatures still need that documentation's test vectors.
package connectortest
