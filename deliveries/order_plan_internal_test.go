package deliveries

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"campaignlark/internal/dbtest"
	"campaignlark/models"
	"campaignlark/models/store"

	"github.com/google/uuid"
	"gorm.io/gorm"
)

// TestTheNextOfAContactIsFoundByItsIndex asks Postgres how it finds the first delivery about a contact in a table without statistics, as it is on
// a first day. It may not read all that wait for a destination.
func TestTheNextOfAContactIsFoundByItsIndex(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		if db.Dialect != store.Postgres {
			return // SQLite takes the index with the most columns
		}
		now := time.Date(2026, 12, 1, 12, 0, 0, 0, time.UTC)
		var all []models.Delivery
		for i := range 300 {
			all = append(all, models.Delivery{WorkspaceID: 1, ID: models.NewID(now), EventID: uuid.New(), DestinationID: 1, ContactID: int64(i + 1), State: models.DeliveryPending, NextAt: now, Body: []byte("x")})
		}
		if err := db.Write(t.Context(), func(tx *gorm.DB) error { return tx.CreateInBatches(all, 100).Error }); err != nil {
			t.Fatal(err)
		}
		args := map[string]any{"ws": 1, "to": 1, "now": now, "window": 64, "ended": []uuid.UUID{all[0].ID}, "held": []uuid.UUID{all[1].ID}}
		for name, sql := range map[string]string{"look": lookSQL, "next": nextSQL, "delay": delaySQL} {
			var plan []string
			if err := db.Read(t.Context()).Raw("EXPLAIN "+sql, args).Scan(&plan).Error; err != nil {
				t.Fatal(err)
			}
			text := strings.Join(plan, "\n")
			if !strings.Contains(text, "deliveries_order on deliveries e") || regexp.MustCompile(`Filter: .*e?\.?contact_id = `).MatchString(text) {
				t.Error(fmt.Sprintf("%s: Postgres looks for the first about a contact in another way than by its index:\n%s", name, text))
			}
		}
	})
}
