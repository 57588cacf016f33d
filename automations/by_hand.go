package automations

import (
	"context"
	"slices"

	"campaignlark/models"
)

// Change says what an import, or another change of many contacts, may do.
type Change struct {
	Contacts int64                      // that may change
	Events   map[models.EventType]int64 // how many contacts may have each event
	Tags     []int64                    // that contacts may get or lose; nil for any
	Fields   []int64                    // merge tags whose values may change; nil for any
}

// MayStart returns for how many contacts a change may start an automation, before its rule is asked.
func (d Definition) MayStart(c Change) (most int64) {
	if !d.ByHand {
		return 0
	}
	var counted []models.EventType
	for _, t := range d.Triggers {
		if t.may(c) && !slices.Contains(counted, t.Type) {
			counted = append(counted, t.Type)
			most += c.Events[t.Type]
		}
	}
	return min(most, c.Contacts)
}

// may reports whether a change may cause an event of the trigger. No call of a webhook is part of a change.
func (t Trigger) may(c Change) bool {
	if len(t.WebhookIDs) > 0 {
		return false
	}
	among := func(wanted, changed []int64) bool {
		return len(wanted) == 0 || changed == nil || slices.ContainsFunc(wanted, func(id int64) bool { return slices.Contains(changed, id) })
	}
	switch t.Type {
	case models.EventTagAdded, models.EventTagRemoved:
		return among(t.TagIDs, c.Tags)
	case models.EventUpdated:
		return among(t.FieldIDs, c.Fields)
	}
	return true
}

// Starts says for how many contacts a change may start an automation.
type Starts struct {
	models.Automation
	Most int64
}

// StartedByHand lists the automations of a workspace that a change may start: those that are on, need no repair and start by hand too.
func (s Store) StartedByHand(ctx context.Context, w models.Workspace, c Change) (may []Starts, err error) {
	all, err := s.Definitions(ctx, w.ID)
	if err != nil {
		return nil, err
	}
	all = slices.DeleteFunc(all, func(a Listed) bool { return !a.Enabled || a.Definition.MayStart(c) == 0 })
	if len(all) == 0 {
		return nil, nil
	}
	things, err := s.ThingsOf(ctx, w)
	for _, a := range all {
		if len(a.Definition.Check(things)) == 0 {
			may = append(may, Starts{a.Automation, a.Definition.MayStart(c)})
		}
	}
	return may, err
}

// Begun counts the runs of an automation that work started, and the messages of these runs.
type Begun struct {
	AutomationID int64
	Name         string
	Deleted      bool // the automation was deleted since
	Runs, Open   int64
	Arrived      int64 // messages that destinations have taken
	Waiting      int64 // messages that wait
}

// BegunBy counts the runs that a job started, by the newest MostRuns + 1 of its events.
func (s Store) BegunBy(ctx context.Context, workspace, job int64) (all []Begun, err error) {
	err = s.DB.Read(ctx).Raw(begunSQL, map[string]any{"ws": workspace, "job": job, "most": MostRuns + 1}).Scan(&all).Error
	return all, models.In("runs that work started", err)
}

// begunSQL counts what BegunBy returns. SQLite keeps the order of CROSS JOIN: without it, it reads all runs of the workspace, and all events of
// the job for each run.
const begunSQL = `SELECT r.automation_id, max(a.name) AS name, count(a.deleted_at) > 0 AS deleted, count(*) AS runs, sum(CASE WHEN r.ended_at IS NULL THEN 1 ELSE 0 END) AS open,
	sum((SELECT count(*) FROM deliveries d WHERE d.workspace_id = @ws AND d.contact_id = r.contact_id AND d.run_id = r.id AND d.state = 'arrived')) AS arrived,
	sum((SELECT count(*) FROM deliveries d WHERE d.workspace_id = @ws AND d.contact_id = r.contact_id AND d.run_id = r.id AND d.state = 'pending')) AS waiting
	FROM ` + eventsOfJob + ` AS e CROSS JOIN automation_runs r CROSS JOIN automations a
	WHERE r.workspace_id = @ws AND r.event_id = e.id AND a.workspace_id = @ws AND a.id = r.automation_id
	GROUP BY r.automation_id ORDER BY 2, 1`

// eventsOfJob selects the newest events that a job caused.
const eventsOfJob = "(SELECT id FROM automation_events WHERE workspace_id = @ws AND job_id = @job ORDER BY id DESC LIMIT @most)"
