package handlers

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"net/http"

	"campaignlark/models"
	"campaignlark/models/store"
	"campaignlark/views"

	"github.com/gofiber/fiber/v2"
	"github.com/gorilla/sessions"
)

// sessionRequest builds the request that gorilla's sessions need, with its cookies and context.
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

// openSession reads the request's session.
func (s *Server) openSession(v *visit) (err error) {
	v.request = sessionRequest(v.Ctx)
	v.session, err = s.sessions.Get(v.request, s.sessions.cookieName())
	return models.In("session: read", err)
}

// saveSession stores the session's changes before the body is written.
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

// signIn starts a new session and ends the previous one, so that a token known to others is never reused.
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

// signOut ends the session, on the server and in the browser.
func (v *visit) signOut() error {
	if v.refill {
		return store.ErrReadOnly
	}
	v.session.Options.MaxAge = -1
	return v.saveSession()
}

// flash stores a message for the next page.
func (v *visit) flash(f views.Flash) error {
	text, _ := json.Marshal(f) // strings only
	v.session.Values[sessionFlash] = string(text)
	return v.saveSession()
}

// takeFlash returns and removes the stored message.
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

// csrfToken returns the token for the session's forms. It is derived from the session's secret token.
func csrfToken(session *sessions.Session) string {
	return base64.RawURLEncoding.EncodeToString(csrfSum(session))
}

func csrfSum(session *sessions.Session) []byte {
	mac := hmac.New(sha256.New, []byte(session.ID))
	mac.Write([]byte("csrf"))
	return mac.Sum(nil)
}

// maskedToken returns the token for the forms of one page: a random pad, and the session's token XORed with it. Pages are
// compressed, and a token that is the same in each answer could be guessed from their sizes (BREACH).
func maskedToken(session *sessions.Session) string {
	masked := make([]byte, 2*sha256.Size)
	rand.Read(masked[:sha256.Size])
	subtle.XORBytes(masked[sha256.Size:], masked[:sha256.Size], csrfSum(session))
	return base64.RawURLEncoding.EncodeToString(masked)
}

// isFormToken reports whether a posted text is the session's token, as maskedToken or csrfToken returned it.
func isFormToken(session *sessions.Session, posted string) bool {
	token, err := base64.RawURLEncoding.DecodeString(posted)
	if err != nil {
		return false
	}
	if len(token) == 2*sha256.Size {
		pad := token[:sha256.Size]
		token = token[sha256.Size:]
		subtle.XORBytes(token, token, pad)
	}
	return subtle.ConstantTimeCompare(token, csrfSum(session)) == 1
}
