package handlers

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"
	"time"

	"campaignlark/jobs"
	"campaignlark/models"

	"gorm.io/gorm"
)

// work runs background jobs until none is left.
func (s *site) work() {
	s.t.Helper()
	runner := jobs.New(s.db, s.server.Log, s.server.Now)
	runner.Intake = s.server.Intake
	for busy := true; busy; {
		var err error
		if busy, err = runner.Turn(s.t.Context()); err != nil {
			s.t.Fatal(err)
		}
	}
}

func (s *site) addContacts(n int64) {
	s.t.Helper()
	for id := int64(1); id <= n; id++ {
		s.addContact(id, "c"+itoa(id)+"@example.com", nil)
	}
}

func TestBulkActionChangesTickedContacts(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		s.addContacts(4)
		s.addTag("vip", 1)
		s.get("/w/books/contacts").want(t, 200, "Add tag", "Change status", "All 4 that match", "Recent work")
		s.get("/w/books/contacts/bulk?do=tag").want(t, 200, "Nobody is selected")
		s.get("/w/books/contacts/bulk?do=tag&id=1&id=2&id=3").want(t, 200, "Which tag should they get?")
		s.get("/w/books/contacts/bulk?do=tag&id=1&id=2&id=3&with=VIP").want(t, 200, "Add the tag “vip” to 3 contacts?", "Have the tag already: 1 of them.")
		before := s.server.now()
		s.follow(s.post("/w/books/contacts/bulk", "do", "tag", "with", "vip", "id", "1", "id", "2", "id", "3", "id", "99", "newest", "4")).want(t, 200, "Add the tag “vip” to 3 contacts", "Under way")
		s.work()
		s.get("/w/books/jobs/1").want(t, 200, "Done", "The tag “vip” was added to 2 contacts. 1 had it already.")
		s.get("/w/books/contacts/2").want(t, 200, "ines@example.com changed several contacts at once, this one among them", "vip")
		var changed []models.Contact
		s.db.Read(t.Context()).Where("version = 2 AND updated_at >= ?", before).Order("id").Find(&changed)
		var marks int64
		s.db.Read(t.Context()).Model(&models.DirtyContact{}).Where("user_id = ?", s.user.ID).Count(&marks)
		if len(changed) != 2 || changed[0].ID != 2 || changed[1].ID != 3 || marks != 2 {
			t.Errorf("got %d contacts with a new version and %d marks, want just 2 and 3", len(changed), marks)
		}

		s.get("/w/books/contacts/bulk?do=status&id=4").want(t, 200, "Which status should they have?")
		s.get("/w/books/contacts/bulk?do=status&id=4&to=UNSUBSCRIBED").want(t, 200, "Make 1 contact unsubscribed?", "No automation starts")
		s.post("/w/books/contacts/bulk", "do", "status", "to", "UNSUBSCRIBED", "id", "4").want(t, 303)
		s.work()
		c, err := s.db.Contact(t.Context(), s.workspace.ID, 4)
		if err != nil || c.Status != models.StatusUnsubscribed || c.UnsubscribedAt == nil || c.Version != 2 {
			t.Errorf("got %+v (%v), want it unsubscribed since now", c, err)
		}
		if got := s.events(); got != 0 {
			t.Errorf("got %d events, want none", got)
		}
		s.post("/w/books/contacts/bulk", "do", "untag", "with", "vip", "id", "1", "id", "4").want(t, 303)
		s.work()
		s.get("/w/books/jobs/3").want(t, 200, "The tag “vip” was taken off 1 contact. 1 did not have it.")
		s.post("/w/books/contacts/bulk", "do", "tag", "new_tag", "Fresh, new", "id", "1").want(t, 303)
		s.work()
		s.get("/w/books/contacts?tag=fresh%2C+new").want(t, 200, "1 of 4 contacts")
	})
}

