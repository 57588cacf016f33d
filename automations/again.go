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
		if err := r.again([]models.AutomationRun{failed}); err != nil || r.refused == 0 {
			return err
		}
		return conflict(r.why)
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
			return r.again(failed)
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

// again lets failed runs go on. It counts those that cannot, with the reason of the first one.
func (r *retrier) again(runs []models.AutomationRun) error {
	kept, err := r.keptEvents(runs)
	if err != nil {
		return err
	}
	at := map[int][]uuid.UUID{} // runs that go on, by the step
	for _, run := range runs {
		place, why, err := r.placeOf(run)
		if err != nil {
			return err
		}
		if why == "" && !kept[run.EventID] {
			why = "What started this run is older than what the log keeps, so it cannot go on."
		}
		if why != "" {
			r.refused, r.why = r.refused+1, cmp.Or(r.why, why)
			continue
		}
		r.done, at[place] = r.done+1, append(at[place], run.ID)
	}
	now := models.Instant(r.store.Now())
	for place, ids := range at {
		if err := r.moveSteps(ids, place); err != nil {
			return models.In("their steps", err)
		}
		err := r.tx.Model(&models.AutomationRun{}).Where("workspace_id = ? AND id IN ?", r.automation.WorkspaceID, ids).Updates(map[string]any{
			"state": models.RunDue, "revision": r.automation.Revision, "step": place, "due_at": now, "tries": 1, "reason": "", "ended_at": nil}).Error
		if err != nil {
			return models.In("runs", err)
		}
	}
	return nil
}

// keptEvents returns which of the events that started runs are still there.
func (r *retrier) keptEvents(runs []models.AutomationRun) (map[uuid.UUID]bool, error) {
	kept, ids := map[uuid.UUID]bool{}, make([]uuid.UUID, len(runs))
	for i, run := range runs {
		ids[i] = run.EventID
	}
	if len(ids) == 0 {
		return kept, nil
	}
	var there []uuid.UUID
	err := r.tx.Model(&models.AutomationEvent{}).Where("workspace_id = ? AND id IN ?", r.automation.WorkspaceID, ids).Pluck("id", &there).Error
	for _, id := range there {
		kept[id] = true
	}
	return kept, models.In("events", err)
}

// placeOf returns the number of the step at which a failed run goes on, or why it cannot.
func (r *retrier) placeOf(run models.AutomationRun) (place int, why string, err error) {
	d, known := r.versions[run.Revision]
	if !known {
		v, err := store.First[models.AutomationVersion](r.tx.Where("workspace_id = ? AND automation_id = ? AND revision = ?", run.WorkspaceID, run.AutomationID, run.Revision))
		if err != nil {
			return 0, "", models.In("its version", err)
		}
		d = stored(v.Definition)
		r.versions[run.Revision] = d
	}
	part := "rule"
	if run.Step > 0 && run.Step <= len(d.Steps) {
		if place = r.current.place(d.Steps[run.Step-1]); place == 0 {
			return 0, "The automation does not have the step any more at which this run failed, so it cannot go on there.", nil
		}
		part = "step-" + strconv.Itoa(place-1)
	}
	if i := slices.IndexFunc(r.problems, func(p Problem) bool { return p.Place == part }); i >= 0 {
		return 0, "It would fail again. " + r.problems[i].Message, nil
	}
	return place, "", nil
}

// apart is more than the steps that a run does.
const apart = 1_000_000

// moveSteps numbers what runs did so that it stands before their next step, which may have another number in the current definition. It
// changes the numbers in place: rows that are read and written again would bring back the words of a person who is erased at that moment.
// Postgres refuses two steps of a run with the same number even inside a statement, so all of them move far away first.
func (r *retrier) moveSteps(runs []uuid.UUID, next int) error {
	var rows []struct {
		RunID uuid.UUID
		Last  int
	}
	of := func(ids []uuid.UUID) *gorm.DB {
		return r.tx.Model(&models.RunStep{}).Where("workspace_id = ? AND run_id IN ?", r.automation.WorkspaceID, ids)
	}
	if err := of(runs).Select("run_id, max(number) AS last").Group("run_id").Scan(&rows).Error; err != nil {
		return err
	}
	moved := map[int][]uuid.UUID{} // runs by how far their steps move
	for _, row := range rows {
		if by := next - 1 - row.Last; by != 0 {
			moved[by] = append(moved[by], row.RunID)
		}
	}
	for by, ids := range moved {
		for _, some := range []int{-apart, apart + by} {
			if err := of(ids).UpdateColumn("number", gorm.Expr("number + ?", some)).Error; err != nil {
				return err
			}
		}
	}
	return nil
}

func conflict(sentence string) error {
	return &models.Error{Code: models.CodeConflict, Message: sentence}
}
