package handlers

import (
	"net/http"
	"strconv"
	"strings"
	"testing"

	"campaignlark/models"
)

func itoa(n int64) string { return strconv.FormatInt(n, 10) }

func TestWithoutSessionEveryPageLeadsToSignIn(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		for _, session := range []string{"", models.NewToken(), "short"} {
			for _, r := range routes {
				if r.access < signedIn {
					continue
				}
				path := strings.NewReplacer(":slug", "books", ":id", "1", ":name", "x").Replace(r.path)
				if a := s.as(session).do(r.method, path, nil, nil); a.status != http.StatusSeeOther || !strings.HasPrefix(a.header.Get("Location"), "/login") {
					t.Errorf("%s %s: got %d to %q, want 303 to /login", r.method, path, a.status, a.header.Get("Location"))
				}
			}
		}
	})
}

func TestPostNeedsItsToken(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		for _, csrf := range []string{"", "wrong"} {
			s.post("/w/books/tags", "name", "x", "csrf", csrf, "whose", itoa(s.user.ID)).want(t, 403, "nothing was done")
			s.post("/w/books/tags", "name", "x", "csrf", csrf).want(t, 403, "was not kept")
		}
		header := http.Header{"Content-Type": {"application/x-www-form-urlencoded"}, "Origin": {"https://evil.example"}}
		s.do("POST", "/w/books/tags", strings.NewReader("name=x"), header).want(t, 403, "another site")
		s.do("POST", "/w/books/tags?csrf=x&name=x", nil, nil).want(t, 403)
		if tags, err := s.db.TagNames(t.Context(), s.workspace.ID); err != nil || len(tags) != 0 {
			t.Errorf("got %v (%v), want no tag", tags, err)
		}
	})
}

func TestGuardChecksRoles(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		reader := s.as(s.signIn(s.addMember(s.workspace, "vera@example.com", models.RoleViewer)))
		reader.get("/w/books/tags").want(t, 200, "Viewer")
		reader.get("/w/books/tags/new").want(t, 403, "Your role")
		reader.post("/w/books/tags", "name", "x").want(t, 403, "Your role")
		stranger := s.as(s.signIn(s.addMember(s.addWorkspace("music"), "mo@example.com", models.RoleAdmin)))
		stranger.get("/w/books/tags").want(t, 404)
		stranger.post("/w/books/tags", "name", "x").want(t, 404)
	})
}

func TestEveryAnswerHasSecurityHeaders(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		for _, path := range []string{"/w/books/tags", "/nowhere", "/w/books/tags/999/edit", "/v1/inbound-webhooks/x"} {
			a := s.get(path)
			for name, want := range map[string]string{"Content-Security-Policy": "default-src 'self'", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin", "Cache-Control": "no-store"} {
				if got := a.header.Get(name); !strings.HasPrefix(got, want) {
					t.Errorf("%s: got %s %q, want %q", path, name, got, want)
				}
			}
		}
	})
}