func TestBulkDeleteNeedsTheTypedNumber(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		s.addContacts(250)
		tag := s.addTag("old", 1, 2, 3, 249)
		c1, _ := s.db.Contact(t.Context(), s.workspace.ID, 1)
		key, body := models.AddressKey(s.workspace.ID, c1.Email), []byte("x")
		row := models.WebhookRequest{WorkspaceID: s.workspace.ID, ID: models.NewID(s.server.now()), AddressKey: &key, Address: &c1.Email, Method: "POST", Outcome: models.OutcomeUpdated, Status: 200, Body: body}
		s.write(func(tx *gorm.DB) error { return tx.Create(&row).Error })
		s.get("/w/books/contacts/bulk?do=delete&all=1&tag=old").want(t, 200, "Delete 4 contacts for good? Type 4.")
		form := []string{"do", "delete", "all", "1", "tag", "old", "newest", "250"}
		s.post("/w/books/contacts/bulk", form...).want(t, 422, "Nothing was deleted. Please type the number of contacts, 4")
		s.post("/w/books/contacts/bulk", append(form, "typed", "3")...).want(t, 422)
		a := s.post("/w/books/contacts/bulk", append(form, "typed", " 4 ")...)
		s.addContact(251, "later@example.com", nil)
		s.write(func(tx *gorm.DB) error {
			return tx.Create(&models.ContactTag{WorkspaceID: s.workspace.ID, ContactID: 251, TagID: tag.ID}).Error
		})
		s.work()
		s.follow(a).want(t, 200, "4 contacts deleted for good.")
		s.get("/w/books/settings/audit-log").want(t, 200, "changed several contacts: tag is old", "delete for good")
		s.get("/w/books/contacts").want(t, 200, "247 contacts")
		s.get("/w/books/contacts/251").want(t, 200, "later")
		var left models.WebhookRequest
		if s.db.Read(t.Context()).Take(&left); left.AddressKey != nil || left.Address != nil || left.Body != nil {
			t.Errorf("the log still holds %v", left)
		}
		var notes []models.AuditEntry
		s.db.Read(t.Context()).Where("action IN ?", []string{models.ActionContactsBulk, models.ActionContactBulk}).Find(&notes)
		var deleted int64
		s.db.Read(t.Context()).Model(&models.AuditEntry{}).Where("action = ?", models.ActionContactDeleted).Count(&deleted)
		if deleted != 4 || len(notes) != 1 || notes[0].SubjectName != "tag is old" || !strings.Contains(notes[0].Detail, "delete for good") {
			t.Errorf("got the notes %+v, want one for the whole, and %d of 4 deletions", notes, deleted)
		}
	})
}

func TestBulkActionAsksForMissingChoices(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		s.addContacts(3)
		s.addTag("imported", 1, 2)
		const path = "/w/books/contacts/bulk?"
		page := s.get(path + "do=tag&id=1&id=2&id=3")
		page.want(t, 200, "Which tag should they get?", "This is about 3 contacts.")
		page.wantNot(t, "Choose a tag or type")
		s.get(path+"do=tag&id=1&with=&new_tag=").want(t, 200, "Choose a tag or type a new one.", "This is about 1 contact.")
		s.get(path+"do=tag&id=1&with=1&new_tag=Fresh").want(t, 200, "Choose a tag or type a new one, not both. One is added at a time.")
		page = s.get(path + "do=tag&id=1&with=&new_tag=" + strings.Repeat("x", 70))
		page.want(t, 200, "64 characters or shorter")
		page.wantNot(t, "Choose a tag or type")
		s.get(path+"do=untag&all=1&tag=imported&with=").want(t, 200, "Choose a tag.", "This is about 2 contacts.", "These are all contacts that match: tag is imported.")
		s.get(path+"do=status&id=1&to=").want(t, 200, "Choose a status.")
		s.get(path+"do=status&all=1&q=c1&status=SUBSCRIBED&to=UNCONFIRMED").want(t, 200, "Make 1 contact unconfirmed?", "address has “c1”, status is Subscribed.")
		s.get(path+"do=delete&all=1").want(t, 200, "Delete 3 contacts", "These are all contacts of this workspace.")
		s.post("/w/books/contacts/bulk", "do", "status", "id", "1").want(t, 422, "Choose a status.")

		a := s.get(path + "do=tag&id=1&tag=imported&id=2&all=1")
		a.want(t, 303)
		if got, want := a.header.Get("Location"), path+"do=tag&tag=imported&all=1"; got != want {
			t.Errorf("got %q, want %q without the ids", got, want)
		}
	})
}

