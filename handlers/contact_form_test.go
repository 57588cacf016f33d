package handlers

import (
	"maps"
	"net/url"
	"slices"
	"strings"
	"testing"

	"campaignlark/models"
	"campaignlark/models/store"

	"golang.org/x/net/html"
	"gorm.io/gorm"
)

// fieldsOfEveryType creates a merge tag of each type.
func (s *site) fieldsOfEveryType() {
	for _, m := range []models.MergeTag{
		{Key: "first_name", Label: "First name", Type: models.MergeTagText},
		{Key: "points", Label: "Points", Type: models.MergeTagNumber, Default: "0"},
		{Key: "catalogue", Label: "Wants the catalogue", Type: models.MergeTagBoolean},
		{Key: "birthday", Label: "Birthday", Type: models.MergeTagDate},
		{Key: "genre", Label: "Genre", Type: models.MergeTagSingle, Options: []string{"Fiction", "Crime"}},
		{Key: "days", Label: "Days", Type: models.MergeTagMultiple, Options: []string{"Mon", "Tue", "Wed, or Thu"}},
		{Key: "country", Label: "Country", Type: models.MergeTagCountry},
	} {
		s.addMergeTag(m)
	}
}

// marks counts the marks with the signed-in person as their author.
func (s *site) marks() (n int64) {
	s.db.Read(s.t.Context()).Model(&models.DirtyContact{}).Where("user_id = ?", s.user.ID).Count(&n)
	return n
}

func (s *site) events() (n int64) {
	s.db.Read(s.t.Context()).Model(&models.WebhookRequest{}).Where("event IS NOT NULL").Count(&n)
	return n
}

func TestContactIsCreatedByForm(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		s.fieldsOfEveryType()
		vip := s.addTag("vip")
		s.get("/w/books/contacts/new?email=x%40y.at").want(t, 200, "Add contact", "First name", "Germany", "Wed, or Thu", "vip")
		a := s.post("/w/books/contacts", "email", " Anna@Bücher.Example ", "status", "UNCONFIRMED", "field_first_name", "Anna", "field_points", "1e3",
			"field_catalogue", "true", "field_birthday", "1990-12-31", "field_genre", "crime", "field_days", "", "field_days", "Wed, or Thu", "field_days", "Mon",
			"field_country", "AT", "tags", itoa(vip.ID), "new_tags", "2024, Reading club, VIP")
		page := s.follow(a)
		page.want(t, 200, "The contact was added.", "Unconfirmed", "1,000", "Yes", "31 December 1990", "Crime", "Mon, “Wed, or Thu”", "Austria",
			"2024", "Reading club", "vip", "added the contact", "First name: Anna · Points: 1,000")
		c := s.contact("anna@xn--bcher-kva.example")
		want := map[string]string{"first_name": "Anna", "points": "1000", "catalogue": "true", "birthday": "1990-12-31", "genre": "Crime", "days": "Mon\nWed, or Thu", "country": "AT"}
		if !maps.Equal(c.Fields, want) || c.ID != 1 || c.Version != 1 || c.Status != models.StatusUnconfirmed || c.UnconfirmedAt == nil || c.SourceWebhookID != nil {
			t.Errorf("got %+v", c)
		}
		if s.marks() != 1 || s.events() != 0 {
			t.Errorf("got %d marks and %d events, want 1 and none", s.marks(), s.events())
		}
		a = s.post("/w/books/contacts", "email", "ANNA@bücher.example", "status", "SUBSCRIBED")
		a.want(t, 422, "There is a contact with this address already.", "Open that contact")
		if linkNamed(t, a, "Open that contact") != "/w/books/contacts/1" {
			t.Error("the link does not lead to the contact")
		}
	})
}

