package handlers

import (
	"fmt"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"campaignlark/models"

	"gorm.io/gorm"
)

// addStaff creates a support account without a workspace.
func (s *site) addStaff(email string) models.User {
	s.t.Helper()
	u := models.User{Email: email, PasswordHash: "none", Support: true, CreatedAt: s.server.now()}
	s.write(func(tx *gorm.DB) error { return tx.Create(&u).Error })
	return u
}

// in returns the same site with a new workspace.
func (s *site) in(slug string) *site {
	s.t.Helper()
	other := *s
	other.workspace = s.addWorkspace(slug)
	return &other
}

func (a answer) requestID() string { return a.header.Get("X-Request-Id") }

func TestSupportFindsCallsEverywhere(t *testing.T) {
	eachEndpoint(t, func(t *testing.T, s *site) {
		music := s.in("music")
		join, other := s.addWebhook(models.TypeSubscribed), music.addWebhook(models.TypeUnsubscribed)
		first := s.callJSON(join, `{"email_address":"marta@example.com"}`)
		second := s.callJSON(other, `{"email_address":"Marta@example.com"}`)
		s.callJSON(join, `{"email_address":"jonas@example.org"}`)
		noor := s.as(s.signIn(s.addStaff("noor@support.example")))

		empty := noor.get("/support/requests")
		empty.want(t, 200, "Find a request", "Nothing is listed until you ask", "Type what the customer told you")
		empty.wantNot(t, "No request matches", "Books New contact")
		page := noor.get("/support/requests?when=7d")
		page.want(t, 200, "Find a request", "3 requests in 2 workspaces", "Books", "Music", "New contact", "No such contact", "times in UTC")
		page.wantNot(t, "marta", "Marta", "jonas", "example.com")
		search := func(q ...string) answer {
			query := url.Values{}
			for i := 0; i < len(q); i += 2 {
				query.Set(q[i], q[i+1])
			}
			return noor.get("/support/requests?" + query.Encode())
		}
		search("q", "MARTA@example.com").want(t, 200, "2 requests in 2 workspaces")
		search("q", "marta@example.com", "outcome", "failed").want(t, 200, "1 request in 1 workspace", "No such contact")
		search("q", "marta@example.com", "workspace", "books").want(t, 200, "1 request in 1 workspace", "New contact")
		search("q", "nobody@example.com").want(t, 200, "No request matches", "exactly this address")
		search("q", "marta").want(t, 200, "not a whole e-mail address")
		search("outcome", "created").want(t, 200, "2 requests in 1 workspace")
		search("outcome", "no_contact").want(t, 200, "1 request in 1 workspace")
		search("when", "range", "to", "2020-01-01T00:00").want(t, 200, "No request matches")
		search("same", first.requestID()).want(t, 200, "2 requests in 2 workspaces", "Same address as in …"+first.requestID()[30:])
		noor.follow(search("q", second.requestID())).want(t, 200, "Refused: no such contact", "Music")
		search("q", strings.Repeat("0", 8)+second.requestID()[8:]).want(t, 200, "No call has this id")
		byURL := search("q", "http://lark.example"+inboundPrefix+other.Hash+"?email_address=x")
		if to := byURL.header.Get("Location"); strings.Contains(to, other.Hash) {
			t.Errorf("the search for a URL leads to %s, which holds the hash", to)
		}
		noor.follow(byURL).want(t, 200, "1 request in 1 workspace", "Music", "UNSUBSCRIBED")
		noor.follow(search("q", join.Hash)).want(t, 200, "2 requests in 1 workspace", "Books")
		for _, wrong := range []string{
			"https://lark.example/V1/inbound-webhooks/" + other.Hash, "lark.example/v2/inbound_webhooks/" + other.Hash + "/?email_address=x@example.com", "/api/v1//inbound-webhooks/" + other.Hash,
			`https://lark.example/v1\inbound-webhooks\` + other.Hash, "https://lark.example/v1/inbound%2Dwebhooks/" + other.Hash + "#top", "POST /Inbound-Webhooks/" + other.Hash + " HTTP/1.1",
		} {
			noor.follow(search("q", wrong)).want(t, 200, "1 request in 1 workspace", "Music", "UNSUBSCRIBED")
		}
		search("q", "https://lark.example/V1/inbound-webhooks/").want(t, 200, "not a whole e-mail address, a webhook URL of any workspace")
		search("q", "/V1/inbound-webhooks/"+models.NewHash()).want(t, 200, "No webhook has this URL now")
		search("q", inboundPrefix+models.NewHash()).want(t, 200, "No webhook has this URL now", "Webhooks of deleted workspaces")
		search("workspace", "nosuch").want(t, 200, "No request matches", "There is no workspace “nosuch”.", "Begin again")
		search("workspace", "books", "webhook", "999999").want(t, 200, "No request matches", "There is no webhook “999999” in this workspace.")
		search("webhook", "999999").want(t, 200, "No request matches", "choose its workspace first.")
		none := search("outcome", "zzz", "when", "7d")
		none.want(t, 200, "There is no outcome “zzz”. Nothing is listed.")
		none.wantNot(t, "3 requests")
		search("before", "abc", "workspace", "books").want(t, 200, "2 requests in 1 workspace", "“abc” is not a position in this list.")
		search("when", "soon", "workspace", "books").want(t, 200, "There is no time “soon”. Nothing is listed.", "No request matches")
	})
}

// TestSupportFindsAnAddressInWhatRefusedCallsSent looks for calls of which the address was not found, and for one that could not be read. Parts
// of an address and other values find nothing.
func TestSupportFindsAnAddressInWhatRefusedCallsSent(t *testing.T) {
	eachEndpoint(t, func(t *testing.T, s *site) {
		music := s.in("music")
		join, other := s.addWebhook(models.TypeSubscribed), music.addWebhook(models.TypeSubscribed)
		mapped := s.createWebhook("name", "Shop", "type", "SUBSCRIBED")
		s.post(s.webhookPath(mapped, "/reading"), "sender", "own", "mapping", `{"address":["customer.email"]}`).want(t, 303)
		s.callJSON(join, `{"email_address":"marta@example.com"}`).want(t, 200)
		s.callJSON(other, `{"person":{"mail":"Marta@Example.com"},"town":"Graz"}`).want(t, 400)
		s.callJSON(mapped, `{"customer":{"contact":"Marta K. <marta@example.com>"}}`).want(t, 400)
		s.callJSON(join, `{"mail":"marta@example.com"`).want(t, 400) // cannot be read
		s.callJSON(join, `{"mail":"xmarta@example.com","b":"marta@example.com.pl"}`).want(t, 400)
		noor := s.as(s.signIn(s.addStaff("noor@support.example")))
		search := func(address, more string) answer {
			return noor.get("/support/requests?q=" + url.QueryEscape(address) + more)
		}
		page := search("MARTA@example.com", "")
		page.want(t, 200, "1 request in 1 workspace", "Look for the address in what refused calls sent")
		page.wantLink(t, "Look for the address", "/support/requests?q=MARTA%40example.com&amp;sent=1")
		page = search("MARTA@example.com", "&sent=1")
		page.want(t, 200, "3 requests in 2 workspaces", "Music", "Books", "The address stands in what refused calls sent")
		page.wantNot(t, "Graz", "Marta K", "Look for the address in what refused calls sent")
		search("marta@example.com", "&sent=1&workspace=music").want(t, 200, "1 request in 1 workspace", "Music")
		search("marta@example.com", "&sent=1&outcome=created").want(t, 200, "1 request in 1 workspace", "New contact")
		search("arta@example.com", "&sent=1").want(t, 200, "No request matches", "was sent with this address")
		search("marta", "&sent=1").want(t, 200, "not a whole e-mail address")
		search("Graz", "&sent=1").want(t, 200, "not a whole e-mail address")
		noor.get("/support/requests").wantNot(t, "Look for the address")
	})
}

// Retired URLs and deleted webhooks are found, deleted workspaces are not.
func TestSupportFindsRetiredAndDeletedWebhooks(t *testing.T) {
	eachEndpoint(t, func(t *testing.T, s *site) {
		ctx, now := t.Context(), s.server.now()
		w := s.addWebhook(models.TypeSubscribed)
		call := s.callJSON(w, `{"email_address":"marta@example.com"}`)
		if _, err := s.db.RotateWebhook(ctx, w, s.user.ID, now); err != nil {
			t.Fatal(err)
		}
		noor := s.as(s.signIn(s.addStaff("noor@support.example")))
		old := "/support/requests?q=" + w.Hash
		noor.follow(noor.get(old)).want(t, 200, "1 request in 1 workspace")
		s.write(func(tx *gorm.DB) error {
			return tx.Model(&models.Webhook{}).Where("workspace_id = ? AND id = ?", w.WorkspaceID, w.ID).Update("deleted_at", now).Error
		})
		noor.follow(noor.get(old)).want(t, 200, "1 request in 1 workspace", "(deleted)")
		noor.get("/support/requests/"+call.requestID()).want(t, 200, "is a new contact")
		s.write(func(tx *gorm.DB) error {
			return tx.Model(&models.Workspace{}).Where("id = ?", s.workspace.ID).Update("deleted_at", now).Error
		})
		noor.get("/support/requests?when=7d").want(t, 200, "No request matches")
		noor.get(old).want(t, 200, "No request matches")
		noor.get("/support/requests?q="+call.requestID()).want(t, 200, "No call has this id")
		noor.get("/support/requests?q=marta%40example.com").want(t, 200, "No request matches")
		noor.get("/support/requests?workspace=books").wantNot(t, "Books")
		noor.get("/support/requests/"+call.requestID()).want(t, 404)
		noor.post("/support/requests/"+call.requestID()+"/reveal", "reason", "ticket 4711").want(t, 404)
	})
}

func TestSupportSideIsForStaff(t *testing.T) {
	eachEndpoint(t, func(t *testing.T, s *site) {
		call := s.callJSON(s.addWebhook(models.TypeSubscribed), `{"email_address":"marta@example.com"}`)
		path := "/support/requests/" + call.requestID()
		for _, p := range []string{"/support/requests", path} {
			s.get(p).want(t, 403, "for support staff only")
			s.as("").get(p).want(t, 303)
		}
		s.post(path+"/reveal", "reason", "curious").want(t, 403)
		staff := s.addStaff("noor@support.example")
		noor := s.as(s.signIn(staff))
		noor.follow(noor.get("/")).want(t, 200, "Find a request")
		noor.get("/account").want(t, 200, "Your account", "Find a request")
		noor.get("/w/books/requests").want(t, 404)
		noor.get("/w/books").want(t, 404)
		noor.get("/workspaces").want(t, 200, "You are in no workspace", "Create workspace", "Find a request")
		s.write(func(tx *gorm.DB) error {
			return tx.Create(&models.Membership{WorkspaceID: s.workspace.ID, UserID: staff.ID, Role: models.RoleViewer, CreatedAt: s.server.now()}).Error
		})
		noor.get("/support/requests").want(t, 200, "Your workspaces", "Books")
		noor.get("/w/books/requests").want(t, 200, "marta@example.com", "Support side")
		s.get("/w/books/requests").wantNot(t, "Support side")
		noor.get("/w/books/requests").want(t, 200, "Create workspace")
		noor.follow(noor.post("/workspaces", "name", "Help desk", "time_zone", "UTC")).want(t, 200, "The workspace Help desk was created. You are its admin.")
	})
}

func TestRevealIsRecordedAndEnds(t *testing.T) {
	eachEndpoint(t, func(t *testing.T, s *site) {
		now := s.server.now()
		s.server.Now = func() time.Time { return now } // only the server's clock moves
		call := s.callJSON(s.addWebhook(models.TypeSubscribed), `{"email_address":"marta@example.com","city":"Linz"}`)
		other := s.callJSON(s.addWebhook(models.TypeSubscribed), `{"email_address":"jonas@example.com"}`)
		staff := s.addStaff("noor@support.example")
		noor, elsewhere := s.as(s.signIn(staff)), s.as(s.signIn(staff))
		path := "/support/requests/" + call.requestID()
		utc, there := now.UTC().Format("15:04:05")+" UTC", now.In(s.workspace.Location()).Format("15:04:05")
		noor.get(path).want(t, 200, utc+", "+there+" in Europe/Vienna", "Addresses and values are masked", "Reveal for 15 minutes", "•••••@••••• is a new contact")
		for _, reason := range []string{"", "  ", "ab", strings.Repeat("x", 201)} {
			refused := noor.post(path+"/reveal", "reason", reason)
			refused.want(t, 422, "Addresses and values are masked", "reason")
			refused.wantNot(t, "marta", "Linz")
		}
		if n := len(s.reveals()); n != 0 {
			t.Errorf("got %d entries in the audit log, want none before a reason is given", n)
		}
		noor.follow(noor.post(path+"/reveal", "reason", " ticket 4711 ")).want(t, 200, "marta@example.com is a new contact", "Linz", "Only to you, in this browser, until", now.Add(revealFor).UTC().Format("15:04")+" UTC, "+now.Add(revealFor).In(s.workspace.Location()).Format("15:04")+" in Europe/Vienna")
		entries := s.reveals()
		if len(entries) != 1 || entries[0].UserID != staff.ID || entries[0].WorkspaceID != s.workspace.ID || entries[0].SubjectName != call.requestID() ||
			fmt.Sprint(entries[0].Changes()) != "[{reason  ticket 4711}]" {
			t.Errorf("got audit log %+v, want the reveal with its reason", entries)
		}
		noor.get("/support/requests?when=7d").wantNot(t, "marta")
		noor.get("/support/requests/"+other.requestID()).wantNot(t, "jonas")
		elsewhere.get(path).wantNot(t, "marta", "Linz")
		now = now.Add(revealFor)
		noor.get(path).wantNot(t, "marta", "Linz")
		noor.get(path).want(t, 200, "Addresses and values are masked")
	})
}

// TestSupportTellsPeopleApart lists calls of two people: the rows of one have the same name, which says nothing of who it is and is another
// one in another session.
func TestSupportTellsPeopleApart(t *testing.T) {
	eachEndpoint(t, func(t *testing.T, s *site) {
		join := s.addWebhook(models.TypeSubscribed)
		for _, address := range []string{"marta@example.com", "jonas@example.com", "marta@example.com"} {
			s.callJSON(join, `{"email_address":"`+address+`"}`).want(t, 200)
		}
		s.callJSON(join, `{}`)
		staff := s.addStaff("noor@support.example")
		names := func(noor *site, query string) []string {
			page := noor.get("/support/requests?" + query)
			page.wantNot(t, "marta", "jonas")
			return labelOfPerson.FindAllString(page.text(), -1)
		}
		noor := s.as(s.signIn(staff))
		got := names(noor, "when=7d")
		if len(got) != 3 || got[0] != got[2] || got[0] == got[1] {
			t.Fatalf("got the names %v, want one for the first and the last call and another between", got)
		}
		if again := names(noor, "outcome=updated"); len(again) != 1 || again[0] != got[0] {
			t.Errorf("got the names %v in another list, want %s", again, got[0])
		}
		if other := names(s.as(s.signIn(staff)), "when=7d"); len(other) != 3 || slices.Contains(got, other[0]) {
			t.Errorf("got the names %v in another session, want others than %v", other, got)
		}
		searched := noor.get("/support/requests?q=marta%40example.com")
		searched.want(t, 200, "2 requests in 1 workspace", "the address you searched for New contact")
		if found := labelOfPerson.FindString(searched.text()); found != "" {
			t.Errorf("got the name %s for the address that was searched for", found)
		}
		noor.get("/support/requests?when=7d").want(t, 200, "no address")
	})
}

var labelOfPerson = regexp.MustCompile(`Person [A-Z2-9]{4}\b`)

// TestSupportSeesTheWorkspacesTime looks at a call of a workspace in Vienna, and copies a reply.
func TestSupportSeesTheWorkspacesTime(t *testing.T) {
	eachEndpoint(t, func(t *testing.T, s *site) {
		s.write(func(tx *gorm.DB) error {
			return tx.Model(&models.Workspace{}).Where("id = ?", s.workspace.ID).Update("time_zone", "Europe/Vienna").Error
		})
		join := s.addWebhook(models.TypeSubscribed)
		s.write(func(tx *gorm.DB) error {
			return tx.Model(&models.Webhook{}).Where("workspace_id = ? AND id = ?", join.WorkspaceID, join.ID).Update("name", "Till of otto@example.com").Error
		})
		call := s.callJSON(join, `{"email_address":"marta@@example.com","city":"Linz"}`)
		noor := s.as(s.signIn(s.addStaff("noor@support.example")))
		vienna, err := time.LoadLocation("Europe/Vienna")
		if err != nil {
			t.Fatal(err)
		}
		at := models.IDTime(s.logged()[0].ID)
		utc, there := at.UTC().Format("15:04:05"), at.In(vienna).Format("15:04:05")
		noor.get("/support/requests?when=7d").want(t, 200, utc+" "+there+" in Europe/Vienna")
		period := func(workspace string, zone *time.Location) string {
			form := func(at time.Time) string { return at.In(zone).Format("2006-01-02T15:04") }
			return "/support/requests?workspace=" + workspace + "&when=range&from=" + form(at.Add(-2*time.Minute)) + "&to=" + form(at.Add(2*time.Minute))
		}
		noor.get(period("books", vienna)).want(t, 200, "From, Europe/Vienna", utc+" "+there)
		noor.get(period("", time.UTC)).want(t, 200, "From, UTC", utc+" "+there)
		noor.get(period("books", time.UTC)).want(t, 200, "No request matches")
		page := noor.get("/support/requests/" + call.requestID())
		page.want(t, 200, utc+" UTC, "+there+" in Europe/Vienna", "Copy as a reply", "Reveal values",
			"On "+at.In(vienna).Format("Monday 2 January 2006 at 15:04:05")+" (Europe/Vienna) your webhook “Till of …@”", "was called.",
			"What happened: Refused: the address is not valid.", "The sender was answered with 400:", "What you can do: Let the sender check the address before it sends it.",
			"/w/books/requests/"+call.requestID())
		page.wantNot(t, "marta", "Linz")
		shown := noor.follow(noor.post("/support/requests/"+call.requestID()+"/reveal", "reason", "ticket 4711"))
		shown.want(t, 200, "marta@@example.com")
		if reply := replyText.FindString(shown.body); reply == "" || strings.Contains(reply, "marta") || strings.Contains(reply, "Linz") || strings.Contains(reply, "otto") {
			t.Errorf("got the reply %s after the reveal, want one without data of the person", reply)
		}
	})
}

var replyText = regexp.MustCompile(`(?s)<pre id="reply-text".*?</pre>`)

func TestSupportSeesItsOwnReveals(t *testing.T) {
	eachEndpoint(t, func(t *testing.T, s *site) {
		join := s.addWebhook(models.TypeSubscribed)
		noor, omar := s.as(s.signIn(s.addStaff("noor@support.example"))), s.as(s.signIn(s.addStaff("omar@support.example")))
		noor.get("/support/reveals").want(t, 200, "You have revealed nothing")
		for n := range 52 {
			call := s.callJSON(join, `{"email_address":"marta@example.com"}`)
			noor.post("/support/requests/"+call.requestID()+"/reveal", "reason", fmt.Sprintf("ticket %d", 4700+n)).want(t, 303)
		}
		call := s.callJSON(join, `{"email_address":"marta@example.com"}`)
		omar.post("/support/requests/"+call.requestID()+"/reveal", "reason", "my own").want(t, 303)
		page := noor.get("/support/reveals")
		page.want(t, 200, "My reveals", "ticket 4751", "ticket 4702", "Books", "…"+s.logged()[51].ID.String()[30:], "Older")
		page.wantNot(t, "my own", "ticket 4701", "marta")
		older := olderPage.FindStringSubmatch(page.body)
		if older == nil {
			t.Fatal("the page does not lead to older reveals")
		}
		rest := noor.get(older[1])
		rest.want(t, 200, "ticket 4701", "ticket 4700")
		rest.wantNot(t, "ticket 4702")
		omar.get("/support/reveals").want(t, 200, "my own")
		s.get("/support/reveals").want(t, 403)
	})
}

var olderPage = regexp.MustCompile(`href="(/support/reveals\?before=[^"]+)"`)

// TestTheSupportListIsLive follows a list of all workspaces until the person leaves the support staff.
func TestTheSupportListIsLive(t *testing.T) {
	eachEndpoint(t, func(t *testing.T, s *site) {
		music := s.in("music")
		join, other := s.addWebhook(models.TypeSubscribed), music.addWebhook(models.TypeUnsubscribed)
		staff := s.addStaff("noor@support.example")
		noor := s.as(s.signIn(staff))
		noor.get("/support/requests").wantNot(t, "data-live")
		live := regexp.MustCompile(`data-live="([^"]+)"`).FindStringSubmatch(noor.get("/support/requests?q=marta%40example.com").body)
		if live == nil {
			t.Fatal("the list is not live")
		}
		next := noor.stream(s.listen(), html.UnescapeString(live[1]))
		s.callJSON(join, `{"email_address":"jonas@example.com"}`).want(t, 200)
		s.callJSON(join, `{"email_address":"marta@example.com"}`).want(t, 200)
		s.callJSON(other, `{"email_address":"marta@example.com"}`).want(t, 404)
		for came := 0; came < 2; {
			if n, found := strings.CutPrefix(next(), "data: "); found {
				count, _ := strconv.Atoi(n)
				came += count
			}
		}
		s.write(func(tx *gorm.DB) error {
			return tx.Model(&models.User{}).Where("id = ?", staff.ID).Update("support", false).Error
		})
		for line := next(); line != ""; line = next() {
			if line != ": still waiting" {
				t.Fatalf("got %q after the person left the staff, want the end", line)
			}
		}
		noor.do("GET", "/support/requests/live?when=7d", nil, http.Header{"Accept": {"text/event-stream"}}).want(t, 403)
	})
}

// reveals returns the audit log's entries about unmasked calls.
func (s *site) reveals() (entries []models.AuditEntry) {
	s.t.Helper()
	if err := s.db.Read(s.t.Context()).Where("action = ?", models.ActionRequestRevealed).Find(&entries).Error; err != nil {
		s.t.Fatal(err)
	}
	return entries
}
