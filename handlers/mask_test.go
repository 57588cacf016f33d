package handlers

import (
	"net/http"
	"net/netip"
	"regexp"
	"strings"
	"testing"

	"campaignlark/intake"
	"campaignlark/models"

	"gorm.io/gorm"
)

// hidden is everything personal in the calls of TestMaskedPagesHoldNothingPersonal.
var hidden = []string{"quinn", "zebedee", "pelikan", "zanzibar", "maribor", "203.0.113", "1977", "geheim", "quagga"}

func (a answer) wantMasked(t *testing.T, what string) {
	t.Helper()
	body := randomID.ReplaceAllString(strings.ToLower(a.body), "(id)")
	for _, secret := range hidden {
		if i := strings.Index(body, secret); i >= 0 {
			t.Errorf("%s: the page holds %q: …%s…", what, secret, body[max(0, i-200):min(len(body), i+60)])
		}
	}
}

// randomID matches ids, which can hold any digits.
var randomID = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`)

// The HTML of a masked page holds none of the person's data, whatever the outcome.
func TestMaskedPagesHoldNothingPersonal(t *testing.T) {
	eachEndpoint(t, func(t *testing.T, s *site) {
		s.server.Config.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("0.0.0.0/0")}
		s.addLogMergeTag("city", "City", models.MergeTagText, "")
		s.addLogMergeTag("birthday", "Birthday", models.MergeTagDate, "")
		s.addLogMergeTag("size", "Size", models.MergeTagSingle, "")
		noor := s.as(s.signIn(s.addStaff("noor@support.example")))
		seen := map[models.Outcome]bool{}
		s.personalCalls()
		s.write(func(tx *gorm.DB) error {
			address, client := "quinn.zebedee@pelikan.example", "203.0.113.77"
			return tx.Create(&models.WebhookRequest{WorkspaceID: s.workspace.ID, ID: models.NewID(s.server.now()), WebhookID: 99, Method: "POST", ContentType: "text/quinn@pelikan.example",
				Address: &address, ClientAddress: &client, Outcome: models.OutcomeNotCommitted, Status: 503, Body: []byte("broken quinn")}).Error
		})
		for _, row := range s.logged() {
			seen[row.Outcome] = true
			for _, show := range []string{"", "?show=raw", "?show=headers"} {
				page := noor.get("/support/requests/" + row.ID.String() + show)
				page.want(t, 200, "Received")
				page.wantMasked(t, string(row.Outcome)+" "+row.ID.String()+show)
			}
			refused := noor.post("/support/requests/"+row.ID.String()+"/reveal", "reason", "")
			refused.wantMasked(t, "a reveal without a reason")
		}
		noor.get("/support/requests?when=7d").wantMasked(t, "the list")
		for _, o := range []models.Outcome{models.OutcomeCreated, models.OutcomeResubscribed, models.OutcomeUnconfirmed, models.OutcomeUpdated, models.OutcomeUnsubscribed, models.OutcomeDeleted,
			models.OutcomeNoAddress, models.OutcomeBadAddress, models.OutcomeNoContact, models.OutcomeUnreadable, models.OutcomePrefetch, models.OutcomeTooLarge,
			models.OutcomeMalformed, models.OutcomeURLDiffers, models.OutcomeDisabled, models.OutcomeWebhookGone, models.OutcomeHashRetired, models.OutcomeNotCommitted} {
			if !seen[o] {
				t.Errorf("no call here ends as %s", o)
			}
		}
	})
}

// personalCalls sends calls of every outcome, each full of secrets.
func (s *site) personalCalls() {
	s.t.Helper()
	join, pending, leave, erase := s.addWebhook(models.TypeSubscribed), s.addWebhook(models.TypeUnconfirmed), s.addWebhook(models.TypeUnsubscribed), s.addWebhook(models.TypeDelete)
	off, gone, old := s.addWebhook(models.TypeSubscribed), s.addWebhook(models.TypeSubscribed), s.addWebhook(models.TypeSubscribed)
	for column, w := range map[string]models.Webhook{"enabled": off, "deleted_at": gone, "hash": old} {
		value := map[string]any{"enabled": false, "deleted_at": s.server.now(), "hash": models.NewHash()}[column]
		s.write(func(tx *gorm.DB) error {
			return tx.Model(&models.Webhook{}).Where("workspace_id = ? AND id = ?", w.WorkspaceID, w.ID).Update(column, value).Error
		})
	}
	const (
		person = `{"email_address":"Quinn.Zebedee@pelikan.example","city":"Maribor","birthday":"geheim 1977","size":"quagga","shoe":{"x":"zanzibar"},"list":["zanzibar"],"zanzibar@x":"1","quagga":""}`
		form   = "email_address=quinn.zebedee%40pelikan.example&city=Zanzibar&birthday=1977-01-01&other=geheim&Quinn+Zebedee=1&quagga"
	)
	send := func(w models.Webhook, kind, body string) {
		s.call("POST", w.Hash, body, "Content-Type", kind, "X-Forwarded-For", "203.0.113.77", "Referer", "https://pelikan.example/?q=quinn", "User-Agent", "Zebedee-Till/1 (+quinn@pelikan.example) geheim")
	}
	send(join, "application/json", person)
	send(join, "application/x-www-form-urlencoded", form)
	send(leave, "application/json", person)
	send(join, "application/json", person)
	send(pending, "application/x-www-form-urlencoded", form)
	send(join, "multipart/form-data; boundary=b", "--b\r\nContent-Disposition: form-data; name=\"email_address\"\r\n\r\nquinn.zebedee@pelikan.example\r\n--b\r\nContent-Disposition: form-data; name=\"city\"\r\n\r\nMaribor\r\ngeheim = 1977\r\n"+
		"--b\r\nContent-Disposition: form-data; name=\"photo\"; filename=\"quinn.jpg\"\r\n\r\nx\r\n--b--\r\n")
	for _, w := range []models.Webhook{off, gone, old} {
		send(w, "application/json", person)
	}
	for _, body := range []string{`{"address":"quinn.zebedee@pelikan.example","note":"geheim"}`, `{"email_address":"quinn zebedee"}`, `{"email_address":"quinn@pelikan.example","city":"Maribor`,
		`{"email_address":quinn}`, `["quinn@pelikan.example"]`, `{"email_address":"q@pelikan.example"} zanzibar`, `{"email_address":["quinn@pelikan.example"]}`,
		`{"email_address":"quinn@pelikan.example","text":"` + strings.Repeat("geheim ", intake.MaxBody/7) + `"}`} {
		send(join, "application/json", body)
	}
	send(leave, "application/json", strings.ReplaceAll(person, "Quinn", "other.quinn"))
	send(join, "application/x-www-form-urlencoded", "Quinn Zebedee, born 1977 in Maribor")
	send(join, "application/x-www-form-urlencoded", "quagga")
	send(join, "text/csv; header=quinn", "quinn@pelikan.example;Maribor")
	send(join, "application/json; charset=quinn", person)
	send(join, "", "quinn@pelikan.example")
	s.call("GET", join.Hash+"?email_address=quinn%40pelikan.example&city=Maribor", "", "Purpose", "prefetch", "X-Forwarded-For", "203.0.113.77")
	s.call("GET", join.Hash+"?email=quinn%40pelikan.example&city=Maribor&%E2%80%AE=zanzibar&1977", "", "X-Forwarded-For", "203.0.113.77")
	hidden := func(kinds ...string) http.Header {
		return http.Header{"Content-Type": kinds, "X-Forwarded-For": {"203.0.113.77"}, "User-Agent": {"Zebedee-Till/1 (+quinn@pelikan.example) geheim"}, "Referer": {"https://pelikan.example/?q=quinn"}}
	}
	s.as("").do("POST", inboundPrefix+join.Hash+"?quinn", strings.NewReader(person), hidden("application/json; quinn", "application/json; zebedee"))
	s.as("").do("POST", strings.ToUpper(inboundPrefix)+join.Hash+"/quinn", strings.NewReader(person), hidden("application/json; quinn"))
	s.personalHints(join)
	send(join, "application/json", strings.ReplaceAll(person, "Quinn", "erased.quinn"))
	send(erase, "application/json", strings.ReplaceAll(person, "Quinn", "erased.quinn"))
}

