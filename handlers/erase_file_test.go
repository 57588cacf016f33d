package handlers

import (
	"bytes"
	"os"
	"testing"
	"time"

	"campaignlark/internal/dbtest"
	"campaignlark/models"
)

// TestErasingLeavesNothingInTheFile is TestErasingRemovesEveryCopy for the bytes of an SQLite file, which keeps what is deleted unless
// it is told not to.
func TestErasingLeavesNothingInTheFile(t *testing.T) {
	t.Parallel()
	for name, how := range map[string]func(s *site, erase models.Webhook, path string){
		"by hand": func(s *site, _ models.Webhook, path string) { s.post(path+"/delete").want(t, 303) },
		"by a call": func(s *site, erase models.Webhook, _ string) {
			s.callJSON(erase, `{"email_address":"Quinn@example.com"}`).want(t, 200)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, dbtest.Open(t, dbtest.SQLiteURL(t)))
			s.startIntake()
			for id := int64(1); id <= 200; id++ {
				s.addContact(id, "c"+itoa(id)+"@example.com", nil)
			}
			erase, path := s.addWebhook(models.TypeDelete), s.everywhere()
			var bodies [][]byte // compressed
			if err := s.db.Read(t.Context()).Model(&models.WebhookRequest{}).Where("address = ?", "quinn@example.com").Pluck("body", &bodies).Error; err != nil || len(bodies) == 0 {
				t.Fatalf("got %d calls of the person (%v), want some", len(bodies), err)
			}
			traces := append(bodies, []byte("quinn"), []byte("zebedee"))
			for _, trace := range traces {
				if !bytes.Contains(s.files(), bytes.ToLower(trace)) {
					t.Errorf("%q is not in the file to begin with", trace)
				}
			}
			how(s, erase, path)
			s.work()
			s.later(time.Minute)
			s.work()
			s.tick()
			files := s.files()
			for _, trace := range traces {
				if at := bytes.Index(files, bytes.ToLower(trace)); at >= 0 {
					t.Errorf("the file still holds %q: …%q…", trace, files[max(0, at-200):min(len(files), at+100)])
				}
			}
		})
	}
}

// files returns the bytes of an SQLite database's files, in lower case, after its log was emptied.
func (s *site) files() (all []byte) {
	s.t.Helper()
	if err := s.db.EmptyWAL(s.t.Context(), s.server.now()); err != nil {
		s.t.Fatal(err)
	}
	var path string
	if err := s.db.Read(s.t.Context()).Raw("SELECT file FROM pragma_database_list").Scan(&path).Error; err != nil {
		s.t.Fatal(err)
	}
	for _, name := range []string{path, path + "-wal"} {
		data, err := os.ReadFile(name)
		if err != nil {
			s.t.Fatal(err)
		}
		all = append(all, data...)
	}
	return bytes.ToLower(all)
}
