package handlers

import (
	"encoding/json"
	"net/http"
	"time"

	"campaignlark/models"
	"campaignlark/models/store"

	"github.com/gorilla/sessions"
)

// The keys of a session's values.
const (
	sessionUser    = "user"     // models.User, the signed-in person
	sessionFlash   = "flash"    // string, JSON of the one message for the next page
	sessionSecret  = "secret "  // prefix of keys; encrypted strings that the next page shows once (seal.go)
	sessionTagsOff = "tags_off" // string, id of the webhook whose loss of tags the person was warned about
	sessionReveals = "reveals"  // string, the calls that support staff may see unmasked (support_request.go)
)

// sessionStore stores gorilla's sessions in the database. The cookie is a random 256-bit token; the database has only its hash
// (DESIGN "Doors"). Unknown tokens are never accepted.
type sessionStore struct {
	db     *store.DB
	now    func() time.Time
	secure bool // the site is https
}

func (s *sessionStore) cookieName() string {
	if s.secure {
		return "__Host-campaignlark"
	}
	return "campaignlark"
}

// Get returns the request's session, the same one on each call.
func (s *sessionStore) Get(r *http.Request, name string) (*sessions.Session, error) {
	return sessions.GetRegistry(r).Get(s, name)
}

// New reads the cookie's session, or returns an empty one without storing it.
func (s *sessionStore) New(r *http.Request, name string) (*sessions.Session, error) {
	session := sessions.NewSession(s, name)
	session.IsNew = true
	session.Options = &sessions.Options{Path: "/", HttpOnly: true, Secure: s.secure, SameSite: http.SameSiteLaxMode, MaxAge: int(store.SessionAbsolute / time.Second)}
	cookie, err := r.Cookie(name)
	if err != nil || len(cookie.Value) != 43 {
		return session, nil
	}
	row, err := s.db.SessionByHash(r.Context(), models.TokenHash(cookie.Value), s.now())
	if store.ErrorCode(err) == models.CodeNotFound {
		return session, nil
	}
	if err != nil {
		return session, err
	}
	stored := store.SessionValues(row.Data)
	for k, v := range stored {
		session.Values[k] = v
	}
	session.Values[storedValues{}] = stored
	if row.User.ID != 0 {
		session.Values[sessionUser] = row.User
	}
	session.ID, session.IsNew = cookie.Value, false
	return session, nil
}

// Save stores the values changed since the session was read, so that two tabs do not undo each other's changes, and sets the
// cookie. An empty session gets no row. An ended session stays ended. A negative MaxAge ends it.
func (s *sessionStore) Save(r *http.Request, w http.ResponseWriter, session *sessions.Session) error {
	user, signedIn := session.Values[sessionUser].(models.User)
	switch {
	case session.Options.MaxAge < 0:
		http.SetCookie(w, sessions.NewCookie(session.Name(), "", session.Options))
		if session.ID == "" {
			return nil
		}
		return s.db.DeleteSession(r.Context(), models.TokenHash(session.ID))
	case session.ID != "":
		now, stored := sessionValues(session), storedOf(session)
		changed := map[string]string{}
		for key := range stored {
			if _, still := now[key]; !still {
				changed[key] = ""
			}
		}
		for key, value := range now {
			if stored[key] != value {
				changed[key] = value
			}
		}
		session.Values[storedValues{}] = now
		_, err := s.db.UpdateSession(r.Context(), models.TokenHash(session.ID), changed)
		return err
	case !signedIn:
		return nil
	}
	session.ID = models.NewToken()
	now := s.now()
	err := s.db.CreateSession(r.Context(), store.Session{TokenHash: models.TokenHash(session.ID), UserID: &user.ID, Data: sessionData(session),
		CreatedAt: now, SeenAt: now, ExpiresAt: now.Add(store.SessionAbsolute)})
	if err == nil {
		http.SetCookie(w, sessions.NewCookie(session.Name(), session.ID, session.Options))
	}
	return err
}

// storedValues is the key of the values as read from the database, so that Save finds what changed.
type storedValues struct{}

func storedOf(session *sessions.Session) map[string]string {
	stored, _ := session.Values[storedValues{}].(map[string]string)
	return stored
}

// sessionValues returns the session's text values, which are the stored ones.
func sessionValues(session *sessions.Session) map[string]string {
	values := map[string]string{}
	for k, v := range session.Values {
		key, isText := k.(string)
		if text, ok := v.(string); ok && isText {
			values[key] = text
		}
	}
	return values
}

func sessionData(session *sessions.Session) string {
	out, _ := json.Marshal(sessionValues(session)) // a map of strings always encodes, with sorted keys
	return string(out)
}
