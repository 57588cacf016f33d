package handlers

import (
	"strconv"
	"strings"

	"campaignlark/automations"
	"campaignlark/jobs"
	"campaignlark/models"
	"campaignlark/models/store"
	"campaignlark/views"
)

// mayStart lists the automations that a change by a person may start, for the question about it.
func (v *visit) mayStart(c automations.Change) (all []views.MayStart, err error) {
	if !v.listensTo(c) { // the usual case costs no query
		return nil, nil
	}
	may, err := v.automations().StartedByHand(v.UserContext(), v.Workspace, c)
	for _, a := range may {
		all = append(all, views.MayStart{Named: views.Named{ID: a.ID, Name: a.Name}, Most: a.Most})
	}
	return all, models.In("automations that it may start", err)
}

// listensTo reports whether an automation listens for an event of a change by a person.
func (v *visit) listensTo(c automations.Change) bool {
	for event, n := range c.Events {
		if n > 0 && v.Workspace.Listens.Has(event, true) {
			return true
		}
	}
	return false
}

// changeOf returns a change of n contacts with the same events. Contacts that change may also move between segments.
func changeOf(n int64, events ...models.EventType) automations.Change {
	c := automations.Change{Contacts: n, Events: map[models.EventType]int64{models.EventSegmentEntered: n, models.EventSegmentLeft: n}}
	for _, e := range events {
		c.Events[e] = n
	}
	return c
}

// importChange returns what an import with this result does, or would do.
func importChange(spec jobs.ImportSpec, r jobs.ImportResult) automations.Change {
	all := r.Created + r.Updated
	c := changeOf(all)
	c.Events[models.EventCreated], c.Events[models.EventUpdated] = r.Created, r.Updated
	c.Events[models.EventOfStatus(spec.Status)] = r.Created
	if spec.Resubscribe {
		c.Events[models.EventOfStatus(spec.Status)] = all
	}
	c.Tags, c.Fields = append([]int64{}, spec.Tags...), []int64{}
	for _, column := range spec.Columns {
		switch {
		case column.To == jobs.ColumnStatus:
			for _, status := range models.Statuses {
				c.Events[models.EventOfStatus(status)] = all
			}
		case column.To == jobs.ColumnTags:
			c.Tags = nil
		case column.MergeTag() != 0:
			c.Fields = append(c.Fields, column.MergeTag())
		}
	}
	if c.Tags == nil || len(c.Tags) > 0 {
		c.Events[models.EventTagAdded] = all
	}
	return c
}

// bulkChange returns what a bulk action does to n contacts.
func bulkChange(b models.Bulk, n int64) automations.Change {
	switch b.Action {
	case models.BulkAddTag:
		c := changeOf(n, models.EventTagAdded)
		c.Tags = []int64{b.Tag}
		return c
	case models.BulkRemoveTag:
		c := changeOf(n, models.EventTagRemoved)
		c.Tags = []int64{b.Tag}
		return c
	case models.BulkStatus:
		return changeOf(n, models.EventOfStatus(b.Status))
	}
	return automations.Change{Contacts: n, Events: map[models.EventType]int64{models.EventDeleted: n}}
}

// begunBy lists the runs that a job has started so far.
func (v *visit) begunBy(j models.Job) ([]automations.Begun, error) {
	switch j.Kind {
	case models.JobImport, models.JobBulk, models.JobFill, models.JobUndo:
	default:
		return nil, nil
	}
	return v.automations().BegunBy(v.UserContext(), j.WorkspaceID, j.ID)
}

// begunHref is the address of the runs of an automation that a job started, "" if the automation was deleted.
func (v *visit) begunHref(j models.Job, b automations.Begun) string {
	if b.Deleted {
		return ""
	}
	return v.path("automations", b.AutomationID) + "?job=" + strconv.FormatInt(j.ID, 10) + "#runs"
}

// begunFacts says on the page of a job which automations it has started.
func (v *visit) begunFacts(j models.Job) (facts []views.JobFact, err error) {
	all, err := v.begunBy(j)
	for _, b := range all {
		fact := views.JobFact{Label: "Started " + b.Name, Value: views.PluralUpTo(b.Runs, automations.MostRuns, "time", "times"), Href: v.begunHref(j, b)}
		if b.Deleted {
			fact.Label += " (deleted)"
		}
		facts = append(facts, fact)
	}
	return facts, err
}

// begun is begunBy for the pages of an import.
func (v *visit) begun(j models.Job) (all []views.Begun, err error) {
	runs, err := v.begunBy(j)
	for _, b := range runs {
		all = append(all, views.Begun{Named: views.Named{ID: b.AutomationID, Name: b.Name}, Runs: b.Runs, Open: b.Open, Arrived: b.Arrived, Waiting: b.Waiting, Deleted: b.Deleted, Href: v.begunHref(j, b),
			Times: views.PluralUpTo(b.Runs, automations.MostRuns, "time", "times")})
	}
	return all, err
}

// erasedOutgoing says what an erasure does to runs and messages about a contact, and what it does not reach.
func erasedOutgoing(o store.ContactOutgoing) (said []string) {
	if o.Runs > 0 {
		said = append(said, views.PluralUpTo(o.Runs, models.ExactCount, "run of an automation goes on for this contact. It ends.", "runs of automations go on for this contact. They end."))
	}
	if o.Waiting > 0 {
		said = append(said, views.PluralUpTo(o.Waiting, models.ExactCount, "message about the contact waits. It is not sent.", "messages about the contact wait. They are not sent."))
	}
	if len(o.Sent) > 0 {
		said = append(said, "Messages about the contact have arrived at these destinations: "+strings.Join(o.Sent, ", ")+". They stay there. Ask the people who run these systems to erase the person too.")
	}
	return said
}
