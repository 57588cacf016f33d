package handlers

import (
	"net/url"
	"strings"
	"testing"

	"campaignlark/models"
)

// TestAnImportLeadsToItsContactsAndIsTakenBack imports a file, follows the link to the new contacts, and takes the import back.
func TestAnImportLeadsToItsContactsAndIsTakenBack(t *testing.T) {
	eachEndpoint(t, func(t *testing.T, s *site) {
		s.addMergeTag(models.MergeTag{Key: "first_name", Label: "First name", Type: models.MergeTagText})
		w := s.addWebhook(models.TypeSubscribed)
		s.callJSON(w, `{"email_address":"old@example.com","first_name":"Old"}`)
		s.callJSON(w, `{"email_address":"other@example.com"}`)
		if err := s.db.CountAllContacts(t.Context(), s.server.now()); err != nil {
			t.Fatal(err)
		}
		columns := s.postFile("/w/books/contacts/import", "fair.csv", "email,first_name,tags\nold@example.com,New,fair\nanna@example.com,Anna,fair\nbert@example.com,Bert,\ncara@example.com,Cara,fair\n").header.Get("Location")
		fields := []string{"do", "check", "encoding", "utf-8", "comma", "comma", "header", "1", "column", "email", "column", "field:1", "column", "tags"}
		show := s.post(columns, fields...).header.Get("Location")
		s.work()
		s.follow(s.get(show+"/undo")).want(t, 200, "for a day after its end, and once.")
		work := s.post(show).header.Get("Location")
		s.work()
		page := s.get(work)
		page.want(t, 200, "Imported fair.csv", "3 contacts were created, 1 line changed a contact.")
		page.wantNot(t, "changed nothing")
		id := show[strings.LastIndex(show, "/")+1:]
		page.wantLink(t, "See the 3 new contacts", "/w/books/contacts?import="+id)
		page.wantLink(t, "Take this back", show+"/undo")
		s.get(show).wantLink(t, "See the 3 new contacts", "/w/books/contacts?import="+id)

		list := s.get("/w/books/contacts?import=" + id)
		list.want(t, 200, "created by the import of fair.csv", "3 of 5 contacts", "anna@example.com", "bert@example.com", "cara@example.com")
		list.wantNot(t, "old@example.com", "other@example.com")
		for filter, want := range map[string]string{"&tag=fair": "2 of 5", "&q=ber": "1 of 5", "&status=UNCONFIRMED": "0 of 5", "&tag=fair&status=SUBSCRIBED": "2 of 5", "&q=anna@example.com": "1 of 5", "&q=old@example.com": "0 of 5"} {
			s.get("/w/books/contacts?import="+id+filter).want(t, 200, want)
		}
		export := s.get("/w/books/contacts.csv?import=" + id).body
		if !strings.Contains(export, "cara@example.com") || strings.Contains(export, "old@example.com") {
			t.Errorf("got the export %q", export)
		}
		s.get("/w/books/contacts/bulk?all=1&do=tag&with=fair&import="+id).want(t, 200, "Add the tag “fair” to 3 contacts?", "created by the import of fair.csv", "Have the tag already: 2 of them.")
		for _, none := range []string{"99", "x", url.QueryEscape("%' OR 1=1"), "9223372036854775808", "-1"} {
			s.get("/w/books/contacts?import="+none).want(t, 200, "No contact matches", "Imports are known for 30 days.")
		}
		s.get("/w/books/contacts/1").want(t, 200, "imported the contact from fair.csv", "First name: Old", "New", "tag fair added")

		s.callJSON(w, `{"email_address":"bert@example.com","first_name":"Bert"}`) // changes nothing, but it happened
		s.get(show).wantLink(t, "Take this back", show+"/undo")
		ask := s.get(show + "/undo")
		ask.want(t, 200, "Take the import of fair.csv back?", "It created 3 contacts . 2 of them are deleted for good, because nobody changed them since. 1 stays as it is.", "1 line of it changed contacts.", "Automations that wait for an updated contact or for a tag do not start from this.",
			"Contacts that it unsubscribed stay unsubscribed.", "Type 2")
		s.post(show+"/undo").want(t, 422, "Please type the number of contacts, 2, to confirm.")
		viewer := s.as(s.signIn(s.addMember(s.workspace, "vera@example.com", models.RoleViewer)))
		viewer.post(show+"/undo", "typed", "2").want(t, 403)
		undo := s.post(show+"/undo", "typed", "2")
		s.follow(undo).want(t, 200, "Take the import of fair.csv back", "Under way")
		s.follow(s.post(show+"/undo", "typed", "2")).want(t, 200, "for a day after its end, and once.")
		s.work()
		s.get(undo.header.Get("Location")).want(t, 200, "2 new contacts were removed. 1 contact has its earlier values and tags again. 1 new contact stays, because something happened to it since.")
		s.get(show).want(t, 200, "This import was taken back.")
		s.get("/w/books/contacts").want(t, 200, "old@example.com", "other@example.com", "bert@example.com", "3 contacts")
		s.get("/w/books/contacts/1").want(t, 200, "ines@example.com took the import of fair.csv back", "First name: New", "tag fair taken off")
		if c := s.contact("old@example.com"); c.Fields["first_name"] != "Old" {
			t.Errorf("got %+v, want the value from before the import", c)
		}
		s.get("/w/books/settings/audit-log?kind=import").want(t, 200, "took back the import of")
		s.wantCounts("after an import was taken back")
		s.wantNames("after an import was taken back")
	})
}
