package e2e

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"campaignlark/internal/dbtest"
)

// TestBrowserSegment creates a segment in the browser, with and without script, and waits for its first contact.
func TestBrowserSegment(t *testing.T) {
	eachBrowser(t, func(t *testing.T, newPage func(base string) *Page) {
		a := NewAudience(t, dbtest.SQLiteURL(t), 1)
		program := a.start()
		a.live(program)
		p := newPage(program.URL)
		p.SignIn(FirstAdmin["ADMIN_EMAIL"], FirstAdmin["ADMIN_PASSWORD"], "/")
		p.Follow("Segments")
		p.Follow("Create segment")
		p.Fill("name", "Everybody named Cersei")
		p.Fill("value-0", "UNSUBSCRIBED")
		p.Click("Condition")
		p.SeesField("what-1")
		p.lookAt("1", "field-1")
		p.Fill("value-1", `<img src=x onerror="alert(1)">`)
		p.Inspect("segment-builder")
		wantStatus(t, "saving the segment", p.Follow("Create segment"), http.StatusOK)
		p.Sees("Everybody named Cersei")
		deadline := time.Now().Add(30 * time.Second)
		for !strings.Contains(p.Text(), "cersei@example.com") {
			if time.Now().After(deadline) {
				t.Fatalf("timed out waiting for the contact to be in the segment:\n%s", p.Text())
			}
			p.Open(p.Path())
		}
	})
}

// lookAt selects the subject of the builder's row at a place, and waits for the matching controls.
func (p *Page) lookAt(place, what string) {
	p.t.Helper()
	p.Fill("what-"+place, what)
	if p.plain {
		p.Follow("Choose")
	}
	p.SeesField("was-" + place + "'][value='" + what)
}

// SeesField waits until there is a field of this name.
func (p *Page) SeesField(name string) {
	p.t.Helper()
	p.until(func() bool { return read(p, `String(document.querySelector("[name='`+name+`']") !== null)`) == "true" }, "there is a field "+name)
}
