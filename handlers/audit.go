package handlers

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"campaignlark/models"
	"campaignlark/models/store"
	"campaignlark/views"

	"github.com/google/uuid"
)

// commandLine is the name shown for changes made by the program's commands.
const commandLine = "Command line"

// auditQuery holds the filters and the cursor in the audit log's URL.
type auditQuery struct {
	search, person, kind, from, to string // as given, "" if invalid

	rangeError string
	filter     store.AuditFilter
	cursor     models.Cursor
}

// auditLog shows who changed what in the workspace, newest first.
func (s *Server) auditLog(v *visit) error {
	ctx := v.UserContext()
	p, err := v.page(views.SectionSettings, "Audit log", views.Crumb{Text: "Workspace settings", Href: v.path("settings")}, views.Crumb{Text: "Audit log"})
	if err != nil {
		return err
	}
	people, err := s.DB.AuditUsers(ctx, v.Workspace.ID)
	if err != nil {
		return models.In("audit log: people", err)
	}
	q := v.auditQuery(people)
	page, err := s.DB.AuditLog(ctx, v.Workspace.ID, q.filter, q.cursor)
	if err != nil {
		return models.In("audit log: entries", err)
	}
	list := v.path("settings", "audit-log")
	m := views.AuditModel{Page: p, Nothing: len(people) == 0, Search: q.search, Person: q.person, Kind: q.kind, From: q.from, To: q.to,
		RangeError: q.rangeError, People: personOptions(people), Chips: q.chips(list, people), Clear: list,
		Count: views.PluralUpTo(page.Count, models.ExactCount, "entry", "entries")}
	if n := len(page.Entries); n > 0 {
		if page.Newer {
			m.Newer = withQuery(list, q.with("after", page.Entries[0].ID.String()))
		}
		if page.Older {
			m.Older = withQuery(list, q.with("before", page.Entries[n-1].ID.String()))
		}
	} else if page.Newer {
		m.Newer = withQuery(list, q.with())
	}
	if err := v.fillAudit(&m, page.Entries); err != nil {
		return err
	}
	return v.show(views.AuditPage(m))
}

// auditQuery reads the URL. people are the persons in the log.
func (v *visit) auditQuery(people []models.User) auditQuery {
	text := func(name string) string { return cleanText(v.Query(name)) }
	q := auditQuery{search: models.TrimBlanks(text("q")), from: text("from"), to: text("to")}
	q.filter.Containing = q.search
	if id, err := strconv.ParseInt(text("person"), 10, 64); err == nil && slices.ContainsFunc(people, func(u models.User) bool { return u.ID == id }) {
		q.person, q.filter.User = text("person"), &id
	}
	for _, kind := range views.AuditKinds() {
		if kind.Value == text("kind") {
			q.kind, q.filter.Subject = kind.Value, kind.Value
		}
	}
	q.filter.From = q.day(&q.from, v.Workspace.Location(), 0)
	q.filter.To = q.day(&q.to, v.Workspace.Location(), 1)
	q.cursor.Before, _ = requestID(text("before"))
	if q.cursor.Before == uuid.Nil {
		q.cursor.After, _ = requestID(text("after"))
	}
	return q
}

// day parses text as a day and returns the start of the day that is later days after it. An invalid text is cleared and reported.
func (q *auditQuery) day(text *string, zone *time.Location, later int) time.Time {
	if *text == "" {
		return time.Time{}
	}
	at, err := time.Parse(time.DateOnly, *text)
	if err != nil || at.Year() <= 1970 || at.Year() >= 3000 {
		q.rangeError, *text = "A day looks like 2026-11-24. Dates that cannot be read are ignored.", ""
		return time.Time{}
	}
	return models.ClockAt(time.Date(at.Year(), at.Month(), at.Day()+later, 12, 0, 0, 0, zone), 0)
}

// with returns the query's URL parameters without the cursor; parts are name-value pairs to add.
func (q auditQuery) with(parts ...string) url.Values {
	values := url.Values{}
	parts = append([]string{"q", q.search, "person", q.person, "kind", q.kind, "from", q.from, "to", q.to}, parts...)
	for i := 0; i < len(parts); i += 2 {
		if parts[i+1] != "" {
			values.Set(parts[i], parts[i+1])
		}
	}
	return values
}

// chips lists the active filters.
func (q auditQuery) chips(list string, people []models.User) []views.Chip {
	var chips []views.Chip
	add := func(name, value, label string) {
		if value != "" {
			rest := q.with()
			rest.Del(name)
			chips = append(chips, views.Chip{Label: label, Href: withQuery(list, rest)})
		}
	}
	label := func(options []views.Option, value string) string {
		at := slices.IndexFunc(options, func(o views.Option) bool { return o.Value == value })
		return options[max(at, 0)].Label
	}
	add("q", q.search, q.search)
	add("person", q.person, label(personOptions(people), q.person))
	add("kind", q.kind, label(views.AuditKinds(), q.kind))
	add("from", q.from, "from "+daySaid(q.from))
	add("to", q.to, "to "+daySaid(q.to))
	return chips
}

