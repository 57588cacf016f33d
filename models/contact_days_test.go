package models

import (
	"slices"
	"testing"
	"time"
)

func TestStatusBeforeTheEndOfADay(t *testing.T) {
	t.Parallel()
	vienna, err := time.LoadLocation("Europe/Vienna")
	if err != nil {
		t.Fatal(err)
	}
	at := func(day int) *time.Time {
		if day == 0 {
			return nil
		}
		moment := time.Date(2026, 11, day, 23, 30, 0, 0, time.UTC) // half past midnight in Vienna, on the next day
		return &moment
	}
	for _, c := range []struct {
		name                                           string
		created, subscribed, unconfirmed, unsubscribed int // days of November in UTC
		status                                         Status
		want                                           string // on 2, 3, 5 and 8 November in Vienna
	}{
		{"always the same", 1, 1, 0, 0, StatusSubscribed, "SSSS"},
		{"not there yet", 2, 2, 0, 0, StatusSubscribed, "-SSS"},
		{"confirmed later", 1, 4, 1, 0, StatusSubscribed, "UUSS"},
		{"left", 1, 1, 0, 4, StatusUnsubscribed, "SSXX"},
		{"left and came back: the first time is not known any more", 1, 7, 0, 4, StatusSubscribed, "SSXS"},
		{"all at once", 4, 4, 4, 4, StatusUnsubscribed, "--XX"},
		{"without times", 1, 0, 0, 0, StatusUnconfirmed, "UUUU"},
	} {
		contact := Contact{Status: c.status, CreatedAt: *at(c.created), SubscribedAt: at(c.subscribed), UnconfirmedAt: at(c.unconfirmed), UnsubscribedAt: at(c.unsubscribed)}
		got := ""
		for _, day := range []string{"2026-11-02", "2026-11-03", "2026-11-05", "2026-11-08"} {
			got += map[Status]string{StatusSubscribed: "S", StatusUnconfirmed: "U", StatusUnsubscribed: "X", "": "-"}[contact.StatusBefore(DayEnd(day, vienna))]
		}
		if got != c.want {
			t.Errorf("%s: got %s, want %s", c.name, got, c.want)
		}
	}
}

func TestDaysFrom(t *testing.T) {
	t.Parallel()
	havana, err := time.LoadLocation("America/Havana")
	if err != nil {
		t.Fatal(err)
	}
	first := time.Date(2026, 3, 7, 0, 30, 0, 0, havana)
	if got, want := DaysFrom(first, havana, "2026-03-10"), []string{"2026-03-07", "2026-03-08", "2026-03-09"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q: the clock leaves a midnight out, no day is", got, want)
	}
	if got, want := DayEnd("2026-03-07", havana).UTC().Format(time.RFC3339), "2026-03-08T05:00:00Z"; got != want {
		t.Errorf("got %s, want %s: the day ends where its midnight would be", got, want)
	}
	if got := DaysFrom(first, havana, "2026-03-07"); len(got) != 0 {
		t.Errorf("got %q, want none", got)
	}
}
