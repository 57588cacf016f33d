package torture

import (
	"fmt"
	"testing"
	"time"

	"campaignlark/internal/dbtest"
	"campaignlark/internal/e2e"

	"github.com/valyala/fasthttp"
)

const (
	overloadWait    = 250 * time.Millisecond // INTAKE_WAIT
	overloadSenders = 2000
	overloadMemory  = 400 << 20 // bytes
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
	var calls []call
	peak := 0.0
	for _, n := range []int{64, 128, 256} {
		cpu := p.cpu()
		rate, sent := rateOf(t, load{urls: []string{p.hook(a)}, n: n, who: newPeople(fmt.Sprint("n", n))}, lasting(5*time.Second, time.Second))
		t.Logf("%d connections: %.0f calls/s, %v of the program's CPU for each", n, rate, perGood(p.cpu()-cpu, sent))
		peak, calls = max(peak, rate), append(calls, sent...)
	}
	cpu := p.cpu()
	rate, sent := rateOf(t, load{urls: []string{p.hook(a)}, n: overloadSenders, who: newPeople("overload")}, lasting(30*time.Second, 2*time.Second))
	calls = append(calls, sent...)
	t.Logf("%d connections: %v of the program's CPU for each call that got a 200", overloadSenders, perGood(p.cpu()-cpu, sent))
	turnedAway := times(sent, fasthttp.StatusServiceUnavailable)
	wantTime(t, rate >= 0.8*peak, "%d connections: %.0f calls/s, %.2f of the peak of %.0f; want 0.8", overloadSenders, rate, rate/peak, peak)
	wantTime(t, quantile(turnedAway, 0.99) <= overloadWait+100*time.Millisecond, "%d of %d calls were turned away: the median after %v, 99%% within %v, the last after %v; want within %v",
		len(turnedAway), len(sent), quantile(turnedAway, 0.5), quantile(turnedAway, 0.99), quantile(turnedAway, 1), overloadWait+100*time.Millisecond)
	if memory := p.peakMemory(); memory > overloadMemory {
		t.Errorf("the program took %d MB, want at most %d", memory>>20, overloadMemory>>20)
	} else {
		t.Logf("the program took %d MB", memory>>20)
	}
	checkRows(t, a, calls, false)
	p.Stop()
}

// perGood divides a CPU time by the number of calls that got a 200.
func perGood(cpu time.Duration, calls []call) time.Duration {
	return (cpu / time.Duration(len(times(calls, fasthttp.StatusOK)))).Round(time.Microsecond)
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
