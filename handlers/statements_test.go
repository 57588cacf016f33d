package handlers

import (
	"testing"

	"campaignlark/internal/dbtest"
	"campaignlark/models"

	"gorm.io/gorm"
)

// TestPagesTakeFewStatements counts the statements of the largest pages. `make bench-pages` measures every page; this test
// quickly shows when one of these takes more.
func TestPagesTakeFewStatements(t *testing.T) {
	eachEndpoint(t, func(t *testing.T, s *site) {
		s.write(func(tx *gorm.DB) error {
			return tx.Exec("UPDATE users SET support = true WHERE id = ?", s.user.ID).Error
		})
		w := s.addWebhook(models.TypeSubscribed, "reader")
		s.addMergeTag(models.MergeTag{Key: "city", Label: "City", Type: models.MergeTagText})
		reader, _ := s.db.TagNames(t.Context(), s.workspace.ID)
		rule := `{"condition":"OR","filters":[{"type":"tags","operator":"has_any","value":[` + itoa(reader[0].ID) + `]},{"type":"status","operator":"eq","value":"SUBSCRIBED"}]}`
		g := s.addSegment("Readers", rule)
		s.callJSON(w, `{"email_address":"cersei@example.com","city":"Wien"}`).want(t, 200)
		s.callJSON(w, `{"email_address":"none"}`).want(t, 400)
		s.recalculate()
		var call models.WebhookRequest
		if err := s.db.Read(t.Context()).Where("outcome = ?", models.OutcomeCreated).Take(&call).Error; err != nil {
			t.Fatal(err)
		}
		s.post("/w/books/tags/"+itoa(reader[0].ID)+"/delete", "force", "1").want(t, 303)
		statements, err := dbtest.CountStatements(t.Context(), s.db)
		if err != nil {
			t.Fatal(err)
		}
		atMost := func(most int64, what string, visit func() answer) {
			t.Helper()
			visit() // records the person's visit
			statements.Store(0)
			visit().want(t, 200)
			if n := statements.Load(); n > most {
				t.Errorf("%s takes %d statements, want at most %d", what, n, most)
			}
		}
		segment := "/w/books/segments/" + itoa(g.ID)
		for path, most := range map[string]int64{
			"/w/books": 13, "/w/books/contacts/1": 13, "/w/books/contacts?q=c1&status=SUBSCRIBED&segment=readers": 12, "/w/books/webhooks/" + itoa(w.ID): 14,
			"/w/books/requests/" + call.ID.String(): 13, supportPath + "/" + call.ID.String(): 15,
			"/w/books/webhooks": 9, "/w/books/segments": 8, segment: 12, segment + "/changes": 7, segment + "/edit": 7, segment + "/delete": 6,
		} {
			atMost(most, path, func() answer { return s.get(path) })
		}
		for _, do := range []string{"preview", "count"} {
			atMost(12, do+" in the builder", func() answer {
				return s.post(segment, "once", models.NewToken()[:22], "do", do, "rule", rule)
			})
		}
	})
}

// TestFiltersOnLargeSegments filters by a segment with many dense member ids, which uses a different query than a few ids
// (models/store: amongIDs).
func TestFiltersOnLargeSegments(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		now := s.server.now()
		s.write(func(tx *gorm.DB) error {
			return tx.Exec(`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1800)
				INSERT INTO contacts (workspace_id, id, email, status, fields, version, created_at, updated_at)
				SELECT ?, i, 'c' || i || '@example.com', CASE i % 3 WHEN 0 THEN 'UNCONFIRMED' WHEN 1 THEN 'SUBSCRIBED' ELSE 'UNSUBSCRIBED' END, '{}', 1, ?, ? FROM n`,
				s.workspace.ID, now, now).Error
		})
		s.addTag("vip", 1, 2, 3, 1798, 1800)
		s.addSegment("Known", `{"condition":"AND","filters":[{"type":"status","operator":"ne","value":"UNCONFIRMED"}]}`)
		s.get("/w/books/contacts?segment=known").want(t, 200, "1,200 of 1,800 contacts", "c1799@example.com")
		page := s.get("/w/books/contacts?segment=known&status=SUBSCRIBED")
		page.want(t, 200, "600 of 1,800 contacts", "c1798@example.com", "c1651@example.com")
		page.wantNot(t, "c1648@example.com", "c1799@example.com")
		s.get("/w/books/contacts?segment=known&status=SUBSCRIBED&before=100").want(t, 200, "600 of 1,800 contacts", "c97@example.com", "c1@example.com")
		s.get("/w/books/contacts?segment=known&tag=vip").want(t, 200, "3 of 1,800 contacts", "c1798@example.com", "c2@example.com", "c1@example.com")
		s.get("/w/books/contacts/bulk?do=delete&all=1&segment=known").want(t, 200, "Delete 1,200 contacts for good? Type 1200.")
		s.get("/w/books/contacts/bulk?do=status&to=UNSUBSCRIBED&all=1&segment=known").want(t, 200, "Make 1,200 contacts unsubscribed?", "Have this status already: 600 of them")
		s.get("/w/books/contacts/bulk?do=tag&with=vip&all=1&segment=known&status=SUBSCRIBED").want(t, 200, "to 600 contacts?", "Have the tag already: 2 of them")
	})
}
