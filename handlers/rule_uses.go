package handlers

import (
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

// mustForce reports whether to show the form again, because rules use the thing and the person did not confirm its deletion.
func (v *visit) mustForce(p *views.Page, users *views.Users) bool {
	if len(users.Segments) == 0 || v.forced() {
		return false
	}
	p.Failed, users.Fault = true, "Tick this to delete it anyway."
	return true
}
