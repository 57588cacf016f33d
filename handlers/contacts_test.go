package handlers

import (
	"context"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"campaignlark/models"
	"campaignlark/models/store"

	"gorm.io/gorm"
)

// addContact stores a contact as a call or an import would.
func (s *site) addContact(id int64, email string, change func(c *models.Contact)) models.Contact {
	s.t.Helper()
	now := s.server.now()
	c := models.Contact{WorkspaceID: s.workspace.ID, ID: id, Email: email, Fields: map[string]string{}, Version: 1, CreatedAt: now, UpdatedAt: now}
	c.SetStatus(models.StatusSubscribed, now)
	if change != nil {
		change(&c)
	}
	s.write(func(tx *gorm.DB) error {
		if err := tx.Create(&c).Error; err != nil {
			return err
		}
		if err := store.IndexNames(tx, c.WorkspaceID, store.NamedContact{ID: c.ID, After: c.Fields}); err != nil {
			return err
		}
		return tx.Exec("UPDATE workspace_counters SET next_contact_id = ? WHERE workspace_id = ? AND next_contact_id <= ?", id+1, c.WorkspaceID, id).Error
	})
	return c
}

func (s *site) addTag(name string, contacts ...int64) models.Tag {
	s.t.Helper()
	tag, errs, err := s.db.CreateTag(s.t.Context(), s.workspace.ID, 0, name, s.server.now())
	if err != nil || errs.Any() {
		s.t.Fatalf("%v %v", errs, err)
	}
	s.write(func(tx *gorm.DB) error {
		for _, id := range contacts {
			if err := tx.Create(&models.ContactTag{WorkspaceID: s.workspace.ID, ContactID: id, TagID: tag.ID}).Error; err != nil {
				return err
			}
		}
		return nil
	})
	return tag
}

func TestContactListIsFiltered(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		s.get("/w/books/contacts").want(t, 200, "No contacts yet")
		s.addContact(1, "anna@example.com", nil)
		s.addContact(2, "ben_50%@example.com", func(c *models.Contact) { c.SetStatus(models.StatusUnsubscribed, c.CreatedAt) })
		s.addContact(3, "carla@xn--bcher-kva.example", func(c *models.Contact) { c.Fields = map[string]string{"first_name": "Carla", "last_name": "Höfl"} })
		tag := s.addTag("vip", 1, 2)
		s.get("/w/books/contacts").want(t, 200, "3 contacts", "anna", "carla", "@bücher.example", "Carla Höfl", "vip")

		for query, found := range map[string]string{
			"q=ANNA":                           "anna",
			"q=hofl":                           "carla",
			"q=CARL%20H%C3%96":                 "carla",
			"q=carla&in=address":               "carla",
			"q=n_5":                            "ben_50%",
			"q=0%25":                           "ben_50%",
			"q=b%C3%BCcher":                    "carla",
			"q=carla%40B%C3%9Ccher":            "carla",
			"status=UNSUBSCRIBED":              "ben_50%",
			"status=SUBSCRIBED&tag=TAG":        "anna",
			"q=ben_50%25%40example.com":        "ben_50%",
			"q=anna&tag=TAG&status=SUBSCRIBED": "anna",
		} {
			a := s.get("/w/books/contacts?" + strings.ReplaceAll(query, "TAG", itoa(tag.ID)))
			a.want(t, 200, "1 of 3 contacts", found)
			for _, other := range []string{"anna", "ben_50%", "carla"} {
				if other != found && strings.Contains(a.body, ">"+other) {
					t.Errorf("%s also finds %s", query, other)
				}
			}
		}
		s.get("/w/books/contacts?tag="+itoa(tag.ID)).want(t, 200, "2 of 3 contacts", "tag is vip")
		s.get("/w/books/contacts?q=nobody").want(t, 200, "No contact matches", "There are 3 contacts without these filters. The search looks for the beginnings of the words of a name, and for any part of an address.")
		s.get("/w/books/contacts?q=hofl&in=address").want(t, 200, "No contact matches", "address has “hofl”")
		s.get("/w/books/contacts?q=nobody%40example.com").want(t, 200, "Nobody in this workspace has an address with “nobody@example.com” in it.", "Add this contact")
		for _, hostile := range []string{"q=%00%FF%27%3B--", "q=" + strings.Repeat("%25", 3000), "before=x&after=-9", "status=x&tag=y", "before=9223372036854775807", "after=9223372036854775807"} {
			s.get("/w/books/contacts?"+hostile).want(t, 200)
		}
	})
}

