package automations

import "campaignlark/models"

// ChooseOnly chooses what steps have not chosen yet, if there is just one thing to choose from.
func (d *Definition) ChooseOnly(things Things) {
	for i := range d.Steps {
		s := &d.Steps[i]
		switch s.Type {
		case StepAddTag, StepRemoveTag:
			chooseOnly(&s.TagID, things.Tags, func(t models.Tag) int64 { return t.ID })
		case StepSetField:
			chooseOnly(&s.FieldID, things.MergeTags, func(m models.MergeTag) int64 { return m.ID })
		case StepCall:
			chooseOnly(&s.DestinationID, things.Destinations, func(d models.Destination) int64 { return d.ID })
		case StepTellTeam:
			if len(s.UserIDs) == 0 && len(things.Members) == 1 {
				s.UserIDs = []int64{things.Members[0].UserID}
			}
		}
	}
}

// chooseOnly sets chosen to the id of the only thing, if nothing is chosen.
func chooseOnly[T any](chosen *int64, all []T, id func(T) int64) {
	if *chosen == 0 && len(all) == 1 {
		*chosen = id(all[0])
	}
}
