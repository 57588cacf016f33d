package handlers

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"campaignlark/models"
)

func TestAFieldThatTwoPeopleChanged(t *testing.T) {
	l := func(texts ...string) []string { return texts }
	for name, c := range map[string]struct {
		field          threeWay
		want           []string
		clashes, items bool
	}{
		"nobody":                   {field: threeWay{l("a"), l("a"), l("a")}, want: l("a")},
		"the person":               {field: threeWay{l("a"), l("b"), l("a")}, want: l("b")},
		"somebody else":            {field: threeWay{l("a"), l("a"), l("b")}, want: l("b")},
		"both alike":               {field: threeWay{l("a"), l("b"), l("b")}, want: l("b")},
		"both":                     {field: threeWay{l("a"), l("b"), l("c")}, want: l("b"), clashes: true},
		"emptied, and changed":     {field: threeWay{l("a"), l(""), l("c")}, want: l(""), clashes: true},
		"emptied by somebody else": {field: threeWay{l("a"), l("a"), l("")}, want: l("")},
		"not sent":                 {field: threeWay{l("a"), nil, l("a")}, want: nil},
		"line ends of a browser":   {field: threeWay{l("a\nb"), l("a\r\nb"), l("c")}, want: l("c")},
		"choices in another order": {field: threeWay{l("b", "a"), l("", "a", "b"), l("b", "a")}, want: []string{"b", "a"}},

		"an item of each":             {items: true, field: threeWay{l("a", "b", "c"), l("a", "b", "mine"), l("b", "c", "theirs")}, want: []string{"b", "mine", "theirs"}},
		"an item that both took out":  {items: true, field: threeWay{l("a", "b"), l("b"), l("b")}, want: l("b")},
		"an item that both added":     {items: true, field: threeWay{nil, l("a"), l("a")}, want: l("a")},
		"items in the person's order": {items: true, field: threeWay{l("a", "b"), l("b", "a"), l("a", "b", "c")}, want: []string{"b", "a", "c"}},
		"no items left":               {items: true, field: threeWay{l("a"), nil, l("a")}, want: nil},
	} {
		got := c.field.value()
		if c.items {
			got = c.field.items()
		}
		if !slices.Equal(got, c.want) || !c.items && c.field.clashes() != c.clashes {
			t.Errorf("%s: got %q (clashes: %v), want %q (%v)", name, got, c.field.clashes(), c.want, c.clashes)
		}
	}
}

// FuzzItems merges lists of one-letter items: what one side added or took out, and only that, is different from what both had.
func FuzzItems(f *testing.F) {
	f.Add("abc", "abm", "bct")
	f.Add("", "", "")
	f.Fuzz(func(t *testing.T, filled, posted, stored string) {
		split := func(s string) []string { return slices.Compact(slices.Sorted(slices.Values(strings.Split(s, "")))) }
		field := threeWay{split(filled), split(posted), split(stored)}
		got := field.items()
		for _, item := range slices.Concat(field.filled, field.posted, field.stored) {
			had, mine, theirs := slices.Contains(field.filled, item), slices.Contains(field.posted, item), slices.Contains(field.stored, item)
			want := mine
			if mine == had {
				want = theirs
			}
			if slices.Contains(got, item) != want {
				t.Errorf("filled %q, posted %q, stored %q: got %q; %q should be in it: %v", field.filled, field.posted, field.stored, got, item, want)
			}
		}
		if len(got) != len(setOf(got)) {
			t.Errorf("got %q, want each item once", got)
		}
	})
}

// edited is an edit form that two people have open. Both can change the field one, which they change to differing texts, and each
// can change another field.
type edited struct {
	form, path  string // of the page with the form, and of its post
	one         string
	mine        string
	theirs      string
	other       string // a second field, "" for a form with one
	otherText   string
	remove      func() // what a third person does
	says        string // after the removal
	again       bool   // the typed text comes back after the removal
	asksForMore bool   // the form asks also if others changed only what the person did not change
}

