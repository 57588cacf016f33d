package handlers

import (
	"fmt"
	"time"

	"campaignlark"
	"campaignlark/automations"
	"campaignlark/models"
	"campaignlark/segments"
	"campaignlark/segments/rule"
	"campaignlark/views"

	"github.com/gofiber/fiber/v2"
)

// sparkDays is how many days before today the list's size charts begin.
const sparkDays = 30

// segmentList shows each segment with its rule in words, its state and its size. With ?part=list it sends only the part that
// refreshes itself.
func (s *Server) segmentList(v *visit) error {
	part := v.Query("part") == "list"
	p, err := v.pageOrPart(part, views.SectionSegments, "Segments")
	if err != nil {
		return err
	}
	m := views.SegmentsModel{Page: p, CanChange: v.canChange()}
	if m.Fresh, m.Segments, err = v.segmentRows(p); err != nil {
		return err
	}
	if part { // with all rows: the page takes what changed in those that it shows
		return campaignlark.Render(v.Ctx, fiber.StatusOK, views.SegmentList(m))
	}
	v.chooseSegments(&m)
	return v.show(views.SegmentsPage(m))
}

// pageOrPart is v.page, or for a part of a page only what the part's links and times need.
func (v *visit) pageOrPart(part bool, section, title string, crumbs ...views.Crumb) (views.Page, error) {
	if part {
		return views.Page{Workspace: views.Workspace{Slug: v.Workspace.Slug}, Loc: v.Workspace.Location(), Now: v.server.now()}, nil
	}
	return v.page(section, title, crumbs...)
}

// segmentRows returns the list's row for each segment.
func (v *visit) segmentRows(p views.Page) (views.Freshness, []views.SegmentRow, error) {
	ctx, store := v.UserContext(), v.segments()
	schema, err := store.SchemaOf(ctx, v.Workspace)
	if err != nil {
		return views.Freshness{}, nil, models.In("segment list: segments and what rules need", err)
	}
	fresh, err := store.Freshness(ctx, v.Workspace.ID, p.Now)
	if err != nil {
		return views.Freshness{}, nil, models.In("segment list: freshness", err)
	}
	users, err := v.usingAutomations()
	if err != nil {
		return views.Freshness{}, nil, err
	}
	slots := p.DaySlots(sparkDays+1, 24)
	days, err := store.Days(ctx, v.Workspace.ID, 0, v.dayOf(slots[0]))
	var rows []views.SegmentRow
	shown := shownFreshness(fresh, p)
	shown.All = len(schema.Segments)
	for _, g := range schema.ByName() {
		if g.BrokenReason != "" {
			shown.Broken = append(shown.Broken, views.Named{ID: g.ID, Name: g.Name})
		}
		row := segmentRow(g, schema, v.audience(fresh), p.Now)
		row.Repair = namedSegments(segments.RootCauses(g, schema.Segments))
		row.Automations = users[automations.Used{Subject: models.SubjectSegment, ID: g.ID}]
		row.Sizes = v.sizes(g, days[g.ID], slots)
		if n := len(days[g.ID]); n > 0 && days[g.ID][n-1].Day == v.dayOf(slots[len(slots)-1]) {
			row.In, row.Out = enteredAndLeft(days[g.ID][n-1])
		}
		rows = append(rows, row)
	}
	return shown, rows, models.In("segment list: days", err)
}

// audience returns the number of contacts: the navigation's count, or the last noted one if that count stopped early.
func (v *visit) audience(f segments.Freshness) int64 {
	if n := v.counts.Contacts; n > 0 && n <= models.ExactCount {
		return n
	}
	return f.Contacts
}

// dayOf names a slot's day as models.SegmentDay does.
func (v *visit) dayOf(slot views.Slot) string {
	return models.DayName(slot.From, v.Workspace.Location())
}

// sizes returns a segment's size at the end of each day, from the first known one. Today's is the current size.
func (v *visit) sizes(g models.Segment, noted []models.SegmentDay, slots []views.Slot) (sizes []int64) {
	if g.BuiltAt == nil {
		return nil
	}
	first := len(slots) - 1
	next, size := 0, int64(0)
	for i, slot := range slots {
		day := v.dayOf(slot)
		for ; next < len(noted) && noted[next].Day <= day; next++ {
			size, first = noted[next].Size, min(first, i)
		}
		if i == len(slots)-1 {
			size = g.MemberCount
		}
		if i >= first {
			sizes = append(sizes, size)
		}
	}
	return sizes
}

func enteredAndLeft(d models.SegmentDay) (in, out int64) {
	return d.EnteredCall + d.EnteredEdit + d.EnteredImport + d.EnteredTime + d.EnteredRule, d.DepartedCall + d.DepartedEdit + d.DepartedImport + d.DepartedTime + d.DepartedRule
}

// segmentRow describes a segment. contacts is the number of all contacts, 0 if unknown.
func segmentRow(g models.Segment, schema rule.Schema, contacts int64, now time.Time) views.SegmentRow {
	row := views.SegmentRow{
		ID: g.ID, Name: g.Name, Words: words(rule.Sentence(rule.OfSegment(g), schema)), Contacts: g.MemberCount,
		Built: g.BuiltAt != nil, Building: g.BuildingSlot != nil, Broken: g.BrokenReason,
	}
	if row.Building {
		chunks := max(g.TotalChunks, 1)
		row.Total = contacts
		if contacts == 0 {
			row.Total = chunks * segments.ChunkSize
		}
		row.Done = row.Total * min(g.BuiltChunks, chunks) / chunks
		if g.BuildingSince != nil {
			row.Left = timeLeft(now.Sub(*g.BuildingSince), min(g.BuiltChunks, chunks), chunks)
		}
	}
	return row
}

// A build's remaining time is estimated only after this time and share of work. Its first second includes waiting for the ticker.
const (
	paceAfter = 3 * time.Second
	paceParts = 20 // at least 1/paceParts is done
)

// timeLeft estimates the remaining time of a build that has done done of all in the time since. It is 0 if too little is done.
func timeLeft(since time.Duration, done, all int64) time.Duration {
	if since < paceAfter || done*paceParts < all || done == 0 {
		return 0
	}
	return time.Duration(float64(since) / float64(done) * float64(all-done))
}

// shownFreshness describes how far the segments are behind and what the last full check found.
func shownFreshness(f segments.Freshness, p views.Page) views.Freshness {
	shown := views.Freshness{Check: "no full check yet"}
	if !f.Oldest.IsZero() {
		shown.Behind = max(p.Now.Sub(f.Oldest), time.Millisecond)
	}
	switch c := f.Check; {
	case c == nil:
	case c.FinishedAt == nil:
		shown.Check = fmt.Sprintf("a full check is under way, %d %% done", 100*min(c.NextChunk, c.TotalChunks)/max(c.TotalChunks, 1))
	default:
		shown.Check = "last full check " + views.DayClock(*c.FinishedAt, p) + ", no differences"
		if c.Differences > 0 {
			shown.Check = "last full check " + views.DayClock(*c.FinishedAt, p) + ", " + views.Plural(c.Differences, "difference", "differences") + " repaired"
		}
	}
	return shown
}
