package handlers

import (
	"testing"
	"time"

	"campaignlark/models"
	"campaignlark/models/store"

	"gorm.io/gorm"
)

func TestFirstStepsAreMarkedDone(t *testing.T) {
	eachEndpoint(t, func(t *testing.T, s *site) {
		s.get("/w/books").want(t, 200, "First steps", "1 of 5 done", "Create merge tag", "Nobody here yet", "Let something follow", "(optional)", "Create automation")
		s.addLogMergeTag("first_name", "First name", models.MergeTagText, "")
		s.get("/w/books").want(t, 200, "2 of 5 done", "Create Webhook", "first_name")
		w := s.addWebhook(models.TypeSubscribed)
		ready := s.get("/w/books")
		ready.want(t, 200, "3 of 5 done")
		ready.wantLink(t, "Send a test call", "/w/books/webhooks/"+itoa(w.ID)+"/console")
		s.callJSON(w, `{"email_address":"marta@example.com"}`)
		s.get("/w/books").want(t, 200, "4 of 5 done", "Create segment", "1 in all", "Calls to your webhooks", "No failed call waits for you.")
		s.write(func(tx *gorm.DB) error {
			return tx.Create(&models.Segment{WorkspaceID: s.workspace.ID, Name: "All", Rule: "{}", CreatedAt: s.server.now(), UpdatedAt: s.server.now()}).Error
		})
		s.get("/w/books").wantNot(t, "First steps")
		viewer := s.as(s.signIn(s.addMember(s.workspace, "vera@example.com", models.RoleViewer)))
		viewer.get("/w/books").wantNot(t, "Create Webhook")
		s.get("/w/books/").want(t, 308)
	})
}

// TestFirstStepsLeadOn makes the offered merge tags, follows the message to the next step, and hides the steps.
func TestFirstStepsLeadOn(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		s.get("/w/books").want(t, 200, "First name", "Last name", "Birthday", "Create these", "Hide first steps", "Import contacts")
		a := s.follow(s.post("/w/books/merge-tags/usual", "key", "first_name", "key", "birthday", "key", "other"))
		a.want(t, 200, "“First name” and “Birthday” are merge tags now.", "Next: create a webhook", "2 of 5 done", "first_name")
		s.follow(s.post("/w/books/merge-tags/usual", "key", "first_name")).want(t, 200, "No merge tag was created.")
		tags, err := s.db.MergeTags(t.Context(), s.workspace.ID)
		if err != nil || len(tags) != 2 {
			t.Errorf("got %v (%v), want two merge tags", tags, err)
		}
		s.follow(s.post("/w/books/merge-tags", "key", "town", "label", "Town", "type", "text")).want(t, 200, "The merge tag Town was created.", "Next: create a webhook")
		viewer := s.as(s.signIn(s.addMember(s.workspace, "vera@example.com", models.RoleViewer)))
		viewer.post("/w/books/merge-tags/usual", "key", "last_name").want(t, 403)
		s.follow(s.post("/w/books/first-steps/hide")).wantNot(t, "2 of 5 done")
		s.get("/w/books").wantNot(t, "First steps")
		viewer.get("/w/books").want(t, 200, "First steps")
	})
}

func TestDashboardShowsProblems(t *testing.T) {
	eachEndpoint(t, func(t *testing.T, s *site) {
		join, leave := s.addWebhook(models.TypeSubscribed), s.addWebhook(models.TypeUnsubscribed)
		s.callJSON(join, `{"email_address":"marta@example.com"}`)
		s.callJSON(join, `{"email_address":"jonas@example.com"}`)
		s.callJSON(leave, `{"email_address":"jonas@example.com"}`)
		for range 5 {
			s.callJSON(leave, `{"email_address":"nobody@example.com"}`)
		}
		s.callJSON(join, `{"email_address":"no"}`)
		s.addWorkspace("music")
		page := s.get("/w/books")
		page.want(t, 200, "“UNSUBSCRIBED” fails often: 5 of 6 calls in the last 24 hours. Mostly: No such contact", "Failed calls", "The address is not valid", "No such contact",
			"Subscribed 1 +1 in 30 days", "Unconfirmed 0 no change in 30 days", "Unsubscribed 1 +1 in 30 days", "Erased 0 in 30 days", "2 in all", "9 calls in the last 48 hours, 6 failed", "Show as a table", "Busiest webhooks")
		page.wantHref(t, "/w/books?calls=7d#calls", "/w/books/contacts?status=SUBSCRIBED")
		s.get(page.href(t, "Look at the failures")).want(t, 200, "5 requests", "UNSUBSCRIBED remove this filter")
		for _, period := range []string{"24h", "48h", "7d", "30d"} { // the number leads to as many calls
			s.get(s.get("/w/books?calls="+period).href(t, "6 failed")).want(t, 200, "6 requests", "Without replays")
		}
		s.get("/w/books?calls=30d").want(t, 200, "9 calls in the last 30 days, 6 failed")
	})
}

