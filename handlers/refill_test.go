package handlers

import (
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"campaignlark/models"
	"campaignlark/models/store"

	"gorm.io/gorm"
)

// hidden returns the value of a hidden field as a browser would send it.
func (a answer) hidden(name string) string {
	m := regexp.MustCompile(`name="` + name + `" value="([^"]*)"`).FindStringSubmatch(a.body)
	if m == nil {
		return ""
	}
	return html.UnescapeString(m[1])
}

// signInAgain submits the sign-in page that answered a form, and follows its redirects.
func (s *site) signInAgain(page answer, password string) answer {
	s.t.Helper()
	in := s.post("/login", "email", "ines@example.com", "password", password, "next", page.hidden("next"),
		"kept_path", page.hidden("kept_path"), "kept", page.hidden("kept"), "kept_whose", page.hidden("kept_whose"))
	if in.status != 303 {
		return in
	}
	if to := in.header.Get("Location"); to != page.hidden("next") {
		s.t.Errorf("signing in leads to %s, want the page of the form, %s", to, page.hidden("next"))
	}
	back := s.as(s.cookie(in)).get(in.header.Get("Location"))
	back.header.Set("Set-Cookie", in.header.Get("Set-Cookie"))
	return back
}

func TestFormSurvivesAnEndedSession(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		nobody := s.door()
		forms := []struct {
			path   string
			fields []string
			marks  []string // of the input on the page
		}{
			{"/w/books/tags", []string{"name", `reading & "club"`}, []string{`value="reading &amp; &#34;club&#34;"`}},
			{"/w/books/merge-tags", []string{"key", "city", "label", "City", "type", "dropdown_single", "options", "Graz\r\nLinz"}, []string{`value="city"`, `value="City"`, "Graz\r\nLinz", `value="dropdown_single" selected`}},
			{"/w/books/webhooks", []string{"name", "Shop", "type", "UNSUBSCRIBED"}, []string{`value="Shop"`, `value="UNSUBSCRIBED" data-tags="no" checked`}},
			{"/w/books/contacts", []string{"email", "ann@example.com", "status", "UNCONFIRMED", "new_tags", "vip, late"}, []string{`value="ann@example.com"`, `value="UNCONFIRMED" selected`, `value="vip, late"`}},
			{"/w/books/segments", []string{"name", "Both", "join", "OR", "what-0", "status", "operator-0", "ne", "value-0", "SUBSCRIBED", "what-1", "tags", "operator-1", "any", "do", "save"}, []string{`value="Both"`, `value="OR" selected`, `name="what-1"`}},
			{"/w/books/segments", []string{"name", "Tree", "what-0", "status", "operator-0", "eq", "value-0", "SUBSCRIBED", "join-1", "OR", "what-1.0", "email", "operator-1.0", "in", "value-1.0", "a@example.com\r\nnot yet", "do", "preview"}, []string{`value="Tree"`, `name="join-1"`, "a@example.com\nnot yet</textarea>"}},
			{"/w/books/settings", []string{"name", "Bücher", "time_zone", "Europe/Paris"}, []string{`value="Bücher"`, `value="Europe/Paris" selected`}},
			{"/w/books/settings/members", []string{"email", "otto@example.com", "role", "manager"}, []string{`value="otto@example.com"`, `value="manager" checked`}},
			{"/workspaces", []string{"name", "Music", "time_zone", "Europe/Paris"}, []string{`value="Music"`, `value="Europe/Paris" selected`}},
			{"/w/books/contacts/bulk", []string{"do", "tag", "id", "1", "with", "late"}, []string{"Add the tag “late” to 1 contact?"}},
		}
		s.addContact(1, "first@example.com", nil)
		for _, f := range forms {
			form := url.Values{"whose": {itoa(s.user.ID)}}
			for i := 0; i < len(f.fields); i += 2 {
				form.Add(f.fields[i], f.fields[i+1])
			}
			page := f.path
			if f.path != "/w/books/settings" && f.path != "/w/books/contacts/bulk" {
				page += "/new"
			}
			met := nobody.do("POST", f.path, strings.NewReader(form.Encode()), http.Header{"Content-Type": {"application/x-www-form-urlencoded"}, "Referer": {"http://lark.example" + page}})
			met.want(t, 401, "Sign in", "Your input is kept")
			if f.path == "/w/books/tags" {
				met = nobody.signInAgain(met, "wrong") // the next sign-in page still carries the form
			}
			back := nobody.signInAgain(met, rightPassword)
			back.want(t, 200, "You were signed out before this was saved.", "ines@example.com")
			for _, mark := range f.marks {
				if !strings.Contains(back.body, mark) {
					t.Errorf("%s: the form comes back without %s", f.path, mark)
				}
			}
			me := s.as(s.cookie(back))
			if again := me.get(page); again.status == 200 && strings.Contains(again.body, "You were signed out before") {
				t.Errorf("%s: opened again, the page brings the form once more", page)
			}
			if got := back.hidden("csrf"); me.post(f.path, append([]string{"csrf", got}, "name", "")...).status == 403 {
				t.Errorf("%s: the form came back with a token that does not fit", f.path)
			}
		}
		if tags, err := s.db.TagNames(t.Context(), s.workspace.ID); err != nil || len(tags) != 0 {
			t.Errorf("got the tags %v (%v), want none: nobody pressed Save", tags, err)
		}
	})
}

