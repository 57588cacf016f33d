package automations

import (
	"campaignlark/deliveries"
	"campaignlark/mail"
	"campaignlark/models"

	"github.com/google/uuid"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"
)

// write stores what the runs did.
func (x *execution) write(runs []models.AutomationRun) error {
	if len(x.steps) > 0 { // a wait has one row: its end replaces its beginning
		err := x.tx.Clauses(clause.OnConflict{
			Columns:   []clause.Column{{Name: "workspace_id"}, {Name: "run_id"}, {Name: "number"}},
			DoUpdates: clause.AssignmentColumns([]string{"result", "delivery_id", "body", "at"}),
		}).CreateInBatches(lastOfEach(x.steps), 100).Error
		if err != nil {
			return models.In("write steps", err)
		}
	}
	if err := deliveries.Enqueue(x.tx, x.sent...); err != nil {
		return err
	}
	if err := mail.Tell(x.tx, x.now, x.mails...); err != nil {
		return err
	}
	if len(x.fired) > 0 {
		if err := x.tx.CreateInBatches(&x.fired, 100).Error; err != nil {
			return models.In("write events", err)
		}
	}
	return saveRuns(x.tx, runs)
}

// lastOfEach keeps the last row of each step.
func lastOfEach(steps []models.RunStep) (rows []models.RunStep) {
	type key struct {
		run    uuid.UUID
		number int
	}
	at := map[key]int{}
	for _, s := range steps {
		k := key{s.RunID, s.Number}
		if i, known := at[k]; known {
			rows[i] = s
			continue
		}
		at[k], rows = len(rows), append(rows, s)
	}
	return rows
}

// saveRuns stores where runs are.
func saveRuns(tx *gorm.DB, runs []models.AutomationRun) error {
	return models.In("write runs", tx.Clauses(clause.OnConflict{
		Columns:   []clause.Column{{Name: "workspace_id"}, {Name: "id"}},
		DoUpdates: clause.AssignmentColumns([]string{"state", "step", "due_at", "tries", "reason", "ended_at"}),
	}).CreateInBatches(&runs, 100).Error)
}
