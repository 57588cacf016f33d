package automations

import (
	"campaignlark/models"
)

// Starts returns which of the automations a definition can start by what it does, each with the step that does it. Those that need a repair
// start nothing.
func (d Definition) Starts(others []Listed, things Things) (all []Started) {
	fields := things.fieldKeys()
	for _, s := range d.Steps {
		e, ok := s.event(things)
		for _, o := range others {
			if ok && o.Enabled && o.Definition.StartedBy(e, fields) && len(o.Definition.Check(things)) == 0 {
				all = append(all, Started{Step: s, Other: o})
			}
		}
	}
	return all
}

// StartsItself reports whether the change of a step would start a definition, if changes by an automation itself did.
func (d Definition) StartsItself(s Step, things Things) bool {
	e, ok := s.event(things)
	return ok && d.StartedBy(e, things.fieldKeys())
}

// event returns the event that a step fires. It returns false if it fires none, or if what it uses is not chosen or was deleted.
func (s Step) event(things Things) (e models.AutomationEvent, ok bool) {
	chosen := func(kind string, id int64) bool {
		_, gone := things.Lost(kind, id)
		return id != 0 && !gone
	}
	switch s.Type {
	case StepAddTag:
		e.Type, e.SubjectID = models.EventTagAdded, s.TagID
		return e, chosen("tag", s.TagID)
	case StepRemoveTag:
		e.Type, e.SubjectID = models.EventTagRemoved, s.TagID
		return e, chosen("tag", s.TagID)
	case StepSetField:
		e.Type, e.Fields = models.EventUpdated, things.fieldKeys()[s.FieldID]
		return e, chosen("merge tag", s.FieldID)
	}
	return e, false
}

// fieldKeys returns the keys of the merge tags by their ids.
func (t Things) fieldKeys() map[int64]string {
	keys := map[int64]string{}
	for _, m := range t.MergeTags {
		keys[m.ID] = m.Key
	}
	return keys
}

// Started is an automation that a step starts.
type Started struct {
	Step  Step
	Other Listed
}