// daySaid writes a day of the filter as the pages write days: "24 Nov 2026".
func daySaid(text string) string {
	day, _ := time.Parse(time.DateOnly, text) // auditQuery has read it
	return day.Format("2 Jan 2006")
}

func personOptions(people []models.User) []views.Option {
	options := []views.Option{{Label: "Anybody"}}
	for _, u := range people {
		options = append(options, views.Option{Value: strconv.FormatInt(u.ID, 10), Label: personName(u.ID, u.Name, u.Email)})
	}
	return options
}

// personName names the author of an entry; email is "" if the account was deleted. Names need not be unique, so the address is there too.
func personName(id int64, name, email string) string {
	switch {
	case id == 0:
		return commandLine
	case email == "":
		return "Somebody whose account is gone"
	}
	return nameAndAddress(name, email)
}

// nameAndAddress names a person: "Ines Weber (ines@example.com)", or only the address.
func nameAndAddress(name, email string) string {
	if name == "" {
		return models.ShowEmail(email)
	}
	return name + " (" + models.ShowEmail(email) + ")"
}

// fillAudit describes the entries of a page in words, grouped by day.
func (v *visit) fillAudit(m *views.AuditModel, entries []store.AuditLine) error {
	var contacts []int64
	for _, e := range entries {
		if e.Subject == models.SubjectContact {
			contacts = append(contacts, e.SubjectID)
		}
	}
	found, err := v.server.DB.ContactsByID(v.UserContext(), v.Workspace.ID, contacts)
	if err != nil {
		return models.In("audit log: addresses of contacts", err)
	}
	there, err := v.server.DB.SubjectsThere(v.UserContext(), v.Workspace.ID, entries)
	if err != nil {
		return models.In("audit log: what is still there", err)
	}
	for _, e := range entries {
		day := views.DayName(e.At, m.Page)
		if last := len(m.ByDay) - 1; last < 0 || m.ByDay[last].Name != day {
			m.ByDay = append(m.ByDay, views.AuditDay{Name: day})
		}
		last := &m.ByDay[len(m.ByDay)-1]
		row := v.auditRow(e, found)
		if there[store.AuditSubject{Subject: e.Subject, SubjectID: e.SubjectID}] {
			row.Href = v.auditHref(e)
		}
		last.Rows = append(last.Rows, row)
	}
	return nil
}

// auditHref links to the page of an entry's subject, which exists.
func (v *visit) auditHref(e store.AuditLine) string {
	switch e.Subject {
	case models.SubjectWebhook:
		return v.path("webhooks", e.SubjectID)
	case models.SubjectTag:
		return v.path("contacts") + "?tag=" + strconv.FormatInt(e.SubjectID, 10)
	case models.SubjectMergeTag:
		return v.path("merge-tags", e.SubjectID, "edit")
	case models.SubjectSegment:
		return v.path("segments", e.SubjectID)
	case models.SubjectAutomation:
		return v.path("automations", e.SubjectID)
	case models.SubjectDestination:
		return v.path("destinations", e.SubjectID)
	case models.SubjectMember:
		return v.path("settings", "members", e.SubjectID, "edit")
	case models.SubjectImport:
		return v.path("contacts", "import", e.SubjectID)
	}
	return v.path("jobs", e.SubjectID)
}

func (v *visit) auditRow(e store.AuditLine, contacts map[int64]models.Contact) views.AuditRow {
	row := views.AuditRow{At: e.At, Who: personName(e.UserID, e.UserName, e.UserEmail), Action: e.Action, Subject: e.Subject, Name: e.SubjectName}
	if e.Action == models.ActionDestinationSwitchedOff {
		row.Who = "This program"
	}
	switch e.Subject {
	case models.SubjectContact:
		if contact, there := contacts[e.SubjectID]; there {
			row.Name, row.Href = models.ShowEmail(contact.Email), v.path("contacts", e.SubjectID)
		} else {
			row.Gone = true
		}
		c := e.ContactChange()
		row.Fields, row.TagsAdded, row.TagsRemoved = c.Fields, c.TagsAdded, c.TagsRemoved
		if c.Address {
			row.Fields = append([]string{"E-mail address"}, row.Fields...)
		}
		row.StatusBefore, row.StatusAfter = string(c.StatusBefore), string(c.StatusAfter)
		return row
	case models.SubjectRequest:
		if id, ok := requestID(e.SubjectName); ok {
			row.Href = v.path("requests", id)
		}
	}
	for _, c := range e.Changes() {
		c.What = strings.ToUpper(c.What[:min(1, len(c.What))]) + c.What[min(1, len(c.What)):]
		row.Changes = append(row.Changes, views.AuditChange(c))
	}
	return row
}