// personalHints sends one call for each hint. Each call holds secrets.
func (s *site) personalHints(join models.Webhook) {
	s.t.Helper()
	send := func(query, kind, body string, headers ...string) {
		s.call("POST", join.Hash+query, body, append([]string{"Content-Type", kind, "X-Forwarded-For", "203.0.113.77"}, headers...)...)
	}
	const form, parts = "application/x-www-form-urlencoded", "multipart/form-data; boundary=b"
	for range 2 {
		send("", "application/json", `{"email_address":"quinn@pelikan.example","city":"{{zanzibar}}","birthday":"*|GEHEIM|*"}`, "Webhook-Id", "quagga")
	}
	send("", "application/json", `{"Quinn Zebedee":{"quinn@pelikan.example":[{"1977":"quinn@pelikan.example"}]}}`)
	send("?Quinn+Zebedee=quinn%40pelikan.example", "application/json", `{"note":"geheim"}`)
	send("", form, "note=geheim&amp;Quinn+Zebedee=1&amp;1977=zanzibar")
	send("", form, "email_address=quinn%2540pelikan.example")
	send("", form, "--b\r\nContent-Disposition: form-data; name=\"Quinn Zebedee\"\r\n\r\ngeheim\r\n--b--")
	send("", form, "<quinn>geheim</quinn>")
	send("", parts, "Quinn=Zebedee&zanzibar=geheim")
	send("", parts, `{"Quinn":"geheim"}`)
	send("", parts, "--b\r\nContent-Disposition: form-data; name=\"email_address\"; filename=\"quinn.txt\"\r\n\r\ngeheim\r\n--b--\r\n")
	for _, address := range []string{"Quinn Zebedee <quinn@pelikan.example>", "quinn@pelikan.example, zebedee@pelikan.example", "{{zanzibar}}", `quinn@pelikan.example\u200b`, "geheim"} {
		send("", "application/json", `{"email_address":"`+address+`"}`)
	}
}

