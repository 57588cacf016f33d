package handlers

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/gorilla/sessions"
)

// TestTwoTabsKeepWhatTheyStored changes one session in two requests at the same time.
func TestTwoTabsKeepWhatTheyStored(t *testing.T) {
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
