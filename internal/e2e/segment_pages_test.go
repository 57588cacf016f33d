package e2e

import (
	"net/http"
	"strings"
	"testing"

	"campaignlark/internal/dbtest"
)

// TestBrowserSegmentFromWaitingToBroken waits until a segment is built, with script or with "Check now", and opens its changes.
// Then it deletes the tag that the segment's rule uses: the first form is refused, the second one confirms it.
func TestBrowserSegmentFromWaitingToBroken(t *testing.T) {
	eachBrowser(t, func(t *testing.T, newPage func(base string) *Page) {
		a := NewAudience(t, dbtest.SQLiteURL(t), 1)
		program := Start(t, Settings{Env: map[string]string{"DATABASE_URL": a.url, "SEGMENT_INTERVAL": "4s"}})
		a.live(program)
		p := newPage(program.URL)
		p.SignIn(FirstAdmin["ADMIN_EMAIL"], FirstAdmin["ADMIN_PASSWORD"], "/")
		p.Follow("Segments")
		p.becomes("to be built")
		p.Sees("Everybody who counts")
		p.Inspect("segments")
		p.Follow("Everybody who counts")
		p.Sees("the segment was first built, with the rule of")
		p.Follow("All changes")
		p.Sees("Today")

		tag := a.tags[0]
		p.Open("/w/my-workspace/tags/1/delete")
		p.Sees("A segment uses this tag in its rule.")
		p.Follow("Delete tag")
		p.Sees("Tick this to delete it anyway.")
		p.Inspect("tag-in-use")
		p.Tick("Delete it anyway")
		wantStatus(t, "deleting the tag", p.Follow("Delete tag"), http.StatusOK)
		p.Sees("The segment “Everybody who counts” is broken now")
		p.Follow("Segments")
		p.Sees("The tag “" + tag.Name + "” was deleted.")
		p.Sees(tag.Name + " (deleted)")
		p.Inspect("segments-broken")
	})
}

// becomes waits until the page no longer shows the text. Without script it clicks "Check now".
func (p *Page) becomes(text string) {
	p.t.Helper()
	p.until(func() bool {
		if p.plain && strings.Contains(p.Text(), "Check now") {
			p.Follow("Check now")
		}
		return !strings.Contains(p.Text(), text)
	}, "it no longer shows "+text)
}
