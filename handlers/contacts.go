package handlers

import (
	"net/url"
	"slices"

	"campaignlark/models"
	"campaignlark/models/store"
	"campaignlark/views"
)

// contactList shows the contacts, newest first.
func (s *Server) contactList(v *visit) error {
	ctx := v.UserContext()
	p, err := v.page(views.SectionContacts, "Contacts")
	if err != nil {
		return err
	}
	q, err := v.contactQuery(v.Query)
	if err != nil {
		return err
	}
	q.filter.Known = q.known(v.counts.Counted)
	found, err := s.DB.Contacts(ctx, v.Workspace.ID, q.filter, q.cursor)
	if err != nil {
		return models.In("contact list: contacts", err)
	}
	if found.Unsorted {
		q.filter.Sort = ""
		q.said.Del("sort")
	}
	m := views.ContactsModel{
		Page: p, CanChange: v.canChange(), Clear: v.path("contacts"), Unknown: q.unknown, Exact: found.Exact, Searched: found.Searched,
		Search: q.filter.Search, Status: q.status, Tag: q.tagValue, Segment: q.segmentValue,
		Statuses: append([]views.Option{{Label: "Any status"}}, statusOptions()...), Tags: q.tagOptions(), Segments: q.segmentOptions(),
	}
	m.Sort, m.Sorts, m.SortHrefs = string(q.filter.Sort), contactSorts, hrefsBySort(v.path("contacts"), q.said, contactSorts)
	m.Chips = v.contactChips(q)
	m.Nothing = p.Counts.Contacts == "0" && len(m.Chips) == 0
	if m.Count = views.CountUpTo(found.Count, models.ExactCount); found.Count == q.filter.Known {
		m.Count = views.Count(found.Count)
	}
	m.OneFound = found.Count == 1
	m.Among, m.Former, m.ByName, m.Indexing, m.Unsorted = found.Counted, found.Former, found.Names, found.Indexing, found.Unsorted
	if found.Names {
		addresses := q.without("")
		addresses.said.Set("in", "address")
		m.Inside = v.path("contacts") + addresses.encoded()
	}
	if email, err := models.ReadEmail(q.filter.Search); err == nil && len(found.Contacts) == 0 && len(m.Chips) == 1 {
		m.Missing, m.AddHref = models.ShowEmail(email), v.path("contacts", "new")+"?"+url.Values{"email": {email}}.Encode()
	}
	columns, mergeTags, err := v.contactColumns()
	if err != nil {
		return err
	}
	m.Choices = columnOptions(columns, mergeTags)
	for _, c := range columns {
		m.Shown = append(m.Shown, views.Option{Value: string(c), Label: columnLabel(c, mergeTags)})
	}
	for _, c := range found.Contacts {
		row := contactRow(c)
		for _, t := range mergeTags {
			if slices.Contains(columns, models.FieldColumn(t.Key)) {
				row.Values[string(models.FieldColumn(t.Key))] = t.Show(c.Fields[t.Key], v.Workspace.Location())
			}
		}
		m.Rows = append(m.Rows, row)
	}
	if found.Newer != 0 {
		m.Newer = v.contactsHref(q, "after", found.Newer)
	}
	if found.Older != 0 {
		m.Older = v.contactsHref(q, "before", found.Older)
	}
	if q.filter.Sort != "" {
		previous, changed := found.Previous.Cursor()
		m.Newer = v.sortedHref(q, "before", previous, changed)
		next, changed := found.Next.Cursor()
		m.Older = v.sortedHref(q, "after", next, changed)
	}
	for name, values := range q.said {
		hidden := views.HiddenField{Name: name, Value: values[0]}
		m.Hidden = append(m.Hidden, hidden)
		if name == "import" || name == "rule" {
			m.Kept = append(m.Kept, hidden)
		}
	}
	m.More, m.Rule = v.path("contacts", "filter")+q.encoded(), q.filter.Rule != nil
	m.SaveLabel, m.SaveHref = v.saveAsSegment(q)
	m.Export = v.path("contacts.csv") + q.encoded()
	inList := q.without("")
	inList.said.Set("columns", "list")
	m.ExportColumns = v.path("contacts.csv") + inList.encoded()
	if q.cursor == (store.ContactCursor{}) {
		if m.Jobs, err = v.jobsRunning(); err != nil {
			return err
		}
	}
	return v.show(views.ContactsPage(m))
}

func contactRow(c models.ListedContact) views.ContactRow {
	row := views.ContactRow{ID: c.ID, Email: models.ShowEmail(c.Email), Status: string(c.Status), Changed: c.UpdatedAt, Created: c.CreatedAt, Values: map[string]string{}}
	row.Name = views.PersonName(c.Fields)
	for _, t := range c.Tags {
		row.Tags = append(row.Tags, t.Name)
	}
	return row
}

func statusOptions() []views.Option {
	var options []views.Option
	for _, s := range models.Statuses {
		options = append(options, views.Option{Value: string(s), Label: s.Name()})
	}
	return options
}
