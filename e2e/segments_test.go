package e2e

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"campaignlark/dbtest"
)

// TestBrowserSegment makes a segment by clicking, with and without script, and sees who is in it.
func TestBrowserSegment(t *testing.T) {
	eachBrowser(t, func(t *testing.T, newPage func(base string) *Page) {
		a := newAudience(t, dbtest.SQLiteURL(t), 1)
		program := a.start()
		a.live(program)
		p := newPage(program.URL)
		p.SignIn(firstAdmin["ADMIN_EMAIL"], firstAdmin["ADMIN_PASSWORD"], "/")
		p.Follow("Segments")
		p.Follow("Create segment")
		p.Fill("name", "Everybody named Cersei")
		p.Fill("value-0", "UNSUBSCRIBED")
		p.Follow("Condition")
		if p.plain {
			p.Fill("what-1", "field-1")
			p.Follow("Choose")
		} else {
			p.Change("what-1", "field-1")
		}
		p.Fill("value-1", `<img src=x onerror="alert(1)">`)
		p.Inspect("segment-builder")
		wantStatus(t, "saving the segment", p.Follow("Save"), http.StatusOK)
		p.Sees("Everybody named Cersei")
		deadline := time.Now().Add(30 * time.Second)
		for !strings.Contains(p.Text(), "cersei@example.com") {
			if time.Now().After(deadline) {
				t.Fatalf("waited in vain for the contact to be in the segment:\n%s", p.Text())
			}
			p.Open(p.Path())
		}
	})
}
