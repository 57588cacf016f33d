package handlers

import (
	"slices"
	"strconv"

	"campaignlark/automations"
	"campaignlark/models"
	"campaignlark/segments/rule"
	"campaignlark/views"
)

// usersOf returns the segments whose rules use a thing that is about to be deleted, and the automations that use it; what names it.
func (v *visit) usersOf(what string, t rule.Reference, uses func(automations.Definition) bool) (views.Users, error) {
	all, err := v.segments().Uses(v.UserContext(), v.Workspace.ID, t)
	if err != nil {
		return views.Users{}, models.In("deletion: segments that use it", err)
	}
	users := views.Users{What: what, Segments: namedSegments(all)}
	listed, err := v.automations().Definitions(v.UserContext(), v.Workspace.ID)
	for _, a := range listed {
		if uses(a.Definition) {
			users.Automations = append(users.Automations, views.Named{ID: a.ID, Name: a.Name})
		}
	}
	return users, models.In("deletion: automations that use it", err)
}

// usesThing says of definitions whether they use a thing.
func usesThing(subject string, id int64) func(automations.Definition) bool {
	return func(d automations.Definition) bool {
		return slices.Contains(d.Uses(), automations.Used{Subject: subject, ID: id})
	}
}

// usingAutomations lists the automations that use each thing of a workspace, by name.
func (v *visit) usingAutomations() (map[automations.Used][]views.Named, error) {
	if v.counts.Automations == 0 { // the usual case costs no query
		return nil, nil
	}
	all, err := v.automations().Definitions(v.UserContext(), v.Workspace.ID)
	users := map[automations.Used][]views.Named{}
	for _, a := range all {
		for _, used := range a.Definition.Uses() {
			users[used] = append(users[used], views.Named{ID: a.ID, Name: a.Name})
		}
	}
	return users, models.In("automations that use things", err)
}

// forced reports whether the person confirmed the deletion of a thing that rules use.
func (v *visit) forced() bool { return v.Form("force") == "1" }

// askAbout notes what the question about a deletion says: what kind of thing it is, such as "tag", its name, and what uses it.
// On a post it finds out whether others changed these after the page was opened.
func (v *visit) askAbout(kind, name string, users *views.Users) {
	users.Asked = v.edit(editField{name: "name", label: "Name", stored: []string{name}}, usersField(*users)).state(kind, nil)
}

// usersField is the field for the segments and automations that a form names as users of a thing.
func usersField(users views.Users) editField {
	f := editField{name: "users", said: "The segments and automations that use it have changed."}
	for _, g := range users.Segments {
		f.stored = append(f.stored, strconv.FormatInt(g.ID, 10))
	}
	for _, a := range users.Automations {
		f.stored = append(f.stored, "a"+strconv.FormatInt(a.ID, 10))
	}
	return f
}

// mustForce reports whether to show the form again, because something else would be deleted than the question said, or because
// segments or automations use the thing and the person did not confirm its deletion.
func (v *visit) mustForce(p *views.Page, users *views.Users) bool {
	if users.Asked.Changed {
		p.Failed = true
		return true
	}
	if !users.Any() || v.forced() {
		return false
	}
	p.Failed, users.Fault = true, "Tick this to delete it anyway."
	return true
}
