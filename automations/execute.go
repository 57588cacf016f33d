package automations

import (
	"context"
	"encoding/json"
	"time"

	"campaignlark/deliveries"
	"campaignlark/models"
	"campaignlark/segments/rule"

	"github.com/google/uuid"
	"gorm.io/gorm"
)

// Results of a step.
const (
	ResultDone    = "done"
	ResultNothing = "nothing" // there was nothing to change
	ResultWaiting = "waiting"
	ResultStopped = "stopped" // the run ended here, rightly
	ResultFailed  = "failed"
)

// Told is what a step did and why, as RunStep.Body holds it.
type Told struct {
	Words string            `json:"words"`
	Why   *rule.Explanation `json:"why,omitempty"`   // of a rule
	Until *time.Time        `json:"until,omitempty"` // of a wait
}

// doRuns does the steps of runs of one workspace until each ends or waits, in one transaction.
func (r *Runner) doRuns(ctx context.Context, due []dueRun) error {
	sent := false
	err := r.db.Write(ctx, func(tx *gorm.DB) error {
		sent = false
		locked, err := r.lock(tx, due[0].WorkspaceID)
		if err != nil || !locked {
			return err
		}
		x := &execution{tx: tx, known: &r.known, mail: r.Mail, now: models.Instant(r.Now()), people: map[int64]*person{}, definitions: map[revisionKey]Definition{}}
		runs, err := x.read(due)
		if err != nil || len(runs) == 0 {
			return err
		}
		for i := range runs {
			if err := x.run(&runs[i]); err != nil {
				return err
			}
		}
		sent = len(x.sent) > 0
		return x.write(runs)
	})
	if err == nil && sent {
		r.Sent()
	}
	return err
}

// person is a contact of runs, as it is now.
type person struct {
	models.Contact
	tags []models.Tag
}

type revisionKey struct{ automation, revision int64 }

// execution is one transaction that does runs of one workspace.
type execution struct {
	tx          *gorm.DB
	known       *known
	mail        bool // the program can send e-mail
	now         time.Time
	workspace   models.Workspace
	things      Things
	people      map[int64]*person // nil values for contacts that are gone
	events      map[uuid.UUID]models.AutomationEvent
	names       map[int64]string // of automations
	definitions map[revisionKey]Definition

	steps []models.RunStep
	sent  []models.Delivery
	fired []models.AutomationEvent
	mails []models.TeamMail
}

// run does the steps of a run until it ends or waits. Step 0 is the start with its rule; step n of the definition is number n.
func (x *execution) run(run *models.AutomationRun) error {
	d := x.definitions[revisionKey{run.AutomationID, run.Revision}]
	event, known := x.events[run.EventID]
	if _, exists := x.names[run.AutomationID]; !exists {
		end(run, models.RunStopped, "The automation was deleted.", x.now)
		return nil
	}
	if !known {
		end(run, models.RunStopped, "What started it is older than what the log keeps.", x.now)
		return nil
	}
	if x.people[run.ContactID] == nil && event.Type.OfContact() && event.Type != models.EventDeleted {
		end(run, models.RunStopped, "The contact does not exist any more.", x.now)
		return nil
	}
	late := run.State == models.RunWaiting || run.Tries > 0
	run.Tries = 0
	for run.State.Open() {
		if run.Step > len(d.Steps) {
			end(run, models.RunDone, "", x.now)
			return nil
		}
		if err := x.step(run, d, event, late); err != nil {
			return err
		}
		if run.DueAt.After(x.now) {
			return nil
		}
	}
	return nil
}

// step does the next step of a run. late says that the run has waited, or that this is not the first try.
func (x *execution) step(run *models.AutomationRun, d Definition, event models.AutomationEvent, late bool) error {
	if run.Step == 0 {
		if err := x.things.nameLost(x.tx, run.WorkspaceID, Definition{Rule: d.Rule}); err != nil {
			return err
		}
		return x.ask(run, 0, d.Rule)
	}
	s := d.Steps[run.Step-1]
	if err := x.things.nameLost(x.tx, run.WorkspaceID, Definition{Steps: []Step{s}}); err != nil { // it asks only if something was deleted
		return err
	}
	switch {
	case s.Type == StepWait:
		x.wait(run, s)
	case s.Type == StepOnlyIf:
		return x.ask(run, s.ID, s.Rule)
	case s.Type == StepCall:
		x.call(run, s, event, late || d.movesBefore(run.Step))
	case s.Type == StepTellTeam:
		x.tellTeam(run, s, event)
	case s.Type.Changes():
		return x.change(run, s)
	}
	return nil
}

// tell notes what a step did, and goes on to the next one.
func (x *execution) tell(run *models.AutomationRun, step int64, result string, told Told) *models.RunStep {
	body, err := json.Marshal(told)
	if err != nil {
		panic(err) // it holds only texts, times and words
	}
	x.steps = append(x.steps, models.RunStep{WorkspaceID: run.WorkspaceID, RunID: run.ID, Number: run.Step, StepID: step, Result: result, Body: deliveries.Pack(body), At: x.now})
	run.Step++
	return &x.steps[len(x.steps)-1]
}

// fail ends a run at a step that cannot be done.
func (x *execution) fail(run *models.AutomationRun, step int64, words string) {
	x.tell(run, step, ResultFailed, Told{Words: words})
	run.Step--
	end(run, models.RunFailed, words, x.now)
}

// wait begins a wait, or ends it.
func (x *execution) wait(run *models.AutomationRun, s Step) {
	if run.State == models.RunWaiting {
		run.State = models.RunDue
		until := run.DueAt
		x.tell(run, s.ID, ResultDone, Told{Words: "Waited.", Until: &until})
		return
	}
	until := models.Instant(s.WaitsUntil(x.now, x.workspace.Location()))
	x.tell(run, s.ID, ResultWaiting, Told{Words: "Waits.", Until: &until})
	run.Step-- // the same step ends it
	run.State, run.DueAt = models.RunWaiting, until
}
