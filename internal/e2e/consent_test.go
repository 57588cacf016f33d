package e2e

import (
	"net/http"
	"strings"
	"testing"
)

// TestAConsentBecomesAConditionInABrowser takes a consent that the page proposes as a condition, adds a second condition, and processes the repeat
// of a call that had been skipped.
func TestAConsentBecomesAConditionInABrowser(t *testing.T) {
	t.Parallel()
	program := Start(t, Settings{Env: FirstAdmin})
	p := NewPage(t, program.URL)
	p.SignIn(FirstAdmin["ADMIN_EMAIL"], FirstAdmin["ADMIN_PASSWORD"], "/w/my-workspace/webhooks/new")
	p.Fill("name", "Shop customers")
	p.Choose("type", "SUBSCRIBED")
	p.Follow("Save")
	p.Sees("Other systems cannot reach this address")
	p.Inspect("consent-overview")
	address, page := p.Value("#url"), p.Path()
	const body = `{"customer":{"email":"jo@example.com","kind":"new","accepts_marketing":false}}`
	if status := postJSON(t, address, body); status != http.StatusBadRequest {
		t.Fatalf("got %d for a call in another format, want 400", status)
	}
	p.Open(page + "/reading?use=own")
	p.Sees("This looks like a consent: accepts_marketing in customer.")
	p.Inspect("consent-proposed")
	p.Follow("Only when it is yes")
	p.Sees("Only those in which accepts_marketing in customer is true.")
	p.Follow("Condition")
	p.until(func() bool {
		return p.Has("#counts[open]") && read(p, `(r => String(r.top < innerHeight && r.bottom > 0))(document.querySelector("#counts").getBoundingClientRect())`) == "true"
	}, "it shows the part with the conditions")
	p.Inspect("consent-condition")
	p.Follow("Save")
	p.Sees("Saved.")

	send := func() {
		t.Helper()
		r, _ := http.NewRequest(http.MethodPost, address, strings.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Idempotency-Key", "k-1")
		response, err := http.DefaultClient.Do(r)
		if err != nil || response.StatusCode != http.StatusOK {
			t.Fatalf("got %v (%v), want 200", response, err)
		}
		response.Body.Close()
	}
	send()
	p.Open(page + "/reading")
	p.eval(`document.querySelector("#counts").open = true`)
	p.Follow("Remove this condition")
	p.Follow("Save")
	p.Sees("Every call.")
	send()
	p.Open("/w/my-workspace/requests?outcome=repeated")
	p.FollowIn("main table tbody tr a")
	p.Sees("The first call did nothing")
	p.Inspect("consent-repeated")
	p.Follow("Process it anyway")
	p.Inspect("consent-console")
	p.Follow("Send it for real…")
	p.Follow("Send it for real")
	p.Sees("jo@example.com is a new contact")
}