func TestContactListPages(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		for id := int64(1); id <= 120; id++ {
			s.addContact(id, "c"+itoa(id)+"@example.com", nil)
		}
		first := s.get("/w/books/contacts")
		first.want(t, 200, "120 contacts")
		second := s.get(linkNamed(t, first, "Older"))
		third := s.get(linkNamed(t, second, "Older"))
		if n := []int{strings.Count(first.body, "@example.com<"), strings.Count(second.body, "@example.com<"), strings.Count(third.body, "@example.com<")}; n[0] != 51 || n[1] != 51 || n[2] != 21 {
			t.Errorf("got %v addresses (one is the person's own, in the side), want 51, 51, 21", n)
		}
		if again := s.get(linkNamed(t, second, "Newer")); !strings.Contains(again.body, ">c120@") || !strings.Contains(again.body, ">c71@") {
			t.Errorf("going back does not lead to the newest 50: %s", again.text())
		}
		if back := s.get(linkNamed(t, third, "Newer")); !strings.Contains(back.body, ">c70@") || !strings.Contains(back.body, ">c21@") {
			t.Errorf("going back from the last page does not lead to the one before: %s", back.text())
		}
	})
}

// linkNamed returns the target of the link with this text.
func linkNamed(t *testing.T, a answer, text string) string {
	t.Helper()
	end := strings.Index(a.body, ">"+text+"<")
	if end < 0 {
		t.Fatalf("there is no link %q: %s", text, a.text())
	}
	start := strings.LastIndex(a.body[:end], `href="`)
	href, _, _ := strings.Cut(a.body[start+6:end], `"`)
	return strings.ReplaceAll(href, "&amp;", "&")
}

func TestContactSearchContinuesOverManyContacts(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		// The search works on ranges of ids, so a few contacts with gaps between their ids are enough.
		s.addContact(1, "first@example.com", nil)
		s.addContact(450_000, "middle@example.com", nil)
		s.addContact(500_000, "last@example.com", nil)
		a := s.get("/w/books/contacts?q=irst")
		a.want(t, 200, "Nobody found so far", "0 among the newest 200,000 contacts")
		for range 2 {
			a = s.get(linkNamed(t, a, "Older"))
		}
		a.want(t, 200, "first@example.com"[:5])
		a.wantNot(t, "Nobody found so far")
		s.get("/w/books/contacts?q=first%40example.com").want(t, 200, "the one with exactly this address", "first")
		a = s.get("/w/books/contacts?q=ast&after=1")
		a = s.get(linkNamed(t, a, "Newer"))
		a = s.get(linkNamed(t, a, "Newer"))
		a.want(t, 200, "last")
	})
}

func TestContactOfAnotherWorkspaceIsNotFound(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		other := *s
		other.workspace = s.addWorkspace("music")
		other.addContact(7, "otto@example.com", nil)
		s.addContact(8, "anna@example.com", nil)
		s.get("/w/books/contacts/8").want(t, 200, "anna")
		s.get("/w/books/contacts/7").want(t, 404)
		s.get("/w/music/contacts/7").want(t, 404)
		s.get("/w/books/contacts").wantNot(t, "otto")
		s.get("/w/books/contacts?q=otto").wantNot(t, "otto @example.com")
	})
}

