package segments

import (
	"sync"
	"time"
)

// longestRest is the longest wait of a workspace between two tries.
const longestRest = 10 * time.Minute

// rests holds the workspaces whose last step of one kind of work failed. Each waits before its next step, twice as long
// after each failure, so it takes little time from the others.
type rests struct {
	mu  sync.Mutex
	all map[int64]rest
}

type rest struct {
	failures int
	until    time.Time
}

// resting reports whether the workspace still waits at now.
func (r *rests) resting(workspace int64, now time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return now.Before(r.all[workspace].until)
}

// start records one more failure in a row for the workspace; first is the wait after the first failure.
func (r *rests) start(workspace int64, first time.Duration, now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.all == nil {
		r.all = map[int64]rest{}
	}
	failures := r.all[workspace].failures + 1
	wait := first << min(failures-1, 20)
	if wait <= 0 || wait > longestRest {
		wait = longestRest
	}
	r.all[workspace] = rest{failures, now.Add(wait)}
}

// end clears the workspace's failures.
func (r *rests) end(workspace int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.all, workspace)
}
