package handlers

import (
	"strconv"

	"campaignlark/models"
	"campaignlark/segments"
	"campaignlark/views"

	"github.com/google/uuid"
)

// changesPage is the number of lines on a page of a segment's history.
const changesPage = 50

// segmentHistory lists the contacts that entered and left a segment.
func (s *Server) segmentHistory(v *visit) error {
	ctx := v.UserContext()
	g, p, err := v.segmentPart("Who entered and left")
	if err != nil {
		return err
	}
	m := views.SegmentChangesModel{Page: p, SegmentRow: views.SegmentRow{ID: g.ID, Name: g.Name}}
	path := v.path("segments", g.ID, "changes")
	from := changesFrom(v.Query("before"), v.Query("many"))
	if from != segments.NewestChanges {
		m.Newest = path
	}
	changes, next, err := v.segments().Changes(ctx, g.WorkspaceID, g.ID, from, changesPage)
	if err != nil {
		return models.In("segment changes: changes", err)
	}
	if next != (segments.ChangesCursor{}) {
		m.Older = path + "?before=" + next.Single.String() + "&many=" + next.Many.String()
	}
	found, err := s.DB.ContactsByID(ctx, g.WorkspaceID, contactsOf(changes))
	if err != nil {
		return models.In("segment changes: contacts", err)
	}
	if m.Changes, err = v.segmentChanges(g, changes, found); err != nil {
		return err
	}
	return v.show(views.SegmentChangesPage(m))
}

// changesFrom parses the cursor of a page of changes. Without a valid single it starts at the newest; without a valid many,
// single is used for both.
func changesFrom(single, many string) segments.ChangesCursor {
	from := segments.NewestChanges
	id, err := uuid.Parse(single)
	if err != nil {
		return from
	}
	from = segments.ChangesCursor{Single: id, Many: id}
	if id, err := uuid.Parse(many); err == nil {
		from.Many = id
	}
	return from
}

// segmentPart builds the frame of a subpage of a segment.
func (v *visit) segmentPart(title string) (models.Segment, views.Page, error) {
	g, err := v.segment()
	if err != nil {
		return g, views.Page{}, err
	}
	p, err := v.page(views.SectionSegments, title, views.Crumb{Text: "Segments", Href: v.path("segments")},
		views.Crumb{Text: g.Name, Href: v.path("segments", g.ID)}, views.Crumb{Text: title})
	return g, p, err
}

// segmentMany lists the contacts of one wave. ?show=left lists those that left.
func (s *Server) segmentMany(v *visit) error {
	ctx := v.UserContext()
	g, p, err := v.segmentPart("Several at once")
	if err != nil {
		return err
	}
	id, err := uuid.Parse(v.Params("change"))
	if err != nil {
		return models.ErrNotFound
	}
	before, _ := strconv.ParseInt(v.Query("before"), 10, 64) // anything else shows the newest
	m := views.SegmentManyModel{Page: p, SegmentRow: views.SegmentRow{ID: g.ID, Name: g.Name}, Entered: v.Query("show") != "left"}
	change, ids, next, err := v.segments().ChangeOfMany(ctx, g.WorkspaceID, g.ID, id, m.Entered, before, membersPage)
	if err != nil {
		return models.In("segment changes: change of many", err)
	}
	found, err := s.DB.ContactsByID(ctx, g.WorkspaceID, ids)
	if err != nil {
		return models.In("segment changes: contacts", err)
	}
	m.Members = segmentContacts(ids, found)
	changes, err := v.segmentChanges(g, []segments.Change{change}, nil)
	if err != nil {
		return err
	}
	m.Change = changes[0]
	path := v.path("segments", g.ID, "changes", id)
	m.Tabs = []views.Tab{{Label: "Entered: " + views.Count(change.In), Href: path, Current: m.Entered},
		{Label: "Left: " + views.Count(change.Out), Href: path + "?show=left", Current: !m.Entered}}
	if !m.Entered {
		path += "?show=left"
	}
	if before > 0 {
		m.Newest = path
	}
	if next > 0 && m.Entered {
		m.Older = path + "?before=" + strconv.FormatInt(next, 10)
	} else if next > 0 {
		m.Older = path + "&before=" + strconv.FormatInt(next, 10)
	}
	return v.show(views.SegmentManyPage(m))
}

// contactsOf returns the ids of the contacts in changes.
func contactsOf(changes []segments.Change) (ids []int64) {
	for _, c := range changes {
		if c.ContactID != 0 {
			ids = append(ids, c.ContactID)
		}
		ids = append(append(ids, c.InIDs...), c.OutIDs...)
	}
	return ids
}

// segmentChanges describes a segment's changes in words.
func (v *visit) segmentChanges(g models.Segment, changes []segments.Change, found map[int64]models.Contact) ([]views.SegmentChange, error) {
	var ids []int64
	for _, c := range changes {
		if c.JobID != nil {
			ids = append(ids, *c.JobID)
		}
	}
	imports, err := v.importLinks(ids)
	if err != nil {
		return nil, err
	}
	lines := make([]views.SegmentChange, len(changes))
	for i, c := range changes {
		lines[i] = views.SegmentChange{At: c.At, Since: c.Since, Entered: c.Entered, In: c.In, Out: c.Out, Some: segmentContacts(c.InIDs, found), Others: segmentContacts(c.OutIDs, found),
			Why: views.Cause{Kind: string(c.Cause), Webhook: c.Webhook, Who: c.Person}}
		if c.JobID != nil {
			lines[i].Why.Import = imports[*c.JobID]
		}
		if c.RunID != nil {
			lines[i].Why.Automation, lines[i].Why.RunHref = c.Automation, v.path("runs", *c.RunID)
		}
		if c.RequestID != nil && c.Webhook != "" {
			lines[i].Why.Href = v.path("requests", *c.RequestID)
		}
		if c.ContactID == 0 {
			lines[i].Many = v.path("segments", g.ID, "changes", c.ID)
			if c.In == 0 {
				lines[i].Many += "?show=left"
			}
		} else {
			lines[i].Contact = segmentContacts([]int64{c.ContactID}, found)[0]
		}
	}
	return lines, nil
}

// segmentContacts lists contacts by id. Those missing in found have no address.
func segmentContacts(ids []int64, found map[int64]models.Contact) []views.SegmentContact {
	all := make([]views.SegmentContact, len(ids))
	for i, id := range ids {
		all[i].ID = id
		if c, there := found[id]; there {
			all[i].Email = models.ShowEmail(c.Email)
		}
	}
	return all
}