// editRoutes lists the routes of edit forms, with two people's changes.
var editRoutes = map[string]func(s *site) edited{
	"POST /w/:slug/tags/:id": func(s *site) edited {
		path := "/w/books/tags/" + itoa(s.addTag("vip").ID)
		return edited{form: path + "/edit", path: path, one: "name", mine: "Very important", theirs: "Important",
			remove: func() { s.post(path+"/delete").want(s.t, 303) }, says: "This tag does not exist any more", again: true}
	},
	"POST /w/:slug/automations/:id": func(s *site) edited {
		path := s.addAutomation("Welcome")
		return edited{form: path + "/edit", path: path, one: "name", mine: "Welcome all", theirs: "Greetings", other: "step.0.amount", otherText: "3",
			remove: func() { s.post(path+"/delete").want(s.t, 303) }, says: "This automation does not exist any more", again: true}
	},
	"POST /w/:slug/merge-tags/:id": func(s *site) edited {
		path := "/w/books/merge-tags/" + itoa(s.addMergeTag(models.MergeTag{Key: "genre", Label: "Genre", Type: models.MergeTagSingle, Options: []string{"Fiction", "Crime"}}).ID)
		return edited{form: path + "/edit", path: path, one: "label", mine: "Kind", theirs: "Sort", other: "default_value", otherText: "Crime",
			remove: func() { s.post(path+"/delete").want(s.t, 303) }, says: "This merge tag does not exist any more", again: true}
	},
	"POST /w/:slug/webhooks/:id": func(s *site) edited {
		path := s.webhookPath(s.createWebhook("name", "Shop", "type", "SUBSCRIBED"), "")
		return edited{form: path + "/edit", path: path, one: "name", mine: "Till", theirs: "Web shop", other: "type", otherText: "UNCONFIRMED",
			remove: func() { s.post(path+"/delete").want(s.t, 303) }, says: "This webhook does not exist any more", again: true}
	},
	"POST /w/:slug/webhooks/:id/reading": func(s *site) edited {
		s.addMergeTag(models.MergeTag{Key: "first_name", Label: "First name", Type: models.MergeTagText})
		w := s.createWebhook("name", "Form", "type", "SUBSCRIBED")
		path := s.webhookPath(w, "/reading")
		s.post(path, "sender", "own", "mapping", `{"address":["email"],"fields":{"first_name":[{"path":"name"}]}}`).want(s.t, 303)
		return edited{form: path, path: path, one: "place.email_address", mine: "customer.email", theirs: "person.email", other: "place.first_name", otherText: "person.name",
			remove: func() { s.post(s.webhookPath(w, "/delete")).want(s.t, 303) }, says: "This webhook does not exist any more"}
	},
	"POST /w/:slug/webhooks/:id/signature": func(s *site) edited {
		w := s.createWebhook("name", "Form", "type", "SUBSCRIBED")
		path := s.webhookPath(w, "/signature")
		s.post(path, "form", "addresses", "networks", "203.0.113.7", "mode", "watch").want(s.t, 303)
		return edited{form: path, path: path, one: "networks", mine: "203.0.113.8", theirs: "203.0.113.9", other: "mode", otherText: "off",
			remove: func() { s.post(s.webhookPath(w, "/delete")).want(s.t, 303) }, says: "This webhook does not exist any more"}
	},
	"POST /w/:slug/webhooks/:id/answers": func(s *site) edited {
		w := s.createWebhook("name", "Form", "type", "SUBSCRIBED")
		path := s.webhookPath(w, "/answers")
		s.post(path, "trap_field", "website", "limit_network", "20").want(s.t, 303)
		return edited{form: path, path: path, one: "trap_field", mine: "homepage", theirs: "url", other: "limit_network", otherText: "30",
			remove: func() { s.post(s.webhookPath(w, "/delete")).want(s.t, 303) }, says: "This webhook does not exist any more"}
	},
	"POST /w/:slug/segments/:id": func(s *site) edited {
		path := "/w/books/segments/" + itoa(s.addSegment("Readers", `{"condition":"AND","filters":[{"type":"status","operator":"eq","value":"SUBSCRIBED"}]}`).ID)
		return edited{form: path + "/edit", path: path, one: "name", mine: "Subscribers", theirs: "Audience", other: "value-0", otherText: "UNCONFIRMED",
			remove: func() { s.post(path+"/delete").want(s.t, 303) }, says: "This segment does not exist any more", again: true}
	},
	"POST /w/:slug/contacts/:id": func(s *site) edited {
		s.addMergeTag(models.MergeTag{Key: "first_name", Label: "First name", Type: models.MergeTagText})
		path := "/w/books/contacts/" + itoa(s.addContact(1, "anna@example.com", nil).ID)
		return edited{form: path + "/edit", path: path, one: "field_first_name", mine: "Anne", theirs: "Ann", other: "status", otherText: "UNSUBSCRIBED",
			remove: func() { s.post(path+"/delete").want(s.t, 303) }, says: "This contact does not exist any more", asksForMore: true}
	},
	"POST /w/:slug/destinations/:id": func(s *site) edited {
		path := "/w/books/destinations/" + itoa(s.addDestination("CRM").ID)
		return edited{form: path + "/edit", path: path, one: "name", mine: "Sales", theirs: "Support", other: "url", otherText: "https://crm.example.org/hook",
			remove: func() { s.post(path+"/delete").want(s.t, 303) }, says: "This destination does not exist any more", again: true}
	},
	"POST /w/:slug/settings": func(s *site) edited {
		return edited{form: "/w/books/settings", path: "/w/books/settings", one: "name", mine: "Alder", theirs: "Finch", other: "time_zone", otherText: "UTC"}
	},
	"POST /w/:slug/settings/members/:id": func(s *site) edited {
		vera := s.addMember(s.workspace, "vera@example.com", models.RoleViewer)
		path := "/w/books/settings/members/" + itoa(vera.ID)
		return edited{form: path + "/edit", path: path, one: "role", mine: "admin", theirs: "manager",
			remove: func() { s.as(s.signIn(vera)).post("/w/books/settings/members/leave").want(s.t, 303) }, says: "This person is not a member of the workspace any more"}
	},
}

