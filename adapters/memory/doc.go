// Package memory keeps payments, connectors and a ledger in memory: for tests, for a first program and for model
// checks. It is a storage adapter like the others: the views of a [DB] implement [payment.Store], [connector.Store] and
// [billing.Store], and pass the same suite (adapters/storetest) as the stores on a database do.
//
// The whole content of a DB is one immutable value made of persistent trees. A write builds the next value beside the
// present one and then replaces it by one pointer, so that nobody ever sees half a change and a refused one leaves
// nothing behind. Reads take no lock. [DB.Clone] copies a pointer, whatever the DB holds.
//
//	db := new(memory.DB) // ready for use
//	book := billing.NewBook(db.Ledger())
//	payments, err := payment.New(payment.Config{Store: db.Payments(), Ledger: book, …})
//
// A lease, a claim, a posting and a read of one record cost the logarithm of what is stored: a million waiting timers do
// not slow a lease. A list with a filter that few records match walks over those that do not.
//
// What it does not do: outlive its process, or be shared by several.
package memory
