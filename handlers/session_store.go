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
	sessionSecret  = "secret"   // string, sealed: what the next page shows this once (seal.go)
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
	var data map[string]string
	if json.Unmarshal([]byte(row.Data), &data) == nil {
		for k, v := range data {
			session.Values[k] = v
		}
	}
	if row.User.ID != 0 {
		session.Values[sessionUser] = row.User
	}
	session.ID, session.IsNew = cookie.Value, false
	return session, nil
}

// Save stores the session and sets its cookie. An empty session makes no row; one that ended meanwhile stays ended; a
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
		_, err := s.db.UpdateSession(r.Context(), models.TokenHash(session.ID), sessionData(session))
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

func sessionData(session *sessions.Session) string {
	data := map[string]string{}
	for k, v := range session.Values {
		key, isText := k.(string)
		if text, ok := v.(string); ok && isText {
			data[key] = text
		}
	}
	out, _ := json.Marshal(data) // a map of strings; its keys come out sorted
	return string(out)
}
