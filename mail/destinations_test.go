package mail

import (
	"log/slog"
	"strings"
	"testing"
	"time"

	"campaignlark/internal/dbtest"
	"campaignlark/models"
	"campaignlark/models/store"

	"gorm.io/gorm"
)

// look lets two replicas look for destinations that fail, at the same time.
func (w *world) look(mail bool) {
	w.Helper()
	t := Destinations{DB: w.db, Log: slog.New(slog.NewTextHandler(&w.log, nil)), Mail: mail}
	both := make(chan error)
	for range 2 {
		go func() { both <- t.Tell(w.Context(), w.now()) }()
	}
	for range 2 {
		if err := <-both; err != nil {
			w.Error(err)
		}
	}
}

// TestAdminsAreToldOfDestinations lets a destination fail for a day, recover, fail again and answer 410.
func TestAdminsAreToldOfDestinations(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db)
		d := models.Destination{WorkspaceID: w.ws.ID, Name: "CRM", URL: "https://crm.example.com/in", Secret: []byte{1}, Enabled: true, CreatedAt: w.now(), UpdatedAt: w.now()}
		set := func(values map[string]any) {
			w.Helper()
			w.write(func(tx *gorm.DB) error {
				return tx.Model(&models.Destination{}).Where("id = ?", d.ID).Updates(values).Error
			})
		}
		w.write(func(tx *gorm.DB) error {
			tx.Model(&models.Membership{}).Where("user_id = ?", w.members[1].ID).Update("role", models.RoleManager)
			if err := tx.Create(&d).Error; err != nil {
				return err
			}
			return tx.Create(&models.Delivery{WorkspaceID: w.ws.ID, ID: models.NewID(w.now()), DestinationID: d.ID, State: models.DeliveryPending, NextAt: w.now()}).Error
		})
		failing := map[string]any{"failing_since": w.now(), "failures": 9}
		set(failing)
		w.later(59 * time.Minute)
		w.look(true)
		w.wantSent("59 minutes")
		w.later(time.Minute)
		w.look(true)
		w.look(true)
		w.wantSent("an hour", "ada@example.com Books: The destination “CRM” has taken no message for an hour; 1 message waits")
		text := w.post.taken()[0].plain(t)
		for _, part := range []string{"In the workspace Books:", "https://hooks.example.com/w/books/destinations", "an admin of the workspace"} {
			if !strings.Contains(text, part) {
				t.Errorf("got the mail %s, want %q in it", text, part)
			}
		}
		w.later(22 * time.Hour)
		w.look(true)
		w.wantSent("less than a day")
		w.later(time.Hour)
		w.look(true)
		w.wantSent("a day", "ada@example.com Books: The destination “CRM” has taken no message for a day; 1 message waits")
		set(map[string]any{"failing_since": nil, "failures": 0})
		w.look(true)
		w.wantSent("it recovered")
		set(map[string]any{"failing_since": w.now(), "failures": 9})
		w.later(2 * time.Hour)
		w.look(true)
		w.wantSent("it fails again", "ada@example.com Books: The destination “CRM” has taken no message for an hour; 1 message waits")
		w.later(2 * time.Hour)
		set(map[string]any{"enabled": false, "off_reason": "It answered 410 Gone."})
		w.look(true)
		w.look(true)
		w.wantSent("switched off", "ada@example.com Books: The destination “CRM” was switched off. It answered 410 Gone; 1 message waits")
		set(map[string]any{"enabled": true, "off_reason": "", "failing_since": nil, "failures": 0})
		w.look(true)
		w.later(2 * time.Hour)
		set(map[string]any{"enabled": false})
		w.look(true)
		w.wantSent("a person switched it off")
		log := w.log.String()
		if strings.Count(log, "a destination fails") != 3 || strings.Count(log, "a destination was switched off") != 1 || strings.Contains(log, "CRM") || strings.Contains(log, "example.com") {
			t.Errorf("got the log %s, want three failures and one switching off, without names", log)
		}
	})
}

// TestWithoutMailTheLogSaysThatADestinationFails looks without a mail server.
func TestWithoutMailTheLogSaysThatADestinationFails(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db)
		since := w.now().Add(-25 * time.Hour)
		w.write(func(tx *gorm.DB) error {
			return tx.Create(&models.Destination{WorkspaceID: w.ws.ID, Name: "CRM", Secret: []byte{1}, Enabled: true, FailingSince: &since, Failures: 9, CreatedAt: since, UpdatedAt: since}).Error
		})
		w.look(false)
		w.look(false)
		w.wantSent("no mail")
		if log := w.log.String(); strings.Count(log, "a destination fails") != 1 {
			t.Errorf("got the log %s, want one line", log)
		}
	})
}
