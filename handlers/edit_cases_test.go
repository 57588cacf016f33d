package handlers

import (
	"slices"
	"strings"
	"testing"

	"campaignlark/models"

	"gorm.io/gorm"
)

// withoutText returns the fields without those with a text.
func withoutText(fields []string, text string) (left []string) {
	for i := 0; i < len(fields); i += 2 {
		if fields[i+1] != text {
			left = append(left, fields[i], fields[i+1])
		}
	}
	return left
}

// TestTagsOfAWebhookChangeWhileItIsEdited takes a tag off and adds one, while others delete one and add one.
func TestTagsOfAWebhookChangeWhileItIsEdited(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		w := s.createWebhook("name", "Shop", "type", "SUBSCRIBED", "new_tags", "stays, goes, dropped")
		added := s.addTag("added")
		tags, err := s.db.WebhookTags(t.Context(), s.workspace.ID, w.ID)
		if err != nil {
			t.Fatal(err)
		}
		ids := map[string]string{}
		for _, tag := range tags {
			ids[tag.Name] = itoa(tag.ID)
		}
		path := s.webhookPath(w, "")
		page := s.get(path + "/edit")
		s.post("/w/books/tags/"+ids["goes"]+"/delete").want(t, 303)
		s.post(path, append(typed(s.get(path+"/edit")), "tags", itoa(added.ID))...).want(t, 303)

		s.follow(s.post(path, withoutText(typed(page, "new_tags", "mine"), ids["dropped"])...)).want(t, 200, "Saved.")
		if got := s.tagNames(w); got != "added, mine, stays" {
			t.Errorf("got the tags %s, want what each added and nobody took off", got)
		}

		chosen := s.addTag("chosen")
		page = s.get(path + "/edit")
		s.post("/w/books/tags/"+itoa(chosen.ID)+"/delete").want(t, 303)
		s.post(path, append(typed(page, "name", "Till"), "tags", itoa(chosen.ID))...).want(t, 422, "A tag that you chose was deleted.")
	})
}

// TestAWebhookLosesItsTypeWithTagsWhileATagIsAdded warns about the tag instead of dropping it.
func TestAWebhookLosesItsTypeWithTagsWhileATagIsAdded(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		path := s.webhookPath(s.createWebhook("name", "Shop", "type", "SUBSCRIBED"), "")
		page := s.get(path + "/edit")
		s.post(path, append(typed(s.get(path+"/edit"), "type", "UNSUBSCRIBED"), "confirm", "1")...).want(t, 303)
		a := s.post(path, typed(page, "new_tags", "vip")...)
		a.want(t, 422, "“vip” is now taken off; save again if that is right", "What a call does: SUBSCRIBED is now UNSUBSCRIBED.")
		s.follow(s.post(path, typed(a)...)).want(t, 200, "Nothing was changed.", "UNSUBSCRIBED")
	})
}

func TestChoicesThatTwoPeopleChange(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		m := s.addMergeTag(models.MergeTag{Key: "genre", Label: "Genre", Type: models.MergeTagSingle, Options: []string{"Fiction", "Crime", "Poetry"}})
		path := "/w/books/merge-tags/" + itoa(m.ID)
		page := s.get(path + "/edit")
		s.post(path, typed(s.get(path+"/edit"), "options", "Fiction\r\nPoetry\r\nTravel")...).want(t, 303)

		s.post(path, typed(page, "label", "Kind")...).want(t, 303)
		if got := s.mergeTag("genre"); got.Label != "Kind" || strings.Join(got.Options, ",") != "Fiction,Poetry,Travel" {
			t.Errorf("got %+v, want the other's choices with the new label", got)
		}

		a := s.post(path, typed(page, "options", "Poetry\r\nFiction\r\nCrime\r\nDrama")...)
		a.want(t, 422, "Choices: “Fiction, Crime, Poetry” is now “Fiction, Poetry, Travel”.")
		if got := strings.ReplaceAll(formFields(a.body).Get("options"), "\n", ","); strings.Trim(got, ",") != "Poetry,Fiction,Drama,Travel" {
			t.Errorf("the form comes back with %q, want what each added and nobody took out", got)
		}
		s.post(path, typed(a)...).want(t, 303)
		if got := s.mergeTag("genre"); strings.Join(got.Options, ",") != "Poetry,Fiction,Drama,Travel" {
			t.Errorf("got %q", got.Options)
		}
	})
}

