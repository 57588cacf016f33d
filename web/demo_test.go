package main

import (
	"bytes"
	"log/slog"
	"net/netip"
	"regexp"
	"strings"
	"testing"
	"time"

	"campaignlark/internal/dbtest"
)

func TestDemoCommand(t *testing.T) {
	t.Parallel()
	for name, url := range map[string]func(testing.TB) string{"sqlite": dbtest.SQLiteURL, "postgres": dbtest.PostgresURL} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url := url(t)
			demo := func(args ...string) (int, string) {
				var out bytes.Buffer
				p := program{getenv: env("DATABASE_URL", url), stdin: strings.NewReader(""), stdout: &out, stderr: &out, log: slog.New(slog.DiscardHandler)}
				return p.run(t.Context(), append([]string{"demo"}, args...)), out.String()
			}
			refused := func(says string, args ...string) {
				t.Helper()
				if code, said := demo(args...); code != 1 || !strings.Contains(said, says) {
					t.Errorf("demo %v: got %d and %q, want 1 and %q", args, code, said, says)
				}
			}
			refused("use: campaignlark demo", "now")
			refused("a number from 100 to 1000000", "--contacts", "1000001")
			refused("there is no workspace yet", "--workspace", "books")

			code, said := demo("--contacts", "100")
			made := regexp.MustCompile(`shown this once: (\S+)`).FindStringSubmatch(said)
			if !strings.Contains(said, "campaignlark receive --secret whsec_") && name == "sqlite" {
				t.Errorf("got %q, want the command that takes the deliveries of the demo", said)
			}
			if code != 0 || made == nil || !strings.Contains(said, "quillfeather-books has 100 contacts now") {
				t.Fatalf("got %d and %q, want a filled workspace and a password", code, said)
			}
			db := dbtest.Open(t, url)
			for email, is := range map[string]string{demoAdmin: "admin of quill", "manager@example.com": "manager of quill", "viewer@example.com": "viewer of quill", "support@example.com": "support staff"} {
				if _, err := db.SignIn(t.Context(), email, made[1], netip.MustParseAddr("192.0.2.1"), time.Now()); err != nil || !regexp.MustCompile(email+" can sign in .*"+is).MatchString(said) {
					t.Errorf("%s: got %v after %q, want to be signed in, and the account printed", email, err, said)
				}
			}
			refused("name an empty workspace with --workspace", "--contacts", "100")
		})
	}
}
