package e2e

import (
	"testing"
)

// TestRefusedCallsInABrowser looks at the pages of calls whose sender does something wrong.
func TestRefusedCallsInABrowser(t *testing.T) {
	t.Parallel()
	program := Start(t, Settings{Env: FirstAdmin})
	c := NewClient(t, program.URL)
	c.SignIn(FirstAdmin["ADMIN_EMAIL"], FirstAdmin["ADMIN_PASSWORD"])
	p := NewPage(t, program.URL)
	p.SignIn(FirstAdmin["ADMIN_EMAIL"], FirstAdmin["ADMIN_PASSWORD"], "/w/my-workspace")
	shop := &shopCalls{t: t, c: c, join: hashOf(t, c, "SUBSCRIBED")}
	shop.setUp()
	const json, form, parts = "application/json", "application/x-www-form-urlencoded", "multipart/form-data; boundary=b"
	const part = "--b\r\nContent-Disposition: form-data; name=\""
	for _, look := range []struct{ name, method, query, body, contentType, sees string }{
		{"blank-in-name", "POST", "", `{"email_address ":"jonas@example.com","first_name":"Jonas"}`, json, "The field is named email_address followed by a blank."},
		{"inside", "POST", "", `{"event":"customer.created","data":{"contact":{"email":"jonas@example.com","first_name":"Jonas"}}}`, json, "data.contact.email"},
		{"json-as-form", "POST", "", `{"email_address":"jonas@example.com","first_name":"Jonas"}`, form, "Let the sender send the Content-Type application/json."},
		{"form-as-multipart", "POST", "", "email_address=jonas%40example.com&first_name=Jonas", parts, "Let the sender send the Content-Type application/x-www-form-urlencoded."},
		{"query-of-a-post", "POST", "?email_address=jonas%40example.com", `{"first_name":"Jonas"}`, json, "Let the sender send email_address in the body."},
		{"file", "POST", "", part + "email_address\"; filename=\"blob\"\r\n\r\njonas@example.com\r\n" + part + "first_name\"\r\n\r\nJonas\r\n--b--\r\n", parts, "It came as a file."},
		{"invisible", "POST", "", "{\r\n  \"email_address\": \"jonas@example.com\u200b\",\r\n  \"first_name\": \"Jonas\"\r\n}\r\n", json, "jonas@example.com‹zero-width space›"},
		{"placeholder", "POST", "", `{"email_address":"{{ contact.email }}","first_name":"Jonas"}`, json, "Let the sender fill in the address."},
		{"escaped-twice", "GET", "?first_name=Jonas&amp;email_address=jonas%40example.com", "", "", "Let the sender write a plain & between the fields."},
		{"broken", "POST", "", `{"email_address":"jonas@example.com","first_name":"Jonas`, json, "Change how the sender writes the body."},
		{"test-call", "POST", "", "webhook_id=17", form, "This looks like a test call."},
		{"unfilled", "POST", "", `{"email_address":"mara@example.com","first_name":"{{first_name}}","city":"undefined","loyalty_points":["12","13"],"birthday":"*|BDAY|*"}`, json, "First name needs a look."},
		{"repeated", "POST", "", `{"email_address":"mara@example.com","first_name":"{{first_name}}","city":"undefined","loyalty_points":["12","13"],"birthday":"*|BDAY|*"}`, json, "Open that call"},
	} {
		p.Open("/w/my-workspace/requests/" + shop.call(shop.join, look.method, look.query, look.body, look.contentType))
		p.Sees(look.sees)
		p.Inspect("refused-" + look.name)
		if look.name != "invisible" {
			continue
		}
		p.Click("As received")
		p.until(func() bool { return p.Value(".tabs [aria-current]") == "As received" }, "the tab is the current one")
		p.Sees("‹zero-width space›")
		p.eval(`navigator.clipboard.writeText = async (text) => { window.copied = text }; document.querySelector("[data-copy=payload]").click()`)
		p.Sees("Copied")
		if got := read(p, "window.copied"); got != look.body {
			t.Errorf("Copy gives %q, want what was sent: %q", got, look.body)
		}
		p.Inspect("refused-invisible-raw")
	}
}
