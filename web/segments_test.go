package main

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"campaignlark/internal/dbtest"
	"campaignlark/models"
	"campaignlark/segments"
	"campaignlark/segments/rule"

	"gorm.io/gorm"
)

// segmentsCommand runs `campaignlark segments args…` on the database at url.
func segmentsCommand(t *testing.T, url string, args ...string) (code int, said string) {
	t.Helper()
	var out bytes.Buffer
	p := program{getenv: env("DATABASE_URL", url), stdin: strings.NewReader(""), stdout: &out, stderr: &out, log: slog.New(slog.NewTextHandler(io.Discard, nil))}
	return p.run(t.Context(), append([]string{"segments"}, args...)), out.String()
}

// TestSegmentsVerifyCommand verifies beside a ticker that works on the same database.
func TestSegmentsVerifyCommand(t *testing.T) {
	t.Parallel()
	for name, url := range map[string]func(testing.TB) string{"sqlite": dbtest.SQLiteURL, "postgres": dbtest.PostgresURL} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url := url(t)
			db := dbtest.Open(t, url)
			w, user, err := db.CreateFirstAdmin(t.Context(), models.FirstAdmin{WorkspaceName: "Books", TimeZone: "UTC", Email: "ines@example.com", Password: "rains of castamere"})
			if err != nil {
				t.Fatal(err)
			}
			expect := func(code int, says string, args ...string) {
				t.Helper()
				if got, said := segmentsCommand(t, url, args...); got != code || !strings.Contains(said, says) || strings.Contains(said, "example.com") {
					t.Errorf("segments %v: got %d and %q, want %d and %q", args, got, said, code, says)
				}
			}
			expect(0, "books: no segments\n", "verify")
			rule, _ := rule.Parse(`{"condition":"AND","filters":[{"type":"status","operator":"eq","value":"SUBSCRIBED"}]}`)
			if _, err := (segments.Store{DB: db, Now: time.Now}).Create(t.Context(), w.ID, user.ID, "Readers", rule); err != nil {
				t.Fatal(err)
			}
			expect(0, "books: 0 contacts\n  \"Readers\": only looked for contacts that are gone, since it is being built, no difference\n", "verify")
			for _, email := range []string{"anna@example.com", "bert@example.com"} {
				if _, err := db.CreateContact(t.Context(), w.ID, user.ID, email, models.ContactInput{Status: models.StatusSubscribed}, models.Instant(time.Now())); err != nil {
					t.Fatal(err)
				}
			}
			ticker := segments.New(db, segments.Options{Interval: time.Millisecond})
			for busy := true; busy; {
				if busy, err = ticker.Tick(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			ctx, stop := context.WithCancel(t.Context())
			var serving sync.WaitGroup
			serving.Go(func() { ticker.Run(ctx) })
			t.Cleanup(func() { stop(); serving.Wait() })

			expect(1, "use: campaignlark segments verify")
			expect(1, "use: campaignlark segments verify", "verify", "now")
			expect(1, "there is no workspace \"music\"", "verify", "--workspace", "music")
			expect(0, "books: 2 contacts\n  \"Readers\": 2 contacts compared, no difference\n", "verify")
			err = db.Write(t.Context(), func(tx *gorm.DB) error { return tx.Exec("UPDATE segment_bits SET bits = ?", make([]byte, 32)).Error })
			if err != nil {
				t.Fatal(err)
			}
			m := newMetrics(db, time.Now, slog.New(slog.DiscardHandler))
			expect(1, "books: 2 contacts\n  \"Readers\": 2 contacts compared, 2 differences repaired\n", "verify", "--workspace", "books")
			if got := scrape(t, m)["campaignlark_segment_drift"]; got != "2" {
				t.Errorf("got a drift of %s, want 2", got)
			}
			expect(0, "no difference", "verify")
			if got := scrape(t, m)["campaignlark_segment_drift"]; got != "0" {
				t.Errorf("got a drift of %s after the repair, want 0", got)
			}
		})
	}
}
