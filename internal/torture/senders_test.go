package torture

import (
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/valyala/fasthttp"
)

// call is a call of a sender with its answer.
type call struct {
	sender  int
	address string
	status  int    // 0 if no answer came
	id      string // the header X-Request-Id
	message string // the body of an answer other than 200, or why no answer came
	again   string // the header Retry-After
	sent    time.Time
	took    time.Duration
}

// senders call webhooks over one connection each, with one call at a time, until end.
type senders struct {
	load   load
	client *fasthttp.Client
	stop   chan struct{}
	all    sync.WaitGroup

	good atomic.Int64 // answers of 200
	busy atomic.Int64 // other answers, and calls without one
	last atomic.Int64 // when the last call was sent that got a 200, in nanoseconds since 1970

	mu    sync.Mutex
	calls []call
}

// load says what senders do.
type load struct {
	urls  []string                      // of webhooks; the senders are spread over them
	n     int                           // number of senders
	pause time.Duration                 // after an answer of 503
	who   func(sender, turn int) string // returns the address of a call
}

// newPeople returns a who for load: an address that no other call has. name tells loads of a test apart.
func newPeople(name string) func(sender, turn int) string {
	return func(sender, turn int) string { return fmt.Sprintf("%s-%d-%d@example.com", name, sender, turn) }
}

// send starts the senders of a load.
func send(t *testing.T, l load) *senders {
	s := &senders{load: l, stop: make(chan struct{}), client: &fasthttp.Client{
		MaxConnsPerHost: l.n, ReadTimeout: patience, MaxIdemponentCallAttempts: 1,
		RetryIfErr: func(*fasthttp.Request, int, error) (bool, bool) { return false, false }, // a test counts each failure
	}}
	for n := range l.n {
		s.all.Go(func() { s.run(n) })
	}
	t.Cleanup(func() { s.end() })
	return s
}

// end stops the senders after the calls that they wait for, closes their connections and returns all calls.
func (s *senders) end() []call {
	select {
	case <-s.stop:
	default:
		close(s.stop)
	}
	s.all.Wait()
	s.client.CloseIdleConnections()
	return s.calls
}

// goodSince reports whether a call that was sent after the instant got a 200.
func (s *senders) goodSince(t time.Time) bool { return s.last.Load() > t.UnixNano() }

// run sends the calls of one sender.
func (s *senders) run(n int) {
	var calls []call
	defer func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.calls = append(s.calls, calls...)
	}()
	for turn := 0; ; turn++ {
		select {
		case <-s.stop:
			return
		default:
		}
		c := s.one(s.load.urls[n%len(s.load.urls)], s.load.who(n, turn), fmt.Sprintf("%d/%d", n, turn))
		c.sender = n
		calls = append(calls, c)
		switch c.status {
		case fasthttp.StatusOK:
			s.good.Add(1)
			for sent := c.sent.UnixNano(); ; {
				if last := s.last.Load(); last >= sent || s.last.CompareAndSwap(last, sent) {
					break
				}
			}
		default:
			s.busy.Add(1)
			select {
			case <-s.stop:
				return
			case <-time.After(s.load.pause):
			}
		}
	}
}

// one sends one call and returns it with its answer. mark is a value that the calls before did not have, so that the call changes its
// contact.
func (s *senders) one(url, address, mark string) call {
	request, response := fasthttp.AcquireRequest(), fasthttp.AcquireResponse()
	defer fasthttp.ReleaseRequest(request)
	defer fasthttp.ReleaseResponse(response)
	request.Header.SetMethod("POST")
	request.Header.SetContentType("application/json")
	request.SetRequestURI(url)
	request.SetBodyString(fmt.Sprintf(`{"email_address":%q,"one":%q,"two":%q}`, address, address, mark))
	c := call{address: address, sent: time.Now()}
	err := s.client.Do(request, response)
	c.took = time.Since(c.sent)
	if err != nil {
		c.message = err.Error()
		return c
	}
	c.status, c.id, c.again = response.StatusCode(), string(response.Header.Peek("X-Request-Id")), string(response.Header.Peek("Retry-After"))
	if c.status != fasthttp.StatusOK {
		c.message = string(response.Body())
	}
	return c
}

// perSecond returns how many calls were answered with 200 in a time, each second.
func perSecond(calls []call, from, to time.Time) float64 {
	n := 0
	for _, c := range calls {
		if at := c.sent.Add(c.took); c.status == fasthttp.StatusOK && !at.Before(from) && at.Before(to) {
			n++
		}
	}
	return float64(n) / to.Sub(from).Seconds()
}

// times returns how long the calls with a status took, the shortest first.
func times(calls []call, status int) (took []time.Duration) {
	for _, c := range calls {
		if c.status == status {
			took = append(took, c.took)
		}
	}
	slices.Sort(took)
	return took
}

// quantile returns the time that the given share of sorted times does not exceed, 0 of no times.
func quantile(sorted []time.Duration, share float64) time.Duration {
	if len(sorted) == 0 {
		return 0
	}
	return sorted[min(len(sorted)-1, int(float64(len(sorted))*share))]
}