func TestContactPageShowsHistory(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		now := s.server.now()
		s.addMergeTag(models.MergeTag{Key: "points", Label: "Points", Type: models.MergeTagNumber})
		s.addMergeTag(models.MergeTag{Key: "bio", Label: "About", Type: models.MergeTagText})
		c := s.addContact(1, "søren@xn--bcher-kva.example", func(c *models.Contact) {
			c.Fields = map[string]string{"points": "1250", "bio": "<b>hostile</b>"}
		})
		s.addTag("vip", 1)
		a := s.get("/w/books/contacts/1")
		a.want(t, 200, "søren", "@bücher.example", "Subscribed", "1,250", "<b>hostile</b>", "vip", "Nothing is recorded yet.")
		if strings.Contains(a.body, "<b>hostile") {
			t.Error("a value reached the page as markup")
		}
		key := models.AddressKey(c.WorkspaceID, c.Email)
		s.write(func(tx *gorm.DB) error {
			for i := range 45 {
				at := now.Add(-time.Duration(i) * time.Second)
				row := models.WebhookRequest{WorkspaceID: c.WorkspaceID, ID: models.NewID(at), WebhookID: 5, AddressKey: &key, Address: &c.Email, Method: "POST", Outcome: models.OutcomeNoContact, Status: 404}
				if err := tx.Create(&row).Error; err != nil {
					return err
				}
			}
			return nil
		})
		a = s.get("/w/books/contacts/1")
		a.want(t, 200, "Request through a deleted webhook", "Answered 404.", "Answered 404.")
		if n := strings.Count(a.body, "Answered 404."); n != store.ContactHistorySize {
			t.Errorf("got %d entries, want %d", n, store.ContactHistorySize)
		}
		a = s.get(linkNamed(t, a, "Earlier"))
		if n := strings.Count(a.body, "Answered 404."); n != 5 {
			t.Errorf("got %d earlier entries, want 5", n)
		}
		a.wantNot(t, "Earlier")
	})
}

// wantCounts compares the counters with the contacts and their tags, after the counters were once right.
func (s *site) wantCounts(when string) {
	s.t.Helper()
	nav, err := s.db.NavCounts(s.t.Context(), s.workspace.ID, s.server.now())
	if err != nil {
		s.t.Fatal(err)
	}
	want := models.ContactCounts{}
	var contacts []models.Contact
	var tags []models.ContactTag
	for _, rows := range []any{&contacts, &tags} {
		if err := s.db.Read(s.t.Context()).Where("workspace_id = ?", s.workspace.ID).Find(rows).Error; err != nil {
			s.t.Fatal(err)
		}
	}
	for _, c := range contacts {
		want.Add(string(c.Status), 1)
	}
	for _, tag := range tags {
		want.Add(models.TagCount(tag.TagID), 1)
	}
	if !maps.Equal(nav.Counted, want) || nav.Contacts != int64(len(contacts)) {
		s.t.Errorf("%s: got the counts %v of %d contacts, want %v of %d", when, nav.Counted, nav.Contacts, want, len(contacts))
	}
}