// otherPosts lists the posts of signed-in people that no two people's edits meet in, with the reason.
var otherPosts = map[string]string{
	"POST /logout":          "edits nothing",
	"POST /account":         "nothing stored is shown, and a new password ends the other sessions",
	"POST /account/profile": "one person's: TestNameAndTheme",
	"POST /account/keys":    "one choice of one person; TestAChoiceOfAnotherWindowStays",

	"POST " + invitationsPath + "/:id/accept":       "one button: an invitation that is gone is explained",
	"POST " + invitationsPath + "/:id/decline":      "one button: an invitation that is gone is explained",
	"POST /w/:slug/settings/invitations/:id/renew":  "one button: an invitation that is gone is explained",
	"POST /w/:slug/settings/invitations/:id/cancel": "one button: an invitation that is gone is explained",
	"POST /w/:slug/settings/members":                "creates",
	"POST /w/:slug/requests/:id/reveal":             "one button: it only shows what was sent",
	"POST /w/:slug/webhooks":                        "creates",
	"POST /w/:slug/automations":                     "creates",
	"POST /w/:slug/automations/:id/enable":          "one button, and one state",
	"POST /w/:slug/automations/:id/disable":         "one button, and one state",
	"POST /w/:slug/automations/:id/retry":           "one button",
	"POST /w/:slug/runs/:id/retry":                  "one button",
	"POST /w/:slug/automations/:id/copy":            "creates",
	"POST /w/:slug/automations/:id/delete":          "asks, and deletes what is there",
	"POST /w/:slug/runs/:id/stop":                   "one button: a run that has ended stays so",
	"POST /w/:slug/destinations":                    "creates",
	"POST /w/:slug/destinations/:id/test":           "creates",
	"POST /w/:slug/destinations/:id/retry":          "one button: what waits is tried now",
	"POST /w/:slug/destinations/:id/replay":         "asks first, with the number",
	"POST /w/:slug/destinations/:id/enable":         "one button: the state that it names",
	"POST /w/:slug/destinations/:id/disable":        "one button: the state that it names",
	"POST /w/:slug/destinations/:id/secret":         "asks first: TestASecretThatSomebodyElseReplaced",
	"POST /w/:slug/destinations/:id/delete":         "asks first: TestAQuestionAboutAThingThatChanged",
	"POST /w/:slug/deliveries/:id/replay":           "one button: TestAMessageIsGivenUpAndSentAgain",
	"POST /w/:slug/deliveries/:id/give-up":          "one button: TestAMessageIsGivenUpAndSentAgain",
	"POST /w/:slug/requests/replay":                 "creates; TestRefusedCallsAreReplayed tells a second person",
	"POST /w/:slug/merge-tags/:id/fill":             "creates; TestANewMergeTagIsFilledIn tells a second person",
	"POST /w/:slug/contacts/filter":                 "stores nothing: it leads to the list",
	"POST /w/:slug/contacts/columns":                "each person has their own",
	"POST /w/:slug/contacts/import/:id/undo":        "once; TestAnImportLeadsToItsContactsAndIsTakenBack tells a second person",
	"POST /w/:slug/webhooks/:id/fields":             "one button: it says which state it sets",
	"POST /w/:slug/failures/dismiss":                "one button: it sets a time",
	"POST /workspaces":                              "creates",
	"POST /w/:slug/segments":                        "creates",
	"POST /w/:slug/tags":                            "creates",
	"POST /w/:slug/merge-tags":                      "creates",
	"POST /w/:slug/merge-tags/usual":                "creates",
	"POST /w/:slug/first-steps/hide":                "one button: the state that it names",
	"POST /w/:slug/contacts":                        "creates",
	"POST /w/:slug/contacts/import":                 "creates",
	"POST /w/:slug/webhooks/:id/console":            "edits nothing; a call for real is sent with exactly what was asked about: TestACallIsSentForReal",
	"POST /w/:slug/webhooks/:id/enable":             "one button: the state that it names",
	"POST /w/:slug/webhooks/:id/disable":            "one button: the state that it names",
	"POST /w/:slug/jobs/:id/pause":                  "one button: the state that it names",
	"POST /w/:slug/jobs/:id/resume":                 "one button: the state that it names",
	"POST /w/:slug/jobs/:id/stop":                   "one button: the state that it names",
	"POST /w/:slug/webhooks/:id/rotate":             "asks first: TestAQuestionAboutAThingThatChanged",
	"POST /w/:slug/webhooks/:id/delete":             "asks first: TestAQuestionAboutAThingThatChanged",
	"POST /w/:slug/settings/members/leave":          "asks first",
	"POST /w/:slug/settings/members/:id/remove":     "asks first",
	"POST /w/:slug/settings/delete":                 "asks for the present name",
	"POST /w/:slug/segments/:id/delete":             "asks first: TestAQuestionAboutAThingThatChanged",
	"POST /w/:slug/tags/:id/delete":                 "asks first: TestAQuestionAboutAThingThatChanged",
	"POST /w/:slug/merge-tags/:id/delete":           "asks first: TestAQuestionAboutAThingThatChanged",
	"POST /w/:slug/contacts/:id/delete":             "asks first",
	"POST /w/:slug/contacts/:id/unsubscribe":        "one button: the state that it names",
	"POST /w/:slug/contacts/:id/tags":               "only adds: TestQuickActionsOnAContact",
	"POST /w/:slug/contacts/bulk":                   "asks again if the number of contacts is another one",
	"POST " + supportPath + "/:id/reveal":           "edits nothing",
	"POST /w/:slug/contacts/import/:id":             "TestTheColumnsOfAnImportThatTwoPeopleChoose",
	"POST /w/:slug/contacts/import/:id/columns":     "TestTheColumnsOfAnImportThatTwoPeopleChoose",
}

