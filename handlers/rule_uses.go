package handlers

import (
	"strconv"

	"campaignlark/models"
	"campaignlark/segments/rule"
	"campaignlark/views"
)

// usersOf returns the segments whose rules use a thing that is about to be deleted; what names it.
func (v *visit) usersOf(what string, t rule.Reference) (views.Users, error) {
	all, err := v.segments().Uses(v.UserContext(), v.Workspace.ID, t)
	return views.Users{What: what, Segments: namedSegments(all)}, models.In("deletion: segments that use it", err)
}

// forced reports whether the person confirmed the deletion of a thing that rules use.
func (v *visit) forced() bool { return v.Form("force") == "1" }

// askAbout notes what the question about a deletion says: what kind of thing it is, such as "tag", its name, and the rules that use it.
// On a post it finds out whether others changed these after the page was opened.
func (v *visit) askAbout(kind, name string, users *views.Users) {
	users.Asked = v.edit(editField{name: "name", label: "Name", stored: []string{name}}, usersField(*users)).state(kind, nil)
}

// usersField is the field for the segments that a form names as users of a thing.
func usersField(users views.Users) editField {
	f := editField{name: "users", said: "The segments that use it have changed."}
	for _, g := range users.Segments {
		f.stored = append(f.stored, strconv.FormatInt(g.ID, 10))
	}
	return f
}

// mustForce reports whether to show the form again, because something else would be deleted than the question said, or because rules
// use the thing and the person did not confirm its deletion.
func (v *visit) mustForce(p *views.Page, users *views.Users) bool {
	if users.Asked.Changed {
		p.Failed = true
		return true
	}
	if len(users.Segments) == 0 || v.forced() {
		return false
	}
	p.Failed, users.Fault = true, "Tick this to delete it anyway."
	return true
}
