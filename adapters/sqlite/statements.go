package sqlite

import (
	"github.com/oplata-go/oplata/connector"
	"github.com/oplata-go/oplata/payment"
)

// Every statement of this package stands here; a test prepares each of them and looks at the plans of those that have to
// be fast however much is stored.

// Transactions.
const (
	beginWrite = `BEGIN IMMEDIATE`
	probe      = `BEGIN`
	commit     = `COMMIT`
	rollback   = `ROLLBACK`
	savepoint  = `SAVEPOINT oplata`
	rollbackTo = `ROLLBACK TO oplata`
	release    = `RELEASE oplata`
)

// The file.
const (
	selectEngine     = `SELECT sqlite_version()`
	selectDurability = `SELECT journal_mode, (SELECT synchronous FROM pragma_synchronous), (SELECT foreign_keys FROM pragma_foreign_keys)
		FROM pragma_journal_mode`
	selectMigrated = `SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'oplata_schema'`
	selectVersion  = `SELECT coalesce(max(version), 0) FROM oplata_schema`
)

// Payments.
const (
	paymentColumns = `p.kind, p.id, p.version, p.reseller, p.account, p.status, p.attention, p.created_at, p.updated_at, p.body, p.personal`

	selectPayment = `SELECT ` + paymentColumns + ` FROM oplata_payments p WHERE p.id = ?`
	selectOwner   = `SELECT ` + paymentColumns + `, c.scope, c.key, c.record, c.print
		FROM oplata_payment_claims c JOIN oplata_payments p ON p.id = c.record WHERE c.scope = ? AND c.key = ?`

	insertPayment = `INSERT INTO oplata_payments
		(kind, id, version, reseller, account, status, attention, created_at, updated_at, body, personal)
		VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11) ON CONFLICT (id) DO NOTHING`

	// What usually changes is written alone: naming a column of an index costs a write to the index, even when the
	// value stays the same.
	updatePayment = `UPDATE oplata_payments
		SET version = ?3, status = ?6, attention = ?7, updated_at = ?9, body = ?10, personal = ?11
		WHERE id = ?2 AND version = ?12 AND kind = ?1 AND reseller = ?4 AND account = ?5 AND created_at = ?8`
	replacePayment = `UPDATE oplata_payments
		SET kind = ?1, version = ?3, reseller = ?4, account = ?5, status = ?6, attention = ?7, created_at = ?8,
			updated_at = ?9, body = ?10, personal = ?11
		WHERE id = ?2 AND version = ?12`

	insertEvent = `INSERT INTO oplata_payment_events (record, seq, id, at, name, body, key_id, mac)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?)`
	selectEvents = `SELECT record, seq, id, at, name, body, key_id, mac FROM oplata_payment_events
		WHERE record = ? AND seq > ? ORDER BY seq LIMIT ?`

	insertClaim = `INSERT INTO oplata_payment_claims (scope, key, record, print) VALUES (?, ?, ?, ?)
		ON CONFLICT (scope, key) DO NOTHING`
	selectClaim = `SELECT scope, key, record, print FROM oplata_payment_claims WHERE scope = ? AND key = ?`
)