func TestContactFormShowsInvalidFields(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		s.fieldsOfEveryType()
		s.post("/w/books/contacts", "email", " ", "status", "").want(t, 422, "Please give an e-mail address.", "Please choose a status.")
		a := s.post("/w/books/contacts", "email", "a@b", "status", "SUBSCRIBED", "field_points", "many", "field_birthday", "31/12/1990", "field_genre", "Poetry",
			"field_days", "Sun", "field_country", "Atlantis", "field_catalogue", "perhaps", "field_first_name", strings.Repeat("x", 10_001), "new_tags", strings.Repeat("t", 65))
		a.want(t, 422, "This is not an e-mail address.", "Not a number.", "Not a date.", "is not one of the choices", "Not a country.", "Neither yes nor no.", "Too long.", "The new tag")
		for _, kept := range []string{`value="a@b"`, `value="many"`, `value="31/12/1990"`} {
			if !strings.Contains(a.body, kept) {
				t.Errorf("the form lost %s", kept)
			}
		}
		if tags, err := s.db.TagNames(t.Context(), s.workspace.ID); len(tags) != 0 || err != nil {
			t.Errorf("a refused form made the tags %v (%v)", tags, err)
		}
		a = s.post("/w/books/contacts", "email", "<script>alert(1)</script>@x.com", "status", "SUBSCRIBED", "field_first_name", "</textarea><script>alert(1)</script>\nx", "new_tags", "<b>")
		if a.status != 422 || strings.Contains(a.body, "<script>alert") {
			t.Errorf("got %d, or the input reached the page as markup", a.status)
		}
		if tags, _ := s.db.TagNames(t.Context(), s.workspace.ID); len(tags) != 0 {
			t.Errorf("a refused form made the tags %v", tags)
		}
	})
}

func TestContactIsChangedByForm(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		s.fieldsOfEveryType()
		s.addContact(5, "anna@example.com", func(c *models.Contact) {
			c.Fields = map[string]string{"first_name": "Anna\nMaria\r", "points": "1.50", "birthday": "2026-11-23T10:00:00Z", "genre": "Poetry", "days": "Tue\nSun"}
		})
		vip, old := s.addTag("vip", 5), s.addTag("old", 5)
		edit := s.get("/w/books/contacts/5/edit")
		edit.want(t, 200, "Poetry", "Sun") // removed choices
		fields := []string{"version", "1", "status", "SUBSCRIBED", "field_first_name", "Anna\r\nMaria\r\n", "field_points", "1.50", "field_birthday", "2026-11-23T10:00:00Z",
			"field_genre", "Poetry", "field_days", "", "field_days", "Tue", "field_days", "Sun", "field_country", "", "field_catalogue", "", "tags", itoa(vip.ID), "tags", itoa(old.ID)}
		s.follow(s.post("/w/books/contacts/5", fields...)).want(t, 200, "Nothing was different")
		if c := s.contact("anna@example.com"); c.Version != 1 || s.marks() != 0 || c.Fields["first_name"] != "Anna\nMaria\r" {
			t.Errorf("got version %d and %d marks for a form without changes", c.Version, s.marks())
		}
		a := s.post("/w/books/contacts/5", "version", "1", "status", "UNSUBSCRIBED", "field_first_name", "", "field_days", "", "field_days", "Sun", "field_country", "de",
			"tags", itoa(old.ID), "new_tags", "fresh")
		s.follow(a).want(t, 200, "Saved.", "Unsubscribed", "ines@example.com", "edited the contact", "First name: Anna", "nothing", "Country: Germany", "fresh", "taken off", "vip")
		c := s.contact("anna@example.com")
		want := map[string]string{"points": "1.50", "birthday": "2026-11-23T10:00:00Z", "genre": "Poetry", "days": "Sun", "country": "DE"}
		if c.Version != 2 || !maps.Equal(c.Fields, want) || c.UnsubscribedAt == nil || s.marks() != 1 || s.events() != 0 {
			t.Errorf("got %+v, %d marks, %d events", c, s.marks(), s.events())
		}
		tags, err := s.db.ContactTags(t.Context(), s.workspace.ID, 5)
		names := []string{}
		for _, tag := range tags {
			names = append(names, tag.Name)
		}
		if !slices.Equal(names, []string{"fresh", "old"}) || err != nil {
			t.Errorf("got the tags %v (%v)", names, err)
		}
		entry, err := store.First[models.AuditEntry](s.db.Read(t.Context()).Where("action = ?", models.ActionContactUpdated))
		if err != nil || entry.UserID != s.user.ID || entry.SubjectID != 5 || strings.Contains(entry.Detail, "Maria") || strings.Contains(entry.Detail, "Sun") {
			t.Errorf("got the note %+v (%v)", entry, err)
		}
	})
}

