package handlers

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"campaignlark/models"
)

// TestContactsAreSortedByLinks follows the headings and the pages of the list.
func TestContactsAreSortedByLinks(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		for n := range int64(60) {
			s.addContact(n+1, fmt.Sprintf("c%02d@example.com", (n*7)%60), func(c *models.Contact) { c.UpdatedAt = c.UpdatedAt.Add(time.Duration((n*11)%60) * time.Second) })
		}
		shown := regexp.MustCompile(`c[0-9]{2}@example`)
		first := func(a answer) string { return shown.FindString(a.text()) }
		list := s.get("/w/books/contacts")
		list.want(t, 200, "60 contacts · newest first")
		list.wantLink(t, "Address", "/w/books/contacts?sort=address-asc")
		list.wantLink(t, "Last changed", "/w/books/contacts?sort=changed-desc")
		list.wantLink(t, "Created ↓", "/w/books/contacts?sort=created-asc")

		sorted := s.get("/w/books/contacts?sort=address-asc&status=SUBSCRIBED")
		sorted.want(t, 200, "by address, A to Z")
		sorted.wantLink(t, "Address ↑", "/w/books/contacts?sort=address-desc&amp;status=SUBSCRIBED")
		if got := first(sorted); got != "c00@example" || !strings.Contains(sorted.body, `aria-sort="ascending"`) || strings.Count(sorted.body, "aria-sort") != 1 {
			t.Errorf("got %s first", got)
		}
		next := regexp.MustCompile(`href="([^"]+)" rel="next"`).FindStringSubmatch(s.get("/w/books/contacts?sort=changed-desc").body)
		if next == nil {
			t.Fatal("there is no next page")
		}
		second := s.get(strings.ReplaceAll(next[1], "&amp;", "&"))
		if n := len(shown.FindAllString(second.text(), -1)); n < 10 {
			t.Errorf("got %d contacts on the second page", n)
		}
		previous := regexp.MustCompile(`href="([^"]+)" rel="prev"`).FindStringSubmatch(second.body)
		if previous == nil || first(s.get(strings.ReplaceAll(previous[1], "&amp;", "&"))) != first(s.get("/w/books/contacts?sort=changed-desc")) {
			t.Errorf("got %v, want the way back to the first page", previous)
		}
		for _, bad := range []string{"sort=x", "sort=address-asc&after=99", "sort=changed-desc&after=5", "sort=changed-desc&before=x.y", "sort=changed-asc&after=1.99999999999999999999", "sort=created-asc&after=-4"} {
			s.get("/w/books/contacts?"+bad).want(t, 200, "60 contacts")
		}
		s.get("/w/books/contacts?sort=address-asc&q="+strings.Repeat("%25_'", 2000)).want(t, 200, "No contact matches")
	})
}
