package handlers

import (
	"fmt"
	"html"
	"strings"
	"testing"
	"time"

	"campaignlark/models"

	"gorm.io/gorm"
)

// noon is the time of a stopped clock, 12:00 in Vienna.
var noon = time.Date(2026, 11, 24, 11, 0, 0, 0, time.UTC)

// storeSegment stores a built segment of all subscribed contacts.
func (s *site) storeSegment(name string, change func(g *models.Segment)) models.Segment {
	s.t.Helper()
	built := s.server.now()
	g := models.Segment{WorkspaceID: s.workspace.ID, Name: name, Rule: `{"condition":"AND","filters":[{"type":"status","operator":"eq","value":"SUBSCRIBED"}]}`,
		Slot: -1, CreatedAt: built, UpdatedAt: built, BuiltAt: &built}
	if change != nil {
		change(&g)
	}
	s.create(&g)
	return g
}

func (s *site) create(rows any) {
	s.t.Helper()
	s.write(func(tx *gorm.DB) error { return tx.Create(rows).Error })
}

func TestTimeLeft(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		since     time.Duration
		done, all int64
		want      time.Duration
	}{
		{500 * time.Millisecond, 1, 100, 0}, {2 * time.Second, 99, 100, 0}, // too soon
		{time.Minute, 0, 100, 0}, {time.Minute, 4, 100, 0}, // too little
		{3 * time.Second, 5, 100, 57 * time.Second}, {13 * time.Second, 65, 100, 7 * time.Second}, {time.Minute, 100, 100, 0},
		{time.Hour, 1 << 40, 1 << 41, time.Hour},
	} {
		if got := timeLeft(c.since, c.done, c.all); got != c.want {
			t.Errorf("%d of %d after %s: got %s, want %s", c.done, c.all, c.since, got, c.want)
		}
	}
}

func TestSegmentListShowsStates(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		s.server.Now = func() time.Time { return noon }
		slot, rule, since := 3, `{"condition":"AND","filters":[]}`, noon.Add(-13*time.Second)
		fine := s.storeSegment("Fine", func(g *models.Segment) { g.MemberCount = 6204 })
		s.storeSegment("Broken", func(g *models.Segment) {
			g.BrokenReason, g.MemberCount = "The tag “spring festival 2025” was deleted.", 402
		})
		s.get("/w/books/segments").want(t, 200, "1 of 2 is broken. Go to “Broken” . For the others: every change is taken in; no full check yet.", "Fine", "6,204", "Up to date", "Broken", "402", "frozen",
			"The tag “spring festival 2025” was deleted.", "Repair the rule", "2 segments")
		if a := s.get("/w/books/segments"); strings.Contains(a.body, "data-watch") {
			t.Error("the page looks again though nothing is being built")
		}
		building := s.storeSegment("Being built", func(g *models.Segment) {
			g.BuildingSlot, g.BuildingRule, g.BuildingSince, g.BuiltChunks, g.TotalChunks, g.MemberCount = &slot, &rule, &since, 65, 100, 8110
		})
		s.storeSegment("Queued", func(g *models.Segment) {
			g.BuildingSlot, g.BuildingRule, g.TotalChunks, g.BuiltAt = &slot, &rule, 100, nil
		})
		checked := noon.Add(-9 * time.Hour)
		s.create(&models.SegmentCheck{WorkspaceID: s.workspace.ID, NextChunk: 9, TotalChunks: 9, StartedAt: checked, FinishedAt: &checked})
		s.create(&models.DirtyContact{WorkspaceID: s.workspace.ID, ContactID: 1, At: noon.Add(-400 * time.Millisecond)})
		s.create(&models.ContactDay{WorkspaceID: s.workspace.ID, Day: "2026-11-24", StatusCounts: models.StatusCounts{Subscribed: 48213}})
		s.create(&[]models.SegmentDay{{WorkspaceID: s.workspace.ID, SegmentID: fine.ID, Day: "2026-11-01", Size: 6000},
			{WorkspaceID: s.workspace.ID, SegmentID: fine.ID, Day: "2026-11-24", Size: 6204, EnteredCall: 30, EnteredTime: 1, DepartedCall: 4}})
		for _, path := range []string{"/w/books/segments", "/w/books/segments?part=list"} {
			a := s.get(path)
			a.want(t, 200, "1 of 4 is broken.", "For the others: checked up to 0.4 seconds ago; last full check today, 03:00, no differences.", "+31 / −4",
				"Building 31,338 of 48,213, about 8 s", "8,110 until it is built", "Waiting to be built", "not counted yet")
			for _, mark := range []string{`aria-label="From 6,000 to 6,204"`, "data-running", `data-part="state-` + itoa(building.ID)} {
				if !strings.Contains(a.body, mark) {
					t.Errorf("%s: the page does not hold %s", path, mark)
				}
			}
		}
		s.get("/w/books/segments/"+itoa(building.ID)).want(t, 200, "31,338 of 48,213, about 8 s", "what you see is the membership before", "Check now")
		s.get("/w/books/segments/"+itoa(building.ID)+"?part=state").want(t, 200, "31,338 of 48,213")
		page, g := "/w/books/segments/"+itoa(fine.ID), models.Segment{}
		s.get(page).want(t, 200, "no full check of this segment yet")
		for _, c := range []struct {
			at          time.Time
			differences int
			says        string
		}{
			{checked.Add(-time.Hour), 3, "last full check of this segment today, 02:00"},
			{checked, 0, "last full check today, 03:00, no differences"},
			{checked, 3, "last full check today, 03:00, 3 differences repaired in all segments"},
		} {
			s.write(func(tx *gorm.DB) error {
				if err := tx.Model(&models.SegmentCheck{}).Where("workspace_id = ?", s.workspace.ID).Update("differences", c.differences).Error; err != nil {
					return err
				}
				return tx.Model(&g).Where("id = ?", fine.ID).Update("verified_at", c.at).Error
			})
			s.get(page).want(t, 200, c.says)
		}
		s.create(&models.SegmentDue{WorkspaceID: s.workspace.ID, Chunk: 1, DueAt: noon.Add(-5 * time.Minute)})
		s.get("/w/books/segments").want(t, 200, "Behind.", "The oldest unchecked change is 5 minutes old and waits its turn")
	})
}