func TestEveryEditRouteIsEditedByTwo(t *testing.T) {
	for _, r := range routes {
		name := r.method + " " + r.path
		if r.method != http.MethodPost || r.access < signedIn {
			continue
		}
		if _, edits := editRoutes[name]; edits == (otherPosts[name] != "") {
			t.Errorf("%s: say in editRoutes how two people edit its form at the same time, or in otherPosts why they do not", name)
		}
	}
}

// twoPeople runs f for each edit form, on each database: ines and otto have the form open.
func twoPeople(t *testing.T, f func(t *testing.T, ines, otto *site, e edited)) {
	t.Parallel()
	for _, route := range slices.Sorted(maps.Keys(editRoutes)) {
		t.Run(route, func(t *testing.T) {
			eachSite(t, func(t *testing.T, s *site) {
				f(t, s, s.as(s.signIn(s.addMember(s.workspace, "otto@example.com", models.RoleAdmin))), editRoutes[route](s))
			})
		})
	}
}

// typed returns the fields of the form on a page as a browser sends them, with the texts that a person typed.
func typed(a answer, typed ...string) []string {
	var fields []string
	for name, texts := range formFields(a.body) {
		if i := slices.Index(typed, name); i >= 0 && i%2 == 0 {
			texts = []string{typed[i+1]}
		}
		for _, text := range texts {
			fields = append(fields, name, text)
		}
	}
	return fields
}

