package handlers

import (
	"encoding/csv"
	"net/url"
	"slices"
	"strings"
	"testing"

	"campaignlark/jobs"
	"campaignlark/models"

	"gorm.io/gorm"
)

// readers stores three contacts with a city and a tag for the first two, and returns the merge tag of the city.
func (s *site) readers() models.MergeTag {
	s.t.Helper()
	city := s.addMergeTag(models.MergeTag{Key: "city", Label: "City", Type: models.MergeTagText})
	for i, name := range []string{"anna", "ben", "carla"} {
		s.addContact(int64(i+1), name+"@example.com", func(c *models.Contact) {
			c.Fields = map[string]string{"city": []string{"Bonn", "Graz", "Bonn"}[i]}
			if name == "carla" {
				c.SetStatus(models.StatusUnsubscribed, c.CreatedAt)
			}
		})
	}
	return city
}

func fieldRule(m models.MergeTag, value string) string {
	return `{"condition":"AND","filters":[{"type":"field","field_id":` + itoa(m.ID) + `,"operator":"eq","value":"` + value + `"}]}`
}

// TestMoreFiltersNarrowTheList builds a rule without script, and uses it in the list, its export, its chips and a bulk action.
func TestMoreFiltersNarrowTheList(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		city := s.readers()
		s.addTag("vip", 1, 2)
		list := s.get("/w/books/contacts?status=SUBSCRIBED&sort=address-asc")
		list.wantLink(t, "More filters", "/w/books/contacts/filter?sort=address-asc&amp;status=SUBSCRIBED")
		form := s.get("/w/books/contacts/filter?sort=address-asc&status=SUBSCRIBED")
		form.want(t, 200, "match these conditions and its other filters: status is Subscribed.", "Show contacts", "Save these conditions as segment")
		form = s.post("/w/books/contacts/filter", formOf(t, form, "add")...)
		form.want(t, 200, "Condition", "status is Subscribed")
		fields := replaced(formOf(t, form, "update-0"), "what-0", "field-"+itoa(city.ID))
		form = s.post("/w/books/contacts/filter", fields...)
		form = s.post("/w/books/contacts/filter", replaced(formOf(t, form, "remove-1"), "value-0", "Bonn")...)
		form = s.post("/w/books/contacts/filter", formOf(t, form, "preview")...)
		form.want(t, 200, "Would be in 2 of 3 contacts", "In words Contacts whose City is Bonn")
		applied := s.post("/w/books/contacts/filter", formOf(t, form, "save")...)
		rule := url.QueryEscape(fieldRule(city, "Bonn"))
		if got, want := applied.header.Get("Location"), "/w/books/contacts?rule="+rule+"&sort=address-asc&status=SUBSCRIBED"; got != want {
			t.Fatalf("got %s, want %s", got, want)
		}
		list = s.follow(applied)
		list.want(t, 200, "1 of 3 contacts", "whose City is Bonn", "status is Subscribed", "anna@", "by address, A to Z", "All 1 that match")
		list.wantNot(t, "carla@", "ben@")
		list.wantLink(t, "whose City is Bonn", "/w/books/contacts?sort=address-asc&amp;status=SUBSCRIBED")
		list.wantLink(t, "More filters", "/w/books/contacts/filter?rule="+strings.ReplaceAll(rule, "&", "&amp;")+"&amp;sort=address-asc&amp;status=SUBSCRIBED")
		s.get("/w/books/contacts/filter?rule="+rule).want(t, 200, "In words Contacts whose City is Bonn")

		s.get("/w/books/contacts?rule="+rule).want(t, 200, "2 of 3 contacts", "anna@", "carla@")
		s.get("/w/books/contacts?tag=vip&rule="+rule).want(t, 200, "1 of 3 contacts", "anna@")
		s.get("/w/books/contacts?q=carla&rule="+rule).want(t, 200, "1 of 3 contacts", "carla@", "Save as segment, without the search")
		s.get("/w/books/contacts?q=ben&rule="+rule).want(t, 200, "No contact matches")
		s.get("/w/books/contacts?sort=changed-desc&rule="+rule).want(t, 200, "2 of 3 contacts")

		file, err := csv.NewReader(strings.NewReader(s.get("/w/books/contacts.csv?bom=0&rule=" + rule).body)).ReadAll()
		if err != nil || len(file) != 3 || file[1][0] != "carla@example.com" {
			t.Errorf("got %v (%v), want the two contacts of the list", file, err)
		}
		s.get("/w/books/contacts/bulk?do=tag&id=1&rule="+rule).want(t, 200, "This is about 1 contact.")
		all := s.get("/w/books/contacts/bulk?do=delete&all=1&rule=" + rule)
		all.want(t, 200, "Delete 2 contacts for good? Type 2.", "These are all contacts that match: whose City is Bonn.")
		s.post("/w/books/contacts/bulk", "do", "delete", "all", "1", "typed", "3", "rule", fieldRule(city, "Bonn")).want(t, 422, "Nothing was deleted.")
		columns := s.post("/w/books/contacts/columns", "column", "status", "rule", fieldRule(city, "Bonn"))
		if got := columns.header.Get("Location"); got != "/w/books/contacts?rule="+rule {
			t.Errorf("choosing columns leads to %s", got)
		}
		s.get("/w/books/contacts").want(t, 200, "3 contacts")
	})
}