func TestFormOfAnEarlierSessionIsShownAgain(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		a := s.post("/w/books/tags", "name", "vip", "csrf", "of an earlier session", "whose", itoa(s.user.ID))
		a.want(t, 403, "This form had expired, so nothing was done.")
		if !strings.Contains(a.body, `value="vip"`) {
			t.Error("the form comes back without what was filled in")
		}
		s.follow(s.post("/w/books/tags", "name", "vip", "csrf", a.hidden("csrf"), "once", a.hidden("once"))).want(t, 200, "The tag vip was created.")
		tag, err := s.db.TagNames(t.Context(), s.workspace.ID)
		if err != nil || len(tag) != 1 {
			t.Fatalf("got %v (%v), want one tag", tag, err)
		}
		s.post("/w/books/tags/"+itoa(tag[0].ID)+"/delete", "csrf", "old", "more", "than the token", "whose", itoa(s.user.ID)).want(t, 403, "nothing was done")
		s.get("/w/books/tags").want(t, 200, "vip")
	})
}

func TestOnlyOwnFormsAreShownAgain(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		music := s.addWorkspace("music")
		if _, _, err := s.db.CreateTag(t.Context(), music.ID, s.user.ID, "vinyl", s.server.now()); err != nil {
			t.Fatal(err)
		}
		tag, _, err := s.db.CreateTag(t.Context(), s.workspace.ID, s.user.ID, "vip", s.server.now())
		if err != nil {
			t.Fatal(err)
		}
		w := s.createWebhook("name", "Shop", "type", "SUBSCRIBED")
		nobody := s.door()
		for _, c := range []struct {
			path, kept string
			status     int
		}{
			{"/w/music/tags", "name=stolen", 404},
			{"/w/books/tags/" + itoa(tag.ID) + "/delete", "x=y", 303},
			{"/logout", "x=y", 303},
			{"/v1/inbound-webhooks/" + w.Hash, "email_address=a%40example.com", 404},
			{"/login", "email=x", 404},
			{"/nowhere", "x=y", 404},
			{"//evil.example/", "x=y", 200},
			{"", "x=y", 200},
			{"/w/books/tags", strings.Repeat("x", maxKept+1), 200},
		} {
			in := nobody.post("/login", "email", "ines@example.com", "password", rightPassword, "kept_path", c.path, "kept", c.kept, "kept_whose", itoa(s.user.ID), "next", "/w/books")
			in.leadsTo(t, "/w/books")
			a := s.as(s.cookie(in)).get("/w/books")
			a.header.Set("Set-Cookie", in.header.Get("Set-Cookie"))
			if a.status != c.status {
				t.Errorf("%s: got %d, want %d; the page says: %s", c.path, a.status, c.status, a.text())
			}
			if to := a.header.Get("Location"); to != "" && !strings.HasPrefix(to, "/") || strings.HasPrefix(to, "//") {
				t.Errorf("%s: leads to %q", c.path, to)
			}
			s.as(s.cookie(a)).get("/w/books").want(t, 200) // signed in nevertheless
		}
		if _, err := s.db.Tag(t.Context(), s.workspace.ID, tag.ID); err != nil {
			t.Errorf("the tag was deleted by signing in: %v", err)
		}
		if _, err := s.db.ContactByEmail(t.Context(), s.workspace.ID, "a@example.com"); store.ErrorCode(err) != models.CodeNotFound {
			t.Errorf("got %v, want no contact from a kept form", err)
		}
	})
}

