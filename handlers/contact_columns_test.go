package handlers

import (
	"strings"
	"testing"

	"campaignlark/models"
)

// TestEachPersonChoosesColumns chooses the columns of the list, and exports them, for all contacts and for ticked ones.
func TestEachPersonChoosesColumns(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		s.addMergeTag(models.MergeTag{Key: "city", Label: "Town", Type: models.MergeTagText})
		s.addMergeTag(models.MergeTag{Key: "born", Label: "Born", Type: models.MergeTagDate})
		s.addContact(1, "anna@example.com", func(c *models.Contact) {
			c.Fields = map[string]string{"city": "=Wien <b>", "born": "1990-02-03"}
		})
		s.addContact(2, "bert@example.com", nil)
		s.addTag("vip", 1)
		list := s.get("/w/books/contacts")
		list.want(t, 200, "Status Tags Last changed Created")
		list.wantNot(t, "=Wien")
		done := s.post("/w/books/contacts/columns", "column", "field:city", "column", "created", "column", "field:born", "column", "field:gone", "column", "nonsense", "status", "SUBSCRIBED", "sort", "address-asc")
		if got := done.header.Get("Location"); got != "/w/books/contacts?sort=address-asc&status=SUBSCRIBED" {
			t.Errorf("got to %s, want the list as it was", got)
		}
		list = s.follow(done)
		list.want(t, 200, "You see these columns from now on.", "Address ↑ Town Born Created", "=Wien <b>", "3 February 1990")
		list.wantNot(t, "Unconfirmed Unsubscribed Subscribed", "Last changed ↓")

		export := func(query, want string) {
			t.Helper()
			if got := s.get("/w/books/contacts.csv?bom=0" + query); got.status != 200 || strings.ReplaceAll(got.body, "\r", "") != want {
				t.Errorf("%s: got %d %q, want %q", query, got.status, got.body, want)
			}
		}
		created := s.contact("anna@example.com").CreatedAt.UTC().Format("2006-01-02T15:04:05Z07:00")
		const head = "email,status,tags,created_at,city,born\n"
		export("&columns=list", "email,city,born,created_at\nbert@example.com,,,"+created+"\nanna@example.com,'=Wien <b>,1990-02-03,"+created+"\n")
		export("", head+"bert@example.com,SUBSCRIBED,,"+created+",,\nanna@example.com,SUBSCRIBED,vip,"+created+",'=Wien <b>,1990-02-03\n")
		export("&id=1&id=99&id=x", head+"anna@example.com,SUBSCRIBED,vip,"+created+",'=Wien <b>,1990-02-03\n")
		export("&id=1&all=1&q=bert", head+"bert@example.com,SUBSCRIBED,,"+created+",,\n")
		s.get("/w/books/settings/audit-log?kind=contacts").want(t, 200, "ticked in the list", "name or address has what was searched for")

		viewer := s.as(s.signIn(s.addMember(s.workspace, "vera@example.com", models.RoleViewer)))
		viewer.get("/w/books/contacts").want(t, 200, "Status Tags Last changed Created")
		viewer.follow(viewer.post("/w/books/contacts/columns")).want(t, 200, "Address bert@example.com anna@example.com")
		for n := range 9 {
			s.addMergeTag(models.MergeTag{Key: "more" + itoa(int64(n)), Label: "More", Type: models.MergeTagText})
		}
		var many []string
		for n := range int64(9) {
			many = append(many, "column", "field:more"+itoa(n))
		}
		s.follow(s.post("/w/books/contacts/columns", many...)).want(t, 200, "Please choose at most 8 columns", "Town Born Created")
		s.follow(s.post("/w/books/contacts/columns", "do", "usual", "column", "field:city")).want(t, 200, "Status Tags Last changed Created")
	})
}
