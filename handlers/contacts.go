package handlers

import (
	"net/url"
	"strconv"

	"campaignlark/models"
	"campaignlark/views"
)

// contactQuery is what the address of the contact list says. All of a list's state is in it.
type contactQuery struct {
	filter models.ContactFilter
	tag    string // the name of the tag that is filtered by
	cursor models.ContactCursor
}

// contactQuery reads the address; what cannot be meant is left out.
func (v *visit) contactQuery(tags []models.Tag) contactQuery {
	q := contactQuery{filter: models.ContactFilter{Search: models.TrimBlanks(cleanText(v.Query("q")))}}
	if status := models.Status(v.Query("status")); status.Valid() {
		q.filter.Status = status
	}
	for _, t := range tags {
		if strconv.FormatInt(t.ID, 10) == v.Query("tag") {
			q.filter.Tag, q.tag = t.ID, t.Name
		}
	}
	q.cursor.Before, _ = strconv.ParseInt(v.Query("before"), 10, 64)
	q.cursor.After, _ = strconv.ParseInt(v.Query("after"), 10, 64)
	return q
}

// href is the list's address with this filter and, where at is not 0, the place in it that name ("before", "after") gives.
func (v *visit) contactsHref(f models.ContactFilter, name string, at int64) string {
	values := url.Values{}
	if f.Search != "" {
		values.Set("q", f.Search)
	}
	if f.Status != "" {
		values.Set("status", string(f.Status))
	}
	if f.Tag != 0 {
		values.Set("tag", strconv.FormatInt(f.Tag, 10))
	}
	if at != 0 {
		values.Set(name, strconv.FormatInt(at, 10))
	}
	if len(values) == 0 {
		return v.path("contacts")
	}
	return v.path("contacts") + "?" + values.Encode()
}

// contactList shows the contacts, newest first.
func (s *Server) contactList(v *visit) error {
	ctx := v.UserContext()
	p, err := v.page(views.SectionContacts, "Contacts")
	if err != nil {
		return err
	}
	tags, err := s.DB.TagNames(ctx, v.Workspace.ID)
	if err != nil {
		return err
	}
	q := v.contactQuery(tags)
	found, err := s.DB.Contacts(ctx, v.Workspace.ID, q.filter, q.cursor)
	if err != nil {
		return err
	}
	m := views.ContactsModel{
		Page: p, CanChange: v.mayChange(), Search: q.filter.Search, Status: string(q.filter.Status), Clear: v.path("contacts"),
		Statuses: append([]views.Option{{Label: "Any status"}}, statusOptions()...), Tags: []views.Option{{Label: "Any tag"}},
		Exact: found.Exact, Searched: found.Searched,
	}
	for _, t := range tags {
		m.Tags = append(m.Tags, views.Option{Value: strconv.FormatInt(t.ID, 10), Label: t.Name})
	}
	if q.filter.Tag != 0 {
		m.Tag = strconv.FormatInt(q.filter.Tag, 10)
	}
	m.Chips = v.contactChips(q)
	m.Nothing = p.Counts.Contacts == "0" && len(m.Chips) == 0
	m.Count = views.CountUpTo(found.Count, models.ExactCount)
	m.OneFound = found.Count == 1
	m.Among = found.Counted
	if email, err := models.ReadEmail(q.filter.Search); err == nil && len(found.Contacts) == 0 && q.filter.Status == "" && q.filter.Tag == 0 {
		m.Missing, m.AddHref = models.ShowEmail(email), v.path("contacts", "new")+"?"+url.Values{"email": {email}}.Encode()
	}
	for _, c := range found.Contacts {
		m.Rows = append(m.Rows, contactRow(c))
	}
	if found.Newer != 0 {
		m.Newer = v.contactsHref(q.filter, "after", found.Newer)
	}
	if found.Older != 0 {
		m.Older = v.contactsHref(q.filter, "before", found.Older)
	}
	return v.show(views.ContactsPage(m))
}

func contactRow(c models.ListedContact) views.ContactRow {
	row := views.ContactRow{ID: c.ID, Email: models.ShowEmail(c.Email), Status: string(c.Status), Changed: c.UpdatedAt, Created: c.CreatedAt}
	row.Name = views.PersonName(c.Fields["first_name"], c.Fields["last_name"])
	for _, t := range c.Tags {
		row.Tags = append(row.Tags, t.Name)
	}
	return row
}

// contactChips are the filters that are on, each with the list without it.
func (v *visit) contactChips(q contactQuery) []views.Chip {
	var chips []views.Chip
	f := q.filter
	if f.Search != "" {
		without := f
		without.Search = ""
		chips = append(chips, views.Chip{Label: "address has “" + f.Search + "”", Href: v.contactsHref(without, "", 0)})
	}
	if f.Status != "" {
		without := f
		without.Status = ""
		chips = append(chips, views.Chip{Label: "status is " + f.Status.Name(), Href: v.contactsHref(without, "", 0)})
	}
	if f.Tag != 0 {
		without := f
		without.Tag = 0
		chips = append(chips, views.Chip{Label: "tag is " + q.tag, Href: v.contactsHref(without, "", 0)})
	}
	return chips
}

func statusOptions() []views.Option {
	var options []views.Option
	for _, s := range models.Statuses {
		options = append(options, views.Option{Value: string(s), Label: s.Name()})
	}
	return options
}

// mayChange says whether the person may change contacts, tags, merge tags, webhooks and segments.
func (v *visit) mayChange() bool { return v.Role.Includes(models.RoleManager) }
