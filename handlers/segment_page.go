package handlers

import (
	"slices"
	"strconv"
	"strings"

	"campaignlark"
	"campaignlark/automations"
	"campaignlark/models"
	"campaignlark/segments"
	"campaignlark/segments/rule"
	"campaignlark/views"

	"github.com/gofiber/fiber/v2"
)

const (
	membersPage   = 50 // contacts of a segment on one page
	latestChanges = 8  // on a segment's page
)

// segmentShow shows a segment: rule, state, size over time, who entered and left, and its members. With ?part=state it sends only
// the part that changes during a build.
func (s *Server) segmentShow(v *visit) error {
	if v.Query("part") == "state" {
		return v.segmentState()
	}
	id, err := v.id()
	if err != nil {
		return err
	}
	schema, err := v.segments().SchemaOf(v.UserContext(), v.Workspace)
	if err != nil {
		return models.In("segment page: segments and what rules need", err)
	}
	at := slices.IndexFunc(schema.Segments, func(g models.Segment) bool { return g.ID == id })
	if at < 0 {
		return models.ErrNotFound
	}
	g := schema.Segments[at]
	p, err := v.page(views.SectionSegments, g.Name, views.Crumb{Text: "Segments", Href: v.path("segments")}, views.Crumb{Text: g.Name})
	if err != nil {
		return err
	}
	fresh, err := v.segments().Freshness(v.UserContext(), v.Workspace.ID, p.Now)
	if err != nil {
		return models.In("segment page: freshness", err)
	}
	m := views.SegmentModel{Page: p, CanChange: v.canChange(), Fresh: freshnessOf(g, fresh, p),
		SegmentRow: segmentRow(g, schema, v.audience(fresh), p.Now), UsedBy: namedSegments(rule.SegmentRef(g).Users(schema.ByName()))}
	m.Repair = namedSegments(segments.RootCauses(g, schema.Segments))
	users, err := v.usingAutomations()
	if err != nil {
		return err
	}
	m.Automations = users[automations.Used{Subject: models.SubjectSegment, ID: g.ID}]
	if err := v.segmentSize(&m, g, v.audience(fresh)); err != nil {
		return err
	}
	if err := v.segmentPeople(&m, g); err != nil {
		return err
	}
	return v.show(views.SegmentPage(m))
}

// segmentState sends only a segment's state.
func (v *visit) segmentState() error {
	g, err := v.segment()
	if err != nil {
		return err
	}
	p, err := v.pageOrPart(true, "", "")
	if err != nil {
		return err
	}
	fresh, err := v.segments().Freshness(v.UserContext(), v.Workspace.ID, p.Now)
	if err != nil {
		return models.In("segment page: freshness", err)
	}
	m := views.SegmentModel{Page: p, CanChange: v.canChange(), Fresh: freshnessOf(g, fresh, p), SegmentRow: segmentRow(g, rule.Schema{}, fresh.Contacts, p.Now)}
	if m.Broken != "" {
		all, err := v.segments().List(v.UserContext(), v.Workspace.ID)
		if err != nil {
			return models.In("segment page: segments", err)
		}
		m.Repair = namedSegments(segments.RootCauses(g, all))
	}
	return campaignlark.Render(v.Ctx, fiber.StatusOK, views.SegmentState(m))
}

// freshnessOf is shownFreshness for one segment. The last full check may have skipped it because it was built later or its rule
// is broken.
func freshnessOf(g models.Segment, f segments.Freshness, p views.Page) views.Freshness {
	shown := shownFreshness(f, p)
	switch {
	case f.Check == nil || f.Check.FinishedAt == nil:
	case g.VerifiedAt == nil:
		shown.Check = "no full check of this segment yet"
	case g.VerifiedAt.Before(*f.Check.FinishedAt):
		shown.Check = "last full check of this segment " + views.DayClock(*g.VerifiedAt, p)
	case f.Check.Differences > 0:
		shown.Check += " in all segments"
	}
	return shown
}

// segmentPeople adds the latest changes of a segment and a page of its members.
func (v *visit) segmentPeople(m *views.SegmentModel, g models.Segment) error {
	ctx, store := v.UserContext(), v.segments()
	changes, _, err := store.Changes(ctx, g.WorkspaceID, g.ID, segments.NewestChanges, latestChanges)
	if err != nil {
		return models.In("segment page: changes", err)
	}
	before, _ := strconv.ParseInt(v.Query("before"), 10, 64) // anything else shows the newest
	ids, err := store.Page(ctx, g.WorkspaceID, g.ID, before, membersPage+1)
	if err != nil {
		return models.In("segment page: members", err)
	}
	found, err := v.server.DB.ContactsByID(ctx, g.WorkspaceID, slices.Concat(contactsOf(changes), ids))
	if err != nil {
		return models.In("segment page: contacts", err)
	}
	if m.Changes, err = v.segmentChanges(g, changes, found); err != nil {
		return err
	}
	if before > 0 {
		m.Newest = v.path("segments", g.ID)
	}
	if len(ids) > membersPage {
		ids = ids[:membersPage]
		m.Older = v.path("segments", g.ID) + "?before=" + strconv.FormatInt(ids[membersPage-1], 10)
	}
	for _, id := range ids {
		if c, there := found[id]; there {
			m.Members = append(m.Members, views.Member{ID: c.ID, Name: views.PersonName(c.Fields), Email: models.ShowEmail(c.Email), Status: string(c.Status), Since: c.CreatedAt})
		}
	}
	return nil
}

