package automations

import (
	"cmp"
	"context"
	"slices"

	"campaignlark/models"
	"campaignlark/models/store"

	"github.com/google/uuid"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"
)

// startRuns starts the runs of the workspace's oldest events, and notes that they are handled. It reports whether more may wait.
func (r *Runner) startRuns(ctx context.Context, workspace int64) (more bool, err error) {
	err = r.db.Write(ctx, func(tx *gorm.DB) error {
		more = false
		locked, err := r.lock(tx, workspace)
		if err != nil || !locked {
			return err
		}
		var events []models.AutomationEvent
		if err := tx.Where("workspace_id = ? AND state = ?", workspace, models.EventStatePending).Order("id").Limit(r.most(eventsAtOnce)).Find(&events).Error; err != nil {
			return models.In("read events", err)
		}
		if len(events) == 0 {
			return nil
		}
		more = len(events) == r.most(eventsAtOnce)
		s, err := newStarter(tx, workspace, r)
		if err != nil {
			return err
		}
		if err := s.start(events); err != nil {
			return err
		}
		ids := make([]uuid.UUID, len(events))
		for i, e := range events {
			ids[i] = e.ID
		}
		return models.In("note events", tx.Exec("UPDATE automation_events SET state = ? WHERE workspace_id = ? AND id IN ?", models.EventStateHandled, workspace, ids).Error)
	})
	return more, err
}

// starter starts the runs of one workspace.
type starter struct {
	tx     *gorm.DB
	runner *Runner
	all    []Listed         // enabled, and right
	fields map[int64]string // keys of merge tags
}

func newStarter(tx *gorm.DB, workspace int64, r *Runner) (*starter, error) {
	w, err := store.First[models.Workspace](tx.Where("id = ?", workspace))
	if err != nil {
		return nil, models.In("workspace", err)
	}
	things, err := r.known.things(tx, w, r.Mail)
	if err != nil {
		return nil, err
	}
	s := &starter{tx: tx, runner: r, fields: map[int64]string{}}
	for _, m := range things.MergeTags {
		s.fields[m.ID] = m.Key
	}
	var rows []models.Automation
	if err := tx.Where("workspace_id = ? AND enabled AND deleted_at IS NULL", workspace).Order("id").Find(&rows).Error; err != nil {
		return nil, models.In("automations", err)
	}
	for _, a := range rows {
		if d := stored(a.Definition); len(d.Check(things)) == 0 {
			s.all = append(s.all, Listed{Automation: a, Definition: d})
		}
	}
	return s, nil
}

// start creates the runs of events. Those of one contact start in the order of its versions.
func (s *starter) start(events []models.AutomationEvent) error {
	slices.SortFunc(events, func(a, b models.AutomationEvent) int {
		return cmp.Or(cmp.Compare(a.ContactID, b.ContactID), cmp.Compare(a.ContactVersion, b.ContactVersion),
			cmp.Compare(slices.Index(models.EventTypes, a.Type), slices.Index(models.EventTypes, b.Type)), models.CompareIDs(a.ID, b.ID))
	})
	causes, err := s.causes(events)
	if err != nil {
		return err
	}
	now := models.Instant(s.runner.Now())
	var runs []models.AutomationRun
	for _, e := range events {
		if e.Type.OfContact() && e.Snapshot == nil { // the person was erased in between
			continue
		}
		for _, a := range s.all {
			if e.RunID != nil && causes[*e.RunID] == a.ID || !a.Definition.StartedBy(e, s.fields) {
				continue
			}
			run := models.AutomationRun{WorkspaceID: a.WorkspaceID, ID: models.NewID(now), AutomationID: a.ID, Revision: a.Revision, EventID: e.ID, RequestID: e.RequestID,
				ContactID: e.ContactID, ContactVersion: e.ContactVersion, Depth: e.Depth, State: models.RunDue, DueAt: now}
			if e.Depth >= models.MaxDepth {
				end(&run, models.RunStopped, "Eight automations have started one another, so the chain ends here.", now)
			}
			runs = append(runs, run)
		}
	}
	if len(runs) == 0 {
		return nil
	}
	return models.In("create runs", s.tx.Clauses(clause.OnConflict{DoNothing: true}).CreateInBatches(&runs, 100).Error)
}

// causes returns the automations of the runs that caused events.
func (s *starter) causes(events []models.AutomationEvent) (map[uuid.UUID]int64, error) {
	var ids []uuid.UUID
	for _, e := range events {
		if e.RunID != nil && !slices.Contains(ids, *e.RunID) {
			ids = append(ids, *e.RunID)
		}
	}
	of := map[uuid.UUID]int64{}
	if len(ids) == 0 {
		return of, nil
	}
	var runs []models.AutomationRun
	err := s.tx.Select("id, automation_id").Where("workspace_id = ? AND id IN ?", events[0].WorkspaceID, ids).Find(&runs).Error
	for _, r := range runs {
		of[r.ID] = r.AutomationID
	}
	return of, models.In("runs that caused events", err)
}
