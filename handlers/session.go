package handlers

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"

	"campaignlark/models"
	"campaignlark/models/store"
	"campaignlark/views"

	"github.com/gofiber/fiber/v2"
	"github.com/gorilla/sessions"
)

// sessionRequest is the small part of a request that gorilla's sessions need: its cookies and its context.
func sessionRequest(c *fiber.Ctx) *http.Request {
	r := (&http.Request{Header: http.Header{}}).WithContext(c.UserContext())
	if cookie := c.Get(fiber.HeaderCookie); cookie != "" {
		r.Header.Set("Cookie", cookie)
	}
	return r
}

// headerWriter lets a session set its cookie on Fiber's answer.
type headerWriter struct{ header http.Header }

func (w headerWriter) Header() http.Header       { return w.header }
func (w headerWriter) Write([]byte) (int, error) { return 0, http.ErrBodyNotAllowed }
func (w headerWriter) WriteHeader(int)           {}

// openSession reads the visitor's session.
func (s *Server) openSession(v *visit) (err error) {
	v.request = sessionRequest(v.Ctx)
	v.session, err = s.sessions.Get(v.request, s.sessions.cookieName())
	return models.In("session: read", err)
}

// saveSession stores what a handler changed in the session, before the body is written.
func (v *visit) saveSession() error {
	w := headerWriter{http.Header{}}
	if err := v.session.Save(v.request, w); err != nil {
		return models.In("session: store", err)
	}
	for _, cookie := range w.header.Values("Set-Cookie") {
		v.Response().Header.Add("Set-Cookie", cookie)
	}
	return nil
}

// signIn gives the person a new session; the one before, if any, ends, so that no known token is carried over.
func (s *Server) signIn(v *visit, user models.User) error {
	if v.session.ID != "" {
		if err := s.DB.DeleteSession(v.UserContext(), models.TokenHash(v.session.ID)); err != nil {
			return models.In("session: end the session before", err)
		}
	}
	v.session.ID, v.session.IsNew = "", true
	v.session.Values = map[any]any{sessionUser: user}
	return v.saveSession()
}

// signOut ends the session on the server and in the browser.
func (v *visit) signOut() error {
	if v.refill {
		return store.ErrReadOnly
	}
	v.session.Options.MaxAge = -1
	return v.saveSession()
}

// flash keeps one message for the next page.
func (v *visit) flash(f views.Flash) error {
	text, _ := json.Marshal(f) // strings only
	v.session.Values[sessionFlash] = string(text)
	return v.saveSession()
}

// takeFlash returns the message that the last action left, once.
func (v *visit) takeFlash() *views.Flash {
	text, ok := v.session.Values[sessionFlash].(string)
	if !ok {
		return nil
	}
	var f views.Flash
	if json.Unmarshal([]byte(text), &f) != nil {
		return nil
	}
	delete(v.session.Values, sessionFlash)
	if v.saveSession() != nil {
		return nil
	}
	return &f
}

// csrfToken is the token that every form of the session carries. It is bound to the session's own secret token.
func csrfToken(session *sessions.Session) string {
	mac := hmac.New(sha256.New, []byte(session.ID))
	mac.Write([]byte("csrf"))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}
