package e2e

import (
	"strings"
	"testing"

	"campaignlark/internal/dbtest"
	"campaignlark/models"
	"campaignlark/models/store"

	"gorm.io/gorm"
)

// TestBrowserRequestFillsInLater opens the page of a call while a lock stops the ticker. After the lock is released, the page
// shows what the call did to segments, without a reload.
func TestBrowserRequestFillsInLater(t *testing.T) {
	t.Parallel()
	a := NewAudience(t, dbtest.PostgresURL(t), 1)
	program := a.start()
	p := NewPage(t, program.URL)
	p.SignIn(FirstAdmin["ADMIN_EMAIL"], FirstAdmin["ADMIN_PASSWORD"], "/")
	err := a.db.Write(t.Context(), func(tx *gorm.DB) error {
		if err := tx.Exec("SELECT pg_advisory_xact_lock(?, ?)", store.LockSegments, int32(a.ws.ID)).Error; err != nil {
			return err
		}
		call := NewClient(t, program.URL).Get("/v1/inbound-webhooks/" + a.hook[models.TypeSubscribed] + "?email_address=ada%40example.com")
		p.Open("/w/my-workspace/requests/" + call.Header.Get("X-Request-Id"))
		p.Sees("Not yet recalculated")
		p.Inspect("request-waiting")
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	p.Sees("Entered none and left none because of this call.")
	p.Sees("as before")
	if text := p.Text(); strings.Contains(text, "Not yet recalculated") || p.Has("[data-state=wait]") {
		t.Errorf("the page still waits: %s", text)
	}
}
