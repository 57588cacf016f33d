package automations

import (
	"strconv"

	"campaignlark/models"
)

// Words describes a step.
func (s Step) Words(things Things) []Part {
	switch s.Type {
	case StepWait:
		return s.waitWords()
	case StepOnlyIf:
		if s.Rule == nil {
			return []Part{plain("go on only for "), value("…")}
		}
		return append([]Part{plain("go on only for ")}, ruleWords(s.Rule, things)...)
	case StepAddTag:
		return append([]Part{plain("add ")}, things.listed("tag", []int64{s.TagID})...)
	case StepRemoveTag:
		return append([]Part{plain("take off ")}, things.listed("tag", []int64{s.TagID})...)
	case StepSetField:
		field := things.name("merge tag", s.FieldID)
		if s.Unset || s.FieldID == 0 && models.IsBlank(s.Value) {
			return []Part{plain("set "), field, plain(" to "), value("…")}
		}
		if models.IsBlank(s.Value) {
			return []Part{plain("empty "), field}
		}
		return []Part{plain("set "), field, plain(" to "), value(models.Shorten(s.shownValue(things), 80))}
	case StepCall:
		return []Part{plain("call "), things.name("destination", s.DestinationID)}
	case StepTellTeam:
		return append(append([]Part{plain("tell ")}, s.toldWords(things)...), plain(" by e-mail"))
	}
	return []Part{value("…")}
}

func (s Step) waitWords() []Part {
	parts := []Part{plain("wait ")}
	amount, unit := s.Wait()
	switch {
	case s.Minutes > 0:
		parts = append(parts, value(strconv.Itoa(amount)+" "+plural(amount, unit)))
		if s.Until != "" {
			parts = append(parts, plain(", then until "), value(s.Until))
		}
	case s.Until != "":
		parts = append(parts, plain("until "), value(s.Until))
	default:
		parts = append(parts, value("…"))
	}
	return parts
}

func plural(n int, unit string) string {
	if n == 1 {
		return unit
	}
	return unit + "s"
}

// shownValue is the value of a step that sets a field, as pages show it, or as it was given if it does not fit.
func (s Step) shownValue(things Things) string {
	for _, m := range things.MergeTags {
		if m.ID != s.FieldID {
			continue
		}
		if stored, err := m.Read(models.Text(s.Value), things.Location); err == nil {
			return m.Show(stored, things.Location)
		}
	}
	return s.Value
}
