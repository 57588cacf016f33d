package handlers

import (
	"slices"
	"strconv"

	"campaignlark/automations"
	"campaignlark/models"
	"campaignlark/views"
)

// triggerRow shows a trigger with what narrows it.
func triggerRow(place string, t automations.Trigger, things automations.Things) views.TriggerRow {
	row := views.TriggerRow{Place: place, What: string(t.Type), Whats: triggerKinds()}
	switch kindOfTrigger(t.Type) {
	case ofTag:
		row.Picks = append(row.Picks, narrow(place+".of", "", ofTag, t.TagIDs, optionsOf(things.Tags, func(x models.Tag) (int64, string) { return x.ID, x.Name }), things))
	case ofSegment:
		row.Picks = append(row.Picks, narrow(place+".of", "", ofSegment, t.SegmentIDs, optionsOf(things.ByName(), func(x models.Segment) (int64, string) { return x.ID, x.Name }), things))
		return row
	case ofField:
		row.Picks = append(row.Picks, narrow(place+".of", "in", ofField, t.FieldIDs, optionsOf(things.MergeTags, func(x models.MergeTag) (int64, string) { return x.ID, x.Label }), things))
	default:
		link := "through"
		if !t.Type.OfContact() {
			link = ""
		}
		row.Picks = append(row.Picks, narrow(place+".of", link, ofWebhook, t.WebhookIDs, liveWebhooks(things), things))
		return row
	}
	if len(t.WebhookIDs) > 0 { // of a definition that was sent
		row.Picks = append(row.Picks, narrow(place+".through", "through", ofWebhook, t.WebhookIDs, liveWebhooks(things), things))
	}
	return row
}

func liveWebhooks(things automations.Things) []views.Option {
	live := slices.DeleteFunc(slices.Clone(things.Webhooks), func(w models.Webhook) bool { return w.DeletedAt != nil })
	return optionsOf(live, func(x models.Webhook) (int64, string) { return x.ID, x.Name })
}

// narrow lists the things that can narrow a trigger. None chosen is any.
func narrow(name, link, kind string, chosen []int64, options []views.Option, things automations.Things) views.TriggerPick {
	pick := views.TriggerPick{Name: name, Link: link, Kind: kind, Options: options}
	if kind == ofField {
		pick.Kind = "field"
	}
	for _, id := range chosen {
		value := strconv.FormatInt(id, 10)
		i := slices.IndexFunc(options, func(o views.Option) bool { return o.Value == value })
		if i < 0 {
			pick.Options = append(pick.Options, views.Option{Value: value, Label: goneLabel(things, kind, id), Chosen: true})
			continue
		}
		pick.Options[i].Chosen = true
	}
	return pick
}

// goneLabel is the label of something that was deleted: "vip (deleted)".
func goneLabel(things automations.Things, kind string, id int64) string {
	if name, _ := things.Lost(kind, id); name != "" {
		return name + " (deleted)"
	}
	return "a deleted " + kind
}

func optionsOf[T any](all []T, of func(T) (int64, string)) (options []views.Option) {
	for _, one := range all {
		id, name := of(one)
		options = append(options, views.Option{Value: strconv.FormatInt(id, 10), Label: name})
	}
	return options
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
