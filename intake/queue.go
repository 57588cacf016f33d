package intake

import (
	"slices"
	"sync"
)

// limit bounds what all workers together have taken on and not answered.
type limit struct {
	mu                 sync.Mutex
	calls, bytes       int64
	maxCalls, maxBytes int64
}

// take counts one call in, or says that there is no room. One call always fits when nothing else is there, so that a
// large one is never refused for good.
func (l *limit) take(bytes int64) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.calls > 0 && (l.calls >= l.maxCalls || l.bytes+bytes > l.maxBytes) {
		return false
	}
	l.calls++
	l.bytes += bytes
	return true
}

// load is what is taken on and not answered, and whether there is room for another small call.
func (l *limit) load() (calls, bytes int64, full bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.calls, l.bytes, l.calls > 0 && (l.calls >= l.maxCalls || l.bytes+callOverhead > l.maxBytes)
}

func (l *limit) give(bytes int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.calls--
	l.bytes -= bytes
}

// queue is what waits for one worker, first in first out. A job is in it until it is claimed or withdrawn, whichever
// comes first.
type queue struct {
	mu      sync.Mutex
	more    sync.Cond
	waiting []*job
	closed  bool
}

func newQueue() *queue {
	q := &queue{}
	q.more.L = &q.mu
	return q
}

// put adds a job and reports whether the queue still takes any.
func (q *queue) put(j *job) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return false
	}
	q.waiting = append(q.waiting, j)
	q.more.Signal()
	return true
}

// withdraw takes a job out again and reports whether it was still waiting.
func (q *queue) withdraw(j *job) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	i := slices.Index(q.waiting, j)
	if i < 0 {
		return false
	}
	q.waiting = slices.Delete(q.waiting, i, i+1)
	return true
}

// claim waits until there is work and takes at most so many jobs. It returns none once the queue is closed and empty.
func (q *queue) claim(most int) []*job {
	q.mu.Lock()
	defer q.mu.Unlock()
	for len(q.waiting) == 0 && !q.closed {
		q.more.Wait()
	}
	n := min(len(q.waiting), most)
	batch := slices.Clone(q.waiting[:n])
	q.waiting = slices.Delete(q.waiting, 0, n)
	return batch
}

// close lets the worker finish what waits, and takes nothing more.
func (q *queue) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
	q.more.Broadcast()
}