// Days without a noted count are derived from the contacts' creation times; today's count comes from the contacts.
func TestDashboardShowsGrowth(t *testing.T) {
	eachEndpoint(t, func(t *testing.T, s *site) {
		now := s.server.now()
		if err := s.db.NoteContactDays(t.Context(), now); err != nil {
			t.Fatal(err) // no contacts yet
		}
		ago := func(days int) *time.Time { at := now.AddDate(0, 0, -days); return &at }
		s.addContact(1, "old@example.com", func(c *models.Contact) { c.CreatedAt, c.SubscribedAt = *ago(90), ago(90) })
		s.addContact(2, "left@example.com", func(c *models.Contact) {
			c.Status, c.CreatedAt, c.SubscribedAt, c.UnsubscribedAt = models.StatusUnsubscribed, *ago(60), ago(60), ago(10)
		})
		s.addContact(3, "new@example.com", func(c *models.Contact) { c.CreatedAt, c.SubscribedAt = *ago(5), ago(5) })
		for range 2 { // a second time changes nothing
			if err := s.db.NoteContactDays(t.Context(), now); err != nil {
				t.Fatal(err)
			}
		}
		page := s.get("/w/books")
		page.want(t, 200, "3 in all", "Subscribed 2 no change in 30 days", "Unsubscribed 1 +1 in 30 days")
		day := func(days int) string { return now.In(s.workspace.Location()).AddDate(0, 0, -days).Format("Mon 2 Jan") }
		page.want(t, 200, "today", day(29)+" 0 0", day(10)+" 0 1", day(9)+" 0 0", day(5)+" 1 0", day(0)+" 0 0")

		s.addContact(4, "today@example.com", nil)
		remove := s.addWebhook(models.TypeDelete)
		s.callJSON(remove, `{"email_address":"left@example.com"}`).want(t, 200)
		s.post("/w/books/contacts/1/delete").want(t, 303)
		s.get("/w/books").want(t, 200, "2 in all", "Subscribed 2 no change in 30 days", "Unsubscribed 0 no change in 30 days", "Erased 2 in 30 days", day(5)+" 1 0")
	})
}

func TestDashboardComparesWithThePast(t *testing.T) {
	eachEndpoint(t, func(t *testing.T, s *site) {
		w := s.addWebhook(models.TypeSubscribed)
		hour := s.server.now().Truncate(time.Hour)
		count := func(at time.Time, outcome models.Outcome, n int64) {
			s.write(func(tx *gorm.DB) error {
				return tx.Create(&store.WebhookCount{WorkspaceID: s.workspace.ID, WebhookID: w.ID, Hour: at, Outcome: outcome, Failed: outcome.Failed(), Calls: n, LastCall: at}).Error
			})
		}
		count(hour.AddDate(0, 0, -3), models.OutcomeUpdated, 980)
		count(hour.AddDate(0, 0, -3), models.OutcomeBadAddress, 20)
		count(hour, models.OutcomeUpdated, 19)
		count(hour, models.OutcomeNoAddress, 30)
		count(hour, models.OutcomeBadAddress, 8)
		page := s.get("/w/books")
		page.want(t, 200, "“SUBSCRIBED” fails more than usual: 67 % refused in 24 h, usually 2 %.", "57 calls in the last 48 hours, 38 failed")
		page.wantNot(t, "fails often")
		s.get("/w/books?calls=7d").want(t, 200, "1,057 calls in the last 7 days, 58 failed")
	})
}

// TestAllFailureGroupsCanBeSeen has seven groups of failures: the dashboard shows the latest five and leads to all.
func TestAllFailureGroupsCanBeSeen(t *testing.T) {
	eachEndpoint(t, func(t *testing.T, s *site) {
		w, now := s.addWebhook(models.TypeSubscribed), s.server.now()
		var rows []store.WebhookCount
		for i, o := range []models.Outcome{models.OutcomeNoAddress, models.OutcomeBadAddress, models.OutcomeUnreadable, models.OutcomeTooLarge, models.OutcomeUnverified, models.OutcomeDisabled, models.OutcomeHashRetired} {
			at := now.Add(-time.Duration(i) * time.Hour)
			rows = append(rows, store.WebhookCount{WorkspaceID: w.WorkspaceID, WebhookID: w.ID, Hour: at.Truncate(time.Hour), Outcome: o, Failed: true, Calls: int64(i + 1), LastCall: at})
		}
		s.write(func(tx *gorm.DB) error { return tx.Create(&rows).Error })
		page := s.get("/w/books")
		page.want(t, 200, "The group with the latest failure comes first.", "Show all 7 groups")
		page.wantNot(t, "The webhook is off")
		all := s.get(page.href(t, "Show all 7 groups"))
		all.inThisOrder(t, "The group with the latest failure comes first.", "No e-mail address was sent", "The address is not valid", "The webhook is off", "An old address was called")
		all.wantNot(t, "Show all")
	})
}
