package handlers

import (
	"testing"

	"campaignlark/models"
)

// TestBrokenSegmentNamesWhatToRepair shows segments that are broken because another segment is, one of them before its first build.
func TestBrokenSegmentNamesWhatToRepair(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		s.addContact(1, "cersei@example.com", nil)
		looksAt := func(g models.Segment) string {
			return `{"condition":"AND","filters":[{"type":"segment","operator":"in","value":` + itoa(g.ID) + `}]}`
		}
		const reason = "It looks at a segment whose rule is broken."
		root := s.storeSegment("Root", func(g *models.Segment) { g.BrokenReason = "The tag “vip” was deleted." })
		middle := s.storeSegment("Middle", func(g *models.Segment) { g.Rule, g.BrokenReason = looksAt(root), reason })
		top := s.storeSegment("Top", func(g *models.Segment) { g.Rule, g.BrokenReason, g.BuiltAt = looksAt(middle), reason, nil })
		never := s.storeSegment("Never", func(g *models.Segment) { g.BrokenReason, g.BuiltAt = "The tag “new” was deleted.", nil })

		page := "/w/books/segments/"
		s.get("/w/books/segments").want(t, 200, "4 of 4 are broken.", "Repair the rule of Root", "To be repaired: Root", "never built")
		s.get("/w/books/segments").wantNot(t, "Repair the rule of Middle", "Repair the rule of Top")
		s.get("/w/books").want(t, 200, "To be repaired: Root")
		for _, path := range []string{page + itoa(middle.ID), page + itoa(middle.ID) + "?part=state"} {
			s.get(path).want(t, 200, "Its contacts stay as they are until that is repaired.", "To be repaired: Root")
			s.get(path).wantNot(t, "Repair the rule")
		}
		s.get(page+itoa(top.ID)).want(t, 200, "It was never built", "To be repaired: Root", "It waits for “Root”, whose rule is broken.")
		a := s.get(page + itoa(never.ID))
		a.want(t, 200, "It was never built, so nobody is in it until the rule is repaired.", "Repair the rule", "This segment was never built")
		a.wantNot(t, "Its contacts stay as they are", "are being found", "Check now")
		a = s.get("/w/books/contacts/1")
		a.want(t, 200, "It was never built, because it is broken: The tag “new” was deleted.")
		a.wantNot(t, "built for the first time")
	})
}
