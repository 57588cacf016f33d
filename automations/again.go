package automations

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strconv"

	"campaignlark/models"
	"campaignlark/models/store"

	"github.com/google/uuid"
	"gorm.io/gorm"
)

// RetriedAtOnce is how many failed runs of an automation RetryAll lets go on.
const RetriedAtOnce = 1000

// Retry lets a failed run go on at the step at which it failed, by the automation's current definition. If that cannot be, the error is a
// conflict that says why.
func (s Store) Retry(ctx context.Context, run models.AutomationRun, userID int64) error {
	return s.retry(ctx, run.WorkspaceID, run.AutomationID, userID, func(r *retrier) error {
		failed, err := store.First[models.AutomationRun](store.ForChange(r.tx).Where("workspace_id = ? AND id = ?", run.WorkspaceID, run.ID))
		if err != nil {
			return err
		}
		if failed.State != models.RunFailed {
			return conflict("This run goes on already, or has ended otherwise in the meantime.")
		}
		return r.again(failed)
	})
}

// RetryAll is Retry for the newest failed runs of an automation, at most RetriedAtOnce. It returns how many go on, and how many cannot with
// the reason of one of them.
func (s Store) RetryAll(ctx context.Context, a models.Automation, userID int64) (again, refused int, why string, err error) {
	before := uuid.Max
	for range RetriedAtOnce / retriedInOne {
		var failed []models.AutomationRun
		var some *retrier
		err = s.retry(ctx, a.WorkspaceID, a.ID, userID, func(r *retrier) error {
			err := store.ForChange(r.tx).Where("workspace_id = ? AND automation_id = ? AND state = ? AND id < ?", a.WorkspaceID, a.ID, models.RunFailed, before).
				Order("id DESC").Limit(retriedInOne).Find(&failed).Error
			if err != nil {
				return models.In("failed runs", err)
			}
			some = r
			for _, run := range failed {
				var no *models.Error
				switch err := r.again(run); {
				case errors.As(err, &no) && no.Code == models.CodeConflict:
					r.refused, r.why = r.refused+1, no.Message
				case err != nil:
					return err
				}
			}
			return nil
		})
		if err != nil {
			return again, refused, why, err
		}
		again, refused, why = again+some.done, refused+some.refused, cmp.Or(why, some.why)
		if len(failed) < retriedInOne {
			break
		}
		before = failed[len(failed)-1].ID
	}
	return again, refused, why, err
}

// retriedInOne is how many runs one transaction lets go on.
const retriedInOne = 100

// retrier lets failed runs of one automation go on, in one transaction.
type retrier struct {
	tx         *gorm.DB
	store      Store
	automation models.Automation
	current    Definition
	problems   []Problem
	versions   map[int64]Definition
	done       int // runs that go on
	refused    int
	why        string // one of them was refused
}

// retry reads what a retrier needs, lets do use it, and records that a person did it.
func (s Store) retry(ctx context.Context, workspace, automation, userID int64, do func(*retrier) error) error {
	return s.DB.Write(ctx, func(tx *gorm.DB) error {
		a, err := store.First[models.Automation](tx.Where("workspace_id = ? AND id = ? AND deleted_at IS NULL", workspace, automation))
		if errors.Is(err, models.ErrNotFound) {
			return conflict("The automation was deleted, so the run cannot go on.")
		} else if err != nil {
			return models.In("automation", err)
		}
		w, err := store.First[models.Workspace](tx.Where("id = ?", workspace))
		if err != nil {
			return models.In("workspace", err)
		}
		things, err := thingsIn(tx, w, s.Mail)
		if err != nil {
			return err
		}
		r := &retrier{tx: tx, store: s, automation: a, current: stored(a.Definition), versions: map[int64]Definition{}}
		if err := things.nameLost(tx, workspace, r.current); err != nil {
			return err
		}
		r.problems = r.current.Check(things)
		if err := do(r); err != nil || r.done == 0 {
			return err
		}
		return store.Audit(tx, models.AuditEntry{WorkspaceID: workspace, UserID: userID, Action: models.ActionRunRetried,
			Subject: models.SubjectAutomation, SubjectID: a.ID, SubjectName: a.Name}, []models.AuditChange{{What: "Runs", After: strconv.Itoa(r.done)}}, models.Instant(s.Now()))
	})
}

// again lets one failed run go on.
func (r *retrier) again(run models.AutomationRun) error {
	d, known := r.versions[run.Revision]
	if !known {
		v, err := store.First[models.AutomationVersion](r.tx.Where("workspace_id = ? AND automation_id = ? AND revision = ?", run.WorkspaceID, run.AutomationID, run.Revision))
		if err != nil {
			return models.In("its version", err)
		}
		d = stored(v.Definition)
		r.versions[run.Revision] = d
	}
	place, part := 0, "rule"
	if run.Step > 0 && run.Step <= len(d.Steps) {
		if place = r.current.place(d.Steps[run.Step-1]); place == 0 {
			return conflict("The automation does not have the step any more at which this run failed, so it cannot go on there.")
		}
		part = "step-" + strconv.Itoa(place-1)
	}
	if i := slices.IndexFunc(r.problems, func(p Problem) bool { return p.Place == part }); i >= 0 {
		return conflict("It would fail again. " + r.problems[i].Message)
	}
	_, err := store.First[models.AutomationEvent](r.tx.Select("id").Where("workspace_id = ? AND id = ?", run.WorkspaceID, run.EventID))
	if errors.Is(err, models.ErrNotFound) {
		return conflict("What started this run is older than what the log keeps, so it cannot go on.")
	} else if err != nil {
		return models.In("event", err)
	}
	r.done++
	if err := r.moveSteps(run, place); err != nil {
		return models.In("its steps", err)
	}
	now := models.Instant(r.store.Now())
	return models.In("run", r.tx.Model(&models.AutomationRun{}).Where("workspace_id = ? AND id = ?", run.WorkspaceID, run.ID).Updates(map[string]any{
		"state": models.RunDue, "revision": r.automation.Revision, "step": place, "due_at": now, "tries": 1, "reason": "", "ended_at": nil}).Error)
}

// moveSteps numbers what the run did so that it stands before its next step, which may have another number in the current definition.
func (r *retrier) moveSteps(run models.AutomationRun, next int) error {
	var steps []models.RunStep
	of := r.tx.Where("workspace_id = ? AND run_id = ?", run.WorkspaceID, run.ID)
	if err := of.Session(&gorm.Session{}).Order("number").Find(&steps).Error; err != nil || len(steps) == 0 {
		return err
	}
	if err := of.Session(&gorm.Session{}).Delete(&models.RunStep{}).Error; err != nil {
		return err
	}
	by := next - 1 - steps[len(steps)-1].Number
	for i := range steps {
		steps[i].Number += by
	}
	return r.tx.CreateInBatches(&steps, 100).Error
}

func conflict(sentence string) error {
	return &models.Error{Code: models.CodeConflict, Message: sentence}
}
