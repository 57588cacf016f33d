package torture

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"campaignlark/internal/dbtest"
	"campaignlark/internal/e2e"

	"github.com/valyala/fasthttp"
)

const (
	overloadWait    = 250 * time.Millisecond // INTAKE_WAIT; within the default of 2 s all calls would be taken
	overloadSenders = 2000
	overloadPause   = time.Second // of a sender after a 503: half of what Retry-After asks for
	overloadMemory  = 500 << 20   // bytes
)

// TestOverload sends from 2,000 connections, about ten times as many as the program needs for its highest rate. The rate stays, memory
// is bounded, and calls that are not taken get a 503 soon after INTAKE_WAIT.
func TestOverload(t *testing.T) {
	t.Run("sqlite", func(t *testing.T) { overload(t, dbtest.SQLiteURL(t)) })
	t.Run("postgres", func(t *testing.T) { overload(t, postgres(t).URL("campaignlark")) })
}

func overload(t *testing.T, url string) {
	a := e2e.NewAudience(t, url, tagsOfCalls)
	p := start(t, url, map[string]string{"INTAKE_WAIT": overloadWait.String()})
	before, calls := ramp(t, p, a, "before")
	cpu := p.cpu()
	rate, sent := rateOf(t, load{urls: []string{p.hook(a)}, n: overloadSenders, pause: overloadPause, who: newPeople("overload")}, lasting(30*time.Second, 2*time.Second))
	used := p.cpu() - cpu
	after, more := ramp(t, p, a, "after")
	calls = append(append(calls, sent...), more...)
	peak := 0.0
	for i := range before {
		peak = max(peak, (before[i]+after[i])/2) // the rate falls a little as the database grows
	}
	t.Logf("%d connections: %v of the program's CPU for each call that got a 200", overloadSenders, perGood(used, sent))
	turnedAway := times(connected(sent), fasthttp.StatusServiceUnavailable)
	wantTime(t, rate >= 0.8*peak, "%d connections: %.0f calls/s, %.2f of the peak of %.0f; want 0.8", overloadSenders, rate, rate/peak, peak)
	wantTime(t, quantile(turnedAway, 0.99) <= overloadWait+100*time.Millisecond, "%d of %d calls on open connections were turned away: the median after %v, 99%% within %v, the last after %v; want within %v",
		len(turnedAway), len(connected(sent)), quantile(turnedAway, 0.5), quantile(turnedAway, 0.99), quantile(turnedAway, 1), overloadWait+100*time.Millisecond)
	if memory := p.peakMemory(); memory > overloadMemory {
		t.Errorf("the program took %d MB, want at most %d", memory>>20, overloadMemory>>20)
	} else {
		t.Logf("the program took %d MB", memory>>20)
	}
	checkRows(t, a, calls, false)
	p.Stop()
}

// ramp sends from as many connections as the program needs for its highest rate. It returns the rate of each number, and all calls.
func ramp(t *testing.T, p *program, a *e2e.Audience, name string) (rates []float64, calls []call) {
	t.Helper()
	for _, n := range []int{64, 128, 256} {
		cpu := p.cpu()
		rate, sent := rateOf(t, load{urls: []string{p.hook(a)}, n: n, who: newPeople(fmt.Sprint(name, n))}, lasting(5*time.Second, 700*time.Millisecond))
		t.Logf("%d connections: %.0f calls/s, %v of the program's CPU for each", n, rate, perGood(p.cpu()-cpu, sent))
		rates, calls = append(rates, rate), append(calls, sent...)
	}
	return rates, calls
}

// perGood divides a CPU time by the number of calls that got a 200.
func perGood(cpu time.Duration, calls []call) time.Duration {
	return (cpu / time.Duration(len(times(calls, fasthttp.StatusOK)))).Round(time.Microsecond)
}

// connected returns the calls but for the first one of each sender, which also had to connect.
func connected(calls []call) []call {
	first := map[int]time.Time{}
	for _, c := range calls {
		if at, there := first[c.sender]; !there || c.sent.Before(at) {
			first[c.sender] = c.sent
		}
	}
	return slices.DeleteFunc(slices.Clone(calls), func(c call) bool { return c.sent.Equal(first[c.sender]) })
}

// rateOf puts a load on the program. It returns how many calls a second got a 200 during a time after the warm-up, and all calls.
func rateOf(t *testing.T, l load, during time.Duration) (float64, []call) {
	t.Helper()
	s := send(t, l)
	<-time.After(during / 4)
	from := time.Now()
	<-time.After(during)
	to := time.Now()
	calls := s.end()
	return perSecond(calls, from, to), calls
}
