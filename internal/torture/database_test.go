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

func TestPostgresRestarts(t *testing.T) {
	withFault(t, func(t *testing.T, server *dbtest.Server, s *senders) {
		for range 2 {
			must(t, server.Restart())
		}
	})
}

// withFault sends from 64 senders while a fault happens. Every answer is a true 200 or 503. All calls succeed soon after the database is
// back, and no goroutine and no connection is left over.
func withFault(t *testing.T, break_ fault, settings ...string) {
	if !long() {
		t.Parallel() // they wait more than they work
	}
	server := postgres(t, settings...)
	a := e2e.NewAudience(t, server.URL("campaignlark"), tagsOfCalls)
	a.DB().Pool().SetMaxIdleConns(0) // the connections that stay are the program's
	p := start(t, server.URL("campaignlark"), nil)
	before := p.metric("go_goroutines")
	s := send(t, load{urls: []string{p.hook(a)}, n: faultSenders, pause: faultPause, who: newPeople("fault")})
	until(t, "calls are stored before the fault", patience, func() bool { return s.good.Load() >= 1000 })
	began := time.Now()
	break_(t, server, s)
	back := time.Now()
	t.Logf("the database was away for %v", back.Sub(began).Round(time.Millisecond))
	until(t, "calls succeed after the database is back", backWithin, func() bool { return s.goodSince(back) })
	t.Logf("a call succeeded %v after that", time.Since(back).Round(time.Millisecond))
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
	checkNothingLeft(t, p, server, before)
	checkRows(t, a, sent, true)
	p.Stop()
}

// checkNothingLeft waits until the program has no more goroutines than before, apart from a few that come and go, and no
// more connections than its pools hold. The program's server keeps a goroutine of each closed connection for up to 20 seconds; a short
// test does not wait for them.
func checkNothingLeft(t *testing.T, p *program, server *dbtest.Server, before float64) {
	t.Helper()
	coming := 10.0
	if !long() {
		coming += faultSenders
	}
	var goroutines float64
	var connections int
	for deadline := time.Now().Add(leftWithin); ; <-time.After(50 * time.Millisecond) {
		goroutines, connections = p.metric("go_goroutines"), connectionsOf(t, server)
		if goroutines <= before+coming && connections <= mostConns {
			break
		}
		if time.Now().After(deadline) {
			t.Errorf("got %.0f goroutines and %d connections to the database, want at most %.0f and %d", goroutines, connections, before+coming, mostConns)
			return
		}
	}
	t.Logf("%.0f goroutines before, %.0f after, %d connections", before, goroutines, connections)
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