// segmentPeriods are the periods of a segment's size chart.
var segmentPeriods = []struct {
	query, label string
	days         int
}{{"30", "30 days", 30}, {"90", "90 days", 90}, {"365", "1 year", 365}}

// segmentSize adds a segment's figures and its size chart.
func (v *visit) segmentSize(m *views.SegmentModel, g models.Segment, contacts int64) error {
	period := segmentPeriods[1]
	for _, one := range segmentPeriods {
		if one.query == v.Query("days") {
			period = one
		}
	}
	for _, one := range segmentPeriods {
		m.Ranges = append(m.Ranges, views.Tab{Label: one.label, Href: v.path("segments", g.ID) + "?days=" + one.query, Current: one == period})
	}
	slots := m.DaySlots(period.days+1, 24)
	noted, err := v.segments().Days(v.UserContext(), g.WorkspaceID, g.ID, v.dayOf(slots[0]))
	if err != nil {
		return models.In("segment page: days", err)
	}
	days := noted[g.ID]
	sizes := v.sizes(g, days, slots)
	if n := len(sizes); n > 0 && n < leastDays {
		m.SizeWords = "Today is its first day. In three days a chart shows here how it grew."
		if n > 1 {
			m.SizeWords = "It had " + views.Plural(sizes[0], "contact", "contacts") + " on " + m.DaySlots(n, 24)[0].Name + ", and has " + views.Count(sizes[n-1]) + " now. In a few days a chart shows here each day."
		}
	} else if n > 0 {
		m.Size = views.Chart{Title: "Contacts at the end of each day", Unit: "Day", Empty: "It had no contacts in the last " + period.label + ".", Lines: true,
			Slots: m.DaySlots(len(sizes), 24), Series: []views.Series{{Name: "Contacts", Tone: "ok", Values: sizes}},
			Summary: "From " + views.Count(sizes[0]) + " to " + views.Count(sizes[len(sizes)-1]) + "."}
	}
	recent := v.dayOf(slots[len(slots)-1-segmentPeriods[0].days])
	var in, out models.SegmentDay
	for _, d := range days {
		if d.Day > recent {
			in.EnteredCall, in.EnteredEdit, in.EnteredTime, in.EnteredRule = in.EnteredCall+d.EnteredCall, in.EnteredEdit+d.EnteredEdit, in.EnteredTime+d.EnteredTime, in.EnteredRule+d.EnteredRule
			in.EnteredImport, out.EnteredImport = in.EnteredImport+d.EnteredImport, out.EnteredImport+d.DepartedImport
			out.EnteredCall, out.EnteredEdit, out.EnteredTime, out.EnteredRule = out.EnteredCall+d.DepartedCall, out.EnteredEdit+d.DepartedEdit, out.EnteredTime+d.DepartedTime, out.EnteredRule+d.DepartedRule
		}
	}
	m.Figures = []views.Figure{{Label: "Contacts", Value: views.Count(g.MemberCount), Note: share(g.MemberCount, contacts)},
		movedFigure("Entered, 30 days", in), movedFigure("Left, 30 days", out)}
	return nil
}

// share returns a segment's share of all contacts, "" if unknown.
func share(of, all int64) string {
	switch {
	case all < of || all == 0:
		return ""
	case of > 0 && of*100 < all:
		return "under 1 % of the audience"
	}
	return strconv.FormatInt((of*100+all/2)/all, 10) + " % of the audience"
}

// movedFigure shows how many contacts entered or left, and why. Both are passed in d's Entered fields.
func movedFigure(label string, d models.SegmentDay) views.Figure {
	all, _ := enteredAndLeft(d)
	var parts []string
	for _, part := range []struct {
		n  int64
		by string
	}{{d.EnteredCall, "by calls"}, {d.EnteredEdit, "by edits and automations"}, {d.EnteredImport, "by imports"}, {d.EnteredTime, "by time"}, {d.EnteredRule, "by the rule"}} {
		if part.n > 0 {
			parts = append(parts, views.Count(part.n)+" "+part.by)
		}
	}
	return views.Figure{Label: label, Value: views.Count(all), Note: strings.Join(parts, ", ")}
}
