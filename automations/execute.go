package automations

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"time"

	"campaignlark/deliveries"
	"campaignlark/mail"
	"campaignlark/models"
	"campaignlark/models/store"
	"campaignlark/segments"
	"campaignlark/segments/rule"

	"github.com/google/uuid"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"
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
		x := &execution{tx: tx, mail: r.Mail, now: models.Instant(r.Now()), people: map[int64]*person{}, definitions: map[revisionKey]Definition{}}
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

// read locks the contacts and reads all that the runs need. It returns the runs that are still due, those of one contact in the order of
// its versions.
func (x *execution) read(due []dueRun) (runs []models.AutomationRun, err error) {
	workspace := due[0].WorkspaceID
	var contacts []int64
	ids := make([]uuid.UUID, len(due))
	for i, d := range due {
		ids[i] = d.ID
		if d.ContactID != 0 && !slices.Contains(contacts, d.ContactID) {
			contacts = append(contacts, d.ContactID)
		}
	}
	if err := store.LockContacts(x.tx, workspace, contacts); err != nil {
		return nil, models.In("lock the contacts", err)
	}
	if err := x.tx.Where("workspace_id = ? AND id IN ? AND ended_at IS NULL AND due_at <= ?", workspace, ids, x.now).Find(&runs).Error; err != nil || len(runs) == 0 {
		return nil, models.In("read the runs", err)
	}
	slices.SortFunc(runs, func(a, b models.AutomationRun) int {
		return cmp.Or(cmp.Compare(a.ContactID, b.ContactID), cmp.Compare(a.ContactVersion, b.ContactVersion), models.CompareIDs(a.ID, b.ID))
	})
	if x.workspace, err = store.First[models.Workspace](x.tx.Where("id = ?", workspace)); err != nil {
		return nil, models.In("read the workspace", err)
	}
	if x.things, err = thingsIn(x.tx, x.workspace, x.mail); err != nil {
		return nil, err
	}
	if err := x.readPeople(contacts); err != nil {
		return nil, models.In("read the contacts", err)
	}
	return runs, x.readCauses(runs)
}

// readPeople reads the contacts with their tags.
func (x *execution) readPeople(ids []int64) error {
	if len(ids) == 0 {
		return nil
	}
	var contacts []models.Contact
	if err := x.tx.Where("workspace_id = ? AND id IN ?", x.workspace.ID, ids).Find(&contacts).Error; err != nil {
		return err
	}
	for _, c := range contacts {
		x.people[c.ID] = &person{Contact: c}
	}
	var held []models.ContactTag
	if err := x.tx.Where("workspace_id = ? AND contact_id IN ?", x.workspace.ID, ids).Order("tag_id").Find(&held).Error; err != nil {
		return err
	}
	for _, h := range held {
		i := slices.IndexFunc(x.things.Tags, func(t models.Tag) bool { return t.ID == h.TagID })
		if p := x.people[h.ContactID]; p != nil && i >= 0 {
			p.tags = append(p.tags, x.things.Tags[i])
		}
	}
	return nil
}

// readCauses reads the events, and the definitions that the runs follow.
func (x *execution) readCauses(runs []models.AutomationRun) error {
	var ids []uuid.UUID
	var automations []int64
	for _, r := range runs {
		ids, automations = append(ids, r.EventID), append(automations, r.AutomationID)
	}
	var events []models.AutomationEvent
	if err := x.tx.Where("workspace_id = ? AND id IN ?", x.workspace.ID, ids).Find(&events).Error; err != nil {
		return models.In("read the events", err)
	}
	x.events = map[uuid.UUID]models.AutomationEvent{}
	for _, e := range events {
		x.events[e.ID] = e
	}
	var rows []models.Automation
	if err := x.tx.Select("id, name").Where("workspace_id = ? AND id IN ? AND deleted_at IS NULL", x.workspace.ID, automations).Find(&rows).Error; err != nil {
		return models.In("read the automations", err)
	}
	x.names = map[int64]string{}
	for _, a := range rows {
		x.names[a.ID] = a.Name
	}
	for _, r := range runs {
		key := revisionKey{r.AutomationID, r.Revision}
		if _, known := x.definitions[key]; known {
			continue
		}
		v, err := store.First[models.AutomationVersion](x.tx.Where("workspace_id = ? AND automation_id = ? AND revision = ?", x.workspace.ID, r.AutomationID, r.Revision))
		if err != nil {
			return models.In("read a definition", err)
		}
		x.definitions[key] = stored(v.Definition)
	}
	return nil
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
	run.Tries = 0
	for run.State.Open() {
		if run.Step > len(d.Steps) {
			end(run, models.RunDone, "", x.now)
			return nil
		}
		if err := x.step(run, d, event); err != nil {
			return err
		}
		if run.DueAt.After(x.now) {
			return nil
		}
	}
	return nil
}

// step does the next step of a run.
func (x *execution) step(run *models.AutomationRun, d Definition, event models.AutomationEvent) error {
	if run.Step == 0 {
		x.ask(run, 0, d.Rule)
		return nil
	}
	s := d.Steps[run.Step-1]
	switch {
	case s.Type == StepWait:
		x.wait(run, s)
	case s.Type == StepOnlyIf:
		x.ask(run, s.ID, s.Rule)
	case s.Type == StepCall:
		x.call(run, s, event)
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

// ask asks a rule whether the run goes on. No rule says yes.
func (x *execution) ask(run *models.AutomationRun, step int64, r *Rule) {
	p := x.people[run.ContactID]
	if r == nil || len(r.Filters) == 0 {
		x.tell(run, step, ResultDone, Told{Words: "Started."})
		return
	}
	if p == nil {
		x.tell(run, step, ResultStopped, Told{Words: "There is no contact to look at."})
		run.Step-- // it ends here
		end(run, models.RunStopped, "There is no contact for its condition to look at.", x.now)
		return
	}
	why, err := x.explain(r.Group, p)
	if err != nil {
		x.fail(run, step, "Its condition cannot be asked: "+err.Error())
		return
	}
	if why.Matched {
		x.tell(run, step, ResultDone, Told{Words: "The contact meets the condition.", Why: &why})
		return
	}
	x.tell(run, step, ResultStopped, Told{Words: "The contact does not meet the condition.", Why: &why})
	run.Step-- // it ends here
	reason := "The contact did not meet the condition of step " + strconv.Itoa(run.Step) + "."
	if step == 0 {
		reason = "The contact did not meet the condition at the start."
	}
	end(run, models.RunStopped, reason, x.now)
}

// explain evaluates a rule for a contact as it is now. The error is a sentence.
func (x *execution) explain(g rule.Group, p *person) (rule.Explanation, error) {
	matcher, err := rule.Compile(g, x.things.Schema)
	if err != nil {
		return rule.Explanation{}, err
	}
	subject := rule.SubjectOf(p.Contact, p.ids())
	if len(g.Segments()) > 0 {
		places, err := segments.PlacesIn(x.tx, p.WorkspaceID, p.ID)
		if err != nil {
			return rule.Explanation{}, err
		}
		subject.In = func(segment int64) bool {
			return slices.ContainsFunc(places, func(at segments.Place) bool { return at.ID == segment && at.In })
		}
	}
	return matcher.Explain(&subject, x.things.At(x.now)), nil
}

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
	for i, s := range steps {
		same := func(t models.RunStep) bool { return t.RunID == s.RunID && t.Number == s.Number }
		if !slices.ContainsFunc(steps[i+1:], same) {
			rows = append(rows, s)
		}
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
