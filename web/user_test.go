package main

import (
	"bytes"
	"net/netip"
	"regexp"
	"strings"
	"testing"
	"time"

	"campaignlark/internal/dbtest"
	"campaignlark/models"
	"campaignlark/models/store"
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
			refused("there is no workspace yet", "", "create", "--email", "otto@example.com", "--workspace", "books", "--role", "viewer")
			admin := models.FirstAdmin{WorkspaceName: "Books", TimeZone: "UTC", Email: "ines@example.com", Password: "rains of castamere"}
			w, ines, err := db.CreateFirstAdmin(t.Context(), admin)
			if err != nil {
				t.Fatal(err)
			}
			refused("use: campaignlark user create", "")
			refused("use: campaignlark user create", "", "create", "--workspace", "books", "--role", "viewer")
			refused("use: campaignlark user create", "", "create", "--email", "a@example.com", "b@example.com")
			refused("use: campaignlark user create", "", "password", "--role", "admin", "--email", "ines@example.com")
			refused("looks like name@example.com", "", "create", "--email", "otto", "--workspace", "music", "--role", "owner")
			refused("line of standard input is the password, and it is empty", "\n", "create", "--email", "otto@example.com")
			refused("line of standard input is the password, and it is empty", "\r\nlater", "password", "--email", "ines@example.com")
			refused("--role needs a workspace", "", "create", "--email", "otto@example.com", "--support", "--role", "viewer")
			refused("there are books", "", "create", "--workspace", "music", "--role", "viewer", "--email", "otto@example.com")
			refused("10 characters or longer", "short\n", "create", "--email", "otto@example.com", "--workspace", "books", "--role", "viewer")
			refused("admin, manager or viewer", "", "create", "--role", "owner", "--workspace", "books", "--email", "otto@example.com")
			refused("--workspace needs a role", "", "create", "--workspace", "books", "--email", "otto@example.com")
			refused("has an account already", "", "create", "--workspace", "books", "--email", "ines@example.com")
			refused("is admin of books; `campaignlark user password`", "", "create", "--email", "INES@example.com", "--workspace", "books", "--role", "viewer")
			refused("no account with the address", "", "password", "--email", "otto@example.com")

			if _, _, _, err := db.Invite(t.Context(), w.ID, ines.ID, "otto@example.com", models.RoleAdmin, time.Now()); err != nil {
				t.Fatal(err)
			}
			code, said := userCommand(t, url, " a lannister pays \r\nnever read", "create", "--email", "otto@example.com", "--workspace", "books", "--role", "viewer")
			if code != 0 || strings.Contains(said, "lannister") || !strings.Contains(said, "otto@example.com can sign in now and is viewer of books.") {
				t.Errorf("got %d and %q, want an account and no password shown", code, said)
			}
			signIn("otto@example.com", " a lannister pays ")
			if pending, err := db.Invitations(t.Context(), w.ID); len(pending) != 0 || err != nil {
				t.Errorf("got %v (%v), want no invitation left", pending, err)
			}
			entry, err := store.First[models.AuditEntry](db.Read(t.Context()).Where("action = ?", models.ActionMemberAdded))
			if err != nil || entry.UserID != 0 || entry.SubjectName != "otto@example.com" {
				t.Errorf("got %+v (%v), want otto's joining by the command line", entry, err)
			}

			code, said = userCommand(t, url, "a lannister pays\n", "create", "--email", "sue@example.com", "--support")
			if code != 0 || !strings.Contains(said, "is support staff.") {
				t.Errorf("got %d and %q, want support staff without a workspace", code, said)
			}
			if sue, err := db.UserByEmail(t.Context(), "sue@example.com"); err != nil || !sue.Support {
				t.Errorf("got %+v (%v), want support staff", sue, err)
			}
			refused("an admin of books can invite", "", "create", "--email", "sue@example.com", "--workspace", "books", "--role", "viewer")

			code, said = userCommand(t, url, "a lannister pays\n", "create", "--email", "lea@example.com")
			if code != 0 || !strings.Contains(said, "lea@example.com can sign in now and is in no workspace yet") {
				t.Errorf("got %d and %q, want an account without a workspace", code, said)
			}
			signIn("lea@example.com", "a lannister pays")
			if _, link, errs, err := db.Invite(t.Context(), w.ID, ines.ID, "lea@example.com", models.RoleViewer, time.Now()); link == "" || len(errs) > 0 || err != nil {
				t.Errorf("got the link %q, %v and %v, want lea to be invited", link, errs, err)
			}

			code, said = userCommand(t, url, "", "password", "--email", "otto@example.com")
			made := regexp.MustCompile(`shown this once: (\S+)`).FindStringSubmatch(said)
			if code != 0 || made == nil {
				t.Fatalf("got %d and %q, want a password that was made up", code, said)
			}
			signIn("otto@example.com", made[1])
		})
	}
}
