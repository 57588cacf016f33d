package e2e

import (
	"fmt"
	"strings"
	"testing"
)

// TestNewCallsWaitBehindAButtonThatCanBeClicked waits for a webhook's first call. Then it scrolls down the list, where new calls wait for the
// reader, and clicks where the button is seen.
func TestNewCallsWaitBehindAButtonThatCanBeClicked(t *testing.T) {
	t.Parallel()
	program := Start(t, Settings{Env: FirstAdmin})
	c := NewClient(t, program.URL)
	c.SignIn(FirstAdmin["ADMIN_EMAIL"], FirstAdmin["ADMIN_PASSWORD"])
	p := NewPage(t, program.URL)
	p.SignIn(FirstAdmin["ADMIN_EMAIL"], FirstAdmin["ADMIN_PASSWORD"], "/w/my-workspace")
	shop := &shopCalls{t: t, c: c, join: hashOf(t, c, "SUBSCRIBED")}
	send := func(name string) {
		shop.call(shop.join, "POST", "", fmt.Sprintf(`{"email_address":"%s@example.com"}`, name), "application/json")
	}
	p.Open("/w/my-workspace/webhooks/1")
	p.Sees("See the first call arrive")
	send("first")
	p.Sees("The first call has arrived")
	p.until(func() bool { return p.Has("#steps") && !p.Has("#steps .steps > li:not(.done)") }, "the steps to the first call are done")
	for i := range 45 {
		send(fmt.Sprint("early", i))
	}
	shop.call(shop.join, "POST", "", "x", "application/"+strings.Repeat("verylongword", 12))
	for i, width := range []int64{1024, Narrow} {
		p.Width(width)
		p.Open("/w/my-workspace/requests")
		p.wantNoScroll(width)
		p.eval(`scrollTo(0, 900)`)
		p.until(func() bool { return read(p, `String(scrollY > 500)`) == "true" }, "the page is scrolled down")
		late := fmt.Sprint("late", i)
		send(late)
		p.Sees("1 new")
		hit := read(p, `(() => {
			const box = document.querySelector(".btn.live").getBoundingClientRect();
			const at = document.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2);
			return at ? at.className : "nothing";
		})()`)
		if !strings.Contains(hit, "live") {
			t.Errorf("a click on the button at a width of %d hits %q", width, hit)
		}
		p.Click("1 new")
		p.Sees(late + "@example.com")
	}
	p.Open("/w/my-workspace")
	above := read(p, `(() => {
		const calls = document.querySelector('td[data-l="Calls:"]');
		return String(calls?.closest("tr").querySelector("a").getBoundingClientRect().top < calls?.getBoundingClientRect().top);
	})()`)
	if above != "true" {
		t.Errorf("got %s on a phone, want the name of a group of failures above its figures:\n%s", above, p.Text())
	}
	p.Width(1024)
	p.Open("/w/my-workspace/contacts?q=" + strings.Repeat("a", 5000))
	p.Sees("please search for up to 500 characters")
	p.wantNoScroll(1024)
}
