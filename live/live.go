// Package live tells open pages which calls came since they were shown.
package live

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"campaignlark/faults"
	"campaignlark/models"
	"campaignlark/models/store"

	"github.com/google/uuid"
)

const (
	every = time.Second
	// reread is how far back each look reads again: the order of ids is not the order of commits.
	reread = 10 * time.Second
	// most is how many calls of a workspace one look reads, the newest ones. Of a burst beyond that, pages learn that it came.
	most = 500
	// restLooks is how many looks pass between two values for a page while many calls come. Each page starts at another look, so that many
	// open pages do not ask for their lists in the same second.
	restLooks = 20
	many      = 100 // calls of a workspace in the time of reread
)

// Hub looks for new calls once a second, in the workspaces whose pages are open in this process, and only while there are any.
type Hub struct {
	db  *store.DB
	now func() time.Time
	log *slog.Logger

	mu      sync.Mutex
	viewers map[*Viewer]struct{}
	looking bool
	failed  bool // the last look
}

// Viewer is one open page.
type Viewer struct {
	Came <-chan struct{} // gets a value when Take has something to return

	hub       *Hub
	workspace int64
	filter    store.RequestFilter
	after     uuid.UUID // until the first look: the newest call on the page
	looked    bool
	came      chan struct{}
	calls     int
	rest      int  // looks to pass before the next value
	told      bool // Take has something to return
}

// New returns a hub that does nothing until somebody watches.
func New(db *store.DB, log *slog.Logger, now func() time.Time) *Hub {
	return &Hub{db: db, now: now, log: log, viewers: map[*Viewer]struct{}{}}
}

// Watch starts to count the calls of a workspace, or of all workspaces if it is 0, that match filter and are newer than after, the newest call on the page. Call Leave at the
// end.
func (h *Hub) Watch(workspaceID int64, filter store.RequestFilter, after uuid.UUID) *Viewer {
	came := make(chan struct{}, 1)
	v := &Viewer{Came: came, hub: h, workspace: workspaceID, filter: filter, after: after, came: came, rest: rand.N(restLooks)}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.viewers[v] = struct{}{}
	if !h.looking {
		h.looking = true
		go h.run()
	}
	return v
}

// Leave ends the counting.
func (v *Viewer) Leave() {
	v.hub.mu.Lock()
	defer v.hub.mu.Unlock()
	delete(v.hub.viewers, v)
}

// Take returns how many calls came since it last returned some, 0 while the page rests.
func (v *Viewer) Take() int {
	v.hub.mu.Lock()
	defer v.hub.mu.Unlock()
	if !v.told {
		return 0
	}
	n := v.calls
	v.calls, v.told = 0, false
	return n
}

// run looks until nobody watches.
func (h *Hub) run() {
	seen := map[int64]map[uuid.UUID]bool{} // by workspace
	turn := time.NewTicker(every)
	defer turn.Stop()
	for {
		wanted := h.wanted()
		if wanted == nil {
			return
		}
		err := faults.Catch(func() error {
			for workspace, bodies := range wanted {
				if err := h.look(workspace, bodies, seen); err != nil {
					return err
				}
			}
			return nil
		})
		if failed := err != nil; failed != h.failed {
			if h.failed = failed; failed {
				h.log.Warn("new calls cannot be shown on open pages", store.ErrorAttr(err))
			}
		}
		for workspace := range seen {
			if _, there := wanted[workspace]; !there {
				delete(seen, workspace)
			}
		}
		<-turn.C
	}
}

// wanted returns the workspaces that are watched, and whether a viewer needs the bodies of calls. It returns nil if nobody watches; run ends then.
func (h *Hub) wanted() map[int64]bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	var wanted map[int64]bool
	for v := range h.viewers {
		if wanted == nil {
			wanted = map[int64]bool{}
		}
		wanted[v.workspace] = wanted[v.workspace] || v.filter.Matches != nil
	}
	h.looking = wanted != nil
	return wanted
}

// look reads the newest calls of a workspace and counts those that are new for its viewers.
func (h *Hub) look(workspace int64, bodies bool, seen map[int64]map[uuid.UUID]bool) error {
	ctx, cancel := context.WithTimeout(context.Background(), 5*every)
	defer cancel()
	rows, err := h.db.CallsSince(ctx, workspace, models.IDAt(h.now().Add(-reread)), bodies, most)
	if err != nil {
		return err
	}
	before, now := seen[workspace], map[uuid.UUID]bool{}
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, r := range rows {
		now[r.ID] = true
		for v := range h.viewers {
			if v.workspace != workspace || v.looked && before[r.ID] || !v.looked && models.CompareIDs(r.ID, v.after) <= 0 || !v.filter.Covers(r) {
				continue
			}
			v.calls++
		}
	}
	seen[workspace] = now
	busy := len(rows) > many || h.db.CallsWait()
	for v := range h.viewers {
		if v.workspace != workspace {
			continue
		}
		v.looked = true
		if v.calls == 0 {
			continue
		}
		if v.rest > 0 && busy {
			v.rest--
			continue
		}
		v.rest, v.told = restLooks, true
		select {
		case v.came <- struct{}{}:
		default: // it is told already
		}
	}
	return nil
}