// A masked page still shows which fields were sent, their fates, and what changed.
func TestMaskedPageTellsWhatHappened(t *testing.T) {
	eachEndpoint(t, func(t *testing.T, s *site) {
		s.addLogMergeTag("city", "City", models.MergeTagText, "")
		join := s.addWebhook(models.TypeSubscribed, "shop")
		s.callJSON(join, `{"email_address":"quinn@pelikan.example","city":"Maribor"}`)
		again := s.callJSON(join, `{"email_address":"quinn@pelikan.example","city":"Zanzibar","newsletter_source":"geheim"}`)
		noor := s.as(s.signIn(s.addStaff("noor@support.example")))
		page := noor.get("/support/requests/" + again.requestID())
		page.want(t, 200, `"city" : "•••••"`, "newsletter_source", "was ignored", "City ••• → became •••••", "1 set: 1 changed", "HTTP 200", "1 other call for this address")
		for _, link := range []string{`href="/w/books`, "merge-tags", "Create merge tag"} {
			if strings.Contains(page.body, link) {
				t.Errorf("the page of support staff leads to %s", link)
			}
		}
		misnamed := noor.get("/support/requests/" + s.callJSON(join, `{"mail":"quinn@pelikan.example"}`).requestID())
		misnamed.want(t, 200, "Rename the sender's field mail to email_address", "mail = •••••")
	})
}

func TestFieldNamesThatMayBeShown(t *testing.T) {
	t.Parallel()
	known := namesOf(map[string]models.MergeTag{"city": {Key: "city", Label: "Home town"}})
	for _, c := range []struct{ key, value, want string }{
		{"newsletter_source", "x", "newsletter_source"}, {"Prénom", "x", "Prénom"}, {"address[zip]", "x", "address[zip]"}, {"email_address", "", "email_address"},
		{"city", "", "city"}, {"Home town", "x", "Home town"}, {"", "x", ""},
		{"Quinn Zebedee", "x", mask}, {"quinn@pelikan.example", "x", mask}, {"quagga", "", mask}, {"1977-01-01", "x", mask}, {strings.Repeat("a", 51), "x", mask}, {"<script>", "x", mask},
	} {
		if got := known.shown(c.key, c.value); got != c.want {
			t.Errorf("the name %q with the value %q: got %q, want %q", c.key, c.value, got, c.want)
		}
	}
}

// After a search by address, only the search field and links hold the address.
func TestSupportSearchIsMasked(t *testing.T) {
	eachEndpoint(t, func(t *testing.T, s *site) {
		join := s.addWebhook(models.TypeSubscribed)
		for range 60 {
			s.callJSON(join, `{"email_address":"quinn@pelikan.example"}`)
		}
		noor := s.as(s.signIn(s.addStaff("noor@support.example")))
		const typed = `value="quinn@pelikan.example"`
		for path, words := range map[string]string{
			"/support/requests?q=quinn%40pelikan.example":                                      "The address you searched for",
			"/support/requests?q=quinn%40pelikan.example&outcome=failed":                       "exactly this address",
			"/support/requests?q=quinn%40pelikan.example&workspace=quinn%40pelikan.example":    "There is no workspace",
			"/support/requests?webhook=quinn%40pelikan.example&workspace=books":                "There is no webhook",
			"/support/requests?outcome=quinn%40pelikan.example&before=quinn%40pelikan.example": "There is no outcome",
		} {
			page := noor.get(path)
			page.want(t, 200, words)
			body := linksTo.ReplaceAllString(strings.Replace(page.body, typed, "", 1), "")
			if i := strings.Index(strings.ToLower(body), "quinn"); i >= 0 {
				t.Errorf("%s: the page holds the address: …%s…", path, body[max(0, i-200):min(len(body), i+60)])
			}
		}
		found := noor.get("/support/requests?q=quinn%40pelikan.example&before=&outcome=created")
		found.want(t, 200, "1 request in 1 workspace")
		reveal := "/support/requests/" + s.logged()[0].ID.String()
		shown := noor.follow(noor.post(reveal+"/reveal", "reason", "quinn@pelikan.example called"))
		shown.want(t, 200, "quinn@pelikan.example")
		entries := s.reveals()
		if len(entries) != 1 || strings.Contains(entries[0].Detail, "quinn") || !strings.Contains(entries[0].Detail, "…@ called") {
			t.Errorf("got audit log %+v, want one reveal whose reason holds no address", entries)
		}
	})
}

var linksTo = regexp.MustCompile(` (href|data-live)="[^"]*"`)
