package handlers

import (
	"strings"
	"testing"

	"campaignlark/models"

	"gorm.io/gorm"
)

// crowd stores n contacts, a third of them subscribed.
func (s *site) crowd(n int) {
	s.t.Helper()
	s.write(func(tx *gorm.DB) error {
		now := s.server.now()
		return tx.Exec(`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
			INSERT INTO contacts (workspace_id, id, email, status, fields, version, created_at, updated_at)
			SELECT ?, i, 'c' || i || '@example.com', CASE WHEN i % 3 = 0 THEN 'SUBSCRIBED' ELSE 'UNCONFIRMED' END, '{}', 1, ?, ? FROM n`, n, s.workspace.ID, now, now).Error
	})
}

// TestPreviewShowsUnicodeAddresses expects a domain in its own script, as in the lists of contacts.
func TestPreviewShowsUnicodeAddresses(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		s.addContact(1, "ines@xn--mnchen-3ya.example", nil)
		rule := []string{"what-0", "status", "operator-0", "eq", "value-0", "SUBSCRIBED", "do", "preview"}
		s.post("/w/books/segments", rule...).want(t, 200, "Some of them ines@münchen.example")
	})
}

func TestBuilderPreviews(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		s.crowd(30)
		page := s.post("/w/books/segments", formOf(t, s.get("/w/books/segments/new"), "preview")...)
		page.want(t, 200, "Would be in 10 of 30 contacts", "Some of them c3@example.com", "Counted just now in")
		page.wantNot(t, "Please give it a name", "Count exactly", "leave")
		path := s.post("/w/books/segments", "name", "All", "what-0", "status", "operator-0", "eq", "value-0", "SUBSCRIBED", "do", "save").header.Get("Location")
		s.tick()
		s.get(path) // uses up the message
		page = s.post(path, "name", "All", "what-0", "status", "operator-0", "ne", "value-0", "SUBSCRIBED", "what-1", "tags", "operator-1", "has_any", "do", "preview")
		page.want(t, 200, "Would be in 20", "+20 enter −10 leave 0 stay", "Would enter c1@example.com", "Would leave c3@example.com",
			"The condition not filled in yet was left out of the count.", "Please choose at least one tag.", "In words Contacts whose Status is not Subscribed and who have any of the tags …")
		page.wantNot(t, "Not saved.")
		if got := focused(t, page); got != "preview" {
			t.Errorf("the focus is on %q, want the preview", got)
		}
		s.post(path, "name", "All", "what-0", "tags", "operator-0", "has_any", "do", "preview").want(t, 200, "There is nothing to count yet")
		if all, err := s.segments(); err != nil || len(all) != 1 || !strings.Contains(all[0].Rule, `"eq"`) {
			t.Errorf("got %v (%v), want nothing changed by previews", all, err)
		}
	})
}

// TestPreviewReportsCycles covers unsaved rules, and cycles that last only until a new rule is built.
func TestPreviewReportsCycles(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		looksAt := func(id int64) []string {
			return []string{"name", "Subscribed", "what-0", "segment", "operator-0", "in", "value-0", itoa(id), "do"}
		}
		rule := `{"condition":"AND","filters":[{"type":"status","operator":"eq","value":"SUBSCRIBED"}]}`
		a := s.storeSegment("Subscribed", nil)
		b := s.storeSegment("Readers", func(g *models.Segment) {
			g.Rule = `{"condition":"AND","filters":[{"type":"segment","operator":"in","value":` + itoa(a.ID) + `}]}`
		})
		path := "/w/books/segments/" + itoa(a.ID)
		const cycle = "Subscribed cannot be part of its own rule: Subscribed → Readers → Subscribed."
		page := s.post(path, append(looksAt(b.ID), "preview")...)
		page.want(t, 200, cycle, "There is nothing to count yet: each condition has a fault.")
		for _, place := range []string{`id="value-0-err"`, `id="preview-err"`, `data-said="` + cycle} {
			if !strings.Contains(page.body, place) {
				t.Errorf("the page does not say it at %s", place)
			}
		}
		page = s.post(path, append(looksAt(b.ID), "save")...)
		page.want(t, 422, cycle)
		if got := value(formOf(t, page, ""), "value-0"); got != itoa(b.ID) {
			t.Errorf("got the segment %q chosen, want it kept", got)
		}

		slot := 5
		s.write(func(tx *gorm.DB) error {
			return tx.Model(&models.Segment{}).Where("id = ?", b.ID).Updates(map[string]any{"building_rule": rule, "building_slot": slot}).Error
		})
		const wait = "Please wait: Readers has a new rule that is still being built. Until then its old rule leads back here: Subscribed → Readers → Subscribed."
		s.post(path, append(looksAt(b.ID), "preview")...).want(t, 200, wait)
		page = s.post(path, append(looksAt(b.ID), "save")...)
		page.want(t, 422, wait, "Save again when it is built.")
		s.write(func(tx *gorm.DB) error {
			return tx.Model(&models.Segment{}).Where("id = ?", b.ID).Updates(map[string]any{"rule": rule, "building_rule": nil, "building_slot": nil}).Error
		})
		s.post(path, formOf(t, page, "save")...).want(t, 303)
	})
}

// TestEnterPreviewsInTheBuilder checks the form's first button, because Enter in a field presses it.
func TestEnterPreviewsInTheBuilder(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		page := s.get("/w/books/segments/new").body
		form := page[strings.Index(page, "data-rule"):]
		first := form[strings.Index(form, "<button"):]
		if first = first[:strings.Index(first, ">")]; !strings.Contains(first, `value="preview"`) {
			t.Errorf("the form's first button is %s, want the preview", first)
		}
	})
}

// TestAtMostTwoExactCounts expects an estimate for a third person.
func TestAtMostTwoExactCounts(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		s.crowd(30_000)
		rule := []string{"what-0", "status", "operator-0", "eq", "value-0", "SUBSCRIBED", "do"}
		s.post("/w/books/segments", append(rule, "preview")...).want(t, 200, "Would be in about ", "estimated from 16,1", "Count exactly")
		s.post("/w/books/segments", append(rule, "count")...).want(t, 200, "Would be in 10,000 of 30,000 contacts")
		for range exactAtOnce {
			s.server.previews.exact <- struct{}{}
		}
		busy := s.post("/w/books/segments", append(rule, "count")...)
		busy.want(t, 200, "about ", "Others are counting exactly right now, so the estimate stands.", "Count exactly")
		if strings.Contains(busy.body, "data-estimate") {
			t.Error("the page asks for the exact count again by itself")
		}
		s.server.previews.leave()
		s.post("/w/books/segments", append(rule, "count")...).want(t, 200, "Would be in 10,000")
	})
}

// TestNewPreviewStopsTheOlderOne checks that a person runs one count at a time for a form.
func TestNewPreviewStopsTheOlderOne(t *testing.T) {
	t.Parallel()
	p := previews{running: map[string]*running{}}
	first, endFirst := p.begin(t.Context(), "ines /segments")
	other, endOther := p.begin(t.Context(), "theo /segments")
	second, endSecond := p.begin(t.Context(), "ines /segments")
	if first.Err() == nil || other.Err() != nil || second.Err() != nil {
		t.Errorf("got %v, %v, %v; want only the first one ended", first.Err(), other.Err(), second.Err())
	}
	endFirst()
	third, endThird := p.begin(t.Context(), "ines /segments")
	if second.Err() == nil || third.Err() != nil {
		t.Error("the end of the first one forgot the second")
	}
	endSecond()
	endThird()
	endOther()
	if len(p.running) != 0 {
		t.Errorf("got %v under way, want none", p.running)
	}
}
