package handlers

import (
	"strings"
	"testing"
	"time"

	"campaignlark/models"

	"gorm.io/gorm"
)

// TestWebhooksAreSortedByLinks opens the list in each order, with and without a filter.
func TestWebhooksAreSortedByLinks(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		now := s.server.now()
		for i, name := range []string{"Éclair shop", "desk", "Form", "Archive"} {
			w := s.addWebhook(models.TypeSubscribed)
			s.write(func(tx *gorm.DB) error {
				return tx.Model(&models.Webhook{}).Where("workspace_id = ? AND id = ?", w.WorkspaceID, w.ID).Update("name", name).Error
			})
			if name != "Archive" { // which was never called
				s.counted(w, now.Add(-time.Duration(10*i+1)*time.Minute), 1, 1, []int64{2, 0, 5}[i])
			}
		}
		for query, want := range map[string]string{
			"":                             "Éclair shop, desk, Form, Archive",
			"?sort=called-asc":             "Archive, Form, desk, Éclair shop",
			"?sort=name-asc":               "Archive, desk, Éclair shop, Form",
			"?sort=name-desc":              "Form, Éclair shop, desk, Archive",
			"?sort=failed-desc":            "Form, Éclair shop, desk, Archive",
			"?sort=failed-asc":             "desk, Archive, Éclair shop, Form",
			"?sort=x%27":                   "Éclair shop, desk, Form, Archive",
			"?sort=name-asc&q=E&type=&x=1": "Archive, desk, Éclair shop", // accents aside
		} {
			list := s.get("/w/books/webhooks" + query)
			list.want(t, 200)
			var got []string
			for _, m := range anchor.FindAllStringSubmatch(list.body, -1) {
				if strings.Contains(m[0], `class="open"`) {
					got = append(got, (answer{body: m[2]}).text())
				}
			}
			if names := strings.Join(got, ", "); names != want || strings.Count(list.body, "aria-sort") != 1 {
				t.Errorf("%s: got %s, want %s and one sorted column", query, names, want)
			}
		}
		list := s.get("/w/books/webhooks?q=e&sort=name-asc&state=on")
		list.wantLink(t, "Name ↑", "/w/books/webhooks?q=e&amp;sort=name-desc&amp;state=on")
		list.wantLink(t, "Last call", "/w/books/webhooks?q=e&amp;state=on")
		list.wantLink(t, "Failed", "/w/books/webhooks?q=e&amp;sort=failed-desc&amp;state=on")
		s.get("/w/books/webhooks").wantLink(t, "Last call ↓", "/w/books/webhooks?sort=called-asc")
		s.get("/w/books/settings/inbound-webhooks").wantNot(t, "↓", "↑")
	})
}
