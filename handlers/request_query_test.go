package handlers

import (
	"strings"
	"testing"

	"campaignlark/models"
)

// A part of the filter that cannot be read must never widen it: the list shows nothing and leads to no replay or download, and asking for
// those is refused.
func TestAFilterThatCannotBeReadMatchesNothing(t *testing.T) {
	eachEndpoint(t, func(t *testing.T, s *site) {
		w := s.addWebhook(models.TypeSubscribed)
		s.callJSON(w, `{"email_address":"arya@example.com"}`).want(t, 200)
		s.get("/w/books/requests").want(t, 200, "1 request", "Replay these calls")
		for _, query := range []string{"q=%00", "q=%FF", "webhook=%00", "outcome=%00", "outcome=zzz", "status=%00", "status=9", "method=%00", "method=PUT", "field=%00", "value=%00", "value=%00%20", "replays=maybe",
			"when=%00", "when=1y", "when=range&from=9999-01-01T00:00", "when=range&to=tomorrow", "when=range&from=%00", "q=" + strings.Repeat("a", 501), "value=" + strings.Repeat("a", 501)} {
			page := s.get("/w/books/requests?" + query)
			page.want(t, 200, "Nothing is listed.", "List requests without that part")
			page.wantNot(t, "arya@example.com", "Replay these calls", "NDJSON", "1 request")
			for _, refused := range []answer{s.get("/w/books/requests/replay?" + query), s.get("/w/books/requests.csv?" + query), s.get("/w/books/requests.ndjson?" + query)} {
				refused.want(t, 422, "This was not done", "Go back to change what you asked for.")
				refused.wantNot(t, "not saved", "arya@example.com", "Nothing is listed")
			}
		}
		s.post("/w/books/requests/replay", "value", "\x00").want(t, 422)
		s.get("/w/books/requests?q=+&value=").want(t, 200, "1 request") // blanks are no filter
		s.get("/w/books/requests?when=range&from=9999-01-01T00:00").wantNot(t, "9999, 00:00 remove this filter")
	})
}

// The list of contacts, its download and its bulk actions take such a filter in the same way.
func TestAContactFilterThatCannotBeReadMatchesNobody(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		s.addContact(1, "arya@example.com", nil)
		tag := s.addTag("vip", 1)
		for _, query := range []string{"q=%00", "status=%00", "tag=%00", "segment=%00", "import=%00", "rule=%00"} {
			page := s.get("/w/books/contacts?" + query)
			page.want(t, 200, "cannot be read.")
			page.wantNot(t, "arya@example.com")
			s.get("/w/books/contacts/bulk?do=delete&all=1&"+query).wantNot(t, "1 contact")
		}
		long := strings.Repeat("a", 9000)
		page := s.get("/w/books/contacts?q=" + long)
		page.want(t, 200, "The text is too long: please search for up to 500 characters.")
		page.wantNot(t, "arya@example.com", strings.Repeat("a", 200))
		s.get("/w/books/contacts/filter?tag="+itoa(tag.ID)).want(t, 200, "tag is vip")
	})
}
