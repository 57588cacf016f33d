package handlers

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"campaignlark/models"
	"campaignlark/models/store"

	"github.com/gorilla/sessions"
)

// TestTwoTabsKeepEachOthersValues changes one session in two requests at the same time.
func TestTwoTabsKeepEachOthersValues(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		open := func() (*http.Request, *sessions.Session) {
			r := httptest.NewRequest("GET", "/", nil)
			r.AddCookie(&http.Cookie{Name: s.server.sessions.cookieName(), Value: s.session})
			session, err := s.server.sessions.Get(r, s.server.sessions.cookieName())
			if err != nil {
				t.Fatal(err)
			}
			return r, session
		}
		save := func(r *http.Request, session *sessions.Session) {
			if err := s.server.sessions.Save(r, httptest.NewRecorder(), session); err != nil {
				t.Fatal(err)
			}
		}
		r, session := open()
		session.Values[sessionFlash], session.Values[sessionTagsOff] = "saved", "7"
		save(r, session)

		r1, one := open()
		r2, two := open()
		one.Values[sessionSecret] = "an invitation's link"
		save(r1, one)
		delete(two.Values, sessionFlash)
		save(r2, two)
		two.Values[sessionTagsOff] = "8"
		save(r2, two)

		_, after := open()
		if after.Values[sessionSecret] != "an invitation's link" || after.Values[sessionFlash] != nil || after.Values[sessionTagsOff] != "8" {
			t.Errorf("got %v, want what each of the two stored", sessionValues(after))
		}
	})
}

// TestTwoTabsInvite makes two invitations before it opens the page of the first link.
func TestTwoTabsInvite(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		first := s.post("/w/books/settings/members", "email", "otto@example.com", "role", "viewer")
		second := s.post("/w/books/settings/members", "email", "vera@example.com", "role", "viewer")
		s.follow(first).want(t, 200, "otto@example.com is invited", "shown this once")
		s.follow(second).want(t, 200, "vera@example.com is invited", "shown this once")
		for n := range 3 * maxSecrets { // unread links do not fill the session
			s.post("/w/books/settings/members", "email", "c"+itoa(int64(n))+"@example.com", "role", "viewer").want(t, 303)
		}
		session, err := store.First[store.Session](s.db.Read(t.Context()).Where("token_hash = ?", models.TokenHash(s.session)))
		if n := strings.Count(session.Data, sessionSecret); err != nil || n == 0 || n > maxSecrets {
			t.Errorf("got %d secrets in the session (%v), want at most %d", n, err, maxSecrets)
		}
	})
}
