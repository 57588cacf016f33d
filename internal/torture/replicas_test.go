package torture

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"campaignlark/internal/dbtest"
	"campaignlark/internal/e2e"

	"github.com/jackc/pgx/v5"
	"github.com/valyala/fasthttp"
)

const (
	replicaSenders   = 64  // of each replica: fewer would make its batches smaller, which cost more CPU a call
	replicaAddresses = 100 // that all senders call about
	replicaP99       = 500 * time.Millisecond
)

// TestReplicas compares two and four replicas on one Postgres with one replica: the rate of calls for new addresses, and of calls that
// collide because all senders call about the same few people. Every call succeeds, and no sender waits for long.
func TestReplicas(t *testing.T) {
	server := postgres(t)
	url := server.URL("campaignlark")
	a := e2e.NewAudience(t, url, tagsOfCalls)
	var hooks []string
	for range 4 {
		hooks = append(hooks, start(t, url, map[string]string{"INTAKE_WAIT": "15s"}).hook(a))
	}
	rounds := 1
	if long() {
		rounds = 3
	}
	var all []call
	distinct, colliding := map[int][]float64{}, map[int][]float64{} // calls/s of each round, by number of replicas
	for round := range rounds {
		for _, n := range []int{1, 2, 4} {
			l := load{urls: hooks[:n], n: replicaSenders * n, who: newPeople(fmt.Sprintf("new-%d-%d", round, n))}
			rate, calls := rateOf(t, l, lasting(8*time.Second, time.Second))
			distinct[n], all = append(distinct[n], rate), append(all, calls...)
			checkWait(t, fmt.Sprintf("%d replicas, new addresses", n), rate, calls)

			l.who = func(int, int) string { return fmt.Sprintf("person%d@example.com", rand.IntN(replicaAddresses)) }
			rate, calls = rateOf(t, l, lasting(8*time.Second, time.Second))
			colliding[n], all = append(colliding[n], rate), append(all, calls...)
			checkWait(t, fmt.Sprintf("%d replicas, colliding addresses", n), rate, calls)
		}
	}
	for _, n := range []int{2, 4} {
		d, c := median(distinct[n])/median(distinct[1]), median(colliding[n])/median(colliding[1])
		wantTime(t, d >= 0.95, "%d replicas, new addresses: %.2f of the rate of one, want 0.95", n, d)
		wantTime(t, c >= 0.7, "%d replicas, colliding addresses: %.2f of the rate of one, want 0.7", n, c)
	}
	t.Logf("Postgres ended %d deadlocks; no sender noticed", deadlocks(t, server))
	checkVersions(t, a, all)
}

// checkWait prints the figures of a load, and in a long test checks how long its calls waited.
func checkWait(t *testing.T, name string, rate float64, calls []call) {
	t.Helper()
	took := times(calls, fasthttp.StatusOK)
	wantTime(t, quantile(took, 0.99) <= replicaP99, "%s: %.0f calls/s, p50 %v, p99 %v, the slowest %v; want p99 within %v", name, rate,
		quantile(took, 0.5).Round(time.Millisecond), quantile(took, 0.99).Round(time.Millisecond), quantile(took, 1).Round(time.Millisecond), replicaP99)
}

// deadlocks returns how many transactions the server has ended because of a deadlock.
func deadlocks(t *testing.T, server *dbtest.Server) (n int) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), server.URL("postgres"))
	must(t, err)
	defer conn.Close(context.Background())
	must(t, conn.QueryRow(t.Context(), "SELECT deadlocks FROM pg_stat_database WHERE datname = 'campaignlark'").Scan(&n))
	return n
}

func median(all []float64) float64 {
	slices.Sort(all)
	return all[len(all)/2]
}
