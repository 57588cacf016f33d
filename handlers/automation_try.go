package handlers

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"
	"strconv"

	"campaignlark/automations"
	"campaignlark/models"
	"campaignlark/models/store"
	"campaignlark/views"
)

// tryAutomation says what the automation would do for the contact that the form names by its address or a part of it, or by its id after "try-".
func (v *visit) tryAutomation(f automationForm) (m views.TryModel, err error) {
	c, err := v.triedContact(&m, f)
	if err != nil || m.Fault != "" || len(m.Matches) > 0 {
		return m, err
	}
	var tags []models.Tag
	if c != nil {
		if tags, err = v.server.DB.ContactTags(v.UserContext(), v.Workspace.ID, c.ID); err != nil {
			return m, models.In("automation: try: tags", err)
		}
		m.Typed = models.ShowEmail(c.Email)
	}
	about, _ := strconv.ParseInt(v.Form("about"), 10, 64) // anything else is the first webhook
	a := f.automation.Automation
	a.WorkspaceID, a.Name = v.Workspace.ID, f.name
	trial, err := v.automations().Try(v.UserContext(), f.things, a, f.definition, c, tags, about)
	if err != nil {
		return m, models.In("automation: try", err)
	}
	m.Assumed, m.Note, m.Contact = words(trial.Assumed), trial.Note, m.Typed
	if c == nil {
		m.Contact = ""
	}
	for i, t := range trial.Steps {
		m.Steps = append(m.Steps, v.triedStep(t, i, trial.Note != ""))
	}
	return m, nil
}

// triedContact returns the contact to try it with, or nil if what starts the automation is about no contact. If several match what was typed, it
// lists them.
func (v *visit) triedContact(m *views.TryModel, f automationForm) (*models.Contact, error) {
	m.Typed = models.TrimBlanks(cleanText(v.Form("who")))
	ctx, db := v.UserContext(), v.server.DB
	ofContact := len(f.definition.Triggers) > 0 && f.definition.OfContact()
	if id, err := strconv.ParseInt(f.at, 10, 64); err == nil && ofContact {
		c, err := store.First[models.Contact](db.Read(ctx).Where("workspace_id = ? AND id = ?", v.Workspace.ID, id))
		if errors.Is(err, models.ErrNotFound) {
			m.Fault = "This contact does not exist any more."
			return nil, nil
		}
		return &c, models.In("automation: try: contact", err)
	}
	switch {
	case !ofContact, m.Typed == "" && slices.ContainsFunc(f.definition.Triggers, func(t automations.Trigger) bool { return !t.Type.OfContact() }):
		return nil, nil
	case m.Typed == "":
		m.Fault = "Please type the address of a contact, or a part of it or of the name."
		return nil, nil
	}
	found, err := db.SearchContacts(ctx, v.Workspace.ID, m.Typed, mostFound+1)
	switch {
	case err != nil:
		return nil, models.In("automation: try: contacts", err)
	case len(found) == 0:
		m.Fault = "There is no contact with this in its address or name."
	case len(found) == 1:
		return &found[0], nil
	}
	if len(found) > mostFound {
		found, m.More = found[:mostFound], true
	}
	for _, c := range found {
		m.Matches = append(m.Matches, views.TryMatch{ID: c.ID, Email: models.ShowEmail(c.Email), Name: views.PersonName(c.Fields)})
	}
	return nil, nil
}

// triedStep describes what one step would do. only says that what starts the automation cannot happen now.
func (v *visit) triedStep(t automations.Tried, i int, only bool) views.TriedStep {
	step := views.TriedStep{Icon: "check", Kind: "good", Words: words(t.Words), Note: t.Note, Place: "tried-" + strconv.Itoa(i)}
	switch {
	case t.Begins && t.Good && only:
		step.Title = "If it happened, it would start"
	case t.Begins && t.Good:
		step.Title = "It would start"
	case t.Begins:
		step.Title = "It would not start"
	case !t.Good:
		step.Title = "It would end here: "
	case !t.Until.IsZero():
		step.Icon, step.Kind, step.Note = "clock", "dim", "until "+v.dated(t.Until, "Monday 2 January, 15:04")
	}
	if !t.Good {
		step.Icon, step.Kind = "cross", "bad"
	}
	if t.Why != nil {
		step.Why = v.whyOf(*t.Why)
	}
	var pretty bytes.Buffer
	if len(t.Message) > 0 && json.Indent(&pretty, t.Message, "", "  ") == nil {
		step.Message = views.Visible(pretty.String())
	}
	return step
}
