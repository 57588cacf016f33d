package automations

import (
	"context"
	"encoding/json"
	"errors"
	"slices"

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
	Name       string         // of the automation
	Contact    models.Contact // as it is now; its id is 0 if it is gone
	Deleted    bool           // the automation was deleted
	Event      models.AutomationEvent
	Steps      []StepStory  // in the order in which they were done
	Earlier    []Definition // versions that have steps of it which Definition has no more
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
	if story.Contact, err = store.First[models.Contact](db.Where("workspace_id = ? AND id = ?", workspace, story.ContactID)); err != nil && !errors.Is(err, models.ErrNotFound) {
		return story, models.In("contact", err)
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
	return story, s.addEarlier(db, &story)
}

// mostEarlier limits the earlier versions that a story reads.
const mostEarlier = 50

// addEarlier adds the versions that name steps which the run did before it was tried again with another definition.
func (s Store) addEarlier(db *gorm.DB, story *Story) error {
	if !slices.ContainsFunc(story.Steps, func(row StepStory) bool { _, known := story.StepOf(row); return !known }) {
		return nil
	}
	var versions []models.AutomationVersion
	err := db.Where("workspace_id = ? AND automation_id = ? AND revision < ?", story.WorkspaceID, story.AutomationID, story.Revision).Order("revision DESC").Limit(mostEarlier).Find(&versions).Error
	for _, v := range versions {
		story.Earlier = append(story.Earlier, stored(v.Definition))
	}
	return models.In("earlier versions", err)
}

// StepOf returns the step of the definition that a row tells of. The start is no step.
func (s Story) StepOf(row StepStory) (Step, bool) {
	if row.StepID == 0 {
		return Step{}, true
	}
	for _, d := range append([]Definition{s.Definition}, s.Earlier...) {
		for _, step := range d.Steps {
			if step.ID == row.StepID {
				return step, true
			}
		}
	}
	return Step{}, false
}

// Left returns the steps that the run has not come to, with the number of the first.
func (s Story) Left() (left []Step, first int) {
	first = max(s.Step, 1)
	if slices.ContainsFunc(s.Steps, func(row StepStory) bool { return row.Number == s.Step }) {
		first = s.Step + 1
	}
	if s.State == models.RunDone || first > len(s.Definition.Steps) {
		return nil, first
	}
	return s.Definition.Steps[first-1:], first
}

// toldOf reads what a step did. That of an erased person says nothing.
func toldOf(row models.RunStep) (told Told, err error) {
	text, err := deliveries.Unpack(row.Body)
	if err != nil || len(text) == 0 {
		return told, err
	}
	return told, json.Unmarshal(text, &told)
}

// Stop ends a run by a person. It does nothing if the run has ended already.
func (s Store) Stop(ctx context.Context, run models.AutomationRun, userID int64) error {
	now := models.Instant(s.Now())
	return s.DB.Write(ctx, func(tx *gorm.DB) error {
		stored, err := store.First[models.AutomationRun](store.ForChange(tx).Where("workspace_id = ? AND id = ?", run.WorkspaceID, run.ID))
		if err != nil || stored.EndedAt != nil {
			return err
		}
		by := "A person"
		if u, err := store.First[models.User](tx.Where("id = ?", userID)); err == nil {
			by = models.Shorten(MemberName(store.Member{Name: u.Name, Email: u.Email}), 80)
		} else if !errors.Is(err, models.ErrNotFound) {
			return models.In("who stops it", err)
		}
		end(&stored, models.RunStopped, by+" stopped it.", now)
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
