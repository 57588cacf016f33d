package e2e

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strings"
	"testing"
)

// TestASignatureInABrowser sets up a signature as an admin does, watches calls and refuses those that do not pass.
func TestASignatureInABrowser(t *testing.T) {
	t.Parallel()
	program := Start(t, Settings{Env: FirstAdmin})
	p := NewPage(t, program.URL)
	setUpSignature(t, p, p.InspectEverywhere)
}

func TestASignatureWithoutScript(t *testing.T) {
	t.Parallel()
	program := Start(t, Settings{Env: FirstAdmin})
	p := NewPlainPage(t, program.URL)
	setUpSignature(t, p, func(string) {})
}

func setUpSignature(t *testing.T, p *Page, inspect func(name string)) {
	p.SignIn(FirstAdmin["ADMIN_EMAIL"], FirstAdmin["ADMIN_PASSWORD"], "/w/my-workspace/webhooks/new")
	p.Fill("name", "Shop: customer created")
	p.Choose("type", "SUBSCRIBED")
	p.Follow("Save")
	address, page := p.Value("#url"), p.Path()
	p.Open(page + "/signature")
	p.Sees("Not checked: anyone who knows the address can call it")
	inspect("signature-off")
	p.Fill("form", "body")
	p.Fill("header", "X-Shop-Signature")
	p.Follow("Make one up")
	p.Sees("Copy this secret to the sender, then save here.")
	secret := p.Value("#secret")
	inspect("signature-made")
	p.Choose("mode", "enforce") // as somebody does who does not read
	p.Follow("Save")
	p.Sees("Nothing is saved yet.")
	inspect("signature-unchecked")
	p.Follow("Refuse all the same")
	p.Sees("No call was ever checked, so nobody knows whether the secret fits.")
	inspect("signature-unproven")
	p.Open(page)
	p.Sees("No call was ever checked, so nobody knows whether the secret fits.")
	inspect("webhook-unproven")
	p.Follow("Open signature")
	p.Choose("mode", "watch")
	p.Follow("Save")
	p.Sees("Saved. Calls are checked from now on, and none is refused.")
	for _, call := range []struct {
		secret, address string
	}{{secret, "first@example.com"}, {secret, "second@example.com"}, {secret, "third@example.com"}, {"another", "fourth@example.com"}, {"", "fifth@example.com"}} {
		if status := postSigned(t, address, call.secret, `{"email_address":"`+call.address+`"}`); status != http.StatusOK {
			t.Fatalf("got %d for a call that is watched, want 200", status)
		}
	}
	p.Open(page + "/signature")
	p.Sees("Watching: 3 of the last 5 calls would pass")
	inspect("signature-watch")
	p.Choose("mode", "enforce")
	p.Follow("Save")
	p.Sees("2 of the last 5 checked calls would have been refused.")
	inspect("signature-asks")
	p.Follow("Refuse such calls")
	p.Sees("Checked: calls without a valid signature are refused")
	if status := postSigned(t, address, "another", `{"email_address":"sixth@example.com"}`); status != http.StatusBadRequest {
		t.Fatalf("got %d for a call with another secret, want 400", status)
	}
	p.Open(page + "/signature")
	inspect("signature-enforce")
	p.Open("/w/my-workspace/requests?outcome=unverified")
	p.FollowIn("main table tbody tr a")
	p.Sees("What was sent is hidden.")
	inspect("request-unverified")
	p.Follow("Show it")
	p.Sees("sixth@example.com")
	p.Open(page + "/answers")
	p.Fill("trap_field", "website")
	p.Fill("success_url", "https://shop.example/thanks")
	p.Fill("limit_network", "20")
	p.Follow("Save")
	p.Sees("Saved. It holds for the next call.")
	inspect("answers")
	p.Open(page + "/signature")
	p.Choose("mode", "off")
	p.Follow("Save")
	p.Sees("Saved. Signatures are not checked.")
	for range 2 {
		if status := postSigned(t, address, "", `{"email_address":"seventh@example.com"}`, "Idempotency-Key", "order-17"); status != http.StatusOK {
			t.Fatalf("got %d for a delivery, want 200", status)
		}
	}
	if status := postSigned(t, address, "", `{"email_address":"robot@example.com","website":"spam"}`); status != http.StatusOK {
		t.Fatalf("got %d for a robot, want 200", status)
	}
	for outcome, says := range map[string]string{"repeated": "Repeated: this call had been processed", "held_back": "Held back: a field that people do not see was filled in"} {
		p.Open("/w/my-workspace/requests?outcome=" + outcome)
		p.FollowIn("main table tbody tr a")
		p.Sees(says)
		inspect("request-" + outcome)
	}
	p.Open("/w/my-workspace/requests?outcome=repeated")
	p.FollowIn("main table tbody tr a")
	p.Follow("Open the first one")
	p.Sees("processed: this one")
}

// postSigned posts JSON that is signed with a secret; "" signs nothing. headers are name-value pairs. It returns the status.
func postSigned(t *testing.T, url, secret, body string, headers ...string) int {
	t.Helper()
	r, err := http.NewRequest("POST", url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	if secret != "" {
		mac := hmac.New(sha256.New, []byte(secret))
		mac.Write([]byte(body))
		r.Header.Set("X-Shop-Signature", hex.EncodeToString(mac.Sum(nil)))
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	return response.StatusCode
}
