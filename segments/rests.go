package segments

import (
	"sync"
	"time"
)

// longestRest is how long a workspace waits at most between two tries.
const longestRest = 10 * time.Minute

// rests are the workspaces in which the last step of one kind of work failed. Each waits before its next step, twice as long
// after each failure, so that it costs the others little.
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

// start notes one more failure in a row of the workspace; first is how long it waits after the first one.
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

// end forgets the workspace's failures.
func (r *rests) end(workspace int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.all, workspace)
}