// TestABulkChangeOfEveryoneWhoMatchesARule changes the contacts of a list with a rule, one of which stops matching before the work comes to it.
func TestABulkChangeOfEveryoneWhoMatchesARule(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		city := s.readers()
		s.addTag("vip", 1)
		bonn := []string{"all", "1", "rule", fieldRule(city, "Bonn")}
		ask := s.get("/w/books/contacts/bulk?do=tag&with=vip&all=1&rule=" + url.QueryEscape(fieldRule(city, "Bonn")))
		ask.want(t, 200, "Add the tag “vip” to 2 contacts?", "Have the tag already: 1 of them.", "whose City is Bonn")
		s.post("/w/books/contacts/bulk", append(bonn, "do", "tag", "with", "vip", "total", "3")...).want(t, 422, "The number of contacts is another one now")
		s.post("/w/books/contacts/bulk", append(bonn, "do", "tag", "with", "vip", "total", "2")...).want(t, 303)
		s.work()
		s.get("/w/books/jobs/1").want(t, 200, "The tag “vip” was added to 1 contact. 1 had it already.")
		s.get("/w/books/contacts?tag=vip").want(t, 200, "2 of 3 contacts", "anna@", "carla@")

		s.get("/w/books/contacts/bulk?do=status&to=UNCONFIRMED&all=1&q=carla&rule="+url.QueryEscape(fieldRule(city, "Bonn"))).want(t, 200, "Make 1 contact unconfirmed?")
		s.post("/w/books/contacts/bulk", append(bonn, "do", "delete", "typed", "2")...).want(t, 303)
		s.write(func(tx *gorm.DB) error { return tx.Exec("UPDATE contacts SET fields = '{}' WHERE id = 3").Error })
		s.work()
		s.get("/w/books/jobs/2").want(t, 200, "1 contact deleted for good.")
		s.get("/w/books/contacts").want(t, 200, "2 contacts", "ben@", "carla@")
		s.get("/w/books/settings/audit-log").want(t, 200, "changed several contacts: the conditions of “More filters” match")

		started := s.post("/w/books/contacts/bulk", "all", "1", "rule", fieldRule(city, "Graz"), "do", "delete", "typed", "1")
		s.post("/w/books/merge-tags/"+itoa(city.ID)+"/delete").want(t, 303)
		_, _ = jobs.New(s.db, s.server.Log, s.server.Now).Turn(t.Context()) // the error is on the page
		s.follow(started).want(t, 200, "The conditions of “More filters” name something that was deleted while this work ran")
		s.get("/w/books/contacts").want(t, 200, "2 contacts", "ben@")
		s.get("/w/books/contacts/bulk?do=delete&all=1&rule="+url.QueryEscape(fieldRule(city, "Graz"))).want(t, 200, "Nobody is selected")
	})
}

// replaced returns the form's fields with another value for one of them.
func replaced(fields []string, name, value string) []string {
	fields = slices.Clone(fields)
	for i := 0; i < len(fields); i += 2 {
		if fields[i] == name {
			fields[i+1] = value
		}
	}
	return fields
}

// TestAFilterBecomesASegment follows the two ways from the list to the form of a new segment.
func TestAFilterBecomesASegment(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		city := s.readers()
		tag := s.addTag("vip", 1, 2)
		group := s.storeSegment("Readers", nil)
		list := s.get("/w/books/contacts?status=SUBSCRIBED&tag=" + itoa(tag.ID) + "&segment=" + itoa(group.ID) + "&rule=" + url.QueryEscape(fieldRule(city, "Bonn")))
		form := s.get(strings.ReplaceAll(linkNamed(t, list, "Save as segment"), "&amp;", "&"))
		form.want(t, 200, "Create segment", "Contacts whose Status is Subscribed and who have the tag vip and are in the segment Readers and whose City is Bonn")
		if at := s.post("/w/books/segments", replaced(formOf(t, form, "save"), "name", "Bonn readers")...).header.Get("Location"); at == "" {
			t.Error("the segment was not created")
		}
		builder := s.get("/w/books/contacts/filter?rule=" + url.QueryEscape(strings.Replace(fieldRule(city, "Bonn"), "AND", "OR", 1)))
		form = s.post("/w/books/segments", formOf(t, builder, "open")...)
		form.want(t, 200, "Create segment", "Contacts whose City is Bonn")
		form.wantNot(t, "Please give it a name.")
		s.get("/w/books/segments/new?rule=%7Bx").want(t, 200, "Create segment", "This was sent as a rule")
		s.get("/w/books/contacts").wantNot(t, "Save as segment")

		viewer := s.as(s.signIn(s.addMember(s.workspace, "vera@example.com", models.RoleViewer)))
		seen := viewer.get("/w/books/contacts?rule=" + url.QueryEscape(fieldRule(city, "Graz")))
		seen.want(t, 200, "1 of 3 contacts", "ben@", "More filters")
		seen.wantNot(t, "Save as segment")
		viewer.get("/w/books/contacts/filter").wantNot(t, "Save as segment")
	})
}

