package handlers

import (
	"fmt"
	"html"
	"net/http"
	"strings"
	"testing"
	"time"

	"campaignlark/models"
	"campaignlark/models/store"

	"gorm.io/gorm"
)

// note adds an entry with the time at to the workspace's audit log.
func (s *site) note(e models.AuditEntry, at time.Time, changes ...models.AuditChange) {
	s.t.Helper()
	e.WorkspaceID = s.workspace.ID
	s.write(func(tx *gorm.DB) error { return store.Audit(tx, e, changes, at) })
}

func TestAuditLogShowsWhoChangedWhat(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		s.get("/w/books/settings/audit-log").want(t, http.StatusOK, "Nothing has been noted yet")
		s.post("/w/books/tags", "name", "vip").want(t, http.StatusSeeOther)
		s.post("/w/books/tags/1", "name", "VIP").want(t, http.StatusSeeOther)
		s.post("/w/books/webhooks", "name", "Shop", "type", "SUBSCRIBED", "tags", "VIP").want(t, http.StatusSeeOther)
		s.post("/w/books/webhooks/1/rotate").want(t, http.StatusSeeOther)
		s.post("/w/books/settings", "name", "Bücher", "time_zone", "UTC").want(t, http.StatusSeeOther)
		s.post("/w/books/contacts", "email", "anna@example.com", "status", "SUBSCRIBED").want(t, http.StatusSeeOther)
		s.note(models.AuditEntry{Action: models.ActionTagCreated, Subject: models.SubjectTag, SubjectID: 9, SubjectName: "by hand"}, s.server.now())
		page := s.get("/w/books/settings/audit-log")
		page.want(t, http.StatusOK, "7 entries", "ines@example.com", commandLine, "created the tag by hand", "renamed the tag vip Name: vip → became VIP",
			"created the webhook Shop", "Tags: VIP", "gave a new address to the webhook Shop", "changed the workspace Books Name: Books → became Bücher",
			"created the contact anna@example.com Subscribed")
		var w models.Webhook
		s.write(func(tx *gorm.DB) error { return tx.Where("id = 1").Take(&w).Error })
		page.wantNot(t, w.Hash)

		s.post("/w/books/contacts/1/delete").want(t, http.StatusSeeOther)
		page = s.get("/w/books/settings/audit-log?kind=contact")
		page.want(t, http.StatusOK, "2 entries", "deleted the contact (erased)", "created the contact (erased)")
		page.wantNot(t, "anna@example.com", "created the tag")
	})
}

func TestAuditLogLinksToWhatIsThere(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		member := s.addMember(s.workspace, "tomasz@example.com", models.RoleManager)
		job := s.addJob(models.NewJob(s.workspace.ID, s.user.ID, models.JobBulk, models.Bulk{}))
		tag, segment := s.addTag("vip"), s.addSegment("Readers", `{"condition":"AND","filters":[{"type":"status","operator":"eq","value":"SUBSCRIBED"}]}`)
		mergeTag, webhook := s.addMergeTag(models.MergeTag{Key: "city", Label: "City", Type: models.MergeTagText}), s.createWebhook("name", "Shop", "type", "SUBSCRIBED")
		subjects := []struct {
			subject, name string
			id            int64
			path          string
		}{
			{models.SubjectWebhook, "Shop", webhook.ID, "webhooks/" + itoa(webhook.ID)}, {models.SubjectTag, "vip", tag.ID, "contacts?tag=" + itoa(tag.ID)},
			{models.SubjectMergeTag, "City", mergeTag.ID, "merge-tags/" + itoa(mergeTag.ID) + "/edit"}, {models.SubjectSegment, "Readers", segment.ID, "segments/" + itoa(segment.ID)},
			{models.SubjectMember, "tomasz@example.com", member.ID, "settings/members/" + itoa(member.ID) + "/edit"}, {models.SubjectImport, "fair.csv", job.ID, "contacts/import/" + itoa(job.ID)},
			{models.SubjectContacts, "all", job.ID, "jobs/" + itoa(job.ID)}, {models.SubjectRequests, "failures", job.ID, "jobs/" + itoa(job.ID)},
		}
		for _, x := range subjects {
			s.note(models.AuditEntry{Action: x.subject + ".updated", Subject: x.subject, SubjectID: x.id, SubjectName: x.name}, s.server.now())
			s.note(models.AuditEntry{Action: x.subject + ".updated", Subject: x.subject, SubjectID: 999, SubjectName: x.name + " gone"}, s.server.now())
		}
		page := s.get("/w/books/settings/audit-log")
		for _, x := range subjects {
			page.wantHref(t, "/w/books/"+x.path)
			page.want(t, http.StatusOK, x.name+" gone")
		}
		if strings.Contains(page.body, "/999") || strings.Contains(page.body, "=999") {
			t.Error("the log links to what is gone")
		}
	})
}