// TestARuleThatTwoPeopleChange shows the stored rule beside the person's own, which stays in the form while rows are added.
func TestARuleThatTwoPeopleChange(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		g := s.addSegment("Readers", `{"condition":"AND","filters":[{"type":"status","operator":"eq","value":"SUBSCRIBED"}]}`)
		path := "/w/books/segments/" + itoa(g.ID)
		page := s.get(path + "/edit")
		s.post(path, append(typed(s.get(path+"/edit"), "value-0", "UNCONFIRMED"), "do", "save")...).want(t, 303)

		longer := s.post(path, append(typed(page, "operator-0", "ne"), "do", "add")...)
		longer.want(t, 200)
		a := s.post(path, append(typed(longer, "value-1", "UNSUBSCRIBED"), "do", "save")...)
		a.want(t, 422, "This segment was changed while you edited it.", "The rule was changed.", "The rule that is stored now Contacts whose Status is Unconfirmed", "In words Contacts whose Status is not Subscribed")
		if fields := formFields(a.body); fields.Get("operator-0") != "ne" || fields.Get("value-1") != "UNSUBSCRIBED" {
			t.Errorf("the form lost what was typed: %v", fields)
		}
		for _, do := range []string{"preview", "remove-1"} {
			a = s.post(path, append(typed(a), "do", do)...)
			a.want(t, 200)
		}
		s.post(path, append(typed(a), "do", "save")...).want(t, 303)
		s.get(path).want(t, 200, "Contacts whose Status is not Subscribed")
	})
}

// TestAnUntouchedBrokenRuleStaysRepaired saves only a name, while another person repaired the rule.
func TestAnUntouchedBrokenRuleStaysRepaired(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		tag := s.addTag("vip")
		g := s.addSegment("Readers", `{"condition":"AND","filters":[{"type":"tags","operator":"has_any","value":[`+itoa(tag.ID)+`]}]}`)
		path := "/w/books/segments/" + itoa(g.ID)
		s.post("/w/books/tags/"+itoa(tag.ID)+"/delete", "force", "1").want(t, 303)
		page := s.get(path + "/edit")
		s.post(path, "name", "Readers", "what-0", "status", "operator-0", "eq", "value-0", "SUBSCRIBED", "do", "save").want(t, 303)
		s.post(path, append(typed(page, "name", "Audience"), "do", "save")...).want(t, 303)
		s.get(path).want(t, 200, "Audience", "Contacts whose Status is Subscribed")
	})
}

func TestAChoiceOfAnotherWindowStays(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		on := func() bool {
			var on bool
			s.db.Read(t.Context()).Raw("SELECT single_keys FROM users WHERE id = ?", s.user.ID).Scan(&on)
			return on
		}
		set := func(to bool) {
			s.write(func(tx *gorm.DB) error {
				return tx.Exec("UPDATE users SET single_keys = ? WHERE id = ?", to, s.user.ID).Error
			})
		}
		for _, shown := range []bool{true, false} {
			for _, stored := range []bool{true, false} {
				for _, chosen := range []bool{true, false} {
					set(shown)
					page := s.get("/account")
					set(stored)
					filled := formFields(page.body)["filled"]
					fields := []string{"filled", filled[len(filled)-1]} // the profile's form comes first
					if chosen {
						fields = append(fields, "single_keys", "on")
					}
					s.post("/account/keys", fields...).want(t, 303)
					want := chosen
					if chosen == shown {
						want = stored
					}
					if on() != want {
						t.Errorf("shown %v, stored %v, chosen %v: got %v, want %v", shown, stored, chosen, on(), want)
					}
				}
			}
		}
	})
}

// columnFields returns the fields of the columns' form on a page, with the target of one column replaced.
func columnFields(a answer, column int, to string) []string {
	form := formFields(a.body)
	if column > 0 {
		form["column"][column-1] = to
	}
	fields := []string{"do", "check"}
	for name, texts := range form {
		for _, text := range texts {
			fields = append(fields, name, text)
		}
	}
	return fields
}

