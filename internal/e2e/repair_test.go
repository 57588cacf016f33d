package e2e

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// TestARepairReachesBack does a day's repair: calls of a sender with another name for the address are refused, they show themselves in the open
// list, the reading is set with what their page suggests, they are replayed, and the group of failures is gone.
func TestARepairReachesBack(t *testing.T) {
	t.Parallel()
	program := Start(t, Settings{Env: FirstAdmin})
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
	p.Open("/w/my-workspace/requests?outcome=failed")
	p.Sees("3 requests")
	send()
	p.until(func() bool { return strings.Contains(p.Text(), "4 requests") }, "the new call shows itself")
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
}