// stored returns what the form shows when it is opened.
func (e edited) stored(s *site, name string) string {
	s.t.Helper()
	return formFields(s.get(e.form).body).Get(name)
}

// save presses Save with what comes back, if the form comes back because others changed what the person did not change.
func (e edited) save(t *testing.T, s *site, fields []string) {
	t.Helper()
	a := s.post(e.path, fields...)
	if e.asksForMore {
		a.want(t, 422, "was changed while you edited it")
		a = s.post(e.path, typed(a)...)
	}
	a.want(t, 303)
}

func TestTwoPeopleChangeDifferentFields(t *testing.T) {
	twoPeople(t, func(t *testing.T, ines, otto *site, e edited) {
		if e.other == "" {
			return
		}
		page := ines.get(e.form)
		otto.post(e.path, typed(otto.get(e.form), e.other, e.otherText)...).want(t, 303)
		e.save(t, ines, typed(page, e.one, e.mine))
		if one, other := e.stored(ines, e.one), e.stored(ines, e.other); one != e.mine || other != e.otherText {
			t.Errorf("got %s %q and %s %q, want what each typed: %q and %q", e.one, one, e.other, other, e.mine, e.otherText)
		}
	})
}

func TestTwoPeopleChangeTheSameField(t *testing.T) {
	twoPeople(t, func(t *testing.T, ines, otto *site, e edited) {
		page := ines.get(e.form)
		otto.post(e.path, typed(otto.get(e.form), e.one, e.theirs)...).want(t, 303)
		a := ines.post(e.path, typed(page, e.one, e.mine)...)
		a.want(t, 422, "was changed while you edited it", "Nothing is saved yet")
		if !strings.Contains(strings.ToLower(a.text()), strings.ToLower(e.theirs)+"”.") && !strings.Contains(a.text(), "is now Manager.") {
			t.Errorf("the page does not say that it is %q now: %s", e.theirs, a.text())
		}
		if got := formFields(a.body).Get(e.one); got != e.mine {
			t.Errorf("the form comes back with %q, want %q as typed", got, e.mine)
		}
		if got := e.stored(otto, e.one); got != e.theirs {
			t.Errorf("got %q, want %q as long as the other is not decided", got, e.theirs)
		}
		ines.post(e.path, typed(a)...).want(t, 303)
		if got := e.stored(ines, e.one); got != e.mine {
			t.Errorf("got %q after saving again, want %q", got, e.mine)
		}
	})
}

func TestAFormThatNobodyTouchedKeepsWhatOthersChanged(t *testing.T) {
	twoPeople(t, func(t *testing.T, ines, otto *site, e edited) {
		page := ines.get(e.form)
		otto.post(e.path, typed(otto.get(e.form), e.one, e.theirs)...).want(t, 303)
		e.save(t, ines, typed(page))
		if got := e.stored(ines, e.one); got != e.theirs {
			t.Errorf("got %q, want %q: nobody changed it after that", got, e.theirs)
		}
	})
}

func TestAnEditedThingIsDeletedByAnother(t *testing.T) {
	twoPeople(t, func(t *testing.T, ines, otto *site, e edited) {
		if e.remove == nil {
			return
		}
		page := ines.get(e.form)
		e.remove()
		a := ines.post(e.path, typed(page, e.one, e.mine)...)
		a.want(t, 404, e.says)
		if !e.again {
			return
		}
		if got := formFields(a.body).Get(e.one); got != e.mine {
			t.Errorf("the form comes back with %q, want %q as typed", got, e.mine)
		}
		action := e.path[:strings.LastIndex(e.path, "/")]
		if !strings.Contains(a.body, `action="`+action+`"`) {
			t.Errorf("the form does not lead to %s, which creates a new one", action)
		}
	})
}