// Tasks of payments.
const (
	taskColumns = `t.id, t.queue, t.lane, t.place, t.record, t.due, t.tries, t.token, t.dead, t.note, t.body`

	insertTask = `INSERT INTO oplata_payment_tasks
		(id, queue, lane, place, record, due, tries, dead, note, body, token, parked)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0) ON CONFLICT (id) DO NOTHING`
	replaceTask = `UPDATE oplata_payment_tasks
		SET queue = ?2, lane = ?3, place = ?4, record = ?5, due = ?6, tries = ?7, token = token + 1, dead = ?8, note = ?9,
			body = ?10, parked = 0
		WHERE id = ?1`
	deleteTask  = `DELETE FROM oplata_payment_tasks WHERE id = ?`
	selectLease = `SELECT token, queue, lane FROM oplata_payment_tasks WHERE id = ?`

	// firstOfLane is the task of t's lane that has to leave next. A dead one does not leave, and holds up the later
	// ones of its own record.
	firstOfLane = `(SELECT f.id FROM oplata_payment_tasks f
		WHERE f.queue = t.queue AND f.lane = t.lane AND f.lane <> '' AND f.dead = 0 AND NOT EXISTS (
			SELECT 1 FROM oplata_payment_tasks h WHERE h.queue = f.queue AND h.lane = f.lane AND h.lane <> ''
				AND h.record = f.record AND h.dead = 1 AND (h.place, h.id) < (f.place, f.id))
		ORDER BY f.place, f.id LIMIT 1)`

	// selectDue walks the due tasks of a queue, the longest due first, and says of each whether it is its turn.
	selectDue = `SELECT ` + taskColumns + `, t.lane = '' OR t.id = ` + firstOfLane + ` FROM oplata_payment_tasks t
		WHERE t.queue = ? AND t.due <= ? AND t.dead = 0 AND t.parked = 0 ORDER BY t.due, t.id`
	leaseTask = `UPDATE oplata_payment_tasks SET tries = ?2, token = ?3, due = ?4 WHERE id = ?1`
	parkTask  = `UPDATE oplata_payment_tasks SET parked = 1 WHERE id = ?`

	// unparkFirst lets leases see the first of a lane again.
	unparkFirst = `UPDATE oplata_payment_tasks SET parked = 0 WHERE parked = 1 AND id = (
		SELECT ` + firstOfLane + ` FROM (SELECT ?1 AS queue, ?2 AS lane) t)`

	// finishTask ends a lease of a task that stays.
	finishTask = `UPDATE oplata_payment_tasks SET due = coalesce(?2, due), dead = ?3, note = ?4 WHERE id = ?1`

	selectNextDue = `SELECT due FROM oplata_payment_tasks
		WHERE queue = ? AND dead = 0 AND parked = 0 ORDER BY due LIMIT 1`
)

// The ledger.
const (
	accountColumns = `id, reseller, name, currency, balance, entries, opened_at, last_at`
	entryColumns   = `account, seq, key, currency, amount, balance, comment, forced, at`

	selectAccount = `SELECT ` + accountColumns + ` FROM oplata_accounts WHERE id = ?`
	insertAccount = `INSERT INTO oplata_accounts (` + accountColumns + `) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (id) DO NOTHING`
	advanceAccount = `UPDATE oplata_accounts SET balance = ?, entries = ?, last_at = ?
		WHERE id = ? AND entries = ? AND currency = ?`

	insertEntry = `INSERT INTO oplata_entries (` + entryColumns + `) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (key) DO NOTHING`
	selectEntryByKey = `SELECT ` + entryColumns + ` FROM oplata_entries WHERE key = ?`

	// Times of an account's entries never go back, so a period is a run of entries: its ends are looked up.
	selectEntries = `SELECT ` + entryColumns + ` FROM oplata_entries
		WHERE account = ?1 AND seq > ?2 AND at >= ?3 AND at < ?4
			AND seq >= coalesce((SELECT seq FROM oplata_entries WHERE account = ?1 AND at >= ?3 ORDER BY at, seq LIMIT 1),
				9223372036854775807)
			AND seq < coalesce((SELECT seq FROM oplata_entries WHERE account = ?1 AND at >= ?4 ORDER BY at, seq LIMIT 1),
				9223372036854775807)
		ORDER BY seq LIMIT ?5`
)

