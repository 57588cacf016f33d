package e2e

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"campaignlark/internal/dbtest"
	"campaignlark/models"

	"github.com/chromedp/chromedp"
)

// builder is the page with the builder of a segment's rule.
type builder struct{ *Page }

// press clicks the button of the rule with this value and waits for the field awaited.
func (b builder) press(do, awaited string) {
	b.t.Helper()
	button := chromedp.JSPath(fmt.Sprintf(`document.querySelector("#rule button[value='%s']")`, do))
	if b.plain {
		b.follow(do, button)
	} else if _, err := run(b.Page, chromedp.Click(button)); err != nil {
		b.t.Fatalf("pressing %s: %v", do, err)
	}
	b.SeesField(awaited)
}

// choose selects the option with this text in the list with this name.
func (b builder) choose(name, label string) {
	b.t.Helper()
	b.eval(fmt.Sprintf(`(() => {
		const list = document.querySelector("[name='%s']"), option = [...list.options].find(o => o.text.trim() === %q);
		if (!option) throw new Error("there is no option " + %[2]q + ": " + [...list.options].map(o => o.text).join(", "));
		list.focus(); list.value = option.value;
		list.dispatchEvent(new Event("input", {bubbles: true})); list.dispatchEvent(new Event("change", {bubbles: true}));
	})()`, name, label))
}

// looks selects the subject and the comparison of the row at a place, by their texts, and waits for the matching controls.
func (b builder) looks(place, what, comparison string) {
	b.t.Helper()
	for _, choice := range [][2]string{{"what", what}, {"operator", comparison}} {
		b.choose(choice[0]+"-"+place, choice[1])
		if b.plain {
			b.press("update-"+place, "what-"+place)
		}
		b.until(func() bool {
			return read(b.Page, fmt.Sprintf(`(f => String(f("what") === f("was") && f("operator") === f("had")))(n => document.querySelector("[name='" + n + "-%s']").value)`, place)) == "true"
		}, "the row follows "+choice[1])
	}
}

// preview waits until the preview shows the count and all texts in says. Without script it clicks the button of the preview
// first.
func (b builder) preview(count string, says ...string) {
	b.t.Helper()
	if b.plain {
		wantStatus(b.t, "the preview", b.Follow("Update the preview"), http.StatusOK)
	}
	b.until(func() bool {
		return !b.Has("#preview[aria-busy]") && strings.HasPrefix(b.Value("#preview dd"), count)
	}, count+" would be in")
	for _, text := range says {
		b.Sees(text)
	}
}

// TestBrowserBuilder builds a rule with nested groups, previews it, saves it, and changes it.
func TestBrowserBuilder(t *testing.T) {
	eachBrowser(t, func(t *testing.T, newPage func(base string) *Page) {
		a := NewAudience(t, dbtest.SQLiteURL(t), 1)
		program := a.start()
		c := NewClient(t, program.URL)
		c.SignIn(FirstAdmin["ADMIN_EMAIL"], FirstAdmin["ADMIN_PASSWORD"])
		c.Post("/w/my-workspace/merge-tags", "key", "points", "label", "Loyalty points", "type", "number")
		c.Post("/w/my-workspace/merge-tags", "key", "birthday", "label", "Birthday", "type", "date")
		s := newSender(program.URL)
		defer s.close()
		for _, call := range []map[string]string{
			{"email_address": "cersei@example.com", "points": "2000", "birthday": "1980-01-01"},
			{"email_address": "tyrion@example.com", "points": "500", "birthday": "1984-01-01"},
		} {
			if _, err := s.post(t.Context(), a.hook[models.TypeSubscribed], call); err != nil {
				t.Fatal(err)
			}
		}
		c.Post("/w/my-workspace/contacts", "email", "jaime@example.com", "status", "SUBSCRIBED", "field_points", "3000", "field_birthday", "1980-01-01")

		b := builder{newPage(program.URL)}
		b.SignIn(FirstAdmin["ADMIN_EMAIL"], FirstAdmin["ADMIN_PASSWORD"], "/w/my-workspace/segments")
		b.Follow("Create segment")
		b.Enter("Name", "Loyal customers")
		b.press("add", "what-1")
		b.WantFocus("What to look at")
		b.looks("1", "Loyalty points", "is more than")
		b.Fill("value-1", "1000")
		b.press("group", "what-2.0")
		b.looks("2.0", "Tags", "has any of")
		b.Click("tag 1")
		b.press("group-2", "what-2.1.0")
		b.looks("2.1.0", "Created by", "webhook is")
		b.choose("value-2.1.0", "SUBSCRIBED")
		b.Fill("join-2.1", "AND")
		b.press("add-2.1", "what-2.1.1")
		b.looks("2.1.1", "Created", "in the last")
		b.Fill("value-2.1.1", "90")
		b.press("add", "what-3")
		b.looks("3", "Birthday", "is before")
		b.Fill("value-3", "1990-12-31")
		b.press("add", "what-4")
		b.press("remove-4", "what-3")
		if !b.plain { // a click must not be lost while the page waits for the answer to another change
			b.until(func() bool { return !b.Has("[name='what-4']") }, "the row is gone")
			b.eval(`(() => {
				document.querySelector("[name='what-3']").dispatchEvent(new Event("change", {bubbles: true}));
				document.querySelector("#rule button[value='add']").click();
			})()`)
			b.SeesField("what-4")
			b.press("remove-4", "what-3")
		}
		b.preview("1", "of 3 contacts", "cersei@example.com", "(who have the tag tag 1 or (were created by webhook SUBSCRIBED and Created in the last 90 days))")
		b.SeesNot("tyrion@example.com")
		b.Inspect("segment-builder-tree")
		wantStatus(t, "saving the segment", b.Follow("Create segment"), http.StatusOK)
		b.SeesAgain("cersei@example.com")

		b.Follow("Edit")
		b.Fill("value-1", "100")
		b.preview("2", "+1 enter", "0 leave", "1 stay", "tyrion@example.com")
		b.Fill("value-1", "many")
		b.preview("2", "The condition with a fault was left out of the count.")
		if !b.plain {
			b.Click("Update the preview")
		}
		b.Sees("Not a number")
		b.Sees("Loyalty points is more than …")
		b.Inspect("segment-builder-fault")
		if b.Value("[name='value-1']") != "many" {
			t.Error("what was filled in is gone")
		}
		b.Fill("value-1", "1000")
		wantStatus(t, "saving the segment", b.Follow("Save"), http.StatusOK)
	})
}
