package e2e

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"
)

// TestRequestsInABrowser inspects the dashboard, the request log and the pages of calls of several kinds.
func TestRequestsInABrowser(t *testing.T) {
	t.Parallel()
	program := Start(t, Settings{Env: FirstAdmin})
	c := NewClient(t, program.URL)
	c.SignIn(FirstAdmin["ADMIN_EMAIL"], FirstAdmin["ADMIN_PASSWORD"])
	p := NewPage(t, program.URL)
	p.SignIn(FirstAdmin["ADMIN_EMAIL"], FirstAdmin["ADMIN_PASSWORD"], "/w/my-workspace")
	p.Sees("1 of 5 done")
	p.Inspect("dashboard-first")
	p.Follow("Requests")
	p.Sees("No requests yet")
	p.Inspect("requests-empty")

	shop := &shopCalls{t: t, c: c, join: hashOf(t, c, "SUBSCRIBED"), leave: hashOf(t, c, "UNSUBSCRIBED"), erase: hashOf(t, c, "DELETE")}
	shop.setUp()
	look := func(name, id, title string) {
		p.Open("/w/my-workspace/requests/" + id)
		p.Sees(title)
		p.Inspect("request-" + name)
	}
	look("new", shop.first(), "marta.kowalska@example.com is a new contact")
	again := shop.again()
	p.Open("/w/my-workspace/requests/" + again)
	p.Sees("was subscribed again")
	p.Sees("Entered 1 segment and left 1 segment because of this call.")
	p.Inspect("request-again")
	p.Click("As received")
	p.Sees(`"newsletter_source":"checkout-v3"`)
	p.Click("Headers")
	p.Sees("Content-Type: application/json")
	p.Inspect("request-headers")
	look("no-address", shop.call(shop.join, "GET", "?email=jonas.berger%40example.com&first_name=Jonas&consent=on", "", ""), "Refused: no e-mail address was sent")
	look("bad-address", shop.call(shop.join, "POST", "", `{"email_address":"jonas@@example.com"}`, "application/json"), "Refused: the address is not valid")
	look("no-contact", shop.call(shop.leave, "POST", "", `{"email_address":"gast@example.net"}`, "application/json"), "Refused: no such contact")
	look("unreadable", shop.call(shop.join, "POST", "", `{"email_address":"gast@example.net","first_name":"Jo`, "application/json"), "Refused: the body cannot be read")
	look("unsubscribed", shop.call(shop.leave, "GET", "?email_address=marta.kowalska%40example.com&reason=too+many", "", ""), "was unsubscribed")
	p.Open("/w/my-workspace/requests")
	p.Sees("8 requests")
	p.Inspect("requests")
	p.Open("/w/my-workspace/requests?q=marta&outcome=failed&when=24h")
	p.Sees("No request matches")
	p.Inspect("requests-none")
	p.Open("/w/my-workspace")
	p.Sees("Failed calls")
	p.Inspect("dashboard")
	look("deleted", shop.call(shop.erase, "POST", "", "email_address=marta.kowalska%40example.com", "application/x-www-form-urlencoded"), "A contact was deleted for good")
	look("erased", again, "erased since")
}

// shopCalls sends the calls of a shop. join, leave and erase are the hashes of its webhooks.
type shopCalls struct {
	t                  *testing.T
	c                  *Client
	join, leave, erase string
}

func (s *shopCalls) setUp() {
	s.t.Helper()
	for _, tag := range [][]string{
		{"first_name", "First name", "text", ""}, {"last_name", "Last name", "text", ""}, {"birthday", "Birthday", "date", ""},
		{"loyalty_points", "Loyalty points", "number", ""}, {"city", "City", "text", ""}, {"genre", "Favourite genre", "text", "Fiction"},
	} {
		s.created(s.c.Post("/w/my-workspace/merge-tags", "key", tag[0], "label", tag[1], "type", tag[2], "default_value", tag[3]))
	}
	for name, status := range map[string]string{"Subscribed readers": "SUBSCRIBED", "Lapsed readers": "UNSUBSCRIBED"} {
		s.created(s.c.Post("/w/my-workspace/segments", "name", name,
			"rule", fmt.Sprintf(`{"condition":"AND","filters":[{"type":"status","operator":"eq","value":"%s"}]}`, status)))
	}
}

func (s *shopCalls) created(a Answer) {
	s.t.Helper()
	if a.Status != http.StatusSeeOther {
		s.t.Fatalf("got %d, want 303:\n%s", a.Status, a.Body)
	}
}

// call sends one call and returns its id.
func (s *shopCalls) call(hash, method, query, body, contentType string) string {
	s.t.Helper()
	r, err := http.NewRequestWithContext(s.t.Context(), method, s.c.base+"/v1/inbound-webhooks/"+hash+query, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	if contentType != "" {
		r.Header.Set("Content-Type", contentType)
	}
	r.Header.Set("User-Agent", "Shopware/6.6 (webhooks)")
	return s.c.send(r).Header.Get("X-Request-Id")
}

func (s *shopCalls) first() string {
	s.t.Helper()
	return s.call(s.join, "POST", "", `{"email_address":"Marta.Kowalska@Example.com","first_name":"Martha","last_name":"Kowalska","city":"Kraków","loyalty_points":980,"birthday":"1990-05-02"}`, "application/json")
}

// again unsubscribes the person and then subscribes her with another call. Its fields have different fates.
func (s *shopCalls) again() string {
	s.t.Helper()
	s.settle(s.call(s.leave, "POST", "", `{"email_address":"marta.kowalska@example.com"}`, "application/json"))
	return s.settle(s.call(s.join, "POST", "", `{"email_address":"Marta.Kowalska@Example.com","first_name":"Marta","last_name":"Kowalska","Birthday":"31/12/1990",`+
		`"loyalty_points":1250,"city":"","newsletter_source":"checkout-v3","addresses":[{"line":"ul. Długa 4","zip":"31-146"}]}`, "application/json"))
}

// settle waits until the segments are recalculated after a call, and returns the call's id.
func (s *shopCalls) settle(id string) string {
	s.t.Helper()
	deadline := time.Now().Add(patience)
	for strings.Contains(s.c.Get("/w/my-workspace/requests/"+id).Body, "Not yet recalculated") {
		if time.Now().After(deadline) {
			s.t.Fatal("the segments were not recalculated after the call")
		}
		<-time.After(50 * time.Millisecond)
	}
	return id
}

var hashInURL = regexp.MustCompile(`/v1/inbound-webhooks/([A-Za-z0-9_-]+)`)

// hashOf creates a webhook of a type and returns its hash.
func hashOf(t *testing.T, c *Client, kind string) string {
	t.Helper()
	fields := []string{"name", "Shop: " + strings.ToLower(kind), "type", kind}
	if kind == "SUBSCRIBED" {
		fields = append(fields, "new_tags", "customer, shop")
	}
	a := c.Post("/w/my-workspace/webhooks", fields...)
	if a.Status != http.StatusSeeOther {
		t.Fatalf("got %d for a new webhook, want 303:\n%s", a.Status, a.Body)
	}
	found := hashInURL.FindStringSubmatch(c.Get(a.Header.Get("Location")).Body)
	if found == nil {
		t.Fatal("the webhook's page does not show its address")
	}
	return found[1]
}
