package torture

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"campaignlark/internal/dbtest"
	"campaignlark/internal/e2e"

	"github.com/valyala/fasthttp"
)

const (
	slowSenders  = 1000            // send a byte a second
	heavySenders = 2000            // send 4 MiB, slowly
	heavyBody    = 4 << 20         // bytes
	heavyPiece   = 64 << 10        // bytes that one of them sends a second
	idleBody     = 60_000          // bytes that every second one of slowSenders announces
	slowPause    = 3 * time.Second // of a slow sender after an answer
	slowNeighbor = 16              // senders of the usual kind beside them
	slowMemory   = 500 << 20       // bytes that the program may take
	slowTime     = 2 * time.Second // for 99 % of the usual calls
)

// TestSlowSenders lets some senders send a byte a second and others 4 MiB slowly, again and again. The calls of usual senders beside them
// all succeed soon, slow ones get a true answer, and the program's memory is bounded.
func TestSlowSenders(t *testing.T) {
	parallel(t)
	t.Run("sqlite", func(t *testing.T) { slow(t, dbtest.SQLiteURL(t)) })
	t.Run("postgres", func(t *testing.T) { slow(t, postgres(t).URL("campaignlark")) })
}

func slow(t *testing.T, url string) {
	a := e2e.NewAudience(t, url, tagsOfCalls)
	p := start(t, url, map[string]string{"INTAKE_WAIT": "15s"})
	alone := neighbors(t, p, a, "alone", lasting(10*time.Second, 2*time.Second))
	before := p.peakMemory()
	stop := make(chan struct{})
	var all sync.WaitGroup
	var drops, heavies answers
	_, target, _ := strings.Cut(p.hook(a), p.Address)
	head := "POST " + target + " HTTP/1.1\r\nHost: " + p.Address + "\r\nContent-Type: application/json\r\nContent-Length: "
	share := 1
	if !long() {
		share = 10
	}
	short, idle := `{"email_address":"slow@example.com","one":"1"}`, strings.Repeat(" ", idleBody)
	heavy := head + fmt.Sprint(heavyBody) + "\r\n\r\n" + strings.Repeat(" ", heavyBody)
	for n := range slowSenders / share {
		body := short
		if n%2 == 0 {
			body = idle
		}
		all.Go(func() { drops.repeat(p.Address, head+fmt.Sprint(len(body))+"\r\n\r\n"+body, 1, stop) })
	}
	for range heavySenders / share {
		all.Go(func() { heavies.repeat(p.Address, heavy, heavyPiece, stop) })
	}
	beside := neighbors(t, p, a, "beside", lasting(time.Minute, 12*time.Second))
	until(t, "slow senders get an answer", patience, func() bool {
		return drops.count(fasthttp.StatusRequestTimeout) > 0 && heavies.count(fasthttp.StatusServiceUnavailable) > 0
	})
	memory := p.peakMemory()
	close(stop)
	all.Wait()
	t.Logf("%d senders of a byte a second got %v; %d senders of 4 MiB got %v", slowSenders/share, drops.all, heavySenders/share, heavies.all)
	t.Logf("usual calls: 99%% within %v alone, within %v beside slow senders; memory %d MB, then %d MB", alone, beside, before>>20, memory>>20)
	wantTime(t, beside <= slowTime, "99%% of the usual calls took up to %v, want %v", beside, slowTime)
	if memory > slowMemory {
		t.Errorf("the program took %d MB, want at most %d", memory>>20, slowMemory>>20)
	}
	if drops.others(fasthttp.StatusRequestTimeout, fasthttp.StatusServiceUnavailable) > 0 {
		t.Errorf("senders of a byte a second got %v, want 408 and 503 alone", drops.all)
	}
	if heavies.others(fasthttp.StatusServiceUnavailable, fasthttp.StatusRequestTimeout, fasthttp.StatusRequestEntityTooLarge) > 0 {
		t.Errorf("senders of 4 MiB got %v, want 503, 408 and 413 alone", heavies.all)
	}
	p.Stop()
}

// neighbors sends usual calls for a time. All must get a 200. It returns the time that 99 % of them took at most.
func neighbors(t *testing.T, p *program, a *e2e.Audience, name string, during time.Duration) time.Duration {
	t.Helper()
	s := send(t, load{urls: []string{p.hook(a)}, n: slowNeighbor, who: newPeople(name)})
	<-time.After(during)
	calls := s.end()
	for _, c := range calls {
		if c.status != fasthttp.StatusOK {
			report(t, "%s: got %d %s, want 200", c.address, c.status, c.message)
		}
	}
	return quantile(times(calls, fasthttp.StatusOK), 0.99)
}

// answers counts answers by their status; 0 stands for a connection that ended without one.
type answers struct {
	mu  sync.Mutex
	all map[int]int
}

func (a *answers) add(status int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.all == nil {
		a.all = map[int]int{}
	}
	a.all[status]++
}

// count returns how many answers have a status.
func (a *answers) count(status int) int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.all[status]
}

// others returns how many answers have none of the statuses.
func (a *answers) others(statuses ...int) int {
	n := 0
	for status, count := range a.all {
		n += count
		for _, s := range statuses {
			if s == status {
				n -= count
			}
		}
	}
	return n
}

// repeat sends text by pieces, one a second, on a new connection each time, until stop is closed.
func (a *answers) repeat(address, text string, piece int, stop chan struct{}) {
	for {
		a.once(address, text, piece, stop)
		select {
		case <-stop:
			return
		case <-time.After(slowPause):
		}
	}
}

// once sends text and counts the answer. It waits for the answer while it sends, as senders do that notice an early one. It counts none if
// stop is closed.
func (a *answers) once(address, text string, piece int, stop chan struct{}) {
	conn, err := net.Dial("tcp", address)
	if err != nil {
		a.add(0)
		return
	}
	defer conn.Close()
	status := make(chan int, 1)
	go func() {
		answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			status <- 0
			return
		}
		_, _ = io.Copy(io.Discard, answer.Body)
		status <- answer.StatusCode
	}()
	head := strings.Index(text, "\r\n\r\n") + 4
	for next, rest := text[:head], text[head:]; ; {
		_, _ = io.WriteString(conn, next) // if it fails, the answer is there
		next, rest = rest[:min(piece, len(rest))], rest[min(piece, len(rest)):]
		select {
		case got := <-status:
			a.add(got)
			return
		case <-stop:
			return
		case <-time.After(time.Second):
		}
	}
}
