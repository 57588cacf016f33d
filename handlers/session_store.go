package handlers

import (
	"encoding/json"
	"net/http"
	"time"

	"campaignlark/models"
	"campaignlark/models/store"

	"github.com/gorilla/sessions"
)

// The values a session can hold.
const (
	sessionUser    = "user"     // models.User, the signed-in person
	sessionFlash   = "flash"    // string, JSON of the one message for the next page
	sessionSecret  = "secret "  // begins the keys of strings, sealed: what a next page shows this once (seal.go)
	sessionTagsOff = "tags_off" // string, id of the webhook that the person was told loses its tags
	sessionReveals = "reveals"  // string, the calls that support staff may see unmasked (support_request.go)
)

// sessionStore keeps gorilla's sessions in the database. The cookie is a random 256-bit token, of which only the hash
// is stored (DESIGN "Doors"); a token that somebody brings along is never adopted.
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

// Get returns the request's session, the same one each time it is asked.
func (s *sessionStore) Get(r *http.Request, name string) (*sessions.Session, error) {
	return sessions.GetRegistry(r).Get(s, name)
}

// New reads the session of the request's cookie, or makes an empty one that is not stored.
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

// Save stores the values that changed since the session was read, so that two tabs do not undo each other, and sets the
// cookie. An empty session makes no row; one that has ended stays ended; a
// negative MaxAge ends it.
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

// storedValues is the key under which a session remembers its values as they were read, so that Save stores what changed.
type storedValues struct{}

func storedOf(session *sessions.Session) map[string]string {
	stored, _ := session.Values[storedValues{}].(map[string]string)
	return stored
}

// sessionValues returns the values of a session that are stored: the texts.
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
	out, _ := json.Marshal(sessionValues(session)) // a map of strings; its keys come out sorted
	return string(out)
}
