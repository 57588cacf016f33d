package handlers

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"campaignlark/internal/dbtest"
	"campaignlark/models"
	"campaignlark/models/store"

	"golang.org/x/net/html"
	"gorm.io/gorm"
)

func TestMain(m *testing.M) { dbtest.Main(m) }

// site is the whole HTTP side over a real database, with one workspace "books" and its admin signed in.
type site struct {
	t         *testing.T
	db        *store.DB
	server    *Server
	workspace models.Workspace
	user      models.User
	session   string // the cookie's value; "" without a session
}

// eachSite runs f on an SQLite and on a Postgres site.
func eachSite(t *testing.T, f func(t *testing.T, s *site)) {
	t.Helper()
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) { f(t, newSite(t, db)) })
}

func newSite(t *testing.T, db *store.DB) *site {
	t.Helper()
	s := &site{t: t, db: db, server: newServer(db)}
	s.workspace, s.user = s.addWorkspace("books"), models.User{}
	s.user = s.addMember(s.workspace, "ines@example.com", models.RoleAdmin)
	s.session = s.signIn(s.user)
	return s
}

// newServer is a server for which it is noon of the day on which the test began: the request log has a partition for that day.
func newServer(db *store.DB) *Server {
	public, _ := url.Parse("http://lark.example")
	noon := time.Now().UTC().Truncate(24 * time.Hour).Add(12 * time.Hour)
	return New(Options{Config: Config{PublicURL: public, LogRetentionDays: 30}, DB: db, Log: slog.New(slog.DiscardHandler), Now: clockFrom(noon)})
}

// clockFrom is a clock that gets on by a microsecond each time it is read, so that what comes later has a later time.
func clockFrom(start time.Time) func() time.Time {
	var read atomic.Int64
	return func() time.Time { return start.Add(time.Duration(read.Add(1)) * time.Microsecond) }
}

func (s *site) addWorkspace(slug string) models.Workspace {
	s.t.Helper()
	w := models.Workspace{Slug: slug, Name: strings.ToUpper(slug[:1]) + slug[1:], TimeZone: "Europe/Vienna", CreatedAt: s.server.now()}
	s.write(func(tx *gorm.DB) error {
		if err := tx.Create(&w).Error; err != nil {
			return err
		}
		return tx.Exec("INSERT INTO workspace_counters (workspace_id, next_contact_id) VALUES (?, 1)", w.ID).Error
	})
	return w
}

func (s *site) addMember(w models.Workspace, email string, role models.Role) models.User {
	s.t.Helper()
	u := models.User{Email: email, PasswordHash: "none", CreatedAt: s.server.now()}
	s.write(func(tx *gorm.DB) error {
		if err := tx.Create(&u).Error; err != nil {
			return err
		}
		return tx.Create(&models.Membership{WorkspaceID: w.ID, UserID: u.ID, Role: role, CreatedAt: u.CreatedAt}).Error
	})
	return u
}

func (s *site) signIn(u models.User) string {
	s.t.Helper()
	token, now := models.NewToken(), s.server.now()
	row := store.Session{TokenHash: models.TokenHash(token), UserID: &u.ID, Data: "{}", CreatedAt: now, SeenAt: now, ExpiresAt: now.Add(time.Hour)}
	if err := s.db.CreateSession(s.t.Context(), row); err != nil {
		s.t.Fatal(err)
	}
	return token
}

func (s *site) write(fn func(tx *gorm.DB) error) {
	s.t.Helper()
	if err := s.db.Write(s.t.Context(), fn); err != nil {
		s.t.Fatal(err)
	}
}

// as returns the same site with another session, or none for "".
func (s *site) as(session string) *site {
	other := *s
	other.session = session
	return &other
}

// answer is the site's response.
type answer struct {
	status int
	header http.Header
	body   string
}

func (s *site) get(path string) answer { s.t.Helper(); return s.do("GET", path, nil, nil) }

// post sends a form with the session's token; fields are name-value pairs.
func (s *site) post(path string, fields ...string) answer {
	s.t.Helper()
	form := url.Values{}
	for i := 0; i < len(fields); i += 2 {
		form.Add(fields[i], fields[i+1])
	}
	if s.session != "" && !form.Has("csrf") {
		form.Set("csrf", s.token())
	}
	return s.do("POST", path, strings.NewReader(form.Encode()), http.Header{"Content-Type": {"application/x-www-form-urlencoded"}})
}

// token returns the session's form token.
func (s *site) token() string {
	s.t.Helper()
	session := s.server.sessions
	r := httptest.NewRequest("GET", "/", nil)
	r.AddCookie(&http.Cookie{Name: session.cookieName(), Value: s.session})
	opened, err := session.Get(r, session.cookieName())
	if err != nil {
		s.t.Fatal(err)
	}
	return csrfToken(opened)
}

func (s *site) do(method, path string, body io.Reader, header http.Header) answer {
	s.t.Helper()
	r := httptest.NewRequest(method, path, body)
	r.Host = "lark.example"
	for name, values := range header {
		r.Header[name] = values
	}
	if s.session != "" {
		r.AddCookie(&http.Cookie{Name: s.server.sessions.cookieName(), Value: s.session})
	}
	w, err := s.server.app.Test(r, -1)
	if err != nil {
		s.t.Fatalf("%s %s: %v", method, path, err)
	}
	defer w.Body.Close()
	text, err := io.ReadAll(w.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return answer{w.StatusCode, w.Header, string(text)}
}

// follow opens the target of a 303.
func (s *site) follow(a answer) answer {
	s.t.Helper()
	if a.status != http.StatusSeeOther {
		s.t.Fatalf("got %d, want 303; %s", a.status, a.text())
	}
	to, _, _ := strings.Cut(a.header.Get("Location"), "#")
	return s.get(to)
}

// text returns the page's text without its tags and with collapsed blanks.
func (a answer) text() string {
	var words []string
	tokens := html.NewTokenizer(strings.NewReader(strings.ReplaceAll(a.body, "<wbr>", "")))
	for {
		switch tokens.Next() {
		case html.ErrorToken:
			return strings.Join(words, " ")
		case html.TextToken:
			words = append(words, strings.Fields(string(tokens.Text()))...)
		}
	}
}

// want fails unless the answer has the status and contains each of the texts.
func (a answer) want(t *testing.T, status int, says ...string) {
	t.Helper()
	if a.status != status {
		t.Fatalf("got %d, want %d; the page says: %s", a.status, status, a.text())
	}
	for _, s := range says {
		if !strings.Contains(a.text(), s) {
			t.Errorf("the page does not say %q; it says: %s", s, a.text())
		}
	}
}

// wantNot fails if the answer contains one of the texts.
func (a answer) wantNot(t *testing.T, says ...string) {
	t.Helper()
	for _, s := range says {
		if strings.Contains(a.text(), s) {
			t.Errorf("the page says %q: %s", s, a.text())
		}
	}
}
