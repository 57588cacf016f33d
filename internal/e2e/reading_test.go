package e2e

import (
	"net/http"
	"strings"
	"testing"

	"campaignlark/senders"
)

func TestAReadingInABrowser(t *testing.T) {
	t.Parallel()
	program := Start(t, Settings{Env: FirstAdmin})
	p := NewPage(t, program.URL)
	readTypeform(t, p, p.Inspect)
}

func TestAReadingWithoutScript(t *testing.T) {
	t.Parallel()
	program := Start(t, Settings{Env: FirstAdmin})
	p := NewPlainPage(t, program.URL)
	readTypeform(t, p, p.Inspect)
}

// readTypeform sets up a webhook for Typeform from its first refused call, as a person does.
func readTypeform(t *testing.T, p *Page, inspect func(name string)) {
	p.SignIn(FirstAdmin["ADMIN_EMAIL"], FirstAdmin["ADMIN_PASSWORD"], "/w/my-workspace/merge-tags/new")
	for i, label := range []string{"Given name", "Member since", "Town"} {
		if i > 0 {
			p.Open("/w/my-workspace/merge-tags/new")
		}
		p.Fill("label", label)
		p.Fill("key", strings.ReplaceAll(strings.ToLower(label), " ", "_"))
		kind := "text"
		if label == "Member since" {
			kind = "date"
		}
		p.Fill("type", kind)
		p.Follow("Create merge tag")
	}
	p.Open("/w/my-workspace/webhooks/new")
	p.Fill("name", "Reading club sign-up")
	p.Choose("type", "UNCONFIRMED")
	p.Follow("Save")
	address, page := p.Value("#url"), p.Path()
	p.Open(page + "/reading?use=own")
	p.Sees("Waiting for a call")
	inspect("reading-empty")
	body := string(senders.FindSender("typeform").Samples[0].Body)
	if status := postJSON(t, address, body); status != http.StatusBadRequest {
		t.Fatalf("got %d for the first call, want 400", status)
	}
	p.Open(page + "/reading")
	p.Sees("The last call looks like Typeform.")
	inspect("reading-senders")
	p.Open("/w/my-workspace/requests?outcome=no_address")
	p.FollowIn("main table tbody tr a")
	p.Sees("This looks like a call of Typeform.")
	inspect("reading-refused")
	p.Follow("Read it as Typeform")
	p.Sees("marta.kowalska@example.com")
	inspect("reading-new")
	if p.plain {
		p.Enter("Given name", "“What is your first name?”")
		p.Follow("Show what comes out")
	} else {
		p.Width(Wide)
		p.Click(`text: "Marta"`)
		p.Sees("Choose a field first.")
		p.Sees("Create a merge tag for this value")
		inspect("reading-choose-first")
		p.Click("Choose Given name")
		p.Click(`text: "Marta"`)
	}
	p.Sees("Kept as Marta")
	if !p.plain {
		p.Click("Change Member since")
	}
	p.Enter("Read as: Member since", "Seconds since 1970")
	if p.plain {
		p.Follow("Show what comes out")
	}
	p.Sees("Kept as 1 January 2023")
	p.Click("Which calls count")
	p.Click("The same call twice")
	p.Click("Your own names")
	inspect("reading-shown")
	p.Follow("Save")
	p.Sees("Saved.")
	p.Sees("called by Typeform")
	inspect("reading-saved")
	if status := postJSON(t, address, body); status != http.StatusOK {
		t.Fatalf("got %d for the same call, want 200", status)
	}
	if status := postJSON(t, address, string(senders.FindSender("typeform").Samples[2].Body)); status != http.StatusOK {
		t.Fatalf("got %d for a partial response, want 200", status)
	}
	p.Open("/w/my-workspace/contacts?q=marta")
	p.Follow("marta.kowalska@example.com")
	p.Sees("Marta")
	p.Sees("1 January 2023")
	p.Open("/w/my-workspace/requests?outcome=created")
	p.FollowIn("main table tbody tr a")
	inspect("reading-mapped")
	p.Open("/w/my-workspace/requests?outcome=skipped")
	p.FollowIn("main table tbody tr a")
	p.Sees("It does not count")
	inspect("reading-skipped")
	p.Open(page)
	inspect("reading-overview")
}

