//go:build screenshots

package e2e

import (
	"image/png"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestReadmePicture takes the screenshot in the README: the page of a call, some of whose fields were not stored. `make screenshots`
// sets the folder for it.
func TestReadmePicture(t *testing.T) {
	t.Parallel()
	program := Start(t, Settings{Env: FirstAdmin})
	c := NewClient(t, program.URL)
	c.SignIn(FirstAdmin["ADMIN_EMAIL"], FirstAdmin["ADMIN_PASSWORD"])
	for _, form := range [][]string{
		{"/merge-tags", "key", "first_name", "label", "First name", "type", "text"},
		{"/merge-tags", "key", "last_name", "label", "Last name", "type", "text"},
		{"/merge-tags", "key", "birthday", "label", "Birthday", "type", "date"},
		{"/merge-tags", "key", "loyalty_points", "label", "Loyalty points", "type", "number"},
		{"/webhooks", "name", "Shop: customer created", "type", "SUBSCRIBED", "new_tags", "customer"},
		{"/webhooks", "name", "Help desk: unsubscribed", "type", "UNSUBSCRIBED"},
	} {
		if got := c.Post("/w/my-workspace"+form[0], form[1:]...); got.Status != http.StatusSeeOther {
			t.Fatalf("got %d for %q:\n%s", got.Status, form, got.Body)
		}
	}
	p := NewPage(t, program.URL)
	p.SignIn(FirstAdmin["ADMIN_EMAIL"], FirstAdmin["ADMIN_PASSWORD"], "/w/my-workspace/webhooks/1")
	subscribe := p.Value("#url")
	p.Open("/w/my-workspace/webhooks/2")
	unsubscribe := p.Value("#url")
	for _, call := range [][2]string{
		{subscribe, `{"email_address":"marta.kowalska@example.com","first_name":"Martha","last_name":"Kowalska","birthday":"1990-05-02","loyalty_points":980}`},
		{unsubscribe, `{"email_address":"marta.kowalska@example.com"}`},
		{subscribe, `{"email_address":"Marta.Kowalska@Example.com","first_name":"Marta","last_name":"Kowalska","Birthday":"31/12/1990","loyalty_points":1300,"newsletter_source":"checkout-v3"}`},
	} {
		answer, err := http.Post(call[0], "application/json", strings.NewReader(call[1]))
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
	}
	p.Open("/w/my-workspace/requests")
	p.FollowIn("tbody td a")
	p.Sees("marta.kowalska@example.com was subscribed again")
	p.Sees("Birthday was not stored.")
	folder := os.Getenv("PICTURES")
	if folder == "" {
		folder = t.TempDir()
	}
	p.Top(folder, "request", 1280, 1180)
	file, err := os.Open(filepath.Join(folder, "request.png"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if picture, err := png.DecodeConfig(file); err != nil || picture.Width != 1280 || picture.Height != 1180 {
		t.Errorf("got a picture of %d by %d pixels (%v), want 1280 by 1180", picture.Width, picture.Height, err)
	}
}
