package intake

import (
	"slices"
	"sync"
)

// limit bounds the number and memory of accepted calls that are not answered yet, over all workers.
type limit struct {
	mu                 sync.Mutex
	calls, bytes       int64
	maxCalls, maxBytes int64
}

// take counts one call in, or returns false if there is no room. A call always fits if there is no other, so that a large
// call is not refused forever.
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

// load returns the number and memory of the calls that are counted in. full says that there is no room for a small call.
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

// queue holds the jobs that wait for a worker, first in first out. A job leaves it when it is claimed or withdrawn,
// whichever comes first.
type queue struct {
	mu      sync.Mutex
	more    sync.Cond
	waiting []*job
	busy    map[int64]bool // keys of the addresses that a batch is working on
	closed  bool
}

func newQueue() *queue {
	q := &queue{busy: map[int64]bool{}}
	q.more.L = &q.mu
	return q
}

// put adds a job. It returns false if the queue is closed.
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

// withdraw removes a job and reports whether it was still waiting.
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

// claim waits until there are jobs and removes the first ones, not more than most. It leaves jobs for addresses that a batch is
// working on: a batch would only wait for the other, with all of its calls. It returns none if the queue is closed and empty.
func (q *queue) claim(most int) []*job {
	q.mu.Lock()
	defer q.mu.Unlock()
	for {
		if batch := q.takeFree(most); len(batch) > 0 || q.closed && len(q.waiting) == 0 {
			return batch
		}
		q.more.Wait()
	}
}

func (q *queue) takeFree(most int) (batch []*job) {
	left := q.waiting[:0]
	for _, j := range q.waiting {
		if len(batch) == most || j.address != "" && q.busy[j.addressKey] {
			left = append(left, j)
		} else {
			batch = append(batch, j)
		}
	}
	clear(q.waiting[len(left):])
	q.waiting = left
	for _, j := range batch {
		if j.address != "" {
			j.claimedFor = j.addressKey
			q.busy[j.addressKey] = true
		}
	}
	return batch
}

// finish lets the next batch have the addresses of one that claim returned.
func (q *queue) finish(batch []*job) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, j := range batch {
		delete(q.busy, j.claimedFor)
	}
	q.more.Broadcast()
}

// close makes put refuse jobs. The worker still finishes the jobs that wait.
func (q *queue) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
	q.more.Broadcast()
}
