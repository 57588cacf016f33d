package handlers

import (
	"strconv"
	"time"

	"campaignlark/automations"
	"campaignlark/models"
	"campaignlark/views"
)

// listedRuns is how many runs the pages of calls and contacts list.
const listedRuns = 20

// runsOnAPage is how many runs a list shows.
const runsOnAPage = 50

// runsOf lists the newest runs for the page of a call or a contact.
func (v *visit) runsOf(f automations.RunFilter) ([]views.RunRow, error) {
	if v.counts.Automations == 0 { // the usual case costs no query
		return nil, nil
	}
	runs, err := v.automations().Runs(v.UserContext(), v.Workspace.ID, f, listedRuns)
	return v.runRows(runs), err
}

// runRows describes runs for a list.
func (v *visit) runRows(runs []automations.ListedRun) (rows []views.RunRow) {
	for _, r := range runs {
		row := views.RunRow{ID: r.ID.String(), Contact: r.Email, Name: r.Name, At: models.IDTime(r.ID)}
		if row.Contact == "" {
			row.Contact = "a contact that was deleted"
			if r.ContactID == 0 {
				row.Contact = "no contact"
			}
		}
		row.Kind, row.State = runMark(r.AutomationRun)
		row.Where = v.runWhere(r.AutomationRun)
		rows = append(rows, row)
	}
	return rows
}

func runMark(r models.AutomationRun) (kind, word string) {
	switch r.State {
	case models.RunDone:
		return views.KindGood, "Done"
	case models.RunStopped:
		return views.KindIdle, "Ended early"
	case models.RunFailed:
		return views.KindBad, "Failed"
	case models.RunWaiting:
		return "live", "Waiting"
	}
	return "live", "Under way"
}

// runWhere says where a run is, or why it ended.
func (v *visit) runWhere(r models.AutomationRun) string {
	switch {
	case r.Reason != "":
		return r.Reason
	case r.State == models.RunDone:
		return ""
	case r.Step == 0:
		return "At its start"
	case r.State == models.RunWaiting:
		return "Step " + strconv.Itoa(r.Step) + ", until " + v.waitEndSaid(r.DueAt)
	}
	return "Step " + strconv.Itoa(r.Step)
}

// waitEndSaid says when a wait ends: "Thu 26 November, 09:00".
func (v *visit) waitEndSaid(at time.Time) string {
	return at.In(v.Workspace.Location()).Format("Mon 2 January, 15:04")
}
