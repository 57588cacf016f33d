package deliveries

import (
	"strings"
	"testing"

	"campaignlark/internal/dbtest"
	"campaignlark/models"
	"campaignlark/models/store"

	"github.com/google/uuid"
	"gorm.io/gorm"
)

// TestAGroupIsReadAndWrittenByItsKeys asks SQLite how it does the statements for a group of deliveries. With another index it reads
// everything that waits for the destination, with each group.
func TestAGroupIsReadAndWrittenByItsKeys(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		if db.Dialect != store.SQLite { // Postgres decides by its statistics
			return
		}
		ids := []uuid.UUID{uuid.New(), uuid.New(), uuid.New()}
		named := map[string]any{"ws": 1, "firsts": ids, "later": ids, "held": ids, "ended": ids, "now": 1}
		for what, statement := range map[string]func(tx *gorm.DB) *gorm.DB{
			"lease": func(tx *gorm.DB) *gorm.DB { return rowsOf(tx, 1, ids).UpdateColumns(map[string]any{"leased_until": 1}) },
			"arrive": func(tx *gorm.DB) *gorm.DB {
				return rowsOf(tx, 1, ids).UpdateColumns(map[string]any{"state": models.DeliveryArrived, "tries": gorm.Expr("tries + 1")})
			},
			"let the next pass": func(tx *gorm.DB) *gorm.DB {
				return rowsOf(tx, 1, ids).Where("held OR next_at <= ?", 1).UpdateColumns(map[string]any{"next_at": 1, "held": false})
			},
			"take":           func(tx *gorm.DB) *gorm.DB { return tx.Raw(takeSQL, named).Find(&[]models.Delivery{}) },
			"hold":           func(tx *gorm.DB) *gorm.DB { return tx.Raw(holdSQL, named).Find(&[]models.Delivery{}) },
			"delay":          func(tx *gorm.DB) *gorm.DB { return tx.Exec(delaySQL, named) },
			"those that end": func(tx *gorm.DB) *gorm.DB { return tx.Raw(nextSQL, named).Find(&[]models.Delivery{}) },
		} {
			var plan []struct{ Detail string }
			err := db.Write(t.Context(), func(tx *gorm.DB) error {
				dry := statement(tx.Session(&gorm.Session{DryRun: true}))
				if dry.Error != nil {
					return dry.Error
				}
				return tx.Raw("EXPLAIN QUERY PLAN "+dry.Statement.SQL.String(), dry.Statement.Vars...).Scan(&plan).Error
			})
			if err != nil {
				t.Fatalf("%s: %v", what, err)
			}
			for _, step := range plan {
				if strings.HasPrefix(step.Detail, "S") && strings.Contains(step.Detail, "INDEX") && !strings.Contains(step.Detail, " AND id=?)") && !strings.Contains(step.Detail, " AND contact_id=?)") {
					t.Errorf("%s: %s", what, step.Detail)
				}
			}
			if len(plan) == 0 {
				t.Errorf("%s: no plan", what)
			}
		}
	})
}

// TestSendingAgainIsCountedByTheContacts asks SQLite how it looks for newer messages about the contacts: by destination and state, it reads
// everything that has arrived for each message, which takes minutes.
func TestSendingAgainIsCountedByTheContacts(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		if db.Dialect != store.SQLite { // Postgres decides by its statistics
			return
		}
		tx := db.Read(t.Context())
		sql, args := countAgain(1, models.ResendSpec{DestinationID: 1, State: models.DeliveryArrived, Status: 500, AutomationID: 1})
		var plan []struct{ Detail string }
		if err := tx.Raw("EXPLAIN QUERY PLAN "+sql, args).Scan(&plan).Error; err != nil {
			t.Fatal(err)
		}
		found := false
		for _, step := range plan {
			found = found || strings.HasPrefix(step.Detail, "SEARCH e USING INDEX deliveries_contact ")
			if strings.Contains(step.Detail, "CORRELATED") {
				t.Errorf("got %q, want no search for each message: a contact may have thousands", step.Detail)
			}
		}
		if !found {
			t.Errorf("got %v, want newer messages found by their contact", plan)
		}
	})
}

// TestMessagesAreListedInTheOrderOfAnIndex asks SQLite how it finds the newest messages of a filter. It must neither read nor sort all of them.
func TestMessagesAreListedInTheOrderOfAnIndex(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		if db.Dialect != store.SQLite {
			return
		}
		for name, f := range map[string]Filter{"all": {}, "contact": {ContactID: 1}, "call": {RequestID: uuid.New()}, "destination and state": {DestinationID: 1, State: models.DeliveryDead}} {
			var plan []struct{ Detail string }
			args := map[string]any{"ws": 1, "before": uuid.Max, "contact": 1, "request": f.RequestID, "destination": 1, "state": f.State, "window": 50}
			if err := db.Read(t.Context()).Raw("EXPLAIN QUERY PLAN "+f.window("id"), args).Scan(&plan).Error; err != nil {
				t.Fatal(err)
			}
			if name == "call" && !strings.HasPrefix(plan[0].Detail, "SEARCH deliveries USING INDEX deliveries_request ") {
				t.Errorf("got %v, want those of a call found by the call", plan)
			}
			for _, step := range plan {
				if sorts := strings.Contains(step.Detail, "TEMP B-TREE"); sorts && name != "call" || !sorts && !strings.HasPrefix(step.Detail, "SEARCH ") {
					t.Errorf("%s: %s", name, step.Detail)
				}
			}
		}
	})
}

// TestWhatWaitsIsCountedByDestination asks SQLite how it counts what waits. It must not read all deliveries.
func TestWhatWaitsIsCountedByDestination(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		if db.Dialect != store.SQLite {
			return
		}
		var plan []struct{ Detail string }
		if err := db.Read(t.Context()).Raw("EXPLAIN QUERY PLAN "+waitingSQL, map[string]any{"most": 10}).Scan(&plan).Error; err != nil {
			t.Fatal(err)
		}
		for _, step := range plan {
			if strings.HasPrefix(step.Detail, "SEARCH v ") && strings.Contains(step.Detail, "destination_id=?") {
				return
			}
		}
		t.Errorf("got %v, want deliveries found by their destination", plan)
	})
}
