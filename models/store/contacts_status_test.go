package store_test

import (
	"fmt"
	"strings"
	"testing"

	"campaignlark/internal/dbtest"
	"campaignlark/models"
	"campaignlark/models/store"

	"gorm.io/gorm"
)

// TestARareStatusIsFoundByItsIndex reads the contacts of a status that only few of a workspace's contacts have: in lists, counts,
// jobs and the dashboard. Each workspace has another rare status, so that statistics of the table do not help. No statement may
// look for the few among all contacts.
func TestARareStatusIsFoundByItsIndex(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		rare := map[models.Status]models.Workspace{}
		for i, status := range models.Statuses {
			rare[status] = newWorkspace(t, db, strings.ToLower(string(status)))
			fill := `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 12000)
				INSERT INTO contacts (workspace_id, id, email, status, fields, version, created_at, updated_at)
				SELECT ?, i, 'c' || i || '@example.com', CASE WHEN i % 3000 = 7 THEN ? ELSE ? END, '{}', 1, ?, ? FROM n`
			common := models.Statuses[(i+1)%len(models.Statuses)]
			err := db.Write(t.Context(), func(tx *gorm.DB) error { return tx.Exec(fill, rare[status].ID, status, common, noon, noon).Error })
			if err != nil {
				t.Fatal(err)
			}
		}
		if db.Dialect == store.Postgres {
			if _, err := db.Pool().ExecContext(t.Context(), "VACUUM ANALYZE contacts"); err != nil {
				t.Fatal(err)
			}
		}
		seen := watchStatements(t, db, "status")
		for status, ws := range rare {
			filter := store.ContactFilter{Status: status}
			for _, cursor := range []store.ContactCursor{{}, {Before: 6000}, {After: 6000}} {
				if _, err := db.Contacts(t.Context(), ws.ID, filter, cursor); err != nil {
					t.Fatal(err)
				}
			}
			if _, _, err := filter.NextContacts(db.Read(t.Context()), ws.ID, 6000, 50); err != nil {
				t.Fatal(err)
			}
			n, _, err := db.CountBulk(t.Context(), ws.ID, models.Bulk{Action: models.BulkDelete}, store.BulkCursor{Filter: filter, Before: 12_001})
			if err != nil || n != 4 {
				t.Errorf("got %d %s contacts (%v), want 4", n, status, err)
			}
			if _, err := db.Overview(t.Context(), ws.ID, noon); err != nil {
				t.Fatal(err)
			}
			if err := db.NoteContactDay(t.Context(), ws, noon); err != nil {
				t.Fatal(err)
			}
			if len(*seen) < 10 {
				t.Errorf("got %d statements that read a status, want that the pages are among them", len(*seen))
			}
			for _, s := range *seen {
				if plan := s.plan(t, db); !strings.Contains(plan, " contacts_"+strings.ToLower(string(status))) {
					t.Errorf("%s contacts: %s\nhas the plan\n%s", status, s.sql, plan)
				}
			}
			*seen = nil
		}
	})
}

// statement is a statement as it was sent, with its parameters.
type statement struct {
	sql    string
	values []any
}

// plan returns the database's plan of the statement. For Postgres it is the plan of a prepared statement that was run many times,
// which does not know the parameters.
func (s statement) plan(t *testing.T, db *store.DB) (plan string) {
	t.Helper()
	if db.Dialect == store.SQLite {
		return explain(t, db, s.sql, s.values...)
	}
	err := db.Write(t.Context(), func(tx *gorm.DB) error {
		for _, sql := range []string{"SET LOCAL plan_cache_mode = force_generic_plan", "PREPARE watched AS " + s.sql} {
			if err := tx.Exec(sql).Error; err != nil {
				return err
			}
		}
		places := make([]string, len(s.values))
		for i := range places {
			places[i] = fmt.Sprint("$", i+1)
		}
		var lines []string
		err := tx.Raw(tx.Dialector.Explain("EXPLAIN EXECUTE watched ("+strings.Join(places, ", ")+")", s.values...)).Scan(&lines).Error
		plan = strings.Join(lines, "\n")
		if err != nil {
			return err
		}
		return tx.Exec("DEALLOCATE watched").Error
	})
	if err != nil {
		t.Fatalf("%s: %v", s.sql, err)
	}
	return plan
}

// watchStatements collects the SELECTs that contain a text from now on.
func watchStatements(t *testing.T, db *store.DB, text string) *[]statement {
	t.Helper()
	var seen []statement
	watch := func(tx *gorm.DB) {
		sql := tx.Statement.SQL.String()
		if strings.HasPrefix(sql, "SELECT") && strings.Contains(sql, text) {
			seen = append(seen, statement{sql, tx.Statement.Vars})
		}
	}
	callbacks := db.Read(t.Context()).Callback()
	if err := callbacks.Query().After("gorm:query").Register("test:watch", watch); err != nil {
		t.Fatal(err)
	}
	if err := callbacks.Row().After("gorm:row").Register("test:watch", watch); err != nil {
		t.Fatal(err)
	}
	return &seen
}
