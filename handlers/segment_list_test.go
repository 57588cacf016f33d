package handlers

import (
	"strings"
	"testing"

	"campaignlark/models"
)

// TestSegmentsAreFilteredAndSorted looks for segments by their name and by the words of their rule, by state and in each order.
func TestSegmentsAreFilteredAndSorted(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		for i, status := range []models.Status{models.StatusSubscribed, models.StatusSubscribed, models.StatusUnconfirmed} {
			s.addContact(int64(i+1), "c"+itoa(int64(i+1))+"@example.com", func(c *models.Contact) {
				c.Status = status
				if i == 0 {
					c.Fields = map[string]string{"first_name": "Łukasz", "last_name": "Nowak"}
				}
			})
		}
		few := s.addSegment("Café", `{"condition":"AND","filters":[{"type":"status","operator":"eq","value":"UNCONFIRMED"}]}`)
		many := s.addSegment("Readers", `{"condition":"AND","filters":[{"type":"status","operator":"eq","value":"SUBSCRIBED"}]}`)
		tests := []struct{ query, want, not string }{
			{"", "2 segments", "of 2"},
			{"?q=CAFE", "1 of 2 segments", "Readers"},
			{"?q=unconfirmed", "Café", "Readers"},
			{"?state=broken", "No segment matches. Show all 2", "Café"},
			{"?state=ready&q=reader", "1 of 2 segments", "Café"},
			{"?q=%3Cscript%3E%00", "No segment matches.", "Café"},
			{"?state=nonsense&sort=nonsense", "2 segments", "of 2"},
		}
		for _, tt := range tests {
			a := s.get("/w/books/segments" + tt.query)
			a.want(t, 200, tt.want)
			a.wantNot(t, tt.not)
		}
		for sort, first := range map[string]string{"": "Café", "name-desc": "Readers", "size-desc": "Readers", "size-asc": "Café", "moved-desc": "Readers", "moved-asc": "Café"} {
			page := s.get("/w/books/segments?sort=" + sort).text()
			if cafe, readers := strings.LastIndex(page, "Café"), strings.LastIndex(page, "Readers"); (cafe < readers) != (first == "Café") {
				t.Errorf("order %q: got another first segment than %s", sort, first)
			}
		}
		s.get("/w/books/segments?q=e").wantLink(t, "Contacts", "/w/books/segments?q=e&amp;sort=size-desc")
		s.get("/w/books/segments/"+itoa(many.ID)).want(t, 200, "c1@example.com Łukasz Nowak")

		page := s.get("/w/books/segments/" + itoa(few.ID))
		page.wantLink(t, "Duplicate", "/w/books/segments/new?from="+itoa(few.ID))
		form := formFields(s.get("/w/books/segments/new?from=" + itoa(few.ID)).body)
		if form.Get("name") != "Copy of Café" || form.Get("value-0") != "UNCONFIRMED" {
			t.Errorf("the form of the copy has %v", form)
		}
		s.get("/w/books/segments/new?from=999").want(t, 404)
		viewer := s.as(s.signIn(s.addMember(s.workspace, "vera@example.com", models.RoleViewer)))
		viewer.get("/w/books/segments/new?from="+itoa(few.ID)).want(t, 403)
		viewer.get("/w/books/segments/"+itoa(few.ID)).wantNot(t, "Duplicate")
		other := s.addWorkspace("other")
		stranger := s.as(s.signIn(s.addMember(other, "otto@example.com", models.RoleAdmin)))
		stranger.get("/w/other/segments/new?from="+itoa(few.ID)).want(t, 404)
	})
}

// TestALongPropertyCanBeReadInFull has a condition whose labels are longer than a narrow list: each list says its choice in full.
func TestALongPropertyCanBeReadInFull(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		m := s.addMergeTag(models.MergeTag{Key: "catalogue", Label: "Wants the printed catalogue of next spring", Type: models.MergeTagText})
		g := s.addSegment("Catalogue", `{"condition":"AND","filters":[{"type":"field","field_id":`+itoa(m.ID)+`,"operator":"eq","value":"yes"}]}`)
		body := s.get("/w/books/segments/" + itoa(g.ID) + "/edit").body
		for _, want := range []string{`title="Wants the printed catalogue of next spring"`, `title="is"`} {
			if !strings.Contains(body, want) {
				t.Errorf("the builder has no %s", want)
			}
		}
	})
}