func TestPasswordsAreNotKept(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		a := s.as("").post("/account", "current_password", "old secret", "new_password", "new secret", "csrf", "x", "once", "y")
		a.leadsTo(t, "/login")
		a = s.as("").post("/w/books/tags", "name", "vip", "password", "a secret")
		if a.want(t, 401); strings.Contains(a.body, "secret") {
			t.Error("the page holds a password")
		}
	})
}

func TestFormIsShownAgainOnlyToItsAuthor(t *testing.T) {
	const dropped = "What was filled in before belonged to another account and was not kept."
	eachSite(t, func(t *testing.T, s *site) {
		nobody := s.door()
		otto := s.addMember(s.workspace, "otto@example.com", models.RoleAdmin)
		form := s.as(s.signIn(s.user)).get("/w/books/tags/new")
		if got := form.hidden("whose"); got == "" || got == s.as(s.signIn(otto)).get("/w/books/tags/new").hidden("whose") {
			t.Fatalf("the form says %q of whose it is", got)
		}
		for _, whose := range []string{itoa(otto.ID), "", form.hidden("whose") + "0"} {
			met := nobody.post("/w/books/tags", "name", "secret plan", "whose", whose)
			in := nobody.post("/login", "email", "ines@example.com", "password", rightPassword, "next", "/w/books/tags/new",
				"kept_path", met.hidden("kept_path"), "kept", met.hidden("kept"), "kept_whose", met.hidden("kept_whose"))
			in.leadsTo(t, "/w/books/tags/new")
			ines := s.as(s.cookie(in))
			page := ines.get("/w/books/tags/new")
			page.want(t, 200, dropped)
			if strings.Contains(page.body, "secret plan") {
				t.Errorf("a form of %q comes back to another account", whose)
			}
			again := ines.get("/w/books/tags/new")
			again.wantNot(t, dropped)
			late := ines.post("/w/books/tags", "name", "secret plan", "csrf", "of an earlier session", "whose", whose)
			if late.want(t, 403, dropped); strings.Contains(late.body, "secret plan") {
				t.Errorf("a late form of %q is shown to another account", whose)
			}
		}
	})
}

func TestLostFormOfAForbiddenPageIsReported(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		nobody := s.door()
		met := nobody.post("/w/books/tags", "name", "vip", "whose", itoa(s.user.ID))
		for _, c := range []struct {
			change string
			status int
		}{
			{"UPDATE memberships SET role = 'viewer' WHERE user_id = ?", 403},
			{"DELETE FROM memberships WHERE user_id = ?", 404},
		} {
			s.write(func(tx *gorm.DB) error { return tx.Exec(c.change, s.user.ID).Error })
			in := nobody.post("/login", "email", "ines@example.com", "password", rightPassword, "next", "/w/books/tags/new",
				"kept_path", met.hidden("kept_path"), "kept", met.hidden("kept"), "kept_whose", met.hidden("kept_whose"))
			s.as(s.cookie(in)).get("/w/books/tags/new").want(t, c.status, "What you filled in was not kept: you can no longer open its page.")
		}
	})
}
