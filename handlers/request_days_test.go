package handlers

import (
	"testing"
	"time"

	"campaignlark/models"
)

// TestCallsOfTodayAndYesterday looks at two calls around midnight in the workspace's zone. The question about a replay keeps the day that was
// meant.
func TestCallsOfTodayAndYesterday(t *testing.T) {
	eachEndpoint(t, func(t *testing.T, s *site) {
		w, zone := s.addWebhook(models.TypeSubscribed), s.workspace.Location()
		midnight := models.DayBegin(s.server.now().AddDate(0, 0, 1), zone)
		s.later(midnight.Add(-time.Minute).Sub(s.server.now()))
		s = s.as(s.signIn(s.user))
		s.callJSON(w, `{"email_address":"arya@example.com"}`).want(t, 200)
		s.get("/w/books/requests?when=today").want(t, 200, "1 request", "Showing Today", "arya@example.com")
		s.get("/w/books/requests?when=yesterday").want(t, 200, "No request matches")
		s.later(2 * time.Minute)
		s.callJSON(w, `{"email_address":"bran@example.com"}`).want(t, 200)
		for when, who := range map[string][2]string{"today": {"bran@example.com", "arya@example.com"}, "yesterday": {"arya@example.com", "bran@example.com"}} {
			page := s.get("/w/books/requests?when=" + when)
			page.want(t, 200, "1 request", who[0])
			page.wantNot(t, who[1])
		}
		asked := s.get("/w/books/requests/replay?when=yesterday")
		asked.want(t, 200, "Replay 1 call?")
		fields := formFields(asked.body)
		if fields.Get("when") != "range" || fields.Get("to") != midnight.In(zone).Format(momentLayout) {
			t.Errorf("the question keeps the time %v", fields)
		}
		s.get("/w/books/requests?when=tomorrow").want(t, 200, "There is no time “tomorrow”. Nothing is listed.")
	})
}
