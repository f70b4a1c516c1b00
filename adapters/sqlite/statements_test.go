package sqlite

import (
	"context"
	"fmt"
	"go/ast"
	"go/constant"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/oplata-go/oplata/connector"
	"github.com/oplata-go/oplata/payment"
)

// constantStatements reads statements.go itself, so that none can be left out.
func constantStatements(t *testing.T) map[string]string {
	t.Helper()
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, "statements.go", nil, 0)
	require.NoError(t, err)
	// Only the constants are wanted: the functions and imports beside them need not be understood.
	file.Imports = nil
	var decls []ast.Decl
	for _, d := range file.Decls {
		if g, ok := d.(*ast.GenDecl); ok && g.Tok == token.CONST {
			decls = append(decls, d)
		}
	}
	file.Decls = decls
	pkg, err := (&types.Config{Importer: importer.Default()}).Check("statements", files, []*ast.File{file}, nil)
	require.NoError(t, err)
	found := map[string]string{}
	for _, name := range pkg.Scope().Names() {
		text := constant.StringVal(pkg.Scope().Lookup(name).(*types.Const).Val())
		if strings.HasSuffix(name, "Columns") || name == "firstOfLane" {
			continue // a part of others
		}
		found[name] = text
	}
	return found
}

// builtStatements builds queries with every set of filters.
func builtStatements() map[string]string {
	built := map[string]string{}
	for set := range 64 {
		on := func(bit int, text string) string {
			if set&bit == 0 {
				return ""
			}
			return text
		}
		q := payment.Query{
			Attention: set&1 != 0, Account: on(2, "a"), Status: payment.Status(on(4, "s")), Reseller: on(8, "r"),
			Kind: payment.RecordKind(on(16, "k")), Before: on(32, "b"), Limit: 1,
		}
		built[fmt.Sprintf("%+v", q)], _ = listPayments(q)
		tasks := payment.TaskQuery{Dead: set&1 != 0, Record: on(2, "r"), Queue: on(4, "q"), Limit: 1}
		built[fmt.Sprintf("%+v", tasks)], _ = listTasks(tasks)
		methods := connector.MethodFilter{ActiveOnly: set&1 != 0, Connector: on(2, "c"), Reseller: on(4, "r"), Limit: 1}
		built[fmt.Sprintf("%+v", methods)], _ = listMethods(methods)
	}
	return built
}

func TestEveryStatementIsUnderstood(t *testing.T) {
	constants := constantStatements(t)
	require.Greater(t, len(constants), 40)
	require.NoError(t, openNew(t).writer.lend(t.Context(), func(c *conn) error {
		for _, statements := range []map[string]string{constants, builtStatements()} {
			for name, text := range statements {
				if _, err := c.prepare(text); err != nil {
					return fmt.Errorf("%s: %w", name, err)
				}
			}
		}
		return nil
	}))
}

// plan gives the lines of a query plan.
func plan(t *testing.T, db *DB, text string) []string {
	t.Helper()
	var lines []string
	require.NoError(t, db.read(t.Context(), "plan", func(c *conn) error {
		args := make([]any, strings.Count(text, "?"))
		return c.each(context.Background(), "EXPLAIN QUERY PLAN "+text, args, func(r *row) {
			r.next = 3
			lines = append(lines, r.text())
		})
	}))
	return lines
}

