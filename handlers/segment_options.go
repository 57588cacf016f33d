package handlers

import (
	"cmp"
	"slices"
	"strconv"

	"campaignlark/models"
	"campaignlark/segments/rule"
	"campaignlark/views"
)

// whatOptions lists the possible subjects of a condition.
func whatOptions(schema rule.Schema) []views.OptionGroup {
	contact, fields := views.OptionGroup{Label: "Contact"}, views.OptionGroup{Label: "Merge tags"}
	for _, t := range rule.Types {
		if t != rule.TypeField {
			contact.Options = append(contact.Options, views.Option{Value: string(t), Label: t.Label()})
		}
	}
	for _, m := range byLabel(schema.MergeTags, func(m models.MergeTag) string { return m.Label }) {
		fields.Options = append(fields.Options, views.Option{Value: "field-" + strconv.FormatInt(m.ID, 10), Label: m.Label})
	}
	if len(fields.Options) == 0 {
		return []views.OptionGroup{contact}
	}
	return []views.OptionGroup{contact, fields}
}

// valueOptions lists the values to choose from. If there are none, none says what is missing.
func valueOptions(value rule.ValueKind, c rule.Condition, schema rule.Schema) (all []views.Option, none string) {
	switch value {
	case rule.ValueStatus:
		for _, s := range models.Statuses {
			all = append(all, views.Option{Value: string(s), Label: s.Name()})
		}
	case rule.ValueBoolean:
		all = []views.Option{{Value: "true", Label: "Yes"}, {Value: "false", Label: "No"}}
	case rule.ValueCountry:
		all = countryOptions()[1:] // without "Not set"
	case rule.ValueTag:
		for _, t := range byLabel(schema.Tags, func(t models.Tag) string { return t.Name }) {
			all = append(all, idOption(t.ID, t.Name))
		}
	case rule.ValueSegment:
		for _, g := range schema.ByName() {
			all = append(all, idOption(g.ID, g.Name))
		}
	case rule.ValueWebhook:
		for _, w := range byLabel(schema.Webhooks, func(w models.Webhook) string { return w.Name }) {
			if w.DeletedAt == nil {
				all = append(all, idOption(w.ID, w.Name))
			}
		}
	case rule.ValueChoice:
		for _, m := range schema.MergeTags {
			if m.ID == c.FieldID {
				all = choiceOptions(m.Options, nil)
			}
		}
	}
	return all, nothingToChoose[value]
}

// byLabel returns things in the order of their labels, without regard to case and accents.
func byLabel[T any](all []T, label func(T) string) []T {
	return slices.SortedStableFunc(slices.Values(all), func(a, b T) int {
		return cmp.Compare(models.SortKey(label(a)), models.SortKey(label(b)))
	})
}

var nothingToChoose = map[rule.ValueKind]string{
	rule.ValueTag: "There are no tags yet.", rule.ValueSegment: "There is no other segment yet.",
	rule.ValueWebhook: "There are no webhooks yet.", rule.ValueChoice: "This field has no choices.",
}

func idOption(id int64, name string) views.Option {
	return views.Option{Value: strconv.FormatInt(id, 10), Label: name}
}

// withChosen marks the chosen options. It adds chosen values that are no longer options, labelled by gone, so that saving the
// form does not replace them.
func withChosen(options []views.Option, values []string, gone func(value string) string) []views.Option {
	left := make(map[string]bool, len(values))
	for _, value := range values {
		left[value] = value != ""
	}
	for i := range options {
		options[i].Chosen = left[options[i].Value]
		left[options[i].Value] = false
	}
	for _, value := range values {
		if left[value] {
			options = append(options, views.Option{Value: value, Label: gone(value), Chosen: true})
			left[value] = false
		}
	}
	return options
}
