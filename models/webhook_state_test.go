package models

import (
	"slices"
	"testing"
	"time"
)

func TestAStateIsNotedOnceWhileItLasts(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)
	state := func(webhook int64, kind EventType, ago time.Duration) WebhookState {
		return WebhookState{WorkspaceID: 1, WebhookID: webhook, Kind: kind, SeenAt: now.Add(-ago)}
	}
	noted := []WebhookState{
		state(1, EventWebhookFailing, 2*time.Minute), state(2, EventWebhookFailing, 10*time.Minute), state(3, EventWebhookSilent, 59*time.Minute),
		state(4, EventWebhookSilent, time.Hour), state(5, EventWebhookFailing, -365*24*time.Hour), // the clock was wrong
	}
	found := []WebhookState{state(1, EventWebhookFailing, 0), state(1, EventWebhookSilent, 0), state(2, EventWebhookFailing, 0)}
	c := CompareStates(noted, found, now)
	if !slices.Equal(c.Began, found[1:2]) || !slices.Equal(c.Last, found[2:]) || !slices.Equal(c.Over, noted[3:]) {
		t.Errorf("got %+v", c)
	}
}

func TestOnlyWebhooksThatAreOnAndHeardAreUnusual(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)
	failing := func(id int64) WebhookUsual {
		return WebhookUsual{WebhookID: id, Calls: 100, Failures: 18, EarlierCalls: 1000, EarlierFailures: 20}
	}
	usuals := []WebhookUsual{failing(1), failing(2), failing(3), {WebhookID: 4}, failing(5)}
	all := []Webhook{{ID: 1, Enabled: true}, {ID: 2}, {ID: 3, Enabled: true, DeletedAt: &now}, {ID: 4, Enabled: true}, {ID: 6, Enabled: true}}
	heard := Listens(0).With(EventWebhookFailing, false)
	if got := AreUnusual(heard, all, usuals, now); len(got) != 1 || got[0].WebhookID != 1 || got[0].Kind != EventWebhookFailing {
		t.Errorf("got %v, want that the first webhook fails", got)
	}
	if got := AreUnusual(Listens(0).With(EventWebhookSilent, false), all, usuals, now); len(got) != 0 {
		t.Errorf("got %v, want nothing for which no automation listens", got)
	}
}

// TestANewWebhookFailsIfManyCallsDo has webhooks with and without a usual.
func TestANewWebhookFailsIfManyCallsDo(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		u       WebhookUsual
		failing bool
	}{
		"8 of 9":                           {WebhookUsual{Calls: 9, Failures: 8}, true},
		"270 of 770":                       {WebhookUsual{Calls: 770, Failures: 270}, true},
		"4 of 4":                           {WebhookUsual{Calls: 4, Failures: 4}, false},
		"5 of 100":                         {WebhookUsual{Calls: 100, Failures: 5}, false},
		"20 of 100, a few calls before":    {WebhookUsual{Calls: 100, Failures: 20, EarlierCalls: 49, EarlierFailures: 49}, true},
		"20 of 100, as often as usual":     {WebhookUsual{Calls: 100, Failures: 20, EarlierCalls: 1000, EarlierFailures: 200}, false},
		"20 of 100, more often than usual": {WebhookUsual{Calls: 100, Failures: 20, EarlierCalls: 1000, EarlierFailures: 50}, true},
		"nothing":                          {WebhookUsual{}, false},
	} {
		if got := slices.Contains(test.u.States(time.Now()), EventWebhookFailing); got != test.failing {
			t.Errorf("%s: got %t, want %t", name, got, test.failing)
		}
	}
}
