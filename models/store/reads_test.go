package store_test

import (
	"context"
	"regexp"
	"testing"
	"time"

	"campaignlark/internal/dbtest"
	"campaignlark/models"
	"campaignlark/models/store"

	"github.com/google/uuid"
)

// scanned finds what a plan of SQLite reads from its beginning to its end.
var scanned = regexp.MustCompile(`(?m)^SCAN (\w+)`)

// large are the tables with a row for each contact, call, event, run or message.
const large = "contacts|contact_tags|deliveries|delivery_attempts|automation_events|automation_runs|run_steps|webhook_requests|webhook_counts|segment_changes|audit_log"

// isLarge reports whether a name in a statement is that of a large table, or stands for one.
func isLarge(name, sql string) bool {
	return regexp.MustCompile("^("+large+")$").MatchString(name) || regexp.MustCompile(`\b(`+large+`)( AS)? `+name+`\b`).MatchString(sql)
}

// TestPagesReadNoWholeTable asks SQLite how it finds what these pages show. Each has an index that leads there.
func TestPagesReadNoWholeTable(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		if db.Dialect != store.SQLite { // Postgres decides by its statistics
			return
		}
		seen := watchStatements(t, db, "SELECT")
		c := models.Contact{WorkspaceID: 1, ID: 1, Email: "a@example.com"}
		now := time.Now()
		for what, read := range map[string]func(ctx context.Context) error{
			"contacts with an address": func(ctx context.Context) error { _, err := db.ContactsAnywhere(ctx, 0, c.Email); return err },
			"messages and runs by an id": func(ctx context.Context) error {
				_, _, err := db.SearchOutgoing(ctx, 1, uuid.New(), 20)
				return err
			},
			"what an erasure ends":       func(ctx context.Context) error { _, err := db.ContactOutgoing(ctx, c); return err },
			"runs of a person":           func(ctx context.Context) error { _, err := db.PersonRuns(ctx, c, uuid.Max); return err },
			"events about a person":      func(ctx context.Context) error { _, err := db.PersonEvents(ctx, c, uuid.Max); return err },
			"messages of a person":       func(ctx context.Context) error { _, err := db.PersonDeliveries(ctx, c, uuid.Max); return err },
			"the hours of webhooks":      func(ctx context.Context) error { _, err := db.HoursOfWebhooks(ctx, 1, now); return err },
			"groups of failed calls":     func(ctx context.Context) error { _, err := db.FailureGroups(ctx, 1, now); return err },
			"the counts of a navigation": func(ctx context.Context) error { _, err := db.NavCounts(ctx, 1, now); return err },
			"what a contact's page tells": func(ctx context.Context) error {
				_, err := db.ContactHistory(ctx, c, "", uuid.Nil)
				return err
			},
		} {
			*seen = nil
			if err := read(t.Context()); err != nil || len(*seen) == 0 {
				t.Fatalf("%s: %d statements (%v)", what, len(*seen), err)
			}
			for _, s := range *seen {
				for _, found := range scanned.FindAllStringSubmatch(s.plan(t, db), -1) {
					if isLarge(found[1], s.sql) {
						t.Errorf("%s: it reads all of %s: %s", what, found[1], s.sql)
					}
				}
			}
		}
	})
}
