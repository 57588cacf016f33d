package torture

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"campaignlark/internal/dbtest"
	"campaignlark/internal/e2e"
)

const (
	steadySenders = 64
	steadyPeople  = 20_000   // that the senders call about
	steadyHeap    = 16 << 20 // bytes that the heap may grow
	steadyMore    = 40       // goroutines that may come and go: fewer than the senders, and a leak for each call would be thousands
)

// TestFullLoadIsSteady sends at full speed for minutes. The heap and the number of goroutines at the end are those after the warm-up.
func TestFullLoadIsSteady(t *testing.T) {
	t.Run("sqlite", func(t *testing.T) { steady(t, dbtest.SQLiteURL(t)) })
	t.Run("postgres", func(t *testing.T) { steady(t, postgres(t).URL("campaignlark")) })
}

func steady(t *testing.T, url string) {
	a := e2e.NewAudience(t, url, tagsOfCalls)
	p := start(t, url, map[string]string{"INTAKE_WAIT": "15s"})
	s := send(t, load{urls: []string{p.hook(a)}, n: steadySenders, who: func(int, int) string { return fmt.Sprintf("person%d@example.com", rand.IntN(steadyPeople)) }})
	part := lasting(30*time.Second, 2*time.Second)
	observe(p, part) // the warm-up
	heapBefore, goroutinesBefore := observe(p, part)
	if long() {
		<-time.After(3 * time.Minute)
	}
	heap, goroutines := observe(p, part)
	calls := s.end()
	t.Logf("%d calls; heap %.1f MB, then %.1f MB; goroutines %.0f, then %.0f", len(calls), heapBefore/(1<<20), heap/(1<<20), goroutinesBefore, goroutines)
	if heap > heapBefore+steadyHeap || goroutines > goroutinesBefore+steadyMore {
		t.Error("want the heap and the goroutines of the warm-up")
	}
	checkVersions(t, a, calls)
	p.Stop()
}

// observe looks at the program for a time. It returns the heap shortly after collections in bytes, the 10th percentile, and the median number of
// goroutines.
func observe(p *program, during time.Duration) (heap, goroutines float64) {
	var heaps, numbers []float64
	for deadline := time.Now().Add(during); time.Now().Before(deadline); <-time.After(during / 50) {
		heaps, numbers = append(heaps, p.metric("go_memstats_heap_alloc_bytes")), append(numbers, p.metric("go_goroutines"))
	}
	slices.Sort(heaps)
	return heaps[len(heaps)/10], median(numbers)
}
