package handlers

import (
	"errors"
	"slices"
	"strconv"

	"campaignlark"
	"campaignlark/automations"
	"campaignlark/models"
	"campaignlark/models/store"
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
	case "segment":
		d.Triggers[0].Type = models.EventSegmentEntered
		d.Steps = []automations.Step{newStep(automations.StepAddTag)}
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
	things, err := v.automations().ThingsOf(v.UserContext(), v.Workspace)
	if err != nil {
		return models.In("automation form: what it can use", err)
	}
	f := automationForm{automationInput: &automationInput{name: name, definition: d}, automation: a, things: things, errs: models.FieldErrors{}}
	if a.ID != 0 {
		f.edit = v.editAutomation(f).state("automation", nil)
		f.errs = f.faults(things) // shows why it needs a repair
	}
	return v.showAutomationForm(f)
}

// editAutomation compares the posted form with the automation. Two definitions cannot be merged, so the definition is one field.
func (v *visit) editAutomation(f automationForm) editForm {
	return v.edit(editField{name: "name", label: "Name", stored: []string{f.automation.Name}, posted: []string{f.name}},
		editField{name: "definition", label: "What it does", stored: []string{digest(f.automation.Definition.String())}, posted: []string{digest(f.definition.String())}, said: "What it does was changed."})
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
	things, err := v.automations().ThingsOf(v.UserContext(), v.Workspace)
	if err != nil {
		return models.In("automation form: what it can use", err)
	}
	f := automationForm{automationInput: v.automationInput(things), things: things, errs: models.FieldErrors{}}
	f.edit = views.EditState{What: "automation", Deleted: true, List: v.path("automations")}
	return v.showAutomationForm(f)
}

// postAutomationForm runs the form's button, for the automation a or a new one.
func (v *visit) postAutomationForm(a automations.Listed, save func(automationForm) (models.Automation, error)) error {
	things, err := v.automations().ThingsOf(v.UserContext(), v.Workspace)
	if err != nil {
		return models.In("automation form: what it can use", err)
	}
	f := automationForm{automationInput: v.automationInput(things), automation: a, things: things, errs: models.FieldErrors{}}
	f.edit.Filled = v.Form("filled")
	if f.broken == "" && f.onlyShows() {
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
			f.definition, f.broken = a.Definition, ""
		}
		f.edit = e.state("automation", nil)
		f.refused = e.clashes() && !v.refill
	}
	if v.refill || f.refused {
		return v.showAutomationForm(f)
	}
	if f.errs = f.faults(things); f.errs.Any() {
		f.refused = true
		return v.showAutomationForm(f)
	}
	saved, err := save(f)
	if err != nil {
		return models.In("automation form: store", err)
	}
	return v.done(v.path("automations", saved.ID), savedAutomation(a.ID == 0, saved.Enabled), f.name)
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

// tryAutomation says what the automation would do for the contact that the form names.
func (v *visit) tryAutomation(f automationForm) (views.TryModel, error) {
	m := views.TryModel{Email: v.Form("who")}
	address, err := models.ReadEmail(m.Email)
	if err != nil {
		m.Fault = "Please type the address of a contact."
		return m, nil
	}
	ctx, db := v.UserContext(), v.server.DB
	c, err := store.First[models.Contact](db.Read(ctx).Where("workspace_id = ? AND email = ?", v.Workspace.ID, address))
	if errors.Is(err, models.ErrNotFound) {
		m.Fault = "There is no contact with this address."
		return m, nil
	}
	if err != nil {
		return m, models.In("automation: try: contact", err)
	}
	tags, err := db.ContactTags(ctx, v.Workspace.ID, c.ID)
	if err != nil {
		return m, models.In("automation: try: tags", err)
	}
	tried, err := v.automations().Try(ctx, f.things, f.definition, c, tags)
	if err != nil {
		return m, models.In("automation: try", err)
	}
	for _, t := range tried {
		m.Steps = append(m.Steps, v.triedStep(t))
	}
	return m, nil
}

