package handlers

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"campaignlark/internal/dbtest"
	"campaignlark/models"
	"campaignlark/models/store"

	"gorm.io/gorm"
)

const rightPassword = "rains of castamere"

// door returns a site without a session, whose admin ines@example.com has rightPassword.
func (s *site) door() *site {
	s.t.Helper()
	if err := s.db.SetPassword(s.t.Context(), s.user.ID, rightPassword, nil); err != nil {
		s.t.Fatal(err)
	}
	return s.as("")
}

// cookie returns the session cookie that an answer sets.
func (s *site) cookie(a answer) string {
	s.t.Helper()
	for _, c := range (&http.Response{Header: a.header}).Cookies() {
		if c.Name == s.server.sessions.cookieName() && c.Value != "" {
			if !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.Path != "/" {
				s.t.Errorf("got the cookie %v, want HttpOnly, SameSite=Lax and the path /", c)
			}
			return c.Value
		}
	}
	s.t.Fatalf("got %d without a session; the page says: %s", a.status, a.text())
	return ""
}

func (a answer) leadsTo(t *testing.T, want string) {
	t.Helper()
	if got := a.header.Get("Location"); a.status != 303 || got != want {
		t.Errorf("got %d to %q, want 303 to %q; the page says: %s", a.status, got, want, a.text())
	}
}

func TestSignInAndOut(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		s = s.door()
		s.get("/").leadsTo(t, "/login")
		s.get("/w/books/tags?q=1").leadsTo(t, "/login?next=%2Fw%2Fbooks%2Ftags%3Fq%3D1")
		s.get("/login?next=%2Fw%2Fbooks%2Ftags%3Fq%3D1").want(t, 200, "E-mail address", "Password")
		a := s.post("/login", "email", "Ines@Example.com ", "password", rightPassword, "next", "/w/books/tags?q=1")
		a.leadsTo(t, "/w/books/tags?q=1")

		me := s.as(s.cookie(a))
		me.get("/").leadsTo(t, "/w/books")
		me.get("/login").leadsTo(t, "/")
		me.get("/login?next=/account").leadsTo(t, "/account")
		me.get("/w/books/tags").want(t, 200, "ines@example.com", "Sign out")
		me.post("/logout", "csrf", "wrong").want(t, 403)
		me.get("/w/books/tags").want(t, 200)
		me.post("/logout").leadsTo(t, "/login")
		me.get("/w/books/tags").want(t, 303) // the old cookie no longer works
		me.post("/logout").leadsTo(t, "/login")
	})
}

func TestFailedSignInKeepsTheForm(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		s = s.door()
		for _, email := range []string{"ines@example.com", `nobody"><i>@example.com`} {
			a := s.post("/login", "email", email, "password", "not the password", "next", "/account")
			a.want(t, 422, store.ErrWrongPassword.Message, "Please type it once more.")
			if strings.Contains(a.body, "not the password") || strings.Contains(a.body, "<i>") || a.header.Get("Set-Cookie") != "" {
				t.Errorf("got the password, markup or a cookie back: %s", a.body)
			}
			if !strings.Contains(a.body, `name="next" value="/account"`) {
				t.Error("the form forgot where the person wanted to go")
			}
		}
		s.post("/login", "email", "  ").want(t, 422, "Please give your e-mail address.", "Please give your password.")
		s.post("/login?email=ines@example.com&password="+url.QueryEscape(rightPassword)).want(t, 422) // query parameters are not form fields
	})
}

func TestFiveWrongTriesDelaySignIn(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		s = s.door()
		now := s.server.now()
		s.server.Now = func() time.Time { return now }
		for range 5 {
			s.post("/login", "email", "ines@example.com", "password", "guess").want(t, 422)
		}
		a := s.post("/login", "email", "ines@example.com", "password", rightPassword)
		a.want(t, 429, "Too many wrong tries.", "Please wait 30 seconds")
		if a.header.Get("Retry-After") != "30" || !strings.Contains(a.body, `value="ines@example.com"`) {
			t.Errorf("got Retry-After %q, want 30 and the form with the address", a.header.Get("Retry-After"))
		}
		now = now.Add(30 * time.Second)
		s.cookie(s.post("/login", "email", "ines@example.com", "password", rightPassword))
	})
}

func TestSignInFromAnotherSiteIsRefused(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		s = s.door()
		form := url.Values{"email": {"ines@example.com"}, "password": {rightPassword}}
		header := http.Header{"Content-Type": {"application/x-www-form-urlencoded"}, "Origin": {"https://evil.example"}}
		s.do("POST", "/login", strings.NewReader(form.Encode()), header).want(t, 403, "another site")
	})
}

func TestSignInEndsThePreviousSession(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		s = s.door()
		before := s.as(s.cookie(s.post("/login", "email", "ines@example.com", "password", rightPassword)))
		after := s.as(s.cookie(before.post("/login", "email", "ines@example.com", "password", rightPassword)))
		before.get("/account").want(t, 303)
		after.get("/account").want(t, 200)
	})
}