func TestContactFormReportsConcurrentChange(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		s.fieldsOfEveryType()
		s.addContact(1, "anna@example.com", func(c *models.Contact) { c.Fields = map[string]string{"first_name": "Anna", "points": "1"} })
		fields := []string{"version", "1", "status", "SUBSCRIBED", "field_first_name", "Anne", "field_points", "1"}
		s.write(func(tx *gorm.DB) error { // a concurrent call
			return tx.Exec(`UPDATE contacts SET version = 2, status = 'UNSUBSCRIBED', fields = '{"first_name":"Anna","points":"1250"}'`).Error
		})
		a := s.post("/w/books/contacts/1", fields...)
		a.want(t, 422, "This contact was changed while you edited it.", "The contact has now: Anna", "The contact has now: 1,250", "The contact is Unsubscribed now.")
		for _, kept := range []string{`value="Anne"`, `name="version" value="2"`} {
			if !strings.Contains(a.body, kept) {
				t.Errorf("the form lost %s", kept)
			}
		}
		if c := s.contact("anna@example.com"); c.Version != 2 || c.Fields["points"] != "1250" {
			t.Errorf("a refused form changed the contact: %+v", c)
		}
		fields[1] = "2"
		s.post("/w/books/contacts/1", fields...).want(t, 303)
		if c := s.contact("anna@example.com"); c.Version != 3 || c.Fields["first_name"] != "Anne" || c.Status != models.StatusSubscribed {
			t.Errorf("saving again does not save: %+v", c)
		}
	})
}

// filledForm returns a contact's form as a browser sends it, with some fields replaced by typed.
func (s *site) filledForm(path string, typed map[string]string) []string {
	s.t.Helper()
	var fields []string
	for name, value := range formFields(s.get(path).body) {
		if text, there := typed[name]; there {
			value = []string{text}
		}
		for _, v := range value {
			fields = append(fields, name, v)
		}
	}
	return fields
}

// formFields returns the fields of the contact's form on a page, by name.
func formFields(body string) url.Values {
	fields := url.Values{}
	root, _ := html.Parse(strings.NewReader(body))
	for n := range root.Descendants() {
		attr := func(n *html.Node, key string) (string, bool) {
			i := slices.IndexFunc(n.Attr, func(a html.Attribute) bool { return a.Key == key })
			if i < 0 {
				return "", false
			}
			return n.Attr[i].Val, true
		}
		name, _ := attr(n, "name")
		value, _ := attr(n, "value")
		kind, _ := attr(n, "type")
		_, checked := attr(n, "checked")
		_, disabled := attr(n, "disabled")
		switch {
		case name == "" || name == "csrf" || disabled || kind == "submit" || (kind == "checkbox" || kind == "radio") && !checked:
		case n.Data == "input":
			fields.Add(name, value)
		case n.Data == "textarea":
			text := ""
			if n.FirstChild != nil {
				text = n.FirstChild.Data
			}
			fields.Add(name, text)
		case n.Data == "select":
			chosen := ""
			for o := range n.Descendants() {
				if _, is := attr(o, "selected"); is {
					chosen, _ = attr(o, "value")
				}
			}
			fields.Add(name, chosen)
		}
	}
	return fields
}