// TestCountsFollowEveryChange changes contacts in every way and compares the counters with them.
func TestCountsFollowEveryChange(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		s.startIntake()
		s.addContact(1, "old@example.com", nil)
		tag := s.addTag("vip", 1)
		again := func() {
			t.Helper()
			for _, chore := range []func(context.Context, time.Time) error{s.db.CountNewContacts, s.db.FoldContactCounts} {
				if err := chore(t.Context(), s.server.now()); err != nil {
					t.Fatal(err)
				}
			}
		}
		again()
		s.wantCounts("at first")
		hooks := map[string]models.Webhook{}
		for _, kind := range []string{"SUBSCRIBED", "UNCONFIRMED", "UNSUBSCRIBED", "DELETE"} {
			hooks[kind] = s.createWebhook("name", kind, "type", kind)
		}
		w := s.createWebhook("name", "tagged", "type", "SUBSCRIBED", "tags", itoa(tag.ID))
		call := func(w models.Webhook, email string) { s.callJSON(w, `{"email_address":"`+email+`"}`).want(t, 200) }
		for _, email := range []string{"a@example.com", "b@example.com", "c@example.com", "a@example.com"} {
			call(w, email)
		}
		call(hooks["UNCONFIRMED"], "b@example.com")
		call(hooks["UNSUBSCRIBED"], "a@example.com")
		call(hooks["SUBSCRIBED"], "old@example.com")
		s.wantCounts("after calls")
		call(hooks["DELETE"], "c@example.com")
		s.wantCounts("after a call that erases")
		again()
		s.wantCounts("after the differences were added up")

		a := s.contact("a@example.com")
		s.post("/w/books/contacts/"+itoa(a.ID), "version", itoa(a.Version), "status", "SUBSCRIBED", "new_tags", "fresh", "filled", "{}").want(t, 303)
		s.post("/w/books/contacts", "email", "new@example.com", "status", "UNCONFIRMED", "tags", itoa(tag.ID)).want(t, 303)
		s.wantCounts("after edits by hand")
		for _, fields := range [][]string{{"do", "tag", "with", "fresh"}, {"do", "untag", "with", "vip"}, {"do", "status", "to", "UNSUBSCRIBED"}} {
			s.follow(s.post("/w/books/contacts/bulk", append(fields, "all", "1", "total", "4")...))
			s.work()
			s.wantCounts("after a change of all contacts: " + fields[1])
		}
		s.follow(s.post("/w/books/contacts/bulk", "do", "delete", "id", "1", "typed", "1"))
		s.work()
		s.wantCounts("after contacts were deleted")
		if err := s.db.CountAllContacts(t.Context(), s.server.now()); err != nil {
			t.Fatal(err)
		}
		again()
		s.wantCounts("after counting again")
	})
}

// TestCountsAreExact lists more contacts than are counted one by one.
func TestCountsAreExact(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		const contacts = 10_500
		tag := s.addTag("vip")
		s.write(func(tx *gorm.DB) error {
			err := tx.Exec(`WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
				INSERT INTO contacts (workspace_id, id, email, status, fields, version, created_at, updated_at)
				SELECT ?, i, i || '@example.com', CASE WHEN i <= 300 THEN 'UNCONFIRMED' ELSE 'SUBSCRIBED' END, '{}', 1, ?, ? FROM n`, contacts, s.workspace.ID, s.server.now(), s.server.now()).Error
			if err != nil {
				return err
			}
			return tx.Exec("INSERT INTO contact_tags (workspace_id, contact_id, tag_id) SELECT workspace_id, id, ? FROM contacts WHERE id > 200", tag.ID).Error
		})
		s.get("/w/books/contacts").want(t, 200, "10,000+ contacts") // nobody counted them yet
		if err := s.db.CountNewContacts(t.Context(), s.server.now()); err != nil {
			t.Fatal(err)
		}
		for query, want := range map[string]string{
			"": "10,500 contacts", "?status=SUBSCRIBED": "10,200 of 10,500 contacts", "?status=UNCONFIRMED": "300 of 10,500 contacts",
			"?tag=vip": "10,300 of 10,500 contacts", "?q=example": "10,000+ of 10,500 contacts",
		} {
			s.get("/w/books/contacts"+query).want(t, 200, want)
		}
		dashboard := s.get("/w/books")
		dashboard.want(t, 200, "10,500 in all", "Subscribed 10,200", "Unconfirmed 300")
		dashboard.wantNot(t, "counted once an hour", "counted within the hour")
	})
}

