package handlers

import (
	"campaignlark/models"
	"campaignlark/segments/rule"
	"campaignlark/views"
)

// usersOf are the segments whose rules speak of a thing that is to be deleted, which what names.
func (v *visit) usersOf(what string, t rule.Reference) (views.Users, error) {
	all, err := v.segments().Uses(v.UserContext(), v.Workspace.ID, t)
	return views.Users{What: what, Segments: namedSegments(all)}, models.In("deletion: segments that use it", err)
}

// forced reports whether the person ticked that something is to be deleted although rules use it.
func (v *visit) forced() bool { return v.Form("force") == "1" }

// mustForce reports whether a form is to be shown again, because rules use the thing and the person did not tick that it is
// to be deleted all the same.
func (v *visit) mustForce(p *views.Page, users *views.Users) bool {
	if len(users.Segments) == 0 || v.forced() {
		return false
	}
	p.Failed, users.Fault = true, "Tick this if it is to be deleted all the same."
	return true
}
