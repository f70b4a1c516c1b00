CREATE TABLE oplata_schema (
	version INTEGER NOT NULL PRIMARY KEY -- one row for each migration that was run
) STRICT;
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
CREATE TABLE oplata_payment_claims (
	scope  TEXT NOT NULL,
	key    TEXT NOT NULL,
	record TEXT NOT NULL,
	print  TEXT NOT NULL,
	PRIMARY KEY (scope, key)
) STRICT, WITHOUT ROWID;
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
INSERT INTO oplata_payments (id, version, status, attention, updated_at, kind, reseller, account, created_at, body, personal) VALUES ('p-1', 2, 'completed', 1, 1772357401123456, 'payment', 'root', '42', 1772357400123456, X'7B22707572706F7365223A22D09FD0BED0BFD0BED0BBD0BDD0B5D0BDD0B8D0B5227D', X'');
INSERT INTO oplata_payment_events (record, seq, id, at, name, body, key_id, mac) VALUES ('p-1', 1, 'p-1/1', 1772357400123456, 'created', X'7B7D', 'k1', X'00FF');
INSERT INTO oplata_payment_events (record, seq, id, at, name, body, key_id, mac) VALUES ('p-1', 2, 'p-1/2', 1772357400123456, 'success', X'7B2261223A317D', 'k1', X'01');
INSERT INTO oplata_payment_claims (scope, key, record, print) VALUES ('charge', 'acme:1', 'p-1', '100.00 RUB');
INSERT INTO oplata_payment_tasks (id, queue, lane, place, record, due, tries, token, dead, parked, note, body) VALUES ('p-1/event', 'ledger', 'p-1', 1, 'p-1', 1772357460123456, 3, 4, 1, 0, 'ledger: not reached', NULL);
INSERT INTO oplata_payment_tasks (id, queue, lane, place, record, due, tries, token, dead, parked, note, body) VALUES ('p-1/posting', 'ledger', 'p-1', 2, 'p-1', 1772357460123456, 3, 4, 0, 0, 'ledger: not reached', X'7B22616D6F756E74223A223130302E3030227D');
INSERT INTO oplata_accounts (id, reseller, name, currency, balance, entries, opened_at, last_at) VALUES ('42', 'root', 'Абонент', 'RUB', 10000, 1, 1772357400123456, 1772357400123456);
INSERT INTO oplata_entries (account, seq, key, currency, amount, balance, comment, forced, at) VALUES ('42', 1, 'p-1/posting', 'RUB', 10000, 10000, 'Пополнение баланса через ЛК', 0, 1772357400123456);
INSERT INTO oplata_connectors (id, version, body) VALUES ('c-1', 1, X'7B226E616D65223A2241636D65227D');
INSERT INTO oplata_methods (id, reseller, connector, active, version, settings, body) VALUES ('m-1', 'root', 'c-1', 1, 1, 1, X'7B7D');
INSERT INTO oplata_settings (method, version, connector_version, revision, body) VALUES ('m-1', 1, 1, 1, X'7B226B6579223A2276312E6B2E732E63227D');