// wantNames indexes the names of new contacts, and compares the index with the contacts.
func (s *site) wantNames(when string) {
	s.t.Helper()
	if err := s.db.IndexNewNames(s.t.Context(), s.server.now()); err != nil {
		s.t.Fatal(err)
	}
	var contacts []models.Contact
	if err := s.db.Read(s.t.Context()).Find(&contacts).Error; err != nil {
		s.t.Fatal(err)
	}
	want, got := []string{}, []string{}
	for _, c := range contacts {
		for _, word := range models.NameWords(c.Fields) {
			want = append(want, itoa(c.ID)+" "+word)
		}
	}
	var words []models.ContactWord
	if err := s.db.Read(s.t.Context()).Find(&words).Error; err != nil {
		s.t.Fatal(err)
	}
	for _, w := range words {
		got = append(got, itoa(w.ContactID)+" "+w.Word)
	}
	slices.Sort(want)
	slices.Sort(got)
	if !slices.Equal(got, want) {
		s.t.Errorf("%s: got the words %q, want %q", when, got, want)
	}
}

func TestNamesAreFoundWhateverWroteThem(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		s.startIntake()
		s.addMergeTag(models.MergeTag{Key: "first_name", Label: "First name", Type: models.MergeTagText})
		last := s.addMergeTag(models.MergeTag{Key: "last_name", Label: "Last name", Type: models.MergeTagText})
		subscribe, erase := s.createWebhook("name", "Shop", "type", "SUBSCRIBED"), s.createWebhook("name", "Gone", "type", "DELETE")
		s.callJSON(subscribe, `{"email_address":"h@example.com","first_name":"Hanna","last_name":"Wróbel"}`)
		s.callJSON(subscribe, `{"email_address":"n@example.com","first_name":"Null","last_name":"O'Brien"}`)
		s.callJSON(subscribe, `{"email_address":"o@example.com","first_name":"Otto"}`)
		s.wantNames("after calls that create contacts")
		s.get("/w/books/contacts?q=hanna+WROB").want(t, 200, "1 of 3 contacts", "Hanna Wróbel", "name or address has “hanna WROB”")
		s.get("/w/books/search?q=wrobel").want(t, 200, "Contacts h@example.com Hanna Wróbel · Subscribed")

		s.callJSON(subscribe, `{"email_address":"h@example.com","last_name":"Nowak"}`)
		s.callJSON(subscribe, `{"email_address":"h@example.com","last_name":"Nowak"}`)
		s.wantNames("after a call that changes a name")
		s.get("/w/books/contacts?q=wrobel").want(t, 200, "No contact matches")

		c := s.contact("h@example.com")
		s.post("/w/books/contacts/"+itoa(c.ID), "version", itoa(c.Version), "status", "SUBSCRIBED", "field_first_name", "Zoë Maria").want(t, 303)
		s.post("/w/books/contacts", "email", "new@example.com", "status", "SUBSCRIBED", "field_last_name", "Łuczak").want(t, 303)
		s.wantNames("after edits by hand")
		s.get("/w/books/contacts?q=luczak").want(t, 200, "1 of 4 contacts", "new@example.com"[:3])

		if err := s.db.Write(t.Context(), func(tx *gorm.DB) error {
			return tx.Exec("UPDATE merge_tags SET deleted_at = ? WHERE id = ?", s.server.now(), last.ID).Error
		}); err != nil {
			t.Fatal(err)
		}
		if err := s.db.PurgeMergeTags(t.Context(), s.server.now()); err != nil {
			t.Fatal(err)
		}
		s.wantNames("after the purge of a merge tag")

		s.callJSON(erase, `{"email_address":"n@example.com"}`)
		s.wantNames("after a call that erases")
		if err := s.db.DeleteContact(t.Context(), *s.contact("o@example.com"), s.user.ID, s.server.now()); err != nil {
			t.Fatal(err)
		}
		s.wantNames("after erasing by hand")
		s.write(func(tx *gorm.DB) error {
			return store.EraseContacts(tx, s.workspace.ID, 0, nil, []models.Contact{*s.contact("h@example.com"), *s.contact("new@example.com")}, s.server.now())
		})
		s.wantNames("after erasing several")
	})
}
