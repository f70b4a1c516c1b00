// Package secret keeps the secrets of payment methods: it holds them in memory so that nothing prints them, and it
// encrypts them for the database.
//
// A [Value] is a secret text inside a settings struct. It keeps the text in a closure, because a private field still
// shows in %+v, in %#v and in test diffs; every way of printing a Value gives "***", and only Reveal gives the text.
//
// A [Key] is a master key of 32 bytes, named by its id. A [KeyProvider] gives the keys; [Ring] is the one shipped here,
// read from a file or an environment variable, and a host with a key service implements the two methods itself. A
// [Sealer] encrypts with the provider's current key and decrypts with whichever key a record names, so keys are rotated
// by adding a new first key, calling [Sealer.Rewrap] on every record, and removing the old key after that.
//
//	ring, err := secret.RingFromFile("/etc/oplata/keys")
//	sealer := secret.NewSealer(ring)
//	sealed, err := sealer.Seal(ctx, []byte("sk_live_1"), "reseller-7", "method-42", "/api_key")
//	plain, err := sealer.Open(ctx, sealed, "reseller-7", "method-42", "/api_key")
//
// The last arguments bind the record to its place: a record copied to another method or another field does not open.
//
// A sealed record is the text v1.<key id>.<salt>.<ciphertext>. The record's own key is HKDF-SHA256 of the master key with
// the random salt, the cipher is AES-256-GCM with a random nonce, and key id and place are authenticated with it. The
// limit on random nonces holds for one key, and each record has its own, so the number of records is not limited by it.
//
// The package does not wipe memory, stores nothing, and does not know which keys are still in use: keep a canary record
// (see [Check]) so that a host which starts with the wrong ring stops at once.
package secret
