package e2e

import (
	"net/http"
	"regexp"
	"testing"
)

// eachBrowser runs f in a browser with scripts and in one without.
func eachBrowser(t *testing.T, f func(t *testing.T, newPage func(base string) *Page)) {
	t.Helper()
	t.Parallel()
	t.Run("script", func(t *testing.T) {
		t.Parallel()
		f(t, func(base string) *Page { t.Helper(); return NewPage(t, base) })
	})
	t.Run("plain", func(t *testing.T) {
		t.Parallel()
		f(t, func(base string) *Page { t.Helper(); return NewPlainPage(t, base) })
	})
}

func wantStatus(t testing.TB, what string, got, want int) {
	t.Helper()
	if got != want {
		t.Errorf("%s: got %d, want %d", what, got, want)
	}
}

// TestBrowserFirstHour follows the documentation: from the set-up to the first webhook, the first contact and the first segment.
func TestBrowserFirstHour(t *testing.T) {
	eachBrowser(t, func(t *testing.T, newPage func(base string) *Page) {
		program := Start(t, Settings{})
		p := newPage(program.URL)
		setUp(t, p, program)
		p.Inspect("dashboard-first")
		callNewWebhook(t, p)

		p.Follow("Contacts")
		p.Follow("cersei@example.com")
		for _, text := range []string{"Subscribed", "raffle", "spring", "Spring raffle"} {
			p.Sees(text)
		}
		p.FollowIn(`a[href="/w/casterly-books/requests"]`)
		wantStatus(t, "the request's page", p.FollowIn("main .t-stack tbody tr:last-child"), http.StatusOK)
		p.Sees("cersei@example.com is a new contact")
		p.Sees("Contact Subscribed (Confirmed)")
		buildSegment(t, p)
		p.Follow("Dashboard")
		p.Inspect("dashboard-after")
	})
}

// callNewWebhook creates a webhook as the documentation says and calls it.
func callNewWebhook(t *testing.T, p *Page) {
	t.Helper()
	p.Follow("Workspace settings")
	p.Follow("Inbound Webhooks")
	p.Inspect("settings-webhooks-empty")
	p.Follow("Create Webhook")
	p.Fill("name", "Spring raffle")
	p.Choose("type", "SUBSCRIBED")
	p.Fill("new_tags", "raffle, spring")
	wantStatus(t, "saving the webhook", p.Follow("Save"), http.StatusOK)
	p.Sees("Waiting for the first call")
	p.Inspect("webhook-waiting")
	hook := webhookURL.FindString(p.Value("input[value*='/v1/inbound-webhooks/']"))
	if hook == "" {
		t.Fatalf("the webhook's page shows no URL:\n%s", p.Text())
	}
	answer, err := http.PostForm(hook, map[string][]string{"email_address": {"cersei@example.com"}})
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	wantStatus(t, "the first call", answer.StatusCode, http.StatusOK)
	if p.plain {
		p.Follow("Check now")
	}
	p.Sees("The first call has arrived")
	p.SeesNot("Waiting for the first call")
}

var webhookURL = regexp.MustCompile(`http://localhost:\d+/v1/inbound-webhooks/[\w-]+`)

// buildSegment creates a segment of the contacts with a tag and waits until the first contact is in it.
func buildSegment(t *testing.T, p *Page) {
	t.Helper()
	p.FollowIn(`nav a[href$="/segments"]`)
	p.Follow("Create segment")
	p.Fill("name", "Raffle")
	p.lookAt("0", "tags")
	p.Sees("has any of")
	p.Click("raffle")
	p.Inspect("segment-form")
	wantStatus(t, "saving the segment", p.Follow("Create segment"), http.StatusOK)
	p.SeesAgain("cersei@example.com")
}

// setUp opens the set-up link and fills in the form.
func setUp(t *testing.T, p *Page, program *Program) {
	t.Helper()
	wantStatus(t, "the set-up page", p.Open(program.Setup), http.StatusOK)
	p.Fill("workspace", "Casterly Books")
	p.Fill("time_zone", "Europe/Vienna")
	p.Fill("email", FirstAdmin["ADMIN_EMAIL"])
	p.Fill("password", FirstAdmin["ADMIN_PASSWORD"])
	p.Follow("Create workspace and sign in")
	if p.Path() != "/w/casterly-books" {
		t.Errorf("got to %s after the set-up, want the workspace", p.Path())
	}
}

func TestBrowserErrorPages(t *testing.T) {
	t.Parallel()
	program := Start(t, Settings{Env: FirstAdmin})
	p := NewPage(t, program.URL)
	wantStatus(t, "a page that is not there", p.Open("/nowhere"), http.StatusNotFound)
	p.Inspect("not-found")
}