// TestWhatAPersonDidNotTouchStaysAsACallLeftIt edits one field of a contact while a call changes others: the call's unsubscribe, its field
// and its tag stay, also if the person saves again.
func TestWhatAPersonDidNotTouchStaysAsACallLeftIt(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		s.fieldsOfEveryType()
		s.addContact(1, "anna@example.com", func(c *models.Contact) {
			c.Fields = map[string]string{"first_name": "Anna", "points": "1", "days": "Tue\nMon"}
		})
		vip, old := s.addTag("vip"), s.addTag("old", 1)
		form := s.filledForm("/w/books/contacts/1/edit", map[string]string{"field_first_name": "Anne"})
		s.write(func(tx *gorm.DB) error { // a call in between
			if err := tx.Create(&models.ContactTag{WorkspaceID: s.workspace.ID, ContactID: 1, TagID: vip.ID}).Error; err != nil {
				return err
			}
			return tx.Exec(`UPDATE contacts SET version = 2, status = 'UNSUBSCRIBED', fields = '{"first_name":"Anna","points":"1250","days":"Tue\nMon"}'`).Error
		})
		a := s.post("/w/books/contacts/1", form...)
		a.want(t, 422, "This contact was changed while you edited it.", "Status: Subscribed is now Unsubscribed.", "Points: “1” is now “1250”.", "Tags added: vip.")
		again := url.Values(formFields(a.body))
		if again.Get("status") != "UNSUBSCRIBED" || again.Get("field_points") != "1250" || again.Get("field_first_name") != "Anne" || len(again["tags"]) != 2 {
			t.Errorf("got the form %v, want what the call left beside what the person typed", again)
		}
		var fields []string
		for name, values := range again {
			for _, value := range values {
				fields = append(fields, name, value)
			}
		}
		s.follow(s.post("/w/books/contacts/1", fields...)).want(t, 200, "Saved.")
		c := s.contact("anna@example.com")
		if c.Status != models.StatusUnsubscribed || c.Fields["points"] != "1250" || c.Fields["first_name"] != "Anne" || c.Fields["days"] != "Tue\nMon" {
			t.Errorf("got %+v, want what the call left beside what the person typed", c)
		}
		tags, err := s.db.ContactTags(t.Context(), s.workspace.ID, 1)
		if err != nil || len(tags) != 2 || !slices.ContainsFunc(tags, func(tag models.Tag) bool { return tag.ID == old.ID }) {
			t.Errorf("got the tags %v (%v)", tags, err)
		}
	})
}

// TestACallChangesAContactWhileItsFormIsSaved lets the call come at every moment of the request.
func TestACallChangesAContactWhileItsFormIsSaved(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		s.fieldsOfEveryType()
		vip := s.addTag("vip")
		asked := 0
		for n := 1; ; n++ {
			id := int64(n)
			email := "anna" + itoa(id) + "@example.com"
			path := "/w/books/contacts/" + itoa(id)
			s.addContact(id, email, func(c *models.Contact) { c.Fields = map[string]string{"first_name": "Anna", "points": "1"} })
			form := s.filledForm(path+"/edit", map[string]string{"field_first_name": "Anne"})
			happened := s.during(n, func() {
				s.write(func(tx *gorm.DB) error {
					if err := tx.Create(&models.ContactTag{WorkspaceID: s.workspace.ID, ContactID: id, TagID: vip.ID}).Error; err != nil {
						return err
					}
					return tx.Exec("UPDATE contacts SET version = version + 1, status = 'UNSUBSCRIBED', fields = replace(fields, '\"1\"', '\"1250\"') WHERE id = ?", id).Error
				})
			})
			a := s.post(path, form...)
			if !happened() {
				break
			}
			if a.status == 422 {
				asked++
				a.want(t, 422, "Status: Subscribed is now Unsubscribed.", "Points: “1” is now “1250”.", "Tags added: vip.")
				a = s.post(path, typed(a)...)
			}
			a.want(t, 303)
			tags, err := s.db.ContactTags(t.Context(), s.workspace.ID, id)
			if c := s.contact(email); c.Status != models.StatusUnsubscribed || c.Fields["points"] != "1250" || c.Fields["first_name"] != "Anne" || len(tags) != 1 || err != nil {
				t.Errorf("moment %d: got %+v and the tags %v (%v), want what the call left beside what the person typed", n, c, tags, err)
			}
		}
		if asked < 3 {
			t.Errorf("the form was shown again %d times, want at least 3", asked)
		}
	})
}

// TestASavedFormThatNobodyTouchedChangesNothing holds for choices that were removed, for their order, and for tags.
func TestASavedFormThatNobodyTouchedChangesNothing(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		s.fieldsOfEveryType()
		s.addContact(1, "anna@example.com", func(c *models.Contact) {
			c.Fields = map[string]string{"first_name": " A\r\nB ", "points": "01", "genre": "Poetry", "days": "Sun\nTue\nMon", "country": "ZZ", "birthday": "long ago"}
		})
		s.addTag("vip", 1)
		s.follow(s.post("/w/books/contacts/1", s.filledForm("/w/books/contacts/1/edit", nil)...)).want(t, 200, "Nothing was different")
		s.follow(s.post("/w/books/contacts/1", "version", "1", "status", "SUBSCRIBED")).want(t, 200, "Nothing was different") // no tags part
		if c := s.contact("anna@example.com"); c.Version != 1 || c.Fields["days"] != "Sun\nTue\nMon" {
			t.Errorf("got %+v, want it as it was", c)
		}
	})
}

