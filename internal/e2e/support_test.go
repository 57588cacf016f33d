package e2e

import (
	"testing"
	"time"

	"campaignlark/internal/dbtest"
	"campaignlark/models"
)

// TestSupportFindsACall finds a call by its address as a member of the support staff. The call is masked, and is revealed with a
// reason.
func TestSupportFindsACall(t *testing.T) {
	t.Parallel()
	bothDatabases(t, func(t *testing.T, url string) {
		program := Start(t, Settings{Env: with(FirstAdmin, "DATABASE_URL", url)})
		c := NewClient(t, program.URL)
		c.SignIn(FirstAdmin["ADMIN_EMAIL"], FirstAdmin["ADMIN_PASSWORD"])
		shop := &shopCalls{t: t, c: c, join: hashOf(t, c, "SUBSCRIBED")}
		shop.call(shop.join, "POST", "", `{"email_address":"jonas@example.com"}`, "application/json")
		id := shop.call(shop.join, "POST", "", `{"email_address":"marta.kowalska@example.com","newsletter_source":"checkout-v3"}`, "application/json")
		const email, password = "noor@support.example", "a hundred and one reveals"
		if _, err := dbtest.Open(t, url).CreateUser(t.Context(), models.NewUser{Email: email, Password: password, Support: true}, time.Now()); err != nil {
			t.Fatal(err)
		}
		p := NewPage(t, program.URL)
		p.SignIn(email, password, "/")
		p.Sees("Nothing is listed until you ask")
		p.Inspect("support-empty")
		p.Open("/support/requests?when=7d")
		p.Sees("2 requests in 1 workspace")
		p.SeesNot("marta")
		p.Inspect("support")
		p.Enter("E-mail address, webhook URL or request id", "marta.kowalska@example.com")
		p.Follow("Find")
		p.Sees("1 request in 1 workspace")
		p.Enter("E-mail address, webhook URL or request id", id)
		p.Follow("Find")
		p.Sees("is a new contact")
		p.SeesNot("marta.kowalska@example.com")
		p.SeesNot("checkout-v3")
		p.Inspect("request-support")
		p.Click("Copy as a reply")
		p.Sees("What happened: The person is a new contact.")
		p.Inspect("request-reply")
		p.Click("Close")
		p.Click("Reveal values")
		p.Inspect("request-reveal")
		p.Enter("Reason", "no")
		p.Follow("Reveal for 15 minutes")
		p.Sees("Please say why you need to see it")
		p.Enter("Reason", "ticket 4711")
		p.Follow("Reveal for 15 minutes")
		p.Sees("marta.kowalska@example.com is a new contact")
		p.Sees("checkout-v3")
		p.Inspect("request-revealed")
		p.Follow("My reveals")
		p.Sees("ticket 4711")
		p.Inspect("support-reveals")
		p.Follow("Help")
		p.Sees("The four types")
		p.Inspect("docs")
	})
}