// Connectors, payment methods, settings.
const (
	connectorColumns = `c.id, c.version, c.body,
		(SELECT count(*) FROM oplata_methods u WHERE u.connector = c.id)`

	selectConnector    = `SELECT ` + connectorColumns + ` FROM oplata_connectors c WHERE c.id = ?`
	selectConnectors   = `SELECT ` + connectorColumns + ` FROM oplata_connectors c WHERE c.id > ? ORDER BY c.id LIMIT ?`
	insertConnector    = `INSERT INTO oplata_connectors (id, version, body) VALUES (?, ?, ?) ON CONFLICT (id) DO NOTHING`
	replaceConnector   = `UPDATE oplata_connectors SET version = ?2, body = ?3 WHERE id = ?1`
	deleteConnector    = `DELETE FROM oplata_connectors WHERE id = ?`
	selectConnectorUse = `SELECT c.version, EXISTS (SELECT 1 FROM oplata_methods u WHERE u.connector = c.id)
		FROM oplata_connectors c WHERE c.id = ?`

	methodColumns = `m.id, m.reseller, m.connector, m.active, m.version, m.settings, m.body`

	selectMethod = `SELECT ` + methodColumns + ` FROM oplata_methods m WHERE m.id = ?`
	insertMethod = `INSERT INTO oplata_methods (id, reseller, connector, active, version, settings, body)
		VALUES (?, ?, ?, ?, ?, ?, ?)`
	replaceMethod = `UPDATE oplata_methods
		SET reseller = ?2, connector = ?3, active = ?4, version = ?5, settings = ?6, body = ?7 WHERE id = ?1`
	selectMethodVersion = `SELECT version FROM oplata_methods WHERE id = ?`

	selectSettings = `SELECT method, version, connector_version, revision, body FROM oplata_settings
		WHERE method = ? AND version = ?`
	insertSettings = `INSERT INTO oplata_settings (method, version, connector_version, revision, body)
		VALUES (?, ?, ?, ?, ?)`
	rewriteSettings = `UPDATE oplata_settings SET revision = ?3, body = ?4 WHERE method = ?1 AND version = ?2`
)

// listPayments is the query for records by descending ID. It walks the index of the first filter that is set; they are
// in the order of how few records each is likely to leave.
func listPayments(q payment.Query) (text string, args []any) {
	f := filter{text: `SELECT ` + paymentColumns + ` FROM oplata_payments p WHERE TRUE`}
	f.equal(q.Attention, `p.attention`, 1)
	f.equal(q.Account != "", `p.account`, q.Account)
	f.equal(q.Status != "", `p.status`, string(q.Status))
	f.equal(q.Reseller != "", `p.reseller`, q.Reseller)
	f.equal(q.Kind != "", `p.kind`, string(q.Kind))
	if q.Before != "" {
		f.add(` AND p.id < ?`, q.Before)
	}
	f.add(` ORDER BY p.id DESC LIMIT ?`, q.Limit)
	return f.text, f.args
}

// listTasks is the query for tasks by ascending ID.
func listTasks(q payment.TaskQuery) (text string, args []any) {
	f := filter{text: `SELECT ` + taskColumns + ` FROM oplata_payment_tasks t WHERE TRUE`}
	f.equal(q.Record != "", `t.record`, q.Record)
	f.equal(q.Dead, `t.dead`, 1)
	f.equal(q.Queue != "", `t.queue`, q.Queue)
	f.add(` AND t.id > ? ORDER BY t.id LIMIT ?`, q.After, q.Limit)
	return f.text, f.args
}

// listMethods is the query for payment methods by ascending ID.
func listMethods(q connector.MethodFilter) (text string, args []any) {
	f := filter{text: `SELECT ` + methodColumns + ` FROM oplata_methods m WHERE TRUE`}
	f.equal(q.Connector != "", `m.connector`, q.Connector)
	f.equal(q.Reseller != "", `m.reseller`, q.Reseller)
	f.equal(q.ActiveOnly, `m.active`, 1)
	f.add(` AND m.id > ? ORDER BY m.id LIMIT ?`, q.After, q.Limit)
	return f.text, f.args
}

// filter builds a query out of constant texts. No value ever becomes a part of the text.
type filter struct {
	text    string
	args    []any
	indexed bool
}

// equal adds a condition on a column. The planner knows nothing of how many rows a condition leaves, so it is told which
// index to use: a plus before a column keeps it from using that column's.
func (f *filter) equal(wanted bool, column string, value any) {
	if !wanted {
		return
	}
	if f.indexed {
		column = "+" + column
	}
	f.indexed = true
	if value == 1 {
		f.add(` AND ` + column + ` = 1`) // a partial index needs to see the value
		return
	}
	f.add(` AND `+column+` = ?`, value)
}

func (f *filter) add(text string, args ...any) {
	f.text += text
	f.args = append(f.args, args...)
}