func TestBulkActionsNeedAManagerOfTheWorkspace(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		other := *s
		other.workspace = s.addWorkspace("music")
		other.addContact(7, "otto@example.com", nil)
		theirs := other.addTag("vinyl")
		s.addContact(8, "anna@example.com", nil)
		s.get("/w/books/contacts/bulk?do=delete&id=7").want(t, 200, "Nobody is selected")
		s.post("/w/books/contacts/bulk", "do", "delete", "id", "7", "typed", "1").want(t, 422)
		s.get("/w/books/contacts/bulk?do=untag&id=8&with="+itoa(theirs.ID)).want(t, 200, "Which tag should be taken off?")
		s.get("/w/books/contacts/bulk?do=delete&all=1&tag=nothing").want(t, 200, "Nobody is selected")
		viewer := s.as(s.signIn(s.addMember(s.workspace, "vera@example.com", models.RoleViewer)))
		viewer.get("/w/books/contacts").wantNot(t, "Add tag", "that match")
		for _, hostile := range []string{"", "do=tag&id=x&id=-1", "do=x&all=1", "do=delete&all=1&newest=-5", "do=delete&all=1&newest=99999999999999999999", "do=tag&all=1&with=" + strings.Repeat("%F0%9F%92%A9", 300)} {
			s.get("/w/books/contacts/bulk?"+hostile).want(t, 200)
		}
	})
}

func TestPersonExportHoldsEverything(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		s.addMergeTag(models.MergeTag{Key: "bio", Label: "About", Type: models.MergeTagText})
		c := s.addContact(1, "anna@example.com", func(c *models.Contact) { c.Fields = map[string]string{"bio": "<b>\u2028", "gone": "x"} })
		s.addContact(2, "ben@example.com", nil)
		s.addTag("vip", 1)
		s.addSegment("Here", `{"condition":"AND","filters":[{"type":"status","operator":"eq","value":"SUBSCRIBED"}]}`)
		key, other := models.AddressKey(s.workspace.ID, c.Email), "ben@example.com"
		otherKey, fired := models.AddressKey(s.workspace.ID, other), models.EventConfirmed
		s.write(func(tx *gorm.DB) error {
			for range 120 {
				r := models.WebhookRequest{WorkspaceID: s.workspace.ID, ID: models.NewID(s.server.now()), WebhookID: 5, AddressKey: &key, Address: &c.Email, Method: "POST", Outcome: models.OutcomeCreated, Status: 200, Event: &fired}
				if err := tx.Create(&r).Error; err != nil {
					return err
				}
			}
			return tx.Create(&models.WebhookRequest{WorkspaceID: s.workspace.ID, ID: models.NewID(s.server.now()), WebhookID: 5, AddressKey: &otherKey, Address: &other, Method: "POST", Outcome: models.OutcomeNoContact, Status: 404}).Error
		})
		a := s.get("/w/books/contacts/1/export.json")
		var got struct {
			Contact struct {
				Email, Status string
			}
			Fields         []struct{ Key, Label, Value string }
			Tags, Segments []string
			Requests       []struct{ Outcome, Event string }
			ChangesByHand  []struct{ Action string } `json:"changes"`
		}
		if err := json.Unmarshal([]byte(a.body), &got); err != nil {
			t.Fatalf("%v: %s", err, a.body)
		}
		if got.Contact.Email != c.Email || len(got.Fields) != 2 || got.Fields[0].Label != "About" || got.Fields[0].Value != "<b>\u2028" || got.Fields[1].Value != "x" ||
			len(got.Tags) != 1 || len(got.Segments) != 1 || len(got.Requests) != 120 || got.Requests[0].Event != string(fired) || strings.Contains(a.body, other) {
			t.Errorf("got %s, want all that is anna's and nothing else", a.body)
		}
		if len(got.ChangesByHand) != 1 || got.ChangesByHand[0].Action != models.ActionContactExported {
			t.Errorf("got the changes by hand %v, want this export itself", got.ChangesByHand)
		}
		if disposition := a.header.Get("Content-Disposition"); !strings.Contains(disposition, "attachment; filename=contact-1-books-") {
			t.Errorf("got Content-Disposition %q", disposition)
		}
		s.get("/w/books/contacts/1").want(t, 200, "exported everything about this person")
		s.as(s.signIn(s.addMember(s.workspace, "vera@example.com", models.RoleViewer))).get("/w/books/contacts/1/export.json").want(t, 403)
	})
}

