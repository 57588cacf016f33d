package handlers

import (
	"strings"

	"campaignlark/models"
	"campaignlark/views"
)

func init() { jobTexts[models.JobBulk] = bulkText }

// bulkText describes a bulk action and its result.
func bulkText(v *visit, j models.Job) jobText {
	b, r := models.ReadJobJSON[models.Bulk](j.Spec), models.ReadJobJSON[models.BulkResult](j.Result)
	people := views.Plural(j.Total, "contact", "contacts")
	text := jobText{unit: "contact", units: "contacts", stop: "Changes made until then stay.", back: views.Crumb{Text: "Contacts", Href: v.path("contacts")}}
	changed, same := views.Plural(r.Changed, "contact", "contacts"), ""
	switch b.Action {
	case models.BulkAddTag:
		text.title, text.summary, same = "Add the tag “"+b.TagName+"” to "+people, "The tag “"+b.TagName+"” was added to "+changed+".", "had it already"
	case models.BulkRemoveTag:
		text.title, text.summary, same = "Take the tag “"+b.TagName+"” off "+people, "The tag “"+b.TagName+"” was taken off "+changed+".", "did not have it"
	case models.BulkStatus:
		status := strings.ToLower(b.Status.Name())
		text.title, text.summary, same = "Make "+people+" "+status, changed+" became "+status+".", "had this status already"
	default:
		text.title, text.summary = "Delete "+people+" for good", changed+" deleted for good."
	}
	if r.Unchanged > 0 {
		text.summary += " " + views.Count(r.Unchanged) + " " + same + "."
	}
	text.facts = append(text.facts, views.JobFact{Label: "Changed", Value: views.Count(r.Changed)})
	if b.Action == models.BulkDelete {
		text.facts[0].Label = "Deleted"
	} else {
		text.facts = append(text.facts, views.JobFact{Label: "Nothing to change", Value: views.Count(r.Unchanged)})
	}
	if r.Later > 0 {
		text.summary += " Not touched, because they changed after you were asked: " + views.Plural(r.Later, "contact", "contacts") + "."
		text.facts = append(text.facts, views.JobFact{Label: "Changed after the question, not touched", Value: views.Count(r.Later)})
	}
	if r.Gone > 0 {
		text.summary += " " + views.Count(r.Gone) + " were deleted or no longer matched when their turn came."
		text.facts = append(text.facts, views.JobFact{Label: "Deleted or no longer matching", Value: views.Count(r.Gone)})
	}
	text.facts = append(text.facts, views.JobFact{Label: "Which contacts", Value: b.Which})
	return text
}
