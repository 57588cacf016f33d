package main

import (
	"bytes"
	"net/netip"
	"regexp"
	"strings"
	"testing"
	"time"

	"campaignlark/dbtest"
	"campaignlark/models"
)

// userCommand runs `campaignlark user args…` on the database at url, with typed on standard input.
func userCommand(t *testing.T, url, typed string, args ...string) (code int, said string) {
	t.Helper()
	var out bytes.Buffer
	p := program{getenv: env("DATABASE_URL", url), stdin: strings.NewReader(typed), stdout: &out, stderr: &out}
	return p.run(t.Context(), append([]string{"user"}, args...)), out.String()
}

func TestUserCommand(t *testing.T) {
	t.Parallel()
	for name, url := range map[string]func(testing.TB) string{"sqlite": dbtest.SQLiteURL, "postgres": dbtest.PostgresURL} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url := url(t)
			db := dbtest.Open(t, url)
			signIn := func(email, password string) {
				t.Helper()
				if _, err := db.SignIn(t.Context(), email, password, netip.MustParseAddr("192.0.2.1"), time.Now()); err != nil {
					t.Errorf("%s: got %v, want to be signed in", email, err)
				}
			}
			refused := func(says, typed string, args ...string) {
				t.Helper()
				if code, said := userCommand(t, url, typed, args...); code != 1 || !strings.Contains(said, says) {
					t.Errorf("user %v: got %d and %q, want 1 and %q", args, code, said, says)
				}
			}
			refused("there is no workspace yet", "", "create", "otto@example.com")
			admin := models.FirstAdmin{WorkspaceName: "Books", TimeZone: "UTC", Email: "ines@example.com", Password: "rains of castamere"}
			if _, _, err := db.CreateFirstAdmin(t.Context(), admin); err != nil {
				t.Fatal(err)
			}
			refused("use: campaignlark user create", "")
			refused("use: campaignlark user create", "", "create", "a@example.com", "b@example.com")
			refused("use: campaignlark user create", "", "password", "--role", "admin", "ines@example.com")
			refused("there are books", "", "create", "--workspace", "music", "otto@example.com")
			refused("10 characters or longer", "short\n", "create", "otto@example.com")
			refused("admin, manager or viewer", "", "create", "--role", "owner", "otto@example.com")
			refused("an account already", "", "create", "INES@example.com")
			refused("no account with the address", "", "password", "otto@example.com")

			if code, said := userCommand(t, url, " a lannister pays \r\n", "create", "otto@example.com", "--role", "viewer"); code != 0 || strings.Contains(said, "lannister") {
				t.Errorf("got %d and %q, want an account and no password shown", code, said)
			}
			signIn("otto@example.com", " a lannister pays ")
			code, said := userCommand(t, url, "", "password", "otto@example.com")
			made := regexp.MustCompile(`shown this once: (\S+)`).FindStringSubmatch(said)
			if code != 0 || made == nil {
				t.Fatalf("got %d and %q, want a password that was made up", code, said)
			}
			signIn("otto@example.com", made[1])
		})
	}
}