// TestBulkAsksAgainWhenTheNumberIsAnother confirms a change of all matching contacts after one more matches.
func TestBulkAsksAgainWhenTheNumberIsAnother(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		for id := int64(1); id <= 3; id++ {
			s.addContact(id, "c"+itoa(id)+"@example.com", nil)
		}
		old := s.addTag("old", 1, 2)
		for _, action := range [][]string{{"do", "status", "to", "UNSUBSCRIBED"}, {"do", "tag", "new_tag", "fresh"}, {"do", "untag", "with", "old"}} {
			form := append(action, "all", "1", "tag", itoa(old.ID), "newest", "3")
			s.post("/w/books/contacts/bulk", append(form, "total", "1")...).want(t, 422, "Nothing was changed.", "2 contacts", "confirm again")
			s.post("/w/books/contacts/bulk", form...).want(t, 422, "confirm again")
		}
		if n := s.marks(); n != 0 {
			t.Errorf("got %d marks before the confirmation", n)
		}
		s.post("/w/books/contacts/bulk", "do", "status", "to", "UNSUBSCRIBED", "all", "1", "tag", itoa(old.ID), "newest", "3", "total", "2").want(t, 303)
	})
}

// TestBulkLeavesContactsThatTookThePlaceOfOthers lets one contact leave the list and another enter it between the question and the
// answer, so that their number is the same.
func TestBulkLeavesContactsThatTookThePlaceOfOthers(t *testing.T) {
	eachEndpoint(t, func(t *testing.T, s *site) {
		join, maybe, leave := s.addWebhook(models.TypeSubscribed), s.addWebhook(models.TypeUnconfirmed), s.addWebhook(models.TypeUnsubscribed)
		for _, c := range []struct {
			how  []string
			want string
		}{
			{[]string{"do", "status", "to", "UNSUBSCRIBED", "total", "3"}, "2 contacts became unsubscribed. Not touched, because they changed after you were asked: 1 contact."},
			{[]string{"do", "delete", "typed", "3"}, "2 contacts deleted for good. Not touched, because they changed after you were asked: 1 contact."},
		} {
			for _, name := range []string{"sv0", "sv1", "sv2", "sv3"} {
				s.callJSON(maybe, `{"email_address":"`+name+`@example.com"}`).want(t, 200)
			}
			s.callJSON(leave, `{"email_address":"sv3@example.com"}`).want(t, 200)
			s.later(time.Minute)
			question := s.get("/w/books/contacts/bulk?all=1&status=UNCONFIRMED&" + c.how[0] + "=" + c.how[1] + "&" + c.how[2] + "=" + c.how[3])
			asked := regexp.MustCompile(`name="asked" value="([^"]+)"`).FindStringSubmatch(question.body)
			if asked == nil {
				t.Fatalf("the question does not say when it was asked: %s", question.body)
			}
			s.later(time.Second)
			s.callJSON(join, `{"email_address":"sv1@example.com"}`).want(t, 200)
			s.callJSON(maybe, `{"email_address":"sv3@example.com"}`).want(t, 200)
			a := s.post("/w/books/contacts/bulk", append(c.how, "all", "1", "status", "UNCONFIRMED", "asked", asked[1])...)
			a.want(t, 303)
			s.work()
			s.get(a.header.Get("Location")).want(t, 200, c.want)
			if got := s.contact("sv3@example.com"); got == nil || got.Status != models.StatusUnconfirmed {
				t.Errorf("%v: got %+v, want the contact that matched only after the question to stay unchanged", c.how, got)
			}
		}
	})
}
