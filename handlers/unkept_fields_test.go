package handlers

import (
	"strings"
	"testing"

	"campaignlark/models"
)

// fine posts that a field of a webhook's calls is fine to ignore, or is not.
func (s *site) fine(w models.Webhook, name, fine string, more ...string) answer {
	s.t.Helper()
	return s.post(s.webhookPath(w, "/fields"), append([]string{"name", name, "fine", fine}, more...)...)
}

func TestFieldsWithoutAMergeTagCanBeFineToIgnore(t *testing.T) {
	eachEndpoint(t, func(t *testing.T, s *site) {
		s.addMergeTag(models.MergeTag{Key: "points", Label: "Points", Type: models.MergeTagNumber})
		w := s.createWebhook("name", "Shop", "type", "SUBSCRIBED")
		s.callJSON(w, `{"email_address":"a@example.com","Customer_Number":"<b>first</b>","colors[]":"red","points":"1"}`).want(t, 200)
		s.callJSON(w, `{"email_address":"b@example.com","customer_number":"<b>last</b>","place":{"city":"Wien"},"points":"1"}`).want(t, 200)
		call := s.lastCall()
		page, tags := s.get(s.webhookPath(w, "")), s.get("/w/books/merge-tags")
		page.want(t, 200, "Fields without a merge tag", "received and not kept, in the last 2 calls", "customer_number <b>last</b> 2 Create merge tag", "place an object 1", "Choose a part of it", "colors")
		page.inThisOrder(t, "customer_number", "colors", "place")
		page.wantNot(t, "first</b>", "Fine to ignore: ")
		tags.want(t, 200, "customer_number <b>last</b> Shop 2 Create merge tag")
		if strings.Contains(page.body, "<b>last") {
			t.Error("what was sent is markup on the page")
		}
		s.get("/w/books/requests").want(t, 200, "2 ignored")
		s.get("/w/books/requests/"+call).want(t, 200, "2 things to check", "customer_number was ignored.", "Fine to ignore")

		s.follow(s.fine(w, "customer_number", "1")).want(t, 200, "“customer_number” is fine to ignore. Calls to “Shop” say nothing of it from now on.", "Fine to ignore: 1 field")
		s.follow(s.fine(w, "place", "1", "back", call)).wantNot(t, "to check", "was ignored", "Create merge tag")
		s.get("/w/books/requests/"+call).want(t, 200, "It is fine to ignore.")
		page = s.get("/w/books/requests")
		page.want(t, 200, "1 ignored")
		page.wantNot(t, "2 ignored")
		page = s.get(s.webhookPath(w, ""))
		page.want(t, 200, "Fine to ignore: 2 fields", "colors")
		page.wantNot(t, "last</b>")
		s.fine(w, "colors", "1", "back", "merge-tags").want(t, 303)
		s.get("/w/books/merge-tags").want(t, 200, "Every other field that came has a merge tag.", "Fine to ignore: 3 fields")
		s.get("/w/books/requests").wantNot(t, "ignored")

		s.follow(s.fine(w, "place", "0")).want(t, 200, "“place” shows again when calls to “Shop” send it.", "place an object 1")
		s.get("/w/books/settings/audit-log").want(t, 200, "changed which fields are fine to ignore at the webhook Shop", "Fine to ignore: customer_number")
		before := s.audited()
		s.fine(w, "place", "0").want(t, 303)
		if s.audited() != before {
			t.Error("a click that changes nothing is in the audit log")
		}
		s.callJSON(w, `{"email_address":"c@example.com","customer_number":"3","points":"many"}`).want(t, 200)
		page = s.get("/w/books/requests")
		page.want(t, 200, "1 not stored")
		page.wantNot(t, "1 not stored, 1 ignored")
		s.post(s.webhookPath(w, "/delete"), "confirm", "1").want(t, 303)
		s.wantRows("fine_fields", 0)
	})
}

func TestAFieldWithCharactersThatCannotBeSeenCanBeFineToIgnore(t *testing.T) {
	eachEndpoint(t, func(t *testing.T, s *site) {
		w := s.createWebhook("name", "Shop", "type", "SUBSCRIBED")
		s.callJSON(w, `{"email_address":"a@example.com","one\n+ two%\u202e":"x"}`).want(t, 200)
		page := s.get(s.webhookPath(w, ""))
		page.want(t, 200, "Fields without a merge tag")
		if strings.Contains(page.body, "\u202e") {
			t.Error("the name reached the page as it came")
		}
		s.fine(w, page.hidden("name"), "1").want(t, 303)
		s.get("/w/books/requests").wantNot(t, "ignored")
		s.get(s.webhookPath(w, "")).want(t, 200, "Every other field that came has a merge tag.", "Fine to ignore: 1 field")
	})
}

func TestFieldsThatCannotBeFineToIgnore(t *testing.T) {
	eachEndpoint(t, func(t *testing.T, s *site) {
		w := s.createWebhook("name", "Shop", "type", "SUBSCRIBED")
		s.callJSON(w, `{"email_address":"a@example.com","":"x","otto@example.com":"1","long `+strings.Repeat("ß", 300)+`":"2"}`).want(t, 200)
		page := s.get(s.webhookPath(w, ""))
		page.want(t, 200, "otto@example.com")
		for _, name := range []string{"", "otto@example.com", "%zz", strings.Repeat("x", 1001)} {
			s.fine(w, name, "1").want(t, 422, "This name of a field cannot be kept.")
		}
		for i := range models.MaxFineFields {
			s.fine(w, "field "+itoa(int64(i)), "1").want(t, 303)
		}
		s.fine(w, "one more", "1").want(t, 422, "This webhook has 200 fields that are fine to ignore.")
		s.get(s.webhookPath(w, "")).want(t, 200, "Fine to ignore: 200 fields")
		s.get("/w/books/merge-tags").want(t, 200, "Fine to ignore: 200 fields", "150 more fields are on the pages of the webhooks.")
		s.wantRows("fine_fields", models.MaxFineFields)
		viewer := s.as(s.signIn(s.addMember(s.workspace, "viewer@example.com", models.RoleViewer)))
		viewer.fine(w, "x", "1").want(t, 403)
		page = viewer.get(s.webhookPath(w, ""))
		page.want(t, 200, "otto@example.com")
		page.wantNot(t, "Show again")
		other := s.addWorkspace("music")
		s.post("/w/"+other.Slug+"/webhooks/"+itoa(w.ID)+"/fields", "name", "x", "fine", "1").want(t, 404)
		s.fine(models.Webhook{ID: 99}, "x", "1").want(t, 404)
	})
}

// wantRows compares the number of rows of a table.
func (s *site) wantRows(table string, want int64) {
	s.t.Helper()
	var n int64
	if err := s.db.Read(s.t.Context()).Table(table).Count(&n).Error; err != nil || n != want {
		s.t.Errorf("%s has %d rows (%v), want %d", table, n, err, want)
	}
}
