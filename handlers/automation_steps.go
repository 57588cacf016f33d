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
