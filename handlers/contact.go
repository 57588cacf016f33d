package handlers

import (
	"slices"
	"strings"

	"campaignlark/automations"
	"campaignlark/deliveries"
	"campaignlark/models"
	"campaignlark/segments"
	"campaignlark/segments/rule"
	"campaignlark/views"

	"github.com/google/uuid"
)

// contactShow shows one contact: status, history, fields, tags and segments.
func (s *Server) contactShow(v *visit) error { return s.showContact(v, "", "") }

// showContact shows one contact. newTags is the text typed for new tags and wrong its error; both are "" if nothing was typed.
func (s *Server) showContact(v *visit, newTags, wrong string) error {
	ctx := v.UserContext()
	c, err := v.contact()
	if err != nil {
		return err
	}
	email := models.ShowEmail(c.Email)
	m := views.ContactModel{ID: c.ID, Email: email, Status: string(c.Status), Since: c.StatusSince(), Created: c.CreatedAt, CanChange: v.canChange(),
		Name: models.ContactName(c.Fields), NewTags: newTags, NewTagsWrong: wrong}
	if m.Page, err = v.page(views.SectionContacts, email, views.Crumb{Text: "Contacts", Href: v.path("contacts")}, views.Crumb{Text: email}); err != nil {
		return err
	}
	places, err := v.segments().Places(ctx, c.WorkspaceID, c.ID)
	if err != nil {
		return models.In("contact page: segments", err)
	}
	var all []models.Segment
	in := map[int64]bool{}
	for _, p := range places {
		all, in[p.ID] = append(all, p.Segment), p.In
	}
	schema, err := v.segments().SchemaWith(ctx, v.Workspace, all)
	if err != nil {
		return models.In("contact page: what rules need", err)
	}
	tags, err := s.DB.ContactTags(ctx, c.WorkspaceID, c.ID)
	if err != nil {
		return models.In("contact page: tags of the contact", err)
	}
	for _, t := range schema.MergeTags {
		field := views.ContactField{Label: t.Label, Value: t.Show(c.Fields[t.Key], v.Workspace.Location())}
		if day, ok := t.DayOf(c.Fields[t.Key], v.Workspace.Location()); ok {
			field.Note = countsAs(day, v.Workspace.TimeZone)
		}
		m.Fields = append(m.Fields, field)
	}
	var held []int64
	for _, t := range tags {
		held = append(held, t.ID)
		m.Tags = append(m.Tags, views.Named{ID: t.ID, Name: t.Name})
	}
	subject := rule.SubjectOf(c, held)
	subject.In = func(segment int64) bool { return in[segment] }
	v.contactSegments(&m, places, &subject, schema)
	before, _ := uuid.Parse(v.Query("before")) // an invalid id shows the newest page
	if err := v.contactHistory(&m, c, before, schema); err != nil {
		return err
	}
	link := func(list string) func(before string) string {
		return func(before string) string {
			if before == "" {
				return v.path("contacts", c.ID) + "#" + list
			}
			return v.path("contacts", c.ID) + "?" + list + "=" + before + "#" + list
		}
	}
	m.Deliveries, err = v.deliveriesOf(link("deliveries"), func(before uuid.UUID, limit int) ([]deliveries.Row, error) {
		return v.destinations().OfContact(ctx, c.WorkspaceID, c.ID, before, limit)
	}, func() (int64, error) { return v.destinations().CountOfContact(ctx, c.WorkspaceID, c.ID) })
	if err != nil {
		return models.In("contact page: deliveries", err)
	}
	m.Deliveries.All = withQuery(v.path("deliveries"), deliveryQuery{email: c.Email}.with())
	if m.Runs, err = v.runsOf(automations.RunFilter{ContactID: c.ID}, link("runs")); err != nil {
		return models.In("contact page: runs", err)
	}
	for _, t := range schema.Tags {
		if !slices.Contains(held, t.ID) {
			m.OtherTags = append(m.OtherTags, t.Name)
		}
	}
	if wrong != "" || v.refill {
		m.Page.Failed = wrong != ""
		return v.again(views.ContactPage(m))
	}
	return v.show(views.ContactPage(m))
}

// contactSegments explains, for each segment, why the contact is in it now or not.
func (v *visit) contactSegments(m *views.ContactModel, places []segments.Place, subject *rule.Subject, schema rule.Schema) {
	at := schema.At(v.server.now())
	for _, p := range places {
		row := v.contactSegment(p.Segment, subject, schema, at, p.In)
		if p.In {
			m.In = append(m.In, row)
		} else {
			m.NotIn = append(m.NotIn, row)
		}
	}
}

func (v *visit) contact() (models.Contact, error) {
	id, err := v.id()
	if err != nil {
		return models.Contact{}, err
	}
	c, err := v.server.DB.Contact(v.UserContext(), v.Workspace.ID, id)
	return c, models.In("contact: read it", err)
}

// contactSegment explains the membership in one segment by the rule that its stored memberships follow.
func (v *visit) contactSegment(g models.Segment, subject *rule.Subject, schema rule.Schema, at rule.Moment, in bool) views.ContactSegment {
	row := views.ContactSegment{ID: g.ID, Name: g.Name}
	switch {
	case g.BuiltAt == nil && g.BrokenReason != "":
		row.Note = "It was never built, because it is broken: " + g.BrokenReason
		return row
	case g.BuiltAt == nil:
		row.Note = "It is being built for the first time."
		return row
	}
	root, _ := rule.Parse(g.Rule)
	matcher, err := rule.Compile(root, schema)
	switch {
	case g.BrokenReason != "":
		row.Note = g.BrokenReason + " So its contacts stay as they are until its rule is repaired."
		return row
	case err != nil:
		row.Note = "Its rule cannot be evaluated at the moment, so its contacts stay as they are."
		return row
	}
	why := matcher.Explain(subject, at)
	row.Why = v.whyOf(why)
	switch {
	case g.BuildingSlot != nil:
		row.Note = "It is being built with a new rule. Until then this rule applies."
	case why.Matched != in:
		row.Note = "This is being recalculated: reload the page in a moment."
	}
	return row
}

// whyOf converts an explanation for the page.
func (v *visit) whyOf(e rule.Explanation) *views.Why {
	w := &views.Why{Matched: e.Matched, Words: rule.PlainText(e.Words)}
	w.Saw = seen(e, w.Words)
	if e.Segment != 0 {
		w.Href = v.path("segments", e.Segment)
	}
	if e.Words == nil {
		w.Words = "all of"
		if e.Join == rule.Any {
			w.Words = "any of"
		}
	}
	for _, f := range e.Filters {
		w.Filters = append(w.Filters, v.whyOf(f))
	}
	return w
}

// seen tells what a condition found, unless its words already say it.
func seen(e rule.Explanation, words string) string {
	switch {
	case e.Words == nil, e.Saw != "" && strings.HasSuffix(words, " "+e.Saw):
		return ""
	case e.Segment != 0:
		return "is " + e.Saw
	case e.Saw != "" && strings.HasPrefix(words, "was "):
		return "by " + e.Saw
	case e.Saw != "":
		return "has " + e.Saw
	case strings.HasSuffix(words, "is not set"), strings.HasPrefix(words, "never "), strings.HasPrefix(words, "was "), strings.HasPrefix(words, "has "), strings.HasPrefix(words, "does "):
		return "" // about a webhook, tags or a missing value
	}
	return "has no value"
}