// postJSON posts JSON to a webhook and returns the status.
func postJSON(t *testing.T, address, body string) int {
	t.Helper()
	response, err := http.Post(address, "application/json", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	return response.StatusCode
}

// TestRemediesInABrowser goes from a refused call, and from a value that does not fit, to the reading and saves what is suggested there.
func TestRemediesInABrowser(t *testing.T) {
	t.Parallel()
	program := Start(t, Settings{Env: FirstAdmin})
	p := NewPage(t, program.URL)
	p.SignIn(FirstAdmin["ADMIN_EMAIL"], FirstAdmin["ADMIN_PASSWORD"], "/w/my-workspace/webhooks/new")
	p.Fill("name", "Shop customers")
	p.Choose("type", "SUBSCRIBED")
	p.Follow("Save")
	address, page := p.Value("#url"), p.Path()
	p.Open(page + "/reading?use=shopify_customer")
	p.Sees("Only the address can be kept so far.")
	if p.Has("button.leaf[aria-pressed='true']") {
		t.Error("a value of the call is marked, but no field is chosen")
	}
	p.Inspect("remedy-no-tags")
	p.Follow("Create a merge tag")
	p.Fill("label", "Born")
	p.Fill("key", "born")
	p.Fill("type", "date")
	p.Follow("Create merge tag")
	p.Sees("Set up for")
	p.Follow("Save")
	p.Sees("Saved.")
	shopper := senders.FindSender("shopify_customer")
	if status := postJSON(t, address, string(shopper.Samples[1].Body)); status != http.StatusBadRequest {
		t.Fatalf("got %d for a customer without an address, want 400", status)
	}
	p.Open("/w/my-workspace/requests?outcome=no_address")
	p.FollowIn("main table tbody tr a")
	p.Inspect("remedy-refused")
	p.Open(page + "/reading")
	p.Sees("1 call has no e-mail address and would be refused: email is empty.")
	p.Follow("Skip calls without an address")
	p.Sees("Only those in which email is there.")
	p.Inspect("remedy-skip")
	p.Follow("Save")
	p.Sees("Saved.")
	if status := postJSON(t, address, string(shopper.Samples[1].Body)); status != http.StatusOK {
		t.Fatalf("got %d for the same customer, want 200", status)
	}

	p.Open("/w/my-workspace/webhooks/new")
	p.Fill("name", "Own program")
	p.Choose("type", "SUBSCRIBED")
	p.Follow("Save")
	address = p.Value("#url")
	if status := postJSON(t, address, `{"email_address":"jo@example.com","born":1672531200}`); status != http.StatusOK {
		t.Fatalf("got %d, want 200", status)
	}
	p.Open("/w/my-workspace/requests?q=jo@example.com")
	p.FollowIn("main table tbody tr a")
	p.Sees("The webhook can read it as “Seconds since 1970”.")
	p.Inspect("remedy-misfit")
	p.Follow("Choose how it is read")
	p.Sees("Kept as 1 January 2023")
	p.Inspect("remedy-reading")
	p.Follow("Save")
	p.Sees("Saved.")
}

// TestAPlaceIsChangedInABrowser changes where the address is, while the page shows a call that has nothing at the place of before.
func TestAPlaceIsChangedInABrowser(t *testing.T) {
	t.Parallel()
	program := Start(t, Settings{Env: FirstAdmin})
	p := NewPage(t, program.URL)
	p.SignIn(FirstAdmin["ADMIN_EMAIL"], FirstAdmin["ADMIN_PASSWORD"], "/w/my-workspace/webhooks/new")
	p.Fill("name", "Till")
	p.Choose("type", "SUBSCRIBED")
	p.Follow("Save")
	address, page := p.Value("#url"), p.Path()
	postJSON(t, address, `{"email": "ida@example.com"}`)
	p.Open(page + "/reading?use=own")
	p.Follow("Save")
	p.Sees("Saved.")
	if status := postJSON(t, address, `{"mail": "rolf@example.com"}`); status != http.StatusBadRequest {
		t.Fatalf("got %d for an address at another place, want 400", status)
	}
	p.Open(page + "/reading")
	p.Width(Wide)
	p.Click("Change E-mail address")
	p.Click(`mail: "rolf@example.com"`)
	p.Sees("Kept as rolf@example.com")
	if got := p.Value(`select[name="place.email_address"]`); got != "mail" {
		t.Errorf("the list shows %q after a click on the value of mail", got)
	}
	p.Follow("Save")
	p.Sees("Saved.")
	if status := postJSON(t, address, `{"mail": "rolf@example.com"}`); status != http.StatusOK {
		t.Errorf("got %d for an address at the new place, want 200", status)
	}
}
