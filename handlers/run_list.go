package handlers

import (
	"strconv"
	"time"

	"campaignlark/automations"
	"campaignlark/models"
	"campaignlark/views"

	"github.com/google/uuid"
)

// listedRuns is how many runs the pages of calls and contacts list.
const listedRuns = 20

// runsOnAPage is how many runs a list shows.
const runsOnAPage = 50

// runsOf lists runs for the page of a call or a contact, the newest first. link returns the page with the runs before an id, or with the newest for "".
func (v *visit) runsOf(f automations.RunFilter, link func(before string) string) (list views.RunList, err error) {
	if v.counts.Automations == 0 { // the usual case costs no query
		return list, nil
	}
	f.Before, _ = uuid.Parse(v.Query("runs")) // an invalid id shows the newest page
	runs, err := v.automations().Runs(v.UserContext(), v.Workspace.ID, f, listedRuns+1)
	if err != nil {
		return list, err
	}
	more := len(runs) > listedRuns
	if runs = runs[:min(len(runs), listedRuns)]; more {
		list.Older = link(runs[len(runs)-1].ID.String())
	}
	if f.Before != uuid.Nil {
		list.Newest = link("")
	}
	if list.Rows, err = v.runRows(runs); err != nil || !more && f.Before == uuid.Nil {
		return list, err
	}
	list.Total, err = v.automations().CountRuns(v.UserContext(), v.Workspace.ID, f)
	return list, models.In("count runs", err)
}

// runRows describes runs for a list, with what became of their messages.
func (v *visit) runRows(runs []automations.ListedRun) (rows []views.RunRow, err error) {
	ids := make([]uuid.UUID, len(runs))
	for i, r := range runs {
		ids[i] = r.ID
	}
	messages, err := v.automations().Messages(v.UserContext(), v.Workspace.ID, ids)
	if err != nil {
		return nil, models.In("messages of runs", err)
	}
	for _, r := range runs {
		row := views.RunRow{ID: r.ID.String(), Contact: r.Email, Name: r.Name, At: models.IDTime(r.ID)}
		if row.Contact == "" {
			row.Contact = "a contact that was deleted"
			if r.ContactID == 0 {
				row.Contact = "no contact"
			}
		}
		row.Kind, row.State = runMark(r.AutomationRun, messages[r.ID])
		row.Where = v.runWhere(r.AutomationRun)
		if worst, late := automations.Worst(messages[r.ID]); late {
			row.Message, row.MessageHref = "Message to "+worst.Destination+": "+v.messageSaid(worst), v.path("deliveries", worst.ID.String())
		}
		rows = append(rows, row)
	}
	return rows, nil
}

// runMark says how a run stands: one that is done also by what became of its messages.
func runMark(r models.AutomationRun, messages []automations.Message) (kind, word string) {
	switch r.State {
	case models.RunDone:
		if worst, late := automations.Worst(messages); late {
			return messageMark(worst)
		}
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
		return doneWhere(r.Step - 1)
	case r.Step == 0:
		return "At its start"
	case r.State == models.RunWaiting:
		return "Step " + strconv.Itoa(r.Step) + ", until " + v.waitEndSaid(r.DueAt)
	}
	return "Step " + strconv.Itoa(r.Step)
}

// doneWhere says where a run that is done is, after its last step.
func doneWhere(last int) string {
	if last < 1 {
		return "End"
	}
	return "End, after step " + strconv.Itoa(last)
}

// waitEndSaid says when a wait ends: "Thu 26 November, 09:00".
func (v *visit) waitEndSaid(at time.Time) string {
	return v.dated(at, "Mon 2 January, 15:04")
}
