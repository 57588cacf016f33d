package handlers

import (
	"slices"
	"strconv"

	"campaignlark/automations"
	"campaignlark/models"
	"campaignlark/views"
)

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
