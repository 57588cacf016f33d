package handlers

import (
	"errors"
	"slices"

	"campaignlark"
	"campaignlark/automations"
	"campaignlark/models"
	"campaignlark/views"

	"github.com/gofiber/fiber/v2"
)

// automationForm is the builder's form as shown.
type automationForm struct {
	*automationInput
	automation automations.Listed // the zero one for a new automation
	things     automations.Things
	errs       models.FieldErrors
	refused    bool
	edit       views.EditState
	try        views.TryModel
}

// automationNew shows the builder of a new automation. ?start= names what it begins with.
func (s *Server) automationNew(v *visit) error {
	d := automations.Definition{Triggers: []automations.Trigger{{Type: models.EventConfirmed}}}
	switch v.Query("start") {
	case "call":
		d.Steps = []automations.Step{newStep(automations.StepCall)}
	case "tag":
		d.Triggers[0].Type = models.EventCreated
		d.Steps = []automations.Step{newStep(automations.StepWait), newStep(automations.StepAddTag)}
	case "alarm":
		d.Triggers = []automations.Trigger{{Type: models.EventWebhookFailing}, {Type: models.EventWebhookSilent}}
		d.Steps = []automations.Step{{Type: automations.StepTellTeam, UserIDs: []int64{v.User.ID}}}
	}
	return v.openAutomationForm(automations.Listed{}, d, "")
}

// automationEdit shows the builder of an automation.
func (s *Server) automationEdit(v *visit) error {
	a, err := v.automation()
	if err != nil {
		return err
	}
	return v.openAutomationForm(a, a.Definition, a.Name)
}

func (v *visit) openAutomationForm(a automations.Listed, d automations.Definition, name string) error {
	things, err := v.automations().ThingsOf(v.UserContext(), v.Workspace, d)
	if err != nil {
		return models.In("automation form: what it can use", err)
	}
	f := automationForm{automationInput: inputOf(name, d), automation: a, things: things, errs: models.FieldErrors{}}
	if a.ID != 0 {
		f.edit = v.editAutomation(f).state("automation", nil)
		f.errs = f.faults(things) // shows why it needs a repair
	}
	if a.ID == 0 {
		f.definition.ChooseOnly(things)
	}
	return v.showAutomationForm(f)
}

// editAutomation compares the posted form with the automation. Two definitions cannot be merged, so the definition is one field.
func (v *visit) editAutomation(f automationForm) editForm {
	return v.edit(editField{name: "name", label: "Name", stored: []string{f.automation.Name}, posted: []string{f.name}},
		editField{name: "definition", label: "What it does", stored: []string{digest(f.automation.Definition.Sorted().String())}, posted: []string{digest(f.definition.Sorted().String())}, said: "What it does was changed."})
}

// automationCreate stores a new automation, or shows the builder again.
func (s *Server) automationCreate(v *visit) error {
	return v.postAutomationForm(automations.Listed{}, func(f automationForm) (models.Automation, error) {
		on := f.action == "save" && f.at == "on" || v.Form("enabled") == "1" || v.Form("enabled") == "on" || v.Form("enabled") == "true"
		return v.automations().Create(v.UserContext(), v.Workspace.ID, v.User.ID, f.name, f.definition, on)
	})
}

// automationUpdate stores an automation's name and definition, or shows the builder again.
func (s *Server) automationUpdate(v *visit) error {
	return untilSeen(func() error {
		a, err := v.automation()
		if errors.Is(err, models.ErrNotFound) {
			return v.automationIsGone()
		}
		if err != nil {
			return err
		}
		return v.postAutomationForm(a, func(f automationForm) (models.Automation, error) {
			return a.Automation, v.automations().Update(v.UserContext(), a.Automation, v.User.ID, f.name, f.definition)
		})
	})
}

// automationIsGone shows the builder of a new automation with the input for one that was deleted.
func (v *visit) automationIsGone() error {
	f, err := v.postedAutomation(automations.Listed{})
	if err != nil {
		return err
	}
	f.edit = views.EditState{What: "automation", Deleted: true, List: v.path("automations")}
	return v.showAutomationForm(f)
}

// postedAutomation reads the posted form for the automation a or a new one.
func (v *visit) postedAutomation(a automations.Listed) (automationForm, error) {
	ctx, store := v.UserContext(), v.automations()
	things, err := store.ThingsOf(ctx, v.Workspace)
	if err != nil {
		return automationForm{}, models.In("automation form: what it can use", err)
	}
	f := automationForm{automationInput: v.automationInput(things), automation: a, errs: models.FieldErrors{}}
	if f.action == "create" {
		if err := v.createIn(&f, &things); err != nil {
			return f, err
		}
	}
	err = store.NameDeleted(ctx, &things, v.Workspace.ID, f.definition)
	f.things = things
	return f, models.In("automation form", err)
}

