package e2e

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"campaignlark/internal/dbtest"
	"campaignlark/models"
)

// TestARepairReachesBack does a day's repair: calls of a sender with another name for the address are refused, support finds them, they show
// themselves in the open list, the reading is set with what their page suggests, they are replayed, and the group of failures is gone. Then a
// field that calls sent gets a merge tag, which is filled in.
func TestARepairReachesBack(t *testing.T) {
	t.Parallel()
	url := dbtest.PostgresURL(t)
	program := Start(t, Settings{Env: with(FirstAdmin, "DATABASE_URL", url)})
	p := NewPage(t, program.URL)
	p.SignIn(FirstAdmin["ADMIN_EMAIL"], FirstAdmin["ADMIN_PASSWORD"], "/w/my-workspace/webhooks/new")
	p.Fill("name", "Till")
	p.Choose("type", "SUBSCRIBED")
	p.Follow("Save")
	address := p.Value("#url")
	sent := 0
	send := func() {
		sent++
		r, err := http.Post(address, "application/json", strings.NewReader(fmt.Sprintf(`{"kunde":{"mail":"guest%d@example.com"}}`, sent)))
		if err != nil {
			t.Fatal(err)
		}
		r.Body.Close()
		if r.StatusCode != http.StatusBadRequest {
			t.Fatalf("got %d, want that the address is missing", r.StatusCode)
		}
	}
	for range 3 {
		send()
	}
	const email, password = "noor@support.example", "a hundred and one reveals"
	if _, err := dbtest.Open(t, url).CreateUser(t.Context(), models.NewUser{Email: email, Password: password, Support: true}, time.Now()); err != nil {
		t.Fatal(err)
	}
	noor := NewPage(t, program.URL)
	noor.SignIn(email, password, "/support/requests?outcome=no_address")
	noor.Sees("3 requests in 1 workspace")
	noor.FollowIn("main table tbody tr a")
	noor.Sees("Refused: no e-mail address was sent")

	p.Open("/w/my-workspace/requests")
	p.Click("More filters")
	p.Fill("outcome", "failed")
	p.until(func() bool { return strings.Contains(p.Path(), "outcome=failed") && p.Has("#f-method") }, "the filters stay open")
	p.Open("/w/my-workspace/requests?outcome=failed")
	p.Sees("3 requests")
	send()
	p.until(func() bool { return strings.Contains(p.Text(), "4 requests") }, "the new call shows itself")
	p.until(func() bool { return strings.HasPrefix(p.Value(".side .n-bad"), "4") }, "the navigation counts it")
	p.InspectEverywhere("requests-live")
	p.Press("j")
	p.Press("x")
	p.Sees("1 selected")
	p.InspectEverywhere("requests-ticked")
	p.Follow("Replay 1 ticked call")
	p.Sees("Replay 1 call?")
	p.Follow("Do nothing")
	p.FollowIn("main table tbody tr a")
	p.Sees("1 of 4 in the list")
	p.Follow("Older")
	p.Sees("2 of 4 in the list")
	p.Follow("Read it from kunde.mail")
	p.Follow("Save")
	p.Sees("Saved.")
	p.Sees("Replay all 4 calls")
	p.InspectEverywhere("reading-take-up")
	p.Open("/w/my-workspace")
	p.Sees("No e-mail address was sent")
	p.Follow("Replay")
	p.Sees("Replay 4 calls?")
	p.InspectEverywhere("replay-asks")
	p.Follow("Replay")
	p.until(func() bool { return strings.Contains(p.Text(), "4 calls were replayed.") }, "the replay ends")
	p.InspectEverywhere("replay-done")
	p.Open("/w/my-workspace")
	p.Sees("No failed call waits for you.")
	p.Open("/w/my-workspace/contacts")
	p.Sees("guest4@example.com")

	p.Open("/w/my-workspace/webhooks/new")
	p.Fill("name", "Form")
	p.Choose("type", "SUBSCRIBED")
	p.Follow("Save")
	r, err := http.Post(p.Value("#url"), "application/json", strings.NewReader(`{"email_address":"guest4@example.com","town":"Riga"}`))
	if err != nil {
		t.Fatal(err)
	}
	r.Body.Close()
	p.Open("/w/my-workspace/requests/" + r.Header.Get("X-Request-Id"))
	p.Follow("Create merge tag")
	p.Follow("Create merge tag")
	p.Sees("Fill in Town from earlier calls?")
	p.Follow("Fill in")
	p.until(func() bool { return strings.Contains(p.Text(), "Town was filled in for 1 contact.") }, "it is filled in")
	p.Open("/w/my-workspace/contacts")
	p.Follow("guest4@example.com")
	p.Sees("filled in a value from earlier calls")
	p.Follow("Unsubscribe")
	p.Sees("Unsubscribe guest4@example.com?")
	p.InspectEverywhere("contact-unsubscribe")
	p.Follow("Leave as it is")
	p.SeesNot("The contact is unsubscribed now.")
}
