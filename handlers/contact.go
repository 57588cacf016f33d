package handlers

import (
	"campaignlark/models"
	"campaignlark/segments"
	"campaignlark/views"

	"github.com/google/uuid"
)

// contactShow is the page of one contact: its status, what happened, its fields, tags and segments.
func (s *Server) contactShow(v *visit) error {
	ctx := v.UserContext()
	c, err := v.contact()
	if err != nil {
		return err
	}
	email := models.ShowEmail(c.Email)
	m := views.ContactModel{ID: c.ID, Email: email, Status: string(c.Status), Since: c.StatusSince(), Created: c.CreatedAt, CanChange: v.mayChange()}
	if m.Page, err = v.page(views.SectionContacts, email, views.Crumb{Text: "Contacts", Href: v.path("contacts")}, views.Crumb{Text: email}); err != nil {
		return err
	}
	mergeTags, err := s.DB.MergeTags(ctx, c.WorkspaceID)
	if err != nil {
		return err
	}
	tags, err := s.DB.HeldTags(ctx, c.WorkspaceID, c.ID)
	if err != nil {
		return err
	}
	places, err := v.segments().Places(ctx, c.WorkspaceID, c.ID)
	if err != nil {
		return err
	}
	for _, t := range mergeTags {
		m.Fields = append(m.Fields, views.ContactField{Label: t.Label, Value: t.Show(c.Fields[t.Key], v.Workspace.Location())})
	}
	var all []models.Tag
	var held []int64
	for _, t := range tags {
		all = append(all, t.Tag)
		if t.Held {
			held = append(held, t.ID)
			m.Tags = append(m.Tags, views.Named{ID: t.ID, Name: t.Name})
		}
	}
	subject, schema := segments.SubjectOf(c, held), segments.NewSchema(segments.Schema{MergeTags: mergeTags, Tags: all, Location: v.Workspace.Location()})
	for _, p := range places {
		row := contactSegment(p.Segment, &subject, schema, schema.At(s.now()), p.In)
		if p.In {
			m.In = append(m.In, row)
		} else {
			m.NotIn = append(m.NotIn, row)
		}
	}
	before, _ := uuid.Parse(v.Query("before")) // what is no id is the newest page
	if err := v.contactHistory(&m, c, before, mergeTags, places); err != nil {
		return err
	}
	return v.show(views.ContactPage(m))
}

func (v *visit) contact() (models.Contact, error) {
	id, err := v.id()
	if err != nil {
		return models.Contact{}, err
	}
	return v.server.DB.Contact(v.UserContext(), v.Workspace.ID, id)
}

// contactSegment explains one segment's membership by the rule that is served.
func contactSegment(g models.Segment, subject *segments.Subject, schema segments.Schema, at segments.Moment, in bool) views.ContactSegment {
	row := views.ContactSegment{ID: g.ID, Name: g.Name}
	if g.BuiltAt == nil {
		row.Note = "It is being built for the first time."
		return row
	}
	rule, _ := segments.Parse(g.Rule)
	matcher, err := segments.Compile(rule, schema)
	if err != nil || g.BrokenReason != "" {
		row.Note = "Its rule cannot be evaluated at the moment, so its members stay as they are."
		return row
	}
	why := matcher.Explain(subject, at)
	row.Why = whyOf(why)
	if why.Matched != in {
		row.Note = "This is being recalculated: reload the page in a moment."
	}
	return row
}

// whyOf is an explanation for the page.
func whyOf(e segments.Explanation) *views.Why {
	w := &views.Why{Matched: e.Matched, Words: segments.PlainText(e.Words), Saw: e.Saw}
	if e.Words == nil {
		w.Words = "all of"
		if e.Join == segments.Any {
			w.Words = "any of"
		}
	}
	for _, f := range e.Filters {
		w.Filters = append(w.Filters, whyOf(f))
	}
	return w
}