// during runs do once, when the clock is read for the nth time from now, and reports whether that happened.
func (s *site) during(n int, do func()) (happened func() bool) {
	clock, read, doing := s.server.Now, 0, false
	s.server.Now = func() time.Time {
		if !doing {
			if read++; read == n {
				doing = true
				do()
				doing = false
			}
		}
		return clock()
	}
	return func() bool {
		s.server.Now = clock
		return read >= n
	}
}

// TestTwoPeopleSaveAtTheSameMoment saves one person's form at every moment of the other's request: one of them is asked.
func TestTwoPeopleSaveAtTheSameMoment(t *testing.T) {
	twoPeople(t, func(t *testing.T, ines, otto *site, e edited) {
		first := e.stored(ines, e.one)
		asked := map[string]int{}
		for n := 1; ; n++ {
			mine, theirs := typed(ines.get(e.form), e.one, e.mine), typed(otto.get(e.form), e.one, e.theirs)
			var b answer
			happened := ines.during(n, func() { b = otto.post(e.path, theirs...) })
			a := ines.post(e.path, mine...)
			if !happened() {
				break
			}
			want := e.mine
			switch {
			case a.status == 303 && b.status == 422:
				asked["otto"]++
			case a.status == 422 && b.status == 303:
				want = e.theirs
				asked["ines"]++
			default:
				t.Fatalf("moment %d: got %d and %d, want one form saved and the other one shown again", n, a.status, b.status)
			}
			if got := e.stored(ines, e.one); got != want {
				t.Fatalf("moment %d: got %q, want %q", n, got, want)
			}
			ines.post(e.path, typed(ines.get(e.form), e.one, first)...).want(t, 303)
		}
		if asked["ines"] < 3 {
			t.Errorf("the other's form was saved before this one at %d moments, want at least 3: when it begins, is claimed and is stored", asked["ines"])
		}
	})
}

// TestAForgedFilledField is read as text, or not at all.
func TestAForgedFilledField(t *testing.T) {
	twoPeople(t, func(t *testing.T, ines, otto *site, e edited) {
		for _, filled := range []string{"x", "null", "[]", "{}", `{"name":null,"options":[],"tags":[],"role":[]}`, `{"name":"x"}`, `{"name":[1]}`,
			`{"name":["<script>alert(1)</script>\u0000"],"label":["a","b"],"options":["\n\n"],"tags":["x","999999999999999999999","-1",""],"type":["<b>"],"role":["<i>"],"time_zone":[""],"rule":[""],"status":["<u>"]}`} {
			fields := []string{"filled", filled}
			page := typed(ines.get(e.form), e.one, e.mine)
			for i := 0; i < len(page); i += 2 {
				if page[i] != "filled" {
					fields = append(fields, page[i], page[i+1])
				}
			}
			a := ines.post(e.path, fields...)
			if a.status != 303 && a.status != 422 || strings.Contains(a.body, "<script>alert") {
				t.Errorf("%s: got %d: %s", filled, a.status, a.text())
			}
		}
	})
}

// TestAnExpiredFormTellsWhatOthersChanged posts a form of an earlier session, which is shown again.
func TestAnExpiredFormTellsWhatOthersChanged(t *testing.T) {
	twoPeople(t, func(t *testing.T, ines, otto *site, e edited) {
		page := ines.get(e.form)
		otto.post(e.path, typed(otto.get(e.form), e.one, e.theirs)...).want(t, 303)
		a := ines.post(e.path, append(typed(page, e.one, e.mine), "csrf", "of an earlier session")...)
		a.want(t, 403, "This form had expired", "was changed while you edited it")
		if got := formFields(a.body).Get(e.one); got != e.mine {
			t.Errorf("the form comes back with %q, want %q as typed", got, e.mine)
		}
		if got := e.stored(otto, e.one); got != e.theirs {
			t.Errorf("got %q, want nothing saved", got)
		}
		ines.post(e.path, typed(a)...).want(t, 303)
		if got := e.stored(otto, e.one); got != e.mine {
			t.Errorf("got %q after saving again, want %q", got, e.mine)
		}
	})
}
