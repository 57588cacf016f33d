package torture

import (
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"campaignlark/internal/e2e"
	"campaignlark/models"
)

// program is a running program with metrics.
type program struct {
	*e2e.Program
	t       *testing.T
	metrics string // URL
}

// start starts the program on a database. env holds more of its configuration.
func start(t *testing.T, databaseURL string, env map[string]string) *program {
	t.Helper()
	all := map[string]string{"DATABASE_URL": databaseURL, "METRICS_ADDR": "127.0.0.1:0"}
	maps.Copy(all, env)
	p := &program{Program: e2e.Start(t, e2e.Settings{Env: all}), t: t}
	until(t, "the program logs where its metrics are", patience, func() bool {
		_, rest, found := strings.Cut(p.Log(), `"serving metrics","address":"`)
		address, _, _ := strings.Cut(rest, `"`)
		p.metrics = "http://" + address + "/metrics"
		return found
	})
	return p
}

// hook returns the URL of the audience's SUBSCRIBED webhook at the program.
func (p *program) hook(a *e2e.Audience) string {
	return "http://" + p.Address + "/v1/inbound-webhooks/" + a.Hash(models.TypeSubscribed)
}

// metric returns the value of one of the program's metrics.
func (p *program) metric(name string) float64 {
	p.t.Helper()
	answer, err := http.Get(p.metrics)
	if err != nil {
		p.t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, name+" "); ok {
			n, err := strconv.ParseFloat(strings.TrimSpace(rest), 64)
			if err != nil {
				p.t.Fatal(err)
			}
			return n
		}
	}
	p.t.Fatalf("the program has no metric %s", name)
	return 0
}

// idle returns the largest number of goroutines of the program, which has no senders, within a second.
func (p *program) idle() (most float64) {
	p.t.Helper()
	for deadline := time.Now().Add(time.Second); time.Now().Before(deadline); <-time.After(50 * time.Millisecond) {
		most = max(most, p.metric("go_goroutines"))
	}
	return most
}

// peakMemory returns the most memory that the program has had resident, in bytes.
func (p *program) peakMemory() int64 {
	p.t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.PID()))
	if err != nil {
		p.t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), "VmHWM:")
	kilobytes, err := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
	if err != nil {
		p.t.Fatal(err)
	}
	return kilobytes << 10
}

// cpu returns the CPU time that the program has used.
func (p *program) cpu() time.Duration {
	p.t.Helper()
	return time.Duration(p.metric("process_cpu_seconds_total") * float64(time.Second))
}