// What is done again and again finds its rows by an index, however many there are.
func TestPlansOfStatementsThatMustStayFast(t *testing.T) {
	db := openNew(t)
	const (
		head = "SEARCH f USING INDEX oplata_payment_tasks_lane (queue=? AND lane=?)"
		held = "SEARCH h USING COVERING INDEX oplata_payment_tasks_held (queue=? AND lane=? AND record=? AND place<?)"
	)
	for text, searches := range map[string][]string{
		selectDue:        {"SEARCH t USING INDEX oplata_payment_tasks_due (queue=? AND due<?)", head, held},
		unparkFirst:      {"SEARCH oplata_payment_tasks USING PRIMARY KEY (id=?)", head, held},
		selectNextDue:    {"SEARCH oplata_payment_tasks USING COVERING INDEX oplata_payment_tasks_due (queue=?)"},
		selectLease:      {"SEARCH oplata_payment_tasks USING PRIMARY KEY (id=?)"},
		leaseTask:        {"SEARCH oplata_payment_tasks USING PRIMARY KEY (id=?)"},
		parkTask:         {"SEARCH oplata_payment_tasks USING PRIMARY KEY (id=?)"},
		finishTask:       {"SEARCH oplata_payment_tasks USING PRIMARY KEY (id=?)"},
		replaceTask:      {"SEARCH oplata_payment_tasks USING PRIMARY KEY (id=?)"},
		deleteTask:       {"SEARCH oplata_payment_tasks USING PRIMARY KEY (id=?)"},
		selectPayment:    {"SEARCH p USING INDEX sqlite_autoindex_oplata_payments_1 (id=?)"},
		updatePayment:    {"SEARCH oplata_payments USING INDEX sqlite_autoindex_oplata_payments_1 (id=?)"},
		replacePayment:   {"SEARCH oplata_payments USING INDEX sqlite_autoindex_oplata_payments_1 (id=?)"},
		selectClaim:      {"SEARCH oplata_payment_claims USING PRIMARY KEY (scope=? AND key=?)"},
		selectEvents:     {"SEARCH oplata_payment_events USING INDEX sqlite_autoindex_oplata_payment_events_1 (record=? AND seq>?)"},
		selectAccount:    {"SEARCH oplata_accounts USING PRIMARY KEY (id=?)"},
		advanceAccount:   {"SEARCH oplata_accounts USING PRIMARY KEY (id=?)"},
		selectEntryByKey: {"SEARCH oplata_entries USING INDEX sqlite_autoindex_oplata_entries_1 (key=?)"},
		selectOwner: {
			"SEARCH c USING PRIMARY KEY (scope=? AND key=?)",
			"SEARCH p USING INDEX sqlite_autoindex_oplata_payments_1 (id=?)",
		},
		selectEntries: {
			"SEARCH oplata_entries USING INDEX sqlite_autoindex_oplata_entries_2 (account=? AND seq>? AND seq<?)",
			"SEARCH oplata_entries USING COVERING INDEX oplata_entries_at (account=? AND at>?)",
			"SEARCH oplata_entries USING COVERING INDEX oplata_entries_at (account=? AND at>?)",
		},
	} {
		var got []string
		for _, line := range plan(t, db, text) {
			require.NotContains(t, line, "TEMP B-TREE", text)
			if strings.HasPrefix(line, "SEARCH") || strings.HasPrefix(line, "SCAN oplata") {
				got = append(got, line)
			}
		}
		require.Equal(t, searches, got, text)
	}
}

// A list walks the index of its most telling filter and never sorts.
func TestPlansOfLists(t *testing.T) {
	db := openNew(t)
	for name, text := range builtStatements() {
		lines := plan(t, db, text)
		require.Len(t, lines, 1, name)
		index := "(id>?)" // of the primary key
		for _, rule := range []struct{ condition, index string }{
			{" p.attention = 1", "oplata_payments_attention"},
			{" p.account = ?", "oplata_payments_account"},
			{" p.status = ?", "oplata_payments_status"},
			{" p.reseller = ?", "oplata_payments_reseller"},
			{" p.kind = ?", "oplata_payments_kind"},
			{" p.", "sqlite_autoindex_oplata_payments_1"},
			{" t.record = ?", "oplata_payment_tasks_record"},
			{" t.dead = 1", "oplata_payment_tasks_dead"},
			{" m.connector = ?", "oplata_methods_connector"},
			{" m.reseller = ?", "oplata_methods_reseller"},
		} {
			if strings.Contains(text, rule.condition) {
				index = rule.index
				break
			}
		}
		require.Contains(t, lines[0], index, name)
	}
}