func TestTheColumnsOfAnImportThatTwoPeopleChoose(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		for _, name := range []string{"First name", "Last name", "City"} {
			s.addMergeTag(models.MergeTag{Key: models.SuggestKey(name), Label: name, Type: models.MergeTagText})
		}
		columns := s.postFile("/w/books/contacts/import", "few.csv", "email,a,b\nanna@example.com,1,2\n").header.Get("Location")
		show := strings.TrimSuffix(columns, "/columns")
		page := s.get(columns)
		s.post(columns, columnFields(s.get(columns), 2, "field:1")...).leadsTo(t, show)

		s.post(columns, columnFields(page, 3, "field:2")...).leadsTo(t, show)
		if got := formFields(s.get(columns).body)["column"]; !slices.Equal(got, []string{"email", "field:1", "field:2"}) {
			t.Errorf("got the columns %q, want what each chose", got)
		}
		a := s.post(columns, columnFields(page, 2, "field:3")...)
		a.want(t, 422, "This import was changed while you edited it.", "Column “a”: Do not import is now First name.", "Column “b”: Do not import is now Last name.")
		if got := formFields(a.body)["column"]; !slices.Equal(got, []string{"email", "field:3", "field:2"}) {
			t.Errorf("the form comes back with %q, want what this person chose beside what the other did", got)
		}
		s.post(columns, columnFields(a, 0, "")...).leadsTo(t, show)
		s.work()

		result := s.get(show)
		result.want(t, 200, "Import 1 line")
		s.post(columns, columnFields(s.get(columns), 3, "")...).leadsTo(t, show)
		s.work()
		a = s.post(show, "filled", formFields(result.body).Get("filled"))
		a.want(t, 422, "This import was changed after you opened its page.", "Import 1 line")

		page = s.get(columns)
		read := columnFields(withoutHeader(page), 0, "")
		again := s.post(columns, append(read, "do", "read")...)
		again.want(t, 422, "The file was read again.")
		again.wantNot(t, "was changed while you edited it")
		s.post(columns, columnFields(page, 0, "")...).want(t, 422, "The first line names the columns: yes is now no.")
		s.post(columns, columnFields(s.get(columns), 1, "email")...).leadsTo(t, show)
		s.work()
		result = s.get(show)
		s.follow(s.post(show, "filled", formFields(result.body).Get("filled"))).want(t, 200, "The import has started.")
		s.follow(s.post(columns, columnFields(page, 2, "field:1")...)).want(t, 200, "Your choices were not used.")
	})
}

// withoutHeader returns a page of columns as if the person had said that the first line names no columns.
func withoutHeader(a answer) answer {
	a.body = strings.Replace(a.body, ` name="header" value="1" checked`, ` name="header" value="1"`, 1)
	return a
}

// TestAQuestionAboutAThingThatChanged answers a question after the thing changed. The page must ask again.
func TestAQuestionAboutAThingThatChanged(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		for route, question := range map[string]string{"tags/:id": "delete", "merge-tags/:id": "delete", "webhooks/:id": "delete", "segments/:id": "delete"} {
			e := editRoutes["POST /w/:slug/"+route](s)
			page := s.get(e.path + "/" + question)
			s.post(e.path, typed(s.get(e.form), e.one, e.theirs)...).want(t, 303)
			a := s.post(e.path+"/"+question, typed(page)...)
			a.want(t, 422, "was changed after you opened this page", "is now “"+e.theirs+"”.", "“"+e.theirs+"”?", "Nothing is done yet")
			if got := e.stored(s, e.one); got != e.theirs {
				t.Errorf("%s: got %q, want nothing done", route, got)
			}
			s.post(e.path+"/"+question, typed(a)...).want(t, 303)
			s.get(e.form).want(t, 404)
		}

		tag := s.addTag("gold")
		path := "/w/books/tags/" + itoa(tag.ID) + "/delete"
		use := func(name string) {
			s.addSegment(name, `{"condition":"AND","filters":[{"type":"tags","operator":"has_any","value":[`+itoa(tag.ID)+`]}]}`)
		}
		use("One")
		page := s.get(path)
		use("Two")
		a := s.post(path, append(typed(page), "force", "1")...)
		a.want(t, 422, "The segments and automations that use it have changed.", "2 segments use this tag in their rules.")
		s.post(path, append(typed(a), "force", "1")...).want(t, 303)
	})
}

