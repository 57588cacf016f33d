package handlers

import (
	"testing"

	"campaignlark/models"
)

func TestLiveCounts(t *testing.T) {
	t.Parallel()
	const stopped = models.ExactCount + 1
	noted := []models.ContactDay{{Day: "2026-11-23", StatusCounts: models.StatusCounts{Subscribed: 1}}, {Day: "2026-11-24", StatusCounts: models.StatusCounts{Subscribed: 41_890, Unconfirmed: 7, Unsubscribed: 500}}}
	for _, c := range []struct{ now, want models.StatusCounts }{
		{models.StatusCounts{Subscribed: 12, Unconfirmed: 8}, models.StatusCounts{Subscribed: 12, Unconfirmed: 8}}, // exact counts
		{models.StatusCounts{Subscribed: stopped, Unconfirmed: 8}, models.StatusCounts{Subscribed: 41_890, Unconfirmed: 8}},
		{models.StatusCounts{Subscribed: stopped, Unsubscribed: stopped}, models.StatusCounts{Subscribed: 41_890, Unsubscribed: stopped}}, // grew since the last count
	} {
		if got := countsNow(c.now, noted); got != c.want {
			t.Errorf("countsNow(%+v): got %+v, want %+v", c.now, got, c.want)
		}
		if got := countsNow(c.now, nil); got != c.now {
			t.Errorf("countsNow(%+v) without notes: got %+v, want the same", c.now, got)
		}
	}
}