// postAutomationForm runs the form's button, for the automation a or a new one.
func (v *visit) postAutomationForm(a automations.Listed, save func(automationForm) (models.Automation, error)) error {
	f, err := v.postedAutomation(a)
	if err != nil {
		return err
	}
	f.edit.Filled = v.Form("filled")
	if f.broken == "" && f.onlyShows() {
		f.definition.ChooseOnly(f.things)
		if f.action == "try" {
			if f.try, err = v.tryAutomation(f); err != nil {
				return err
			}
		}
		return v.showAutomationForm(f)
	}
	if a.ID != 0 {
		e := v.editAutomation(f)
		f.name = e.text("name")
		if !e.threeWay["definition"].touched() {
			f.automationInput = f.keeping(a.Definition)
		}
		f.edit = e.state("automation", nil)
		f.refused = e.clashes() && !v.refill
	}
	if v.refill || f.refused {
		return v.showAutomationForm(f)
	}
	if f.errs = f.faults(f.things); f.errs.Any() {
		f.refused = true
		return v.showAutomationForm(f)
	}
	saved, err := save(f)
	if errors.Is(err, automations.ErrNameTaken) {
		f.refused = true
		f.errs.Add("name", err.Error())
		return v.showAutomationForm(f)
	}
	if err != nil {
		return models.In("automation form: store", err)
	}
	return v.done(v.path("automations", saved.ID), savedAutomation(a.ID == 0, saved.Enabled), f.name)
}

// keeping returns the input with the stored definition, for a form that changed only something else. Faults of what was typed stay.
func (f automationForm) keeping(stored automations.Definition) *automationInput {
	if f.broken == "" && f.faulty() {
		return f.automationInput
	}
	in := inputOf(f.name, stored)
	in.action, in.at, in.focus = f.action, f.at, f.focus
	return in
}

// faulty reports whether something was typed that a definition cannot express.
func (in *automationInput) faulty() bool {
	return slices.ContainsFunc(in.steps, func(s stepInput) bool { return len(s.wrong) > 0 }) ||
		slices.ContainsFunc(in.triggers, func(t triggerInput) bool { return t.newWebhook != "" })
}

// savedAutomation returns the message after saving.
func savedAutomation(created, on bool) string {
	switch {
	case created && on:
		return "The automation %s was created. It is on."
	case created:
		return "The automation %s was created. It is off until you switch it on."
	}
	return "The automation %s is saved. Runs under way finish as they began."
}

// showAutomationForm sends the form: 422 if it was refused, 404 if its automation was deleted, 200 if only its rows changed.
func (v *visit) showAutomationForm(f automationForm) error {
	title, action := "Create automation", v.path("automations")
	crumbs := []views.Crumb{{Text: "Automations", Href: v.path("automations")}, {Text: title}}
	if f.automation.ID != 0 {
		title, action = "Edit automation", v.path("automations", f.automation.ID)
		crumbs = []views.Crumb{crumbs[0], {Text: f.automation.Name, Href: action}, {Text: "Edit"}}
	}
	p, err := v.page(views.SectionAutomations, title, crumbs...)
	if err != nil {
		return err
	}
	p.Failed = f.refused || f.edit.Deleted
	if f.edit.Changed {
		f.edit.Now = action
	}
	m := views.AutomationFormModel{Page: p, Action: action, ID: f.automation.ID, Name: f.name, Broken: f.broken, ByHand: f.definition.ByHand, Errors: f.errs,
		Refused: f.refused, Edit: f.edit, Focus: f.focus, Unsaved: f.action != "", Open: f.automation.Open, On: f.automation.Enabled, Try: f.try}
	if m.Try.Typed == "" {
		m.Try.Typed = v.Form("who")
	}
	m.Try.NoContact = !f.definition.OfContact()
	if f.broken == "" {
		m.Words = words(f.definition.SentenceByHand(f.things))
		m.Warnings = v.leadsTo(f.automation.ID, f.definition, f.things)
		if err := v.automationParts(&m, f); err != nil {
			return err
		}
	}
	status := fiber.StatusOK
	switch {
	case f.edit.Deleted:
		status = fiber.StatusNotFound
	case f.refused:
		status = fiber.StatusUnprocessableEntity
	case v.refill:
		status = v.refillStatus
	}
	return campaignlark.Render(v.Ctx, status, views.AutomationFormPage(m))
}