func TestSegmentPageShowsWhoEnteredAndWhy(t *testing.T) {
	eachEndpoint(t, func(t *testing.T, s *site) {
		hook := s.addWebhook(models.TypeSubscribed)
		s.callJSON(hook, `{"email_address":"cersei@example.com"}`).want(t, 200)
		var call models.WebhookRequest
		if err := s.db.Read(t.Context()).Take(&call).Error; err != nil {
			t.Fatal(err)
		}
		g := s.storeSegment("Readers", func(g *models.Segment) { g.MemberCount = 1 })
		now, ines := s.server.now(), s.user.ID
		change := func(ago time.Duration, contact int64, in bool, c models.SegmentChange) {
			at := models.Instant(now.Add(-ago))
			c.WorkspaceID, c.ID, c.SegmentID, c.ContactID, c.Entered, c.At = s.workspace.ID, models.NewID(at), g.ID, contact, in, at
			s.create(&c)
		}
		cersei := s.contact("cersei@example.com").ID
		change(4*time.Second, cersei, true, models.SegmentChange{Cause: models.CauseCall, RequestID: &call.ID})
		change(3*time.Second, 999, false, models.SegmentChange{Cause: models.CauseEdit, UserID: &ines})
		change(2*time.Second, cersei, true, models.SegmentChange{Cause: models.CauseTime})
		at := models.Instant(now.Add(-time.Second))
		s.create(&models.SegmentBulkChange{WorkspaceID: s.workspace.ID, ID: models.NewID(at), SegmentID: g.ID, Entered: models.NewSegmentSet([]int64{cersei, 700, 701, 702}),
			Departed: models.NewSegmentSet([]int64{800}), Cause: models.CauseRule, UserID: &ines, At: at})
		today := models.DayName(now, s.workspace.Location())
		s.create(&models.SegmentDay{WorkspaceID: s.workspace.ID, SegmentID: g.ID, Day: today, Size: 1, EnteredCall: 398, EnteredEdit: 83, DepartedCall: 92, DepartedTime: 25, DepartedRule: 1})
		other := s.storeSegment("In turn", func(o *models.Segment) {
			o.Rule = fmt.Sprintf(`{"condition":"AND","filters":[{"type":"segment","operator":"in","value":%d}]}`, g.ID)
		})

		path := "/w/books/segments/" + itoa(g.ID)
		a := s.get(path)
		a.want(t, 200, "whose Status is Subscribed", "100 % of the audience", "481 398 by calls, 83 by edits", "118 92 by calls, 25 by time, 1 by the rule",
			"30 days 90 days 1 year", "In three days a chart shows here how it grew.", "In turn segment")
		lines := []string{"4 contacts entered, 1 left", "its rule was set by ines@example.com", "Entered: cersei@example.com , a contact that was deleted", "and 1 more",
			"Entered cersei@example.com time passed", "Left a contact that was deleted edited by ines@example.com", "Entered cersei@example.com a call through SUBSCRIBED"}
		a.inThisOrder(t, lines...)
		s.get(path+"/changes").inThisOrder(t, append([]string{"Today, "}, lines...)...)
		for _, link := range []string{"/w/books/requests/" + call.ID.String(), "/w/books/contacts/" + itoa(cersei), "/w/books/segments/" + itoa(other.ID), path + "?days=365"} {
			if !strings.Contains(a.body, `href="`+link+`"`) {
				t.Errorf("the page has no link to %s", link)
			}
		}
		_, many, _ := strings.Cut(a.body, path+"/changes/")
		many, _, _ = strings.Cut(many, `"`)
		s.get(path+"/changes/"+many).want(t, 200, "4 contacts entered, 1 left", "Entered: 4", "Left: 1", "cersei@example.com", "its rule was set by ines@example.com")
		s.get(path+"/changes/"+many+"?show=left").want(t, 200, "a contact that was deleted")
		s.get("/w/books/segments/"+itoa(other.ID)+"/changes/"+many).want(t, 404)
		s.get(path+"/changes/nonsense").want(t, 404)
		s.get("/w/books/segments/"+itoa(other.ID)+"/changes").want(t, 200, "Nobody has entered or left as far back as changes are kept.")
	})
}

