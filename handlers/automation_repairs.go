package handlers

import (
	"sync"
	"time"

	"campaignlark/models"
	"campaignlark/views"
)

const (
	repairsFor  = time.Minute // a workspace's count is used again for so long
	repairsMost = 1000        // workspaces whose count is kept
)

// repairs keeps, for each workspace, how many automations need a repair. Every page says so in its navigation, and the check reads all
// definitions.
type repairs struct {
	mu  sync.Mutex
	all map[int64]repairCount // by workspace
}

type repairCount struct {
	at time.Time
	n  int
}

// known returns a count that is not older than a minute.
func (r *repairs) known(workspaceID int64, now time.Time) (n int, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	c, ok := r.all[workspaceID]
	return c.n, ok && now.Sub(c.at).Abs() < repairsFor
}

func (r *repairs) keep(workspaceID int64, now time.Time, n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.all == nil || len(r.all) >= repairsMost {
		r.all = map[int64]repairCount{}
	}
	r.all[workspaceID] = repairCount{now, n}
}

// brokenAutomations counts the automations that are on and need a repair: now on the dashboard and the pages of automations, elsewhere as
// it was at most a minute ago.
func (v *visit) brokenAutomations(section string) (int, error) {
	if v.counts.Automations == 0 { // the usual case costs no query
		return 0, nil
	}
	kept, now := &v.server.repairs, v.server.now()
	if n, ok := kept.known(v.Workspace.ID, now); ok && section != views.SectionAutomations && section != views.SectionDashboard {
		return n, nil
	}
	broken, err := v.automations().Broken(v.UserContext(), v.Workspace)
	if err != nil {
		return 0, models.In("automations that need a repair", err)
	}
	kept.keep(v.Workspace.ID, now, len(broken))
	v.broken = broken
	return len(broken), nil
}