// TestTwoPeopleChangeAnAddress changes the address of a webhook at every moment of another person's request for the same.
func TestTwoPeopleChangeAnAddress(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		w := s.createWebhook("name", "Shop", "type", "SUBSCRIBED")
		path := s.webhookPath(w, "/rotate")
		for n := 1; ; n++ {
			mine, theirs := typed(s.get(path)), typed(s.get(path))
			var b answer
			happened := s.during(n, func() { b = s.post(path, theirs...) })
			a := s.post(path, mine...)
			if !happened() {
				break
			}
			if statuses := []int{a.status, b.status}; !slices.Contains(statuses, 303) || !slices.Contains(statuses, 422) {
				t.Fatalf("moment %d: got %v, want one change and one question", n, statuses)
			}
		}
		page := s.get(path)
		s.post(path, typed(s.get(path))...).want(t, 303)
		s.post(path, typed(page)...).want(t, 422, "Its address was changed.", "Nothing is done yet")
	})
}

// TestATagWithANumberAsItsName has the id of another tag as its name: only the other one is chosen.
func TestATagWithANumberAsItsName(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		s.addContact(1, "anna@example.com", nil)
		vip := s.addTag("vip", 1)
		s.addTag(itoa(vip.ID))
		w := s.createWebhook("name", "Shop", "type", "SUBSCRIBED", "tags", itoa(vip.ID))
		for _, path := range []string{"/w/books/contacts/1/edit", s.webhookPath(w, "/edit")} {
			if got := formFields(s.get(path).body)["tags"]; !slices.Equal(got, []string{itoa(vip.ID)}) {
				t.Errorf("%s: got the tags %q, want only the one with the id %d", path, got, vip.ID)
			}
		}
	})
}

// TestAMergeTagIsDeletedWhileItsFieldIsFilledIn says what is not saved, for a contact and for a new one. It says nothing of a field
// that nobody filled in.
func TestAMergeTagIsDeletedWhileItsFieldIsFilledIn(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		s.addContact(1, "anna@example.com", func(c *models.Contact) { c.Fields = map[string]string{"town": "Graz"} })
		for form, path := range map[string]string{"/w/books/contacts/1/edit": "/w/books/contacts/1", "/w/books/contacts/new": "/w/books/contacts"} {
			city := s.addMergeTag(models.MergeTag{Key: "city", Label: "City", Type: models.MergeTagText, Default: "Linz"})
			town := s.addMergeTag(models.MergeTag{Key: "town", Label: "Town", Type: models.MergeTagText, Default: "Graz"})
			page := s.get(form)
			s.write(func(tx *gorm.DB) error { // deleted, and purged
				return tx.Where("id IN ?", []int64{city.ID, town.ID}).Delete(&models.MergeTag{}).Error
			})
			a := s.post(path, typed(page, "email", models.NewToken()[:8]+"@example.com", "field_city", "Vienna <b>")...)
			a.want(t, 422, "Somebody deleted the merge tag of what you filled in here: city (“Vienna <b>”). Save again to go on without it.")
			s.post(path, typed(a)...).want(t, 303)
		}
	})
}

// TestARemovedChoiceThatMoreRulesUse asks again: the tick was for the segments that the form named.
func TestARemovedChoiceThatMoreRulesUse(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		m := s.addMergeTag(models.MergeTag{Key: "genre", Label: "Genre", Type: models.MergeTagSingle, Options: []string{"Fiction", "Crime"}})
		path := "/w/books/merge-tags/" + itoa(m.ID)
		use := func(name string) {
			s.addSegment(name, `{"condition":"AND","filters":[{"type":"field","field_id":`+itoa(m.ID)+`,"operator":"eq","value":"Crime"}]}`)
		}
		use("One")
		a := s.post(path, typed(s.get(path+"/edit"), "options", "Fiction")...)
		a.want(t, 422, "A segment uses a choice that you removed in its rule.")
		use("Two")
		a = s.post(path, append(typed(a), "force", "1")...)
		a.want(t, 422, "2 segments use a choice that you removed in their rules.", "Two")
		s.post(path, append(typed(a), "force", "1")...).want(t, 303)
		if got := s.mergeTag("genre").Options; !slices.Equal(got, []string{"Fiction"}) {
			t.Errorf("got the choices %q", got)
		}
	})
}