// TestAnUnusableRuleIsExplained sends the list rules that nobody can use.
func TestAnUnusableRuleIsExplained(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		city := s.readers()
		condition := func(what, value string) string {
			return `{"condition":"AND","filters":[{"type":"` + what + `","operator":"eq","value":` + value + `}]}`
		}
		for _, broken := range []string{"x", "{", "[]", "null", `{"condition":"AND","filters":[]}`, condition("status", `"ASLEEP"`), condition("field", `"x"`), condition("tags", `[99]`), condition("no", `1`),
			`{"condition":"AND","filters":[{"type":"segment","operator":"in","value":77}]}`, strings.Repeat(`{"condition":"AND","filters":[`, 7) + strings.Repeat(`]}`, 7), "\x00\xff%'", strings.Repeat("x", 7000)} {
			list := s.get("/w/books/contacts?rule=" + url.QueryEscape(broken))
			list.want(t, 200, "The conditions of “More filters” cannot be used.", "conditions that cannot be used", "Show all contacts")
			list.wantNot(t, "anna@example.com", "Save as segment")
			builder := s.get("/w/books/contacts/filter?rule=" + url.QueryEscape(broken))
			builder.want(t, 200, "Contacts who match", "Show contacts")
			builder.wantNot(t, "JSON")
			s.get("/w/books/contacts.csv?rule="+url.QueryEscape(broken)).want(t, 200)
			s.get("/w/books/contacts/bulk?do=tag&id=1&rule="+url.QueryEscape(broken)).want(t, 200)
			s.get("/w/books/segments/new?rule="+url.QueryEscape(broken)).want(t, 200, "Create segment")
			if status := s.post("/w/books/contacts/filter", "do", "save", "rule", broken).status; status != 422 && !strings.Contains(broken, `"filters":[]`) {
				t.Errorf("got %d for %.50q, want 422", status, broken)
			}
		}
		empty := s.post("/w/books/contacts/filter", "do", "save", "join", "AND", "tag", "vip", "applied", fieldRule(city, "Bonn"))
		if got := empty.header.Get("Location"); got != "/w/books/contacts?tag=vip" {
			t.Errorf("without a condition the builder leads to %q", got)
		}
		s.post("/w/books/contacts/filter", "do", "save", "what-0", "field-"+itoa(city.ID), "operator-0", "eq", "value-0", "").want(t, 422, "Show contacts")
		expired := s.post("/w/books/contacts/filter", "csrf", "x", "whose", itoa(s.user.ID), "do", "save", "what-0", "field-"+itoa(city.ID), "operator-0", "eq", "value-0", "Graz", "status", "SUBSCRIBED")
		expired.want(t, 403, "This form had expired", "Contacts whose City is Graz", "status is Subscribed")
		var cities strings.Builder
		for i := range int64(500) {
			cities.WriteString("Town " + itoa(i) + "\n")
		}
		long := s.post("/w/books/contacts/filter", "do", "save", "what-0", "field-"+itoa(city.ID), "operator-0", "in", "value-0", cities.String(), "status", "SUBSCRIBED")
		long.want(t, 422, "These conditions are too long for a filter. Please use fewer or shorter ones, or save them as a segment.", "status is Subscribed")
	})
}

// TestALongListIsNarrowedInPieces looks for one old contact among many.
func TestALongListIsNarrowedInPieces(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		s.crowd(22_000)
		rule := url.QueryEscape(`{"condition":"AND","filters":[{"type":"email","operator":"eq","value":"c9@example.com"}]}`)
		list := s.get("/w/books/contacts?rule=" + rule)
		list.want(t, 200, "0 so far, among the 20,000 contacts looked at", "Nobody found so far", "None of the 20,000 contacts looked at matches. Continue with the button below, or save the conditions as a segment, which finds everyone.")
		s.get(strings.ReplaceAll(linkNamed(t, list, "Older"), "&amp;", "&")).want(t, 200, "c9@example.com")
		s.get("/w/books/contacts?sort=address-asc&rule="+rule).want(t, 200, "None of the 20,000 contacts looked at matches")
		s.get("/w/books/contacts?sort=changed-desc&rule="+rule).want(t, 200, "up to 10,000 contacts can be sorted by their last change")
		file := s.get("/w/books/contacts.csv?rule=" + rule).body
		if !strings.Contains(file, "c9@example.com") || strings.Count(file, "@") != 1 {
			t.Errorf("got the file %.300s", file)
		}
	})
}
