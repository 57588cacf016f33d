package handlers

import (
	"errors"
	"strconv"
	"strings"

	"campaignlark/automations"
	"campaignlark/models"
	"campaignlark/views"
)

// Things that are created inside the builder, so that what was typed stays.

// createIn creates the tag of a step or the webhook of a trigger that the form names, and chooses it.
func (v *visit) createIn(f *automationForm, things *automations.Things) error {
	what, number, _ := strings.Cut(f.at, ".")
	i, err := strconv.Atoi(number)
	switch {
	case err != nil || i < 0:
		return nil
	case what == placeStep && i < len(f.steps):
		return v.createTagOf(f, i, things)
	case what == placeWhen && i < len(f.triggers):
		return v.createWebhookOf(f, i, things)
	}
	return nil
}

// createTagOf creates the tag that is typed at the step i, and chooses it.
func (v *visit) createTagOf(f *automationForm, i int, things *automations.Things) error {
	step, at := &f.steps[i], placed(placeStep, i)+".new"
	if step.newTag == "" {
		f.errs.Add(at, "Please type the name of the new tag.")
		return nil
	}
	tags, errs, err := v.server.DB.ResolveTagNames(v.UserContext(), v.Workspace.ID, v.User.ID, []string{step.newTag}, v.server.now())
	if err != nil {
		return models.In("automation form: create a tag", err)
	}
	for _, fault := range errs {
		f.errs.Add(at, fault)
	}
	if errs.Any() || len(tags) != 1 {
		return nil
	}
	f.definition.Steps[i].TagID, step.newTag, f.focus = tags[0].ID, "", placed(placeStep, i)+".of"
	*things, err = v.automations().ThingsOf(v.UserContext(), v.Workspace)
	return models.In("automation form: what it can use", err)
}

// createWebhookOf creates the webhook that is typed at the trigger i, and ticks it.
func (v *visit) createWebhookOf(f *automationForm, i int, things *automations.Things) error {
	typed, place := &f.triggers[i], placed(placeWhen, i)
	form := models.WebhookForm{Name: typed.newWebhook, Type: typed.newType}
	faults := form.Validate()
	if faults.Any() {
		f.errs.Add(place+".new", faults["name"])
		f.errs.Add(place+".type.new", faults["type"])
		return nil
	}
	w, _, err := v.server.DB.CreateWebhook(v.UserContext(), v.Workspace.ID, v.User.ID, form, v.server.now())
	if fault := (*models.Error)(nil); errors.As(err, &fault) && fault.Code == models.CodeConflict { // there are too many
		f.errs.Add(place+".new", fault.Message)
		return nil
	} else if err != nil {
		return models.In("automation form: create a webhook", err)
	}
	ids := &f.definition.Triggers[i].WebhookIDs
	*ids = append(*ids, w.ID)
	*typed, f.focus = triggerInput{made: w.ID}, place+".of"
	*things, err = v.automations().ThingsOf(v.UserContext(), v.Workspace)
	return models.In("automation form: what it can use", err)
}

// makesOf adds to a trigger's row what creates more to choose from.
func (v *visit) makesOf(row *views.TriggerRow, typed triggerInput) {
	if len(row.Picks) == 0 {
		return
	}
	switch pick := &row.Picks[len(row.Picks)-1]; pick.Kind {
	case ofWebhook:
		row.New = &views.NewWebhook{Name: typed.newWebhook, Type: string(typed.newType)}
		for _, t := range models.WebhookTypes {
			row.New.Types = append(row.New.Types, views.Option{Value: string(t), Label: views.WebhookDoes(string(t))})
		}
		if typed.made != 0 {
			row.New.MadeHref = v.path("webhooks", typed.made)
		}
	case ofSegment:
		row.MakeHref = v.path("segments", "new")
	}
}
