package handlers

import (
	"slices"
	"strconv"

	"campaignlark/automations"
	"campaignlark/models"
	"campaignlark/views"
)

// stepWords are the kinds of steps as the builder names them.
var stepWords = map[automations.StepType]string{
	automations.StepWait: "Wait", automations.StepOnlyIf: "Only if", automations.StepAddTag: "Add tag", automations.StepRemoveTag: "Take off tag",
	automations.StepSetField: "Set a field", automations.StepCall: "Call a destination", automations.StepTellTeam: "Tell the team",
}

// stepKinds lists the kinds of steps that can be chosen: those that send e-mail only if it is set up, and those about a contact only if what
// starts the automation is about one. It keeps chosen, the kind that a step has already.
func stepKinds(mail, contact bool, chosen automations.StepType) (options []views.Option) {
	for _, t := range automations.StepTypes {
		if t == chosen || (mail || t != automations.StepTellTeam) && (contact || !t.NeedsContact()) {
			options = append(options, views.Option{Value: string(t), Label: stepWords[t]})
		}
	}
	return options
}

// stepRow shows a step with the controls of its kind.
func (v *visit) stepRow(i int, s automations.Step, f automationForm) views.StepRow {
	place, extra := placed(placeStep, i), f.steps[i]
	row := views.StepRow{Place: place, Number: i + 1, ID: strconv.FormatInt(s.ID, 10), What: string(s.Type), Whats: stepKinds(f.things.Mail, f.definition.OfContact(), s.Type),
		Until: s.Until, Empty: extra.empty, NewTag: extra.newTag}
	switch s.Type {
	case automations.StepWait:
		amount, unit := s.Wait()
		if row.Unit = unit; amount > 0 {
			row.Amount = strconv.Itoa(amount)
		}
		if extra.amount != "" {
			row.Amount, row.Unit = extra.amount, v.Form(place+".unit")
		}
		for _, u := range automations.Units {
			row.Units = append(row.Units, views.Option{Value: u.Name, Label: u.Name + "s"})
		}
	case automations.StepAddTag, automations.StepRemoveTag:
		choose(&row, f.things, "tag", s.TagID, optionsOf(f.things.Tags, func(x models.Tag) (int64, string) { return x.ID, x.Name }))
		row.MakesTag = true
	case automations.StepSetField:
		choose(&row, f.things, "merge tag", s.FieldID, optionsOf(f.things.MergeTags, func(x models.MergeTag) (int64, string) { return x.ID, x.Label }))
		if s.FieldID == 0 {
			row.Make, row.MakeHref = "Create a merge tag", v.path("merge-tags", "new")
		}
		if i := slices.IndexFunc(f.things.MergeTags, func(m models.MergeTag) bool { return m.ID == s.FieldID }); i >= 0 {
			row.Value = valueInput(place+".value", f.things.MergeTags[i], s.Value)
		}
	case automations.StepCall:
		choose(&row, f.things, "destination", s.DestinationID, optionsOf(f.things.Destinations, func(x models.Destination) (int64, string) { return x.ID, x.Name }))
		row.Make, row.MakeHref = "Create a destination", v.path("destinations", "new")
		if !v.Role.Includes(models.RoleAdmin) {
			row.Make, row.MakeHref = "Destinations", v.path("destinations")
		}
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

// choose gives a step the list of things from which one is chosen. It shows a chosen thing that was deleted, so that the form does not choose
// another one silently.
func choose(row *views.StepRow, things automations.Things, kind string, chosen int64, options []views.Option) {
	row.NoChoice, row.Choice = "There is no "+kind+" yet.", strconv.FormatInt(chosen, 10)
	if _, gone := things.Lost(kind, chosen); gone {
		options = append(options, views.Option{Value: row.Choice, Label: goneLabel(things, kind, chosen)})
	}
	if row.Choices = options; len(options) > 0 && chosen == 0 {
		row.Choices = append([]views.Option{{Value: "", Label: "Choose…"}}, options...)
	}
}

// valueInput is the control for the value of a merge tag: that of the contact form.
func valueInput(name string, t models.MergeTag, value string) *views.ContactInput {
	t = withStored(t, value)
	input := inputFor(name, t, storedTexts(t, value))
	if input.Kind == views.InputSelect {
		input.Options[0].Label = "Choose…"
	}
	return &input
}
