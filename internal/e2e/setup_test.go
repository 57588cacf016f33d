package e2e

import (
	"net/http"
	"strings"
	"testing"
)

// with returns a copy of m with the pairs of name and value added.
func with(m map[string]string, pairs ...string) map[string]string {
	all := map[string]string{}
	for name, value := range m {
		all[name] = value
	}
	for i := 0; i < len(pairs); i += 2 {
		all[pairs[i]] = pairs[i+1]
	}
	return all
}

func TestSetupLinkWorksOnce(t *testing.T) {
	t.Parallel()
	bothDatabases(t, func(t *testing.T, url string) {
		env := map[string]string{"DATABASE_URL": url}
		first := Start(t, Settings{Env: env})
		if !strings.HasPrefix(first.Setup, first.URL+"/setup") || strings.Count(first.Stdout(), "/setup") != 1 {
			t.Fatalf("got %q on standard output, want one line with a set-up link below %s", first.Stdout(), first.URL)
		}
		first.Kill()
		second := Start(t, Settings{Env: env})
		c := NewClient(t, second.URL)
		_, firstQuery, _ := strings.Cut(first.Setup, "?")
		if a := c.Get("/setup?" + firstQuery); a.Status != http.StatusForbidden {
			t.Errorf("got %d for the link of the first start, want 403: the second start ended it", a.Status)
		}
		if a := c.Get("/setup"); a.Status != http.StatusForbidden || strings.Contains(a.Body, `name="password"`) {
			t.Errorf("got %d for the page without a token, want 403 and no form", a.Status)
		}
		for range 2 { // opening the link does not use it up
			if a := c.Get(second.Setup); a.Status != http.StatusOK || !strings.Contains(a.Body, `name="password"`) {
				t.Fatalf("got %d for the link, want the form:\n%s", a.Status, a.Body)
			}
		}
		_, token, _ := strings.Cut(second.Setup, "token=")
		a := c.Post("/setup", "token", token, "workspace", "Книги", "time_zone", "Europe/Vienna", "email", "Ines@Example.com", "password", "a good password")
		if a.Status != http.StatusSeeOther || !strings.HasPrefix(a.Header.Get("Location"), "/w/workspace") {
			t.Fatalf("got %d to %q, want 303 to the workspace:\n%s", a.Status, a.Header.Get("Location"), a.Body)
		}
		if a := c.Get(second.Setup); a.Status != http.StatusForbidden {
			t.Errorf("got %d for the used link, want 403", a.Status)
		}
		second.Stop()
		third := Start(t, Settings{Env: env})
		if third.Setup != "" {
			t.Errorf("got the link %s once somebody has an account, want none", third.Setup)
		}
		NewClient(t, third.URL).SignIn("ines@example.com", "a good password")
	})
}

func TestAdminFromTheEnvironment(t *testing.T) {
	t.Parallel()
	bothDatabases(t, func(t *testing.T, url string) {
		env := with(FirstAdmin, "DATABASE_URL", url)
		first := Start(t, Settings{Env: env})
		if first.Setup != "" {
			t.Errorf("got a set-up link, want none with ADMIN_EMAIL")
		}
		c := NewClient(t, first.URL)
		c.SignIn("tywin@example.com", "the rains of castamere")
		if a := c.Get("/"); a.Header.Get("Location") != "/w/my-workspace" {
			t.Errorf("got %q, want /w/my-workspace", a.Header.Get("Location"))
		}
		first.Stop()
		second := Start(t, Settings{Env: with(env, "ADMIN_EMAIL", "cersei@example.com")})
		if a := NewClient(t, second.URL).Post("/login", "email", "cersei@example.com", "password", "the rains of castamere"); a.Status == http.StatusSeeOther {
			t.Error("a second admin could sign in, want the environment to create an admin only in an empty database")
		}
		if strings.Contains(first.Log()+second.Log()+first.Stdout(), "castamere") {
			t.Error("the program's output contains the password")
		}
	})
}
