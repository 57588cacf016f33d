package handlers

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"campaignlark/models"
	"campaignlark/models/store"
	"campaignlark/views"
)

const (
	usualFor  = time.Minute // a workspace's comparison is used again for so long
	usualMost = 1000        // workspaces whose comparison is kept
)

// usuals keeps, for each workspace, which of its webhooks are unusual. All pages that name a webhook say so, and the comparison reads many
// counters.
type usuals struct {
	mu  sync.Mutex
	all map[int64]*usual // by workspace
}

// usual is the comparison of one workspace.
type usual struct {
	mu      sync.Mutex // held while it is read
	at      time.Time
	unusual map[int64]models.Unusual // by webhook
}

// of returns the entry of a workspace, a new one if there is none.
func (c *usuals) of(workspaceID int64) *usual {
	c.mu.Lock()
	defer c.mu.Unlock()
	if u := c.all[workspaceID]; u != nil {
		return u
	}
	if c.all == nil || len(c.all) >= usualMost {
		c.all = map[int64]*usual{}
	}
	c.all[workspaceID] = &usual{}
	return c.all[workspaceID]
}

// unusual returns the webhooks of a workspace that fail more than usual or are silent for longer than usual, as they were at most a minute ago.
// Webhooks that are off or deleted may be among them. Failures that were put right or aside make none unusual.
func (s *Server) unusual(ctx context.Context, workspaceID int64) (map[int64]models.Unusual, error) {
	all, err := s.compared(ctx, workspaceID)
	if err != nil || !slices.ContainsFunc(slices.Collect(maps.Values(all)), func(is models.Unusual) bool { return is.Failing }) {
		return all, err
	}
	since := store.CountedFrom(s.now())
	groups, err := s.DB.FailureGroups(ctx, workspaceID, since)
	if err != nil {
		return nil, models.In("unusual webhooks: failures", err)
	}
	open := failsOpenly(groups, since)
	all = maps.Clone(all) // the comparison is kept
	for id, is := range all {
		if is.Failing = is.Failing && open[id]; is.Any() {
			all[id] = is
		} else {
			delete(all, id)
		}
	}
	return all, nil
}

// failsOpenly returns the webhooks with failures since a time that are not put aside.
func failsOpenly(groups []store.FailureGroup, since time.Time) map[int64]bool {
	open := map[int64]bool{}
	for _, g := range groups {
		if !g.LastCall.Before(since) {
			open[g.WebhookID] = true
		}
	}
	return open
}

// compared compares the webhooks of a workspace with their usual, at most once in a minute.
func (s *Server) compared(ctx context.Context, workspaceID int64) (map[int64]models.Unusual, error) {
	u, now := s.usuals.of(workspaceID), s.now()
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.unusual != nil && now.Sub(u.at).Abs() < usualFor {
		return u.unusual, nil
	}
	all, err := s.DB.WebhookUsuals(ctx, workspaceID, now)
	if err != nil {
		return nil, models.In("usual calls of webhooks", err)
	}
	found := map[int64]models.Unusual{}
	for _, w := range all {
		if is := w.Unusual(now); is.Any() {
			found[w.WebhookID] = is
		}
	}
	u.at, u.unusual = now, found
	return found, nil
}

// unusualOf says in words what is unusual about a webhook; "" for nothing, and for one that is off or deleted.
func (v *visit) unusualOf(w models.Webhook) (string, error) {
	if w.ID == 0 || !w.Enabled || w.DeletedAt != nil {
		return "", nil
	}
	all, err := v.server.unusual(v.UserContext(), w.WorkspaceID)
	return views.UnusualWords(all[w.ID]), err
}