func TestLocalPath(t *testing.T) {
	t.Parallel()
	for next, want := range map[string]string{
		"/w/books/contacts?q=a&after=1": "/w/books/contacts?q=a&after=1",
		"/w/books/requests?q=a%20b":     "/w/books/requests?q=a%20b",
		"":                              "/",
		"w/books":                       "/",
		"https://evil.example":          "/",
		"//evil.example":                "/",
		"///evil.example":               "/",
		`/\evil.example`:                "/",
		`/w\..\\evil.example`:           "/",
		"/\t/evil.example":              "/",
		"\t//evil.example":              "/",
		"/\n/evil.example":              "/",
		"/x\r\nSet-Cookie: a=b":         "/",
		"javascript:alert(1)":           "/",
		"http:/evil.example":            "/",
		"/%zz":                          "/",
	} {
		if got := localPath(next); got != want {
			t.Errorf("%q: got %q, want %q", next, got, want)
		}
	}
}

func TestSignInNeverLeavesTheSite(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		s = s.door()
		a := s.post("/login", "email", "ines@example.com", "password", rightPassword, "next", "//evil.example")
		a.leadsTo(t, "/")
		s.as(s.cookie(a)).get("/login?next=%2F%5Cevil.example").leadsTo(t, "/")
	})
}

// eachEmptySite is eachSite without any account.
func eachEmptySite(t *testing.T, f func(t *testing.T, s *site)) {
	t.Helper()
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		f(t, &site{t: t, db: db, server: newServer(db)})
	})
}

func TestSetUp(t *testing.T) {
	eachEmptySite(t, func(t *testing.T, s *site) {
		s.get("/login").leadsTo(t, "/setup")
		old, _ := s.db.NewSetupLink(t.Context())
		token, err := s.db.NewSetupLink(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range []string{"/setup", "/setup?token=", "/setup?token=" + old} {
			a := s.get(path)
			a.want(t, 403, "not set up yet", "the program printed")
			if strings.Contains(a.body, "<form") {
				t.Errorf("%s: got a form, want nothing useful", path)
			}
		}
		fields := []string{"workspace", "Alder & Finch", "time_zone", "Europe/Vienna", "email", "ines@example.com", "password", rightPassword}
		s.post("/setup", append(fields, "token", old)...).want(t, 403)
		s.post("/setup?token="+token, fields...).want(t, 403)

		s.get("/setup?token="+token).want(t, 200, "Name of the workspace", "Vienna (UTC+", "Kathmandu (UTC+5:45)", "Knox, Indiana")
		a := s.post("/setup", "token", token, "workspace", "Alder & Finch", "time_zone", "Europe/Vienna", "email", "ines@example", "password", "short")
		a.want(t, 422, "This is not an e-mail address.", "Please make the password 10 characters or longer. It has 5.")
		for _, kept := range []string{`value="Alder &amp; Finch"`, `value="Europe/Vienna" selected`, `value="ines@example"`, `value="` + token + `"`} {
			if !strings.Contains(a.body, kept) {
				t.Errorf("the form lost %s", kept)
			}
		}
		a = s.post("/setup", append(fields, "token", token)...)
		a.leadsTo(t, "/w/alder-finch")
		s.as(s.cookie(a)).get("/account").want(t, 200, "Alder & Finch", "Admin", "ines@example.com")
		a = s.get("/setup?token=" + token)
		a.want(t, 403, "is set up", "Sign in")
		s.post("/setup", append(fields, "token", token)...).want(t, 403, "is set up")
	})
}

func TestChangingThePasswordEndsTheOtherSessions(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		s = s.door()
		signIn := func() *site {
			return s.as(s.cookie(s.post("/login", "email", "ines@example.com", "password", rightPassword)))
		}
		here, elsewhere := signIn(), signIn()
		change := func(current, password string) answer {
			return here.post("/account", "current_password", current, "new_password", password)
		}
		here.get("/account").want(t, 200, "Change your password")
		change("", "").want(t, 422, "Please give your current password.", "Please choose a password.")
		change("wrong one", "a lannister pays").want(t, 422, "This is not your current password.")
		change(rightPassword, "short").want(t, 422, "10 characters or longer")
		change(rightPassword, rightPassword).want(t, 422, "Please choose another one.")
		elsewhere.get("/account").want(t, 200)

		a := change(rightPassword, "a lannister pays")
		a.leadsTo(t, "/account")
		now := s.as(s.cookie(a))
		now.get("/account").want(t, 200, "Your password is changed")
		elsewhere.get("/account").want(t, 303)
		here.get("/account").want(t, 303) // the token has changed
		s.post("/login", "email", "ines@example.com", "password", rightPassword).want(t, 422)
		s.post("/login", "email", "ines@example.com", "password", "a lannister pays").leadsTo(t, "/")
	})
}

func TestGuessingTheCurrentPasswordIsLimited(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		s = s.door()
		me := s.as(s.cookie(s.post("/login", "email", "ines@example.com", "password", rightPassword)))
		for range 5 {
			me.post("/account", "current_password", "guess", "new_password", "a lannister pays").want(t, 422)
		}
		a := me.post("/account", "current_password", rightPassword, "new_password", "a lannister pays")
		a.want(t, 429, "Too many wrong tries.")
		if a.header.Get("Retry-After") == "" {
			t.Error("got no Retry-After")
		}
	})
}

func TestPersonWithoutAWorkspaceIsTold(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		lost := s.addMember(s.workspace, "lost@example.com", models.RoleViewer)
		s.write(func(tx *gorm.DB) error { return tx.Where("user_id = ?", lost.ID).Delete(&models.Membership{}).Error })
		s.as(s.signIn(lost)).get("/").leadsTo(t, "/invitations")
	})
}
