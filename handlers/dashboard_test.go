package handlers

import (
	"testing"

	"campaignlark/models"

	"gorm.io/gorm"
)

func TestFirstStepsTickThemselvesOff(t *testing.T) {
	eachEndpoint(t, func(t *testing.T, s *site) {
		s.get("/w/books").want(t, 200, "First steps", "1 of 5 done", "Create merge tag", "Nobody here yet")
		s.addLogMergeTag("first_name", "First name", models.MergeTagText, "")
		s.get("/w/books").want(t, 200, "2 of 5 done", "Create Webhook", "first_name")
		w := s.addWebhook(models.TypeSubscribed)
		s.get("/w/books").want(t, 200, "3 of 5 done", "Inbound Webhooks")
		s.callJSON(w, `{"email_address":"marta@example.com"}`)
		s.get("/w/books").want(t, 200, "4 of 5 done", "Create segment", "1 in all", "Calls to your webhooks", "No call has failed.")
		s.write(func(tx *gorm.DB) error {
			return tx.Create(&models.Segment{WorkspaceID: s.workspace.ID, Name: "All", Rule: "{}", CreatedAt: s.server.now(), UpdatedAt: s.server.now()}).Error
		})
		s.get("/w/books").wantNot(t, "First steps")
		viewer := s.as(s.signIn(s.addMember(s.workspace, "vera@example.com", models.RoleViewer)))
		viewer.get("/w/books").wantNot(t, "Create Webhook")
		s.get("/w/books/").want(t, 404)
	})
}

func TestDashboardSaysWhatIsWrong(t *testing.T) {
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
		page.want(t, 200, "“UNSUBSCRIBED” fails often: 5 of 6 calls in the last 24 hours. Mostly: No such contact", "Latest failures", "The address is not valid", "nobody@example.com",
			"Subscribed 1 now", "Unconfirmed 0 now", "Unsubscribed 1 now", "2 in all", "9 calls in the last 48 hours, 6 failed", "Show as a table", "Busiest webhooks")
		page.wantHref(t, "/w/books?calls=7d#calls", "/w/books/contacts?status=SUBSCRIBED", "/w/books/requests?outcome=failed&webhook="+itoa(leave.ID))
		s.get("/w/books?calls=24h").wantHref(t, "/w/books/requests?outcome=failed&when=24h")
		s.get("/w/books?calls=30d").want(t, 200, "9 calls in the last 30 days, 6 failed")
	})
}