func (v *visit) triedStep(t automations.Tried) views.TriedStep {
	step := views.TriedStep{Icon: "check", Kind: "good", Words: words(t.Words), Note: t.Note}
	switch {
	case t.Begins && t.Good:
		step.Title = "It would start"
	case t.Begins:
		step.Title = "It would not start"
	case !t.Good:
		step.Title = "It would end here: "
	case !t.Until.IsZero():
		step.Icon, step.Kind, step.Note = "clock", "dim", "until "+t.Until.In(v.Workspace.Location()).Format("Monday 2 January, 15:04")
	}
	if !t.Good {
		step.Icon, step.Kind = "cross", "bad"
	}
	if t.Why != nil {
		step.Why = v.whyOf(*t.Why)
	}
	return step
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
	if f.broken == "" {
		m.Words = words(f.definition.Sentence(f.things))
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

// automationParts shows the triggers, the rule and the steps with their controls.
func (v *visit) automationParts(m *views.AutomationFormModel, f automationForm) error {
	triggers := oneEach(f.definition.Triggers)
	if len(triggers) == 0 { // one to choose
		triggers = []automations.Trigger{{}}
	}
	for _, t := range triggers {
		m.Triggers = append(m.Triggers, triggerRow(placed(placeWhen, len(m.Triggers)), t, f.things))
	}
	var err error
	if f.definition.Rule != nil {
		if m.Rule, err = v.ruleAt(placeRule, f, f.definition.Rule); err != nil {
			return err
		}
	}
	for i, s := range f.definition.Steps {
		row := stepRow(i, s, f)
		row.Zone = v.Workspace.TimeZone
		row.First, row.Last = i == 0, i == len(f.definition.Steps)-1
		if s.Rule != nil {
			if row.Rule, err = v.ruleAt(ruleOfStep(i), f, s.Rule); err != nil {
				return err
			}
		} else if s.Type == automations.StepOnlyIf {
			row.Rule = &views.RuleGroup{Place: ruleOfStep(i)}
		}
		m.Steps = append(m.Steps, row)
	}
	m.Full = len(f.definition.Steps) >= automations.MaxSteps
	m.Next = v.Form("next")
	m.Kinds = stepKinds(f.things.Mail)
	if !f.things.Mail {
		m.NoMail = automations.NoMail
	}
	return nil
}

// ruleAt shows a rule with the controls of the builder of segments, at a place.
func (v *visit) ruleAt(place string, f automationForm, r *automations.Rule) (*views.RuleGroup, error) {
	part := segmentForm{schema: f.things.Schema}
	if read := f.rules[place]; read != nil {
		part.segmentInput = *read
	}
	group := part.group(r.Group, f.things.Schema, place, 1)
	return &group, v.suggestValues(group, r.Group, f.things.Schema)
}

// oneEach turns a trigger that names several things into one for each.
func oneEach(all []automations.Trigger) (each []automations.Trigger) {
	for _, t := range all {
		n := len(each)
		for _, id := range t.WebhookIDs {
			each = append(each, automations.Trigger{Type: t.Type, WebhookIDs: []int64{id}})
		}
		for _, id := range t.TagIDs {
			each = append(each, automations.Trigger{Type: t.Type, TagIDs: []int64{id}})
		}
		for _, id := range t.SegmentIDs {
			each = append(each, automations.Trigger{Type: t.Type, SegmentIDs: []int64{id}})
		}
		for _, id := range t.FieldIDs {
			each = append(each, automations.Trigger{Type: t.Type, FieldIDs: []int64{id}})
		}
		if len(each) == n {
			each = append(each, t)
		}
	}
	return each
}

func triggerRow(place string, t automations.Trigger, things automations.Things) views.TriggerRow {
	row := views.TriggerRow{Place: place, What: string(t.Type), Whats: triggerKinds(), Link: "through", Ofs: []views.Option{{Value: "", Label: "any webhook"}}}
	ids := t.WebhookIDs
	switch kindOfTrigger(t.Type) {
	case ofTag:
		ids, row.Link, row.Ofs = t.TagIDs, "namely", []views.Option{{Value: "", Label: "any tag"}}
		row.Ofs = append(row.Ofs, optionsOf(things.Tags, func(x models.Tag) (int64, string) { return x.ID, x.Name })...)
	case ofSegment:
		ids, row.Link, row.Ofs = t.SegmentIDs, "namely", []views.Option{{Value: "", Label: "any segment"}}
		row.Ofs = append(row.Ofs, optionsOf(things.ByName(), func(x models.Segment) (int64, string) { return x.ID, x.Name })...)
	case ofField:
		ids, row.Link, row.Ofs = t.FieldIDs, "in", []views.Option{{Value: "", Label: "any field"}}
		row.Ofs = append(row.Ofs, optionsOf(things.MergeTags, func(x models.MergeTag) (int64, string) { return x.ID, x.Label })...)
	default:
		if !t.Type.OfContact() {
			row.Link = "namely"
		}
		live := slices.DeleteFunc(slices.Clone(things.Webhooks), func(w models.Webhook) bool { return w.DeletedAt != nil })
		row.Ofs = append(row.Ofs, optionsOf(live, func(x models.Webhook) (int64, string) { return x.ID, x.Name })...)
	}
	if len(ids) > 0 {
		row.Of = strconv.FormatInt(ids[0], 10)
		row.Ofs = withGone(row.Ofs, row.Of)
	}
	return row
}

func optionsOf[T any](all []T, of func(T) (int64, string)) (options []views.Option) {
	for _, one := range all {
		id, name := of(one)
		options = append(options, views.Option{Value: strconv.FormatInt(id, 10), Label: name})
	}
	return options
}

// withGone adds a chosen value that does not exist any more, so that the form does not choose another one silently.
func withGone(options []views.Option, chosen string) []views.Option {
	if chosen == "0" || slices.ContainsFunc(options, func(o views.Option) bool { return o.Value == chosen }) {
		return options
	}
	return append(options, views.Option{Value: chosen, Label: "deleted"})
}

// triggerKinds lists what can start an automation.
func triggerKinds() []views.OptionGroup {
	groups := []views.OptionGroup{{Label: "A contact"}, {Label: "A webhook"}}
	for _, t := range models.EventTypes {
		i := 0
		if !t.OfContact() {
			i = 1
		}
		groups[i].Options = append(groups[i].Options, views.Option{Value: string(t), Label: automations.What(t)})
	}
	return groups
}

// stepWords are the kinds of steps as the builder names them.
var stepWords = map[automations.StepType]string{
	automations.StepWait: "Wait", automations.StepOnlyIf: "Only if", automations.StepAddTag: "Add tag", automations.StepRemoveTag: "Remove tag",
	automations.StepSetField: "Set a field", automations.StepCall: "Call a destination", automations.StepTellTeam: "Tell the team",
}

// stepKinds lists the kinds of steps. mail says whether those that send e-mail can be chosen.
func stepKinds(mail bool) (options []views.Option) {
	for _, t := range automations.StepTypes {
		if mail || t != automations.StepTellTeam {
			options = append(options, views.Option{Value: string(t), Label: stepWords[t]})
		}
	}
	return options
}

func stepRow(i int, s automations.Step, f automationForm) views.StepRow {
	place := placed(placeStep, i)
	row := views.StepRow{Place: place, Number: i + 1, ID: strconv.FormatInt(s.ID, 10), What: string(s.Type), Whats: stepKinds(f.things.Mail || s.Type == automations.StepTellTeam), Until: s.Until, Value: s.Value}
	switch s.Type {
	case automations.StepWait:
		amount, unit := s.Wait()
		row.Unit = unit
		if amount > 0 {
			row.Amount = strconv.Itoa(amount)
		}
		if text, wrong := f.texts[place+".amount"]; wrong {
			row.Amount = text
		}
		for _, u := range automations.Units {
			row.Units = append(row.Units, views.Option{Value: u.Name, Label: u.Name + "s"})
		}
	case automations.StepAddTag, automations.StepRemoveTag:
		choose(&row, s.TagID, optionsOf(f.things.Tags, func(x models.Tag) (int64, string) { return x.ID, x.Name }), "There is no tag yet.")
	case automations.StepSetField:
		choose(&row, s.FieldID, optionsOf(f.things.MergeTags, func(x models.MergeTag) (int64, string) { return x.ID, x.Label }), "There is no merge tag yet.")
	case automations.StepCall:
		choose(&row, s.DestinationID, optionsOf(f.things.Destinations, func(x models.Destination) (int64, string) { return x.ID, x.Name }), "There is no destination yet.")
	case automations.StepTellTeam:
		for _, m := range f.things.Members {
			name := automations.MemberName(m)
			if m.Name != "" {
				name += ", " + models.ShowEmail(m.Email)
			}
			row.Members = append(row.Members, views.Option{Value: strconv.FormatInt(m.UserID, 10), Label: name, Chosen: slices.Contains(s.UserIDs, m.UserID)})
		}
	}
	return row
}

// choose gives a step the list of things from which one is chosen.
func choose(row *views.StepRow, chosen int64, options []views.Option, none string) {
	row.NoChoice, row.Choice = none, strconv.FormatInt(chosen, 10)
	if row.Choices = withGone(options, row.Choice); len(row.Choices) > 0 && chosen == 0 {
		row.Choices = append([]views.Option{{Value: "", Label: "Choose…"}}, row.Choices...)
	}
}
