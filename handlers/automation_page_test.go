package handlers

import (
	"testing"
	"time"
)

// TestAnAutomationsFiguresLeadToItsRuns counts runs by step and state, and follows the figures.
func TestAnAutomationsFiguresLeadToItsRuns(t *testing.T) {
	eachEndpoint(t, func(t *testing.T, s *site) {
		hook := s.createWebhook("name", "Shop", "type", "SUBSCRIBED")
		path := s.addAutomation("Welcome")
		s.callJSON(hook, `{"email_address":"ada@example.com"}`)
		s.callJSON(hook, `{"email_address":"otto@example.com"}`)
		s.automate(time.Second)
		page := s.get(path)
		page.want(t, 200, "Where people are", "Under way 2", "Failed 0", "All 2", "Step 1, until", "2 runs")
		page.wantHref(t, path+"?state=waiting&step=1#runs")
		s.get(path+"?state=waiting&step=1").want(t, 200, "Only those at step 1, “Wait 1 hour”.", "ada@example.com", "otto@example.com")
		s.get(path+"?state=failed&step=1").want(t, 200, "No runs here.")
		for _, odd := range []string{"?state=waiting&step=99", "?state=nonsense&step=-1", "?state=done&step=gone", "?before=x&step=0&state=stopped"} {
			s.get(path+odd).want(t, 200, "Welcome")
		}
		form := s.get(path + "/edit")
		s.post(path, append(typed(form, "step.0.amount", "3"), "do", "save-on")...).want(t, 303)
		s.get(path).want(t, 200, "2 runs still finish version 1", "Version 2")
	})
}
