package torture

import (
	"context"
	"slices"
	"testing"
	"time"

	"campaignlark/internal/dbtest"
	"campaignlark/internal/e2e"

	"github.com/jackc/pgx/v5"
	"github.com/valyala/fasthttp"
)

const (
	faultSenders = 64
	faultPause   = 20 * time.Millisecond // after a 503
	backWithin   = 5 * time.Second       // after the database is back every call must succeed
	leftWithin   = 40 * time.Second      // after the senders have ended, until nothing may be left of a fault
	mostConns    = 26                    // docs/operations.md
)

// fault breaks the database while senders send, and makes it whole again.
type fault func(t *testing.T, server *dbtest.Server, s *senders)

// withFault sends from 64 senders while a fault happens. Every answer is a true 200 or 503. All calls succeed soon after the database is
// back, and no goroutine and no connection is left over.
func withFault(t *testing.T, server *dbtest.Server, happens fault) {
	a := e2e.NewAudience(t, server.URL("campaignlark"), tagsOfCalls)
	a.DB().Pool().SetMaxIdleConns(0) // the connections that stay are the program's
	p := start(t, server.URL("campaignlark"), nil)
	before := p.idle()
	s := send(t, load{urls: []string{p.hook(a)}, n: faultSenders, pause: faultPause, who: newPeople("fault")})
	until(t, "calls are stored before the fault", patience, func() bool { return s.good.Load() >= 1000 })
	began := time.Now()
	happens(t, server, s)
	t.Logf("the database was away for %v", time.Since(began).Round(time.Millisecond))
	sent := checkBack(t, s, time.Now())
	checkNothingLeft(t, p, server, before)
	checkRows(t, a, sent, true)
	p.Stop()
}

// checkBack waits until a call succeeds after the database is back, and ends the senders. It returns their calls.
func checkBack(t *testing.T, s *senders, back time.Time) []call {
	t.Helper()
	until(t, "calls succeed after the database is back", backWithin, func() bool { return s.goodSince(back) })
	t.Logf("a call succeeded %v after the database was back", time.Since(back).Round(time.Millisecond))
	if long() {
		<-time.After(time.Until(back.Add(backWithin + time.Second)))
	}
	sent := s.end()
	t.Logf("%d calls got 200, %d got 503, the slowest after %v", s.good.Load(), s.busy.Load(), slowest(sent).Round(time.Millisecond))
	for _, c := range sent {
		if c.sent.After(back.Add(backWithin)) && c.status != fasthttp.StatusOK {
			report(t, "got %d %s for a call that was sent %v after the database was back, want 200", c.status, c.message, c.sent.Sub(back))
		}
	}
	return sent
}

// checkNothingLeft waits until the program has no more goroutines than before and no more connections than its pools hold.
func checkNothingLeft(t *testing.T, p *program, server *dbtest.Server, before float64) {
	t.Helper()
	checkGoroutines(t, p, before)
	connections := 0
	until(t, "the program has no more connections than its pools", leftWithin, func() bool {
		connections = connectionsOf(t, server)
		return connections <= mostConns
	})
	t.Logf("%d connections to the database", connections)
}

// checkGoroutines waits until the program has no more goroutines than before, apart from a few that come and go. Its server keeps
// a goroutine of each closed connection for up to 20 seconds; a short test does not wait for them.
func checkGoroutines(t *testing.T, p *program, before float64) {
	t.Helper()
	most := before + 10
	if !long() {
		most += faultSenders
	}
	after := 0.0
	for deadline := time.Now().Add(leftWithin); ; <-time.After(50 * time.Millisecond) {
		if after = p.metric("go_goroutines"); after <= most {
			t.Logf("%.0f goroutines before, %.0f after", before, after)
			return
		}
		if time.Now().After(deadline) {
			t.Errorf("got %.0f goroutines, want at most %.0f", after, most)
			return
		}
	}
}

// connectionsOf returns how many connections the program has to the server.
func connectionsOf(t *testing.T, server *dbtest.Server) (n int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	conn, err := pgx.Connect(ctx, server.URL("postgres"))
	must(t, err)
	defer conn.Close(ctx)
	must(t, conn.QueryRow(ctx, "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'campaignlark'").Scan(&n))
	return n
}

// slowest returns how long the call took that took the longest.
func slowest(calls []call) time.Duration {
	return slices.MaxFunc(calls, func(x, y call) int { return int(x.took - y.took) }).took
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
