package models

import (
	"slices"
	"testing"
	"time"
)

func TestAStateIsNotedOnceWhileItLasts(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)
	state := func(webhook int64, kind EventType, at time.Time) WebhookState {
		return WebhookState{WorkspaceID: 1, WebhookID: webhook, Kind: kind, Since: at}
	}
	before := []WebhookState{state(1, EventWebhookFailing, now.Add(-time.Hour)), state(2, EventWebhookSilent, now.Add(-time.Hour))}
	began, over := Turned(before, []WebhookState{state(1, EventWebhookFailing, now), state(1, EventWebhookSilent, now)})
	if !slices.Equal(began, []WebhookState{state(1, EventWebhookSilent, now)}) || !slices.Equal(over, before[1:]) {
		t.Errorf("got the beginning of %v and the end of %v", began, over)
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