func TestSegmentHistoryPages(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		g := s.storeSegment("Readers", nil)
		var rows []models.SegmentChange
		for i := range changesPage + 5 {
			at := noon.Add(time.Duration(i) * time.Second)
			rows = append(rows, models.SegmentChange{WorkspaceID: s.workspace.ID, ID: models.NewID(at), SegmentID: g.ID, ContactID: int64(i + 1), Entered: true, Cause: models.CauseTime, At: at})
		}
		s.create(&rows)
		path := "/w/books/segments/" + itoa(g.ID) + "/changes"
		first := s.get(path)
		_, older, _ := strings.Cut(first.body, path+"?before=")
		older, _, _ = strings.Cut(older, `"`)
		second := s.get(path + "?before=" + older)
		if a, b := strings.Count(first.body, "time passed"), strings.Count(second.body, "time passed"); a != changesPage || b != 5 {
			t.Errorf("got %d and %d lines, want %d and 5", a, b, changesPage)
		}
		if strings.Contains(second.body, "?before=") {
			t.Error("the last page says that there is an older one")
		}
		s.get(path+"?before=nonsense").want(t, 200, "time passed")
	})
}

// TestSegmentHistoryShowsChangesDuringAWave has a wave that began before more than a page of single changes.
func TestSegmentHistoryShowsChangesDuringAWave(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		g := s.storeSegment("Readers", nil)
		for i := range 3 {
			at := noon.Add(time.Duration(i) * 50 * time.Second)
			s.create(&models.SegmentBulkChange{WorkspaceID: s.workspace.ID, ID: models.NewID(at), SegmentID: g.ID, Entered: models.NewSegmentSet(nil),
				Departed: models.NewSegmentSet([]int64{int64(i + 1)}), Cause: models.CauseTime, At: at})
		}
		var rows []models.SegmentChange
		for i := range changesPage + 5 {
			at := noon.Add(time.Duration(i+1) * time.Second)
			rows = append(rows, models.SegmentChange{WorkspaceID: s.workspace.ID, ID: models.NewID(at), SegmentID: g.ID, ContactID: int64(i + 1), Entered: true, Cause: models.CauseEdit, At: at})
		}
		s.create(&rows)
		path := "/w/books/segments/" + itoa(g.ID) + "/changes"
		first := s.get(path)
		since := noon.In(s.workspace.Location()).Format("15:04")
		first.inThisOrder(t, "3 contacts left", "time passed, since "+since, "edited")
		_, older, _ := strings.Cut(html.UnescapeString(first.body), path+"?before=")
		older, _, _ = strings.Cut(older, `"`)
		second := s.get(path + "?before=" + older)
		if a, b := strings.Count(first.body, "edited"), strings.Count(second.body, "edited"); a != changesPage-1 || b != 6 {
			t.Errorf("got %d and %d edits, want %d and 6", a, b, changesPage-1)
		}
		if strings.Contains(second.body, "time passed") {
			t.Error("the second page shows the line of many again")
		}
		_, many, _ := strings.Cut(first.body, path+"/")
		many, _, _ = strings.Cut(many, `"`)
		s.get(path+"/"+many).want(t, 200, "3 contacts left", "time passed, since "+since)
	})
}
