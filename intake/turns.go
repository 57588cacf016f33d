package intake

import (
	"sync"
	"time"
)

// slowBatch is how long a batch may hold up the next one.
const slowBatch = 50 * time.Millisecond

// turns lets one batch at a time run: calls gather while it runs, and one large batch costs less than two small ones. A batch that
// waits for another transaction must not hold up all calls: after slowBatch the next worker starts.
type turns chan struct{}

func newTurns() turns { return make(turns, 1) }

// take waits until a batch may run.
func (t turns) take() { t <- struct{}{} }

// begin starts the time of a batch, after take. Call end when the batch has ended.
func (t turns) begin() (end func()) {
	give := sync.OnceFunc(func() { <-t })
	slow := time.AfterFunc(slowBatch, give)
	return func() {
		slow.Stop()
		give()
	}
}
