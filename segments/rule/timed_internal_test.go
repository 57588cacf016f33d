package rule

import (
	"math/rand/v2"
	"testing"

	"campaignlark/segments/calendar"
)

// TestTurnsAreExact checks day by day that the result stays until the turn and changes there.
func TestTurnsAreExact(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(2, 2))
	day := func(first string, span int64) int64 {
		n, _ := calendar.ReadDay(first)
		return n + r.Int64N(span)
	}
	for range 3_000 {
		operator := []Operator{InLastDays, InNextDays, MoreThanDaysAgo, AnniversaryWithinDays}[r.IntN(4)]
		n := []int64{0, 1, 7, 364, 365, 366, r.Int64N(500)}[r.IntN(7)]
		if operator == AnniversaryWithinDays {
			n = min(n, maxAnniversary)
		}
		p := windowOf(operator, n)
		d, today := day("2015-01-01", 5000), day("2020-01-01", 3000)
		if r.IntN(5) == 0 {
			d = day("2016-02-29", 1)
		}
		turn, ok := p.turn(d, today)
		if !ok {
			turn = today + 11*366
		}
		now := p.holds(d, today)
		for at := today; at < turn; at++ {
			if p.holds(d, at) != now {
				t.Fatalf("%s %d, day %d on %d: got turn %d (%v), want %d at the latest", operator, n, d, today, turn, ok, at)
			}
		}
		if ok && (turn <= today || p.holds(d, turn) == now) {
			t.Fatalf("%s %d, day %d on %d: got turn %d where the answer stays", operator, n, d, today, turn)
		}
	}
}
