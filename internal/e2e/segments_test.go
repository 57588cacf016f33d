package e2e

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"campaignlark/internal/dbtest"
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
		p.Click("Condition")
		p.SeesField("what-1")
		p.lookAt("1", "field-1")
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

// lookAt chooses what the builder's row at a place looks at, and waits for the controls that fit.
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
