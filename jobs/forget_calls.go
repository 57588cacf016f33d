package jobs

import (
	"context"

	"campaignlark/intake"
	"campaignlark/models"
	"campaignlark/models/store"

	"github.com/google/uuid"
)

// callsForgotten is how many calls a JobForget searches in one step.
const callsForgotten = 200

// forgetCalls is where a JobForget stands in the calls of its workspace.
type forgetCalls struct {
	Call    uuid.UUID   // the last call that was searched
	Until   uuid.UUID   // calls from here on came after the people were erased
	Clear   []uuid.UUID `json:",omitempty"` // calls that name one of the people: the next step clears them
	CallEnd bool        // nothing is left to search
}

// lookForNamed finds the calls that the next step clears. A call that was refused belongs to nobody's address, but what was sent may hold
// one.
func lookForNamed(ctx context.Context, r *Runner, job *models.Job) error {
	cursor := models.ReadJobJSON[forgetCursor](job.Cursor)
	if !cursor.Joined || !cursor.FilesDone {
		return nil
	}
	people := models.NewAddressKeys(job.WorkspaceID, models.ReadJobJSON[models.ForgetSpec](job.Spec).AddressKeys...)
	rows, err := r.db.CallsOfNobody(ctx, job.WorkspaceID, cursor.Call, cursor.Until, callsForgotten)
	if err != nil {
		return models.In("erase people from calls: next calls", err)
	}
	cursor.Clear, cursor.CallEnd = nil, len(rows) < callsForgotten
	for _, row := range rows {
		if cursor.Call = row.ID; intake.Names(row, people) {
			cursor.Clear = append(cursor.Clear, row.ID)
		}
	}
	job.Cursor = models.JobJSON(cursor)
	return nil
}

// clearCalls clears the calls that were found, and ends the job after the last ones.
func (f *forgetting) clearCalls() error {
	if err := store.EraseCalls(f.tx, f.job.WorkspaceID, f.cursor.Clear); err != nil {
		return err
	}
	if f.cursor.Clear = nil; f.cursor.CallEnd {
		f.job.State = models.JobDone
	}
	return nil
}
