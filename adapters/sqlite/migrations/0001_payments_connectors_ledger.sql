-- Schema version 1. Every name begins with oplata_, so that the tables of the host can stand beside them.
-- Times are microseconds since 1970 in UTC. A blob that is NULL was nil, one of no length was empty.

CREATE TABLE oplata_schema (
	version INTEGER NOT NULL PRIMARY KEY -- one row for each migration that was run
) STRICT;

-- Payments and unallocated receipts, whole. What stands beside the body is there to be looked up.
CREATE TABLE oplata_payments (
	id         TEXT    NOT NULL PRIMARY KEY,
	version    INTEGER NOT NULL,
	status     TEXT    NOT NULL,
	attention  INTEGER NOT NULL,
	updated_at INTEGER NOT NULL,
	kind       TEXT    NOT NULL,
	reseller   TEXT    NOT NULL,
	account    TEXT    NOT NULL,
	created_at INTEGER NOT NULL,
	body       BLOB,
	personal   BLOB
) STRICT;
CREATE INDEX oplata_payments_account   ON oplata_payments (account, id);
CREATE INDEX oplata_payments_reseller  ON oplata_payments (reseller, id);
CREATE INDEX oplata_payments_status    ON oplata_payments (status, id);
CREATE INDEX oplata_payments_kind      ON oplata_payments (kind, id);
CREATE INDEX oplata_payments_attention ON oplata_payments (id) WHERE attention = 1;

-- What happened to a payment. Never changed, never deleted.
CREATE TABLE oplata_payment_events (
	record TEXT    NOT NULL,
	seq    INTEGER NOT NULL,
	id     TEXT    NOT NULL,
	at     INTEGER NOT NULL,
	name   TEXT    NOT NULL,
	body   BLOB,
	key_id TEXT    NOT NULL,
	mac    BLOB,
	PRIMARY KEY (record, seq)
) STRICT;

-- Unique keys over all payments. Never released.
CREATE TABLE oplata_payment_claims (
	scope  TEXT NOT NULL,
	key    TEXT NOT NULL,
	record TEXT NOT NULL,
	print  TEXT NOT NULL,
	PRIMARY KEY (scope, key)
) STRICT, WITHOUT ROWID;

-- What is to be done later. A task that was found due while another one of its lane had to leave before it is parked:
-- out of the index that leases walk, until it is its turn. The first of a lane is never parked.
CREATE TABLE oplata_payment_tasks (
	id     TEXT    NOT NULL PRIMARY KEY,
	queue  TEXT    NOT NULL,
	lane   TEXT    NOT NULL,
	place  INTEGER NOT NULL,
	record TEXT    NOT NULL,
	due    INTEGER NOT NULL,
	tries  INTEGER NOT NULL,
	token  INTEGER NOT NULL,
	dead   INTEGER NOT NULL,
	parked INTEGER NOT NULL,
	note   TEXT    NOT NULL,
	body   BLOB
) STRICT, WITHOUT ROWID;
CREATE INDEX oplata_payment_tasks_due    ON oplata_payment_tasks (queue, due, id) WHERE dead = 0 AND parked = 0;
CREATE INDEX oplata_payment_tasks_lane   ON oplata_payment_tasks (queue, lane, place, id) WHERE dead = 0 AND lane <> '';
CREATE INDEX oplata_payment_tasks_held   ON oplata_payment_tasks (queue, lane, record, place, id) WHERE dead = 1 AND lane <> '';
CREATE INDEX oplata_payment_tasks_dead   ON oplata_payment_tasks (id) WHERE dead = 1;
CREATE INDEX oplata_payment_tasks_record ON oplata_payment_tasks (record, id);

-- The ledger: accounts as they stand after their newest entry, and the entries. Amounts are in minor units.
CREATE TABLE oplata_accounts (
	id        TEXT    NOT NULL PRIMARY KEY,
	reseller  TEXT    NOT NULL,
	name      TEXT    NOT NULL,
	currency  TEXT    NOT NULL,
	balance   INTEGER NOT NULL,
	entries   INTEGER NOT NULL,
	opened_at INTEGER NOT NULL,
	last_at   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE oplata_entries (
	account  TEXT    NOT NULL REFERENCES oplata_accounts (id),
	seq      INTEGER NOT NULL,
	key      TEXT    NOT NULL UNIQUE,
	currency TEXT    NOT NULL,
	amount   INTEGER NOT NULL,
	balance  INTEGER NOT NULL,
	comment  TEXT    NOT NULL,
	forced   INTEGER NOT NULL,
	at       INTEGER NOT NULL,
	PRIMARY KEY (account, seq)
) STRICT;
CREATE INDEX oplata_entries_at ON oplata_entries (account, at, seq);

-- Connectors, payment methods and every version of their settings. Secrets in the bodies are sealed.
CREATE TABLE oplata_connectors (
	id      TEXT    NOT NULL PRIMARY KEY,
	version INTEGER NOT NULL,
	body    BLOB
) STRICT;

CREATE TABLE oplata_methods (
	id        TEXT    NOT NULL PRIMARY KEY,
	reseller  TEXT    NOT NULL,
	connector TEXT    NOT NULL REFERENCES oplata_connectors (id),
	active    INTEGER NOT NULL,
	version   INTEGER NOT NULL,
	settings  INTEGER NOT NULL,
	body      BLOB
) STRICT;
CREATE INDEX oplata_methods_connector ON oplata_methods (connector, id);
CREATE INDEX oplata_methods_reseller  ON oplata_methods (reseller, id);

CREATE TABLE oplata_settings (
	method            TEXT    NOT NULL REFERENCES oplata_methods (id),
	version           INTEGER NOT NULL,
	connector_version INTEGER NOT NULL,
	revision          INTEGER NOT NULL,
	body              BLOB,
	PRIMARY KEY (method, version)
) STRICT;

INSERT INTO oplata_schema (version) VALUES (1);