func TestDeletePageNamesRulesWithTheAddress(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		s.addContact(1, "anna@example.com", nil)
		before := s.get("/w/books/contacts/1/delete")
		before.want(t, 200, "If calls for other people mention this one")
		before.wantNot(t, "name the address")
		for name, value := range map[string]string{"Only Anna": "anna@example.com", "Only Bert": "bert@example.com"} {
			rule := `{"condition":"AND","filters":[{"type":"email","operator":"eq","value":"` + value + `"}]}`
			s.follow(s.post("/w/books/segments", "name", name, "rule", rule)).want(t, 200, name)
		}
		after := s.get("/w/books/contacts/1/delete")
		after.want(t, 200, "name the address", "Only Anna")
		after.wantNot(t, "Only Bert")
	})
}

func TestContactIsDeletedByForm(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		ctx, now := t.Context(), s.server.now()
		c := s.addContact(1, "anna@example.com", nil)
		s.addTag("vip", 1)
		key, agent := models.AddressKey(c.WorkspaceID, c.Email), "curl"
		row := models.WebhookRequest{WorkspaceID: c.WorkspaceID, ID: models.NewID(now), WebhookID: 5, AddressKey: &key, Address: &c.Email, UserAgent: &agent, Method: "POST", Outcome: models.OutcomeUpdated, Status: 200}
		s.write(func(tx *gorm.DB) error { return tx.Create(&row).Error })
		s.get("/w/books/contacts/1/delete").want(t, 200, "Erase anna@example.com for good?", "What the request log holds of the person")
		s.follow(s.post("/w/books/contacts/1/delete")).want(t, 200, "The contact is gone for good.", "No contacts yet")
		s.get("/w/books/contacts/1").want(t, 404)
		s.post("/w/books/contacts/1/delete").want(t, 404)
		got, err := store.First[models.WebhookRequest](s.db.Read(ctx).Where("workspace_id = ?", c.WorkspaceID))
		if err != nil || got.Address != nil || got.AddressKey != nil || got.UserAgent != nil || got.Status != 200 {
			t.Errorf("got the log row %+v (%v), want it without the person", got, err)
		}
		s.follow(s.post("/w/books/contacts", "email", c.Email, "status", "SUBSCRIBED")).wantNot(t, "vip")
		if again := s.contact(c.Email); again.ID == c.ID {
			t.Error("the new contact has the id of the deleted one")
		}
	})
}

func TestOnlyManagersOfTheWorkspaceChangeContacts(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		s.addContact(1, "anna@example.com", nil)
		other := *s
		other.workspace = s.addWorkspace("music")
		other.addContact(2, "otto@example.com", nil)
		form := []string{"version", "1", "status", "UNSUBSCRIBED"}
		s.get("/w/books/contacts/2/edit").want(t, 404)
		s.get("/w/books/contacts/2/delete").want(t, 404)
		s.post("/w/books/contacts/2", form...).want(t, 404)
		s.post("/w/books/contacts/2/delete").want(t, 404)
		s.post("/w/music/contacts", "email", "x@example.com", "status", "SUBSCRIBED").want(t, 404)

		v := s.as(s.signIn(s.addMember(s.workspace, "vera@example.com", models.RoleViewer)))
		v.get("/w/books/contacts").wantNot(t, "Add contact")
		v.get("/w/books/contacts/1").want(t, 200, "anna")
		v.get("/w/books/contacts/1").wantNot(t, "Edit", "Delete")
		v.get("/w/books/contacts/new").want(t, 403)
		v.get("/w/books/contacts/1/edit").want(t, 403)
		v.post("/w/books/contacts", "email", "x@example.com", "status", "SUBSCRIBED").want(t, 403)
		v.post("/w/books/contacts/1", form...).want(t, 403)
		v.post("/w/books/contacts/1/delete").want(t, 403)
		if c := s.contact("anna@example.com"); c.Status != models.StatusSubscribed {
			t.Error("a viewer changed a contact")
		}
	})
}