func TestAuditLogFilters(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		tomasz := s.addMember(s.workspace, "tomasz@example.com", models.RoleManager)
		at := time.Date(2026, 3, 9, 23, 30, 0, 0, time.UTC) // the tenth in Vienna
		tag := models.AuditEntry{UserID: s.user.ID, Action: models.ActionTagCreated, Subject: models.SubjectTag, SubjectID: 1, SubjectName: "100%_Bücher"}
		s.note(tag, at)
		tag.UserID, tag.SubjectName = tomasz.ID, "<script>alert(1)</script>\u202e"
		s.note(tag, at.Add(24*time.Hour))
		for _, c := range []struct {
			query       string
			says, wants string
		}{
			{"q=BüCHER", "1 entry", "100%_Bücher"},
			{"q=%25_", "1 entry", "100%_Bücher"},
			{"q=0_0", "0 entries", "No entry of the last year fits these filters."},
			{"person=" + fmt.Sprint(tomasz.ID), "1 entry", "<script>alert(1)</script>"},
			{"person=999", "2 entries", "100%_Bücher"},
			{"kind=tag&from=2026-03-10&to=2026-03-10", "from 10 Mar 2026", "100%_Bücher"},
			{"to=2026-03-09", "0 entries", "Nothing matches"},
			{"from=2026-03-11", "1 entry", "‹right-to-left override›"},
			{"from=soon", "2 entries", "A day looks like 2026-11-24."},
			{"kind=%00'\"&before=x&after=y", "2 entries", "100%_Bücher"},
			{"kind=segment", "0 entries", "Nothing matches"},
		} {
			page := s.get("/w/books/settings/audit-log?" + strings.ReplaceAll(c.query, "ü", "%C3%BC"))
			page.want(t, http.StatusOK, c.says)
			if !strings.Contains(html.UnescapeString(page.text()), c.wants) {
				t.Errorf("%s: the page does not say %q: %s", c.query, c.wants, html.UnescapeString(page.text()))
			}
			if strings.Contains(page.body, "<script>alert") {
				t.Errorf("%s: a name reached the page as markup", c.query)
			}
		}
		s.get("/w/books/settings/audit-log?q=b&kind=tag").want(t, http.StatusOK, "Showing", "Remove all")
		s.as(s.signIn(tomasz)).get("/w/books/settings/audit-log").want(t, http.StatusForbidden)
		s.as(s.signIn(tomasz)).get("/w/books/settings").wantNot(t, "Audit log")
	})
}

// TestAuditLogDayWithoutMidnight filters by a day on which the clock skips midnight.
func TestAuditLogDayWithoutMidnight(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		s.write(func(tx *gorm.DB) error {
			if err := tx.Model(&models.Workspace{}).Where("id = ?", s.workspace.ID).Update("time_zone", "Africa/Cairo").Error; err != nil {
				return err
			}
			for name, at := range map[string]string{"late in the evening": "2026-04-23T21:30:00Z", "early in the morning": "2026-04-23T22:30:00Z"} {
				when, err := time.Parse(time.RFC3339, at)
				if err != nil {
					return err
				}
				e := models.AuditEntry{WorkspaceID: s.workspace.ID, UserID: s.user.ID, Action: models.ActionTagCreated, Subject: models.SubjectTag, SubjectID: 1, SubjectName: name}
				if err := store.Audit(tx, e, nil, when); err != nil {
					return err
				}
			}
			return nil
		})
		day := s.get("/w/books/settings/audit-log?kind=tag&from=2026-04-24&to=2026-04-24")
		day.want(t, http.StatusOK, "early in the morning")
		day.wantNot(t, "late in the evening")
		before := s.get("/w/books/settings/audit-log?kind=tag&to=2026-04-23")
		before.want(t, http.StatusOK, "late in the evening")
		before.wantNot(t, "early in the morning")
	})
}

func TestAuditLogPages(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		s.write(func(tx *gorm.DB) error {
			for i := range store.AuditPageSize*2 + 20 {
				e := models.AuditEntry{WorkspaceID: s.workspace.ID, UserID: s.user.ID, Action: models.ActionTagCreated, Subject: models.SubjectTag, SubjectID: 1, SubjectName: fmt.Sprintf("tag %03d", i)}
				if err := store.Audit(tx, e, nil, s.server.now().Add(time.Duration(i)*time.Second)); err != nil {
					return err
				}
			}
			return nil
		})
		list := "/w/books/settings/audit-log?kind=tag"
		first := s.get(list)
		first.want(t, http.StatusOK, "120 entries", "tag 119", "tag 070")
		first.wantNot(t, "tag 069")
		second := s.get(linkTo(t, first, "next"))
		second.want(t, http.StatusOK, "120 entries", "tag 069", "tag 020")
		last := s.get(linkTo(t, second, "next"))
		last.want(t, http.StatusOK, "tag 019", "tag 000")
		back := s.get(linkTo(t, last, "prev"))
		back.want(t, http.StatusOK, "tag 069", "tag 020")
		back.wantNot(t, "tag 019", "tag 070")
	})
}

// TestTheLogSaysThatTheProgramSwitchedADestinationOff shows an entry that no person made.
func TestTheLogSaysThatTheProgramSwitchedADestinationOff(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		crm := s.addDestination("CRM")
		s.write(func(tx *gorm.DB) error {
			return store.Audit(tx, models.AuditEntry{WorkspaceID: s.workspace.ID, Action: models.ActionDestinationSwitchedOff, Subject: models.SubjectDestination, SubjectID: crm.ID, SubjectName: crm.Name},
				[]models.AuditChange{{What: "Reason", After: "It answered 410 Gone."}}, s.server.now())
		})
		s.get("/w/books/settings/audit-log?kind=destination").want(t, 200, "This program switched off the destination CRM", "It answered 410 Gone.")
	})
}
