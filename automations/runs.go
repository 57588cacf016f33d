package automations

import (
	"context"
	"encoding/json"
	"time"

	"campaignlark/deliveries"
	"campaignlark/models"
	"campaignlark/models/store"

	"github.com/google/uuid"
	"gorm.io/gorm"
)

// Story is a run with the definition that it follows and what its steps did.
type Story struct {
	models.AutomationRun
	Definition Definition
	Name       string // of the automation
	Deleted    bool   // the automation was deleted
	Event      models.AutomationEvent
	Steps      []StepStory
}

// StepStory is what one step did.
type StepStory struct {
	models.RunStep
	Told Told
}

// Run returns a run's story, or ErrNotFound.
func (s Store) Run(ctx context.Context, workspace int64, id uuid.UUID) (story Story, err error) {
	db := s.DB.Read(ctx)
	if story.AutomationRun, err = store.First[models.AutomationRun](db.Where("workspace_id = ? AND id = ?", workspace, id)); err != nil {
		return story, err
	}
	v, err := store.First[models.AutomationVersion](db.Where("workspace_id = ? AND automation_id = ? AND revision = ?", workspace, story.AutomationID, story.Revision))
	if err != nil {
		return story, models.In("definition", err)
	}
	story.Definition = stored(v.Definition)
	a, err := store.First[models.Automation](db.Where("workspace_id = ? AND id = ?", workspace, story.AutomationID))
	if err != nil {
		return story, models.In("automation", err)
	}
	story.Name, story.Deleted = a.Name, a.DeletedAt != nil
	story.Event, err = store.First[models.AutomationEvent](db.Where("workspace_id = ? AND id = ?", workspace, story.EventID))
	if err != nil && store.ErrorCode(err) != models.CodeNotFound { // an old one is gone
		return story, models.In("event", err)
	}
	var rows []models.RunStep
	if err := db.Where("workspace_id = ? AND run_id = ?", workspace, id).Order("number").Find(&rows).Error; err != nil {
		return story, models.In("steps", err)
	}
	for _, row := range rows {
		told, err := toldOf(row)
		if err != nil {
			return story, models.In("a step", err)
		}
		story.Steps = append(story.Steps, StepStory{row, told})
	}
	return story, nil
}

// toldOf reads what a step did. That of an erased person says nothing.
func toldOf(row models.RunStep) (told Told, err error) {
	text, err := deliveries.Unpack(row.Body)
	if err != nil || len(text) == 0 {
		return told, err
	}
	return told, json.Unmarshal(text, &told)
}

// RunFilter selects runs of a workspace. A zero field does not narrow.
type RunFilter struct {
	AutomationID int64
	ContactID    int64
	RequestID    *uuid.UUID
	State        models.RunState // "" for all; RunWaiting also finds those that are due
	Before       uuid.UUID       // only older ones
}

// ListedRun is a run in a list.
type ListedRun struct {
	models.AutomationRun
	Name  string // of the automation
	Email string // of the contact, "" if it is gone
}

// Runs lists at most limit runs, the newest first.
func (s Store) Runs(ctx context.Context, workspace int64, f RunFilter, limit int) (runs []ListedRun, err error) {
	q := s.DB.Read(ctx).Table("automation_runs AS r").Select("r.*, a.name, coalesce(c.email, '') AS email").
		Joins("LEFT JOIN automations a ON a.workspace_id = r.workspace_id AND a.id = r.automation_id").
		Joins("LEFT JOIN contacts c ON c.workspace_id = r.workspace_id AND c.id = r.contact_id").
		Where("r.workspace_id = ?", workspace)
	if f.AutomationID != 0 {
		q = q.Where("r.automation_id = ?", f.AutomationID)
	}
	if f.ContactID != 0 {
		q = q.Where("r.contact_id = ?", f.ContactID)
	}
	if f.RequestID != nil {
		q = q.Where("r.request_id = ?", *f.RequestID)
	}
	switch f.State {
	case "":
	case models.RunWaiting:
		q = q.Where("r.ended_at IS NULL")
	default:
		q = q.Where("r.state = ?", f.State)
	}
	if f.Before != uuid.Nil {
		q = q.Where("r.id < ?", f.Before)
	}
	return runs, q.Order("r.id DESC").Limit(limit).Find(&runs).Error
}

// Stop ends a run by a person. It does nothing if the run has ended already.
func (s Store) Stop(ctx context.Context, run models.AutomationRun, userID int64) error {
	now := models.Instant(s.Now())
	return s.DB.Write(ctx, func(tx *gorm.DB) error {
		stored, err := store.First[models.AutomationRun](store.ForChange(tx).Where("workspace_id = ? AND id = ?", run.WorkspaceID, run.ID))
		if err != nil || stored.EndedAt != nil {
			return err
		}
		end(&stored, models.RunStopped, "A person stopped it.", now)
		if err := saveRuns(tx, []models.AutomationRun{stored}); err != nil {
			return err
		}
		a, err := store.First[models.Automation](tx.Where("workspace_id = ? AND id = ?", run.WorkspaceID, run.AutomationID))
		if err != nil {
			return err
		}
		return store.Audit(tx, models.AuditEntry{WorkspaceID: run.WorkspaceID, UserID: userID, Action: models.ActionRunStopped,
			Subject: models.SubjectAutomation, SubjectID: a.ID, SubjectName: a.Name}, nil, now)
	})
}

// Reached counts the runs at a step.
type Reached struct {
	StepID int64 // 0 for the start
	Came   int64 // came by
	Here   int64 // wait there now
	Ended  int64 // ended or failed there
}

// reachedFor is the period of the counts.
const reachedFor = 30 * 24 * time.Hour

// Reached counts the runs of an automation at each step, by the step's id. It looks at the newest MostRuns of the last 30 days, of every
// version: a step keeps its id through them.
func (s Store) Reached(ctx context.Context, a models.Automation) (map[int64]Reached, error) {
	var rows []Reached
	err := s.DB.Read(ctx).Raw(`SELECT t.step_id, count(*) AS came,
			sum(CASE WHEN t.result = 'waiting' AND r.ended_at IS NULL THEN 1 ELSE 0 END) AS here,
			sum(CASE WHEN t.result IN ('stopped', 'failed') OR t.result = 'waiting' AND r.ended_at IS NOT NULL THEN 1 ELSE 0 END) AS ended
		FROM (SELECT id, ended_at FROM automation_runs WHERE workspace_id = @ws AND automation_id = @id AND id >= @since ORDER BY id DESC LIMIT @most) AS r
		JOIN run_steps t ON t.workspace_id = @ws AND t.run_id = r.id GROUP BY t.step_id`,
		map[string]any{"ws": a.WorkspaceID, "id": a.ID, "since": models.IDAt(s.Now().Add(-reachedFor)), "most": MostRuns}).Scan(&rows).Error
	reached := map[int64]Reached{}
	for _, r := range rows {
		reached[r.StepID] = r
	}
	return reached, err
}
