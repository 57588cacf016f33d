package handlers

import (
	"html"
	"log/slog"
	"regexp"
	"strings"
	"testing"
	"time"

	"campaignlark/intake"
	"campaignlark/models"
	"campaignlark/segments"
	"campaignlark/segments/rule"

	"github.com/google/uuid"
	"gorm.io/gorm"
)

// addLogMergeTag stores a merge tag of the site's workspace.
func (s *site) addLogMergeTag(key, label string, kind models.MergeTagType, standard string) models.MergeTag {
	s.t.Helper()
	m := models.MergeTag{WorkspaceID: s.workspace.ID, Key: key, Label: label, Type: kind, Options: []string{}, Default: standard, CreatedAt: s.server.now()}
	s.write(func(tx *gorm.DB) error { return tx.Create(&m).Error })
	return m
}

// story opens the page of the call whose id is in an answer.
func (s *site) story(a answer) answer {
	s.t.Helper()
	return s.get("/w/books/requests/" + a.header.Get("X-Request-Id"))
}

func TestStoryOfANewContact(t *testing.T) {
	eachEndpoint(t, func(t *testing.T, s *site) {
		s.addLogMergeTag("first_name", "First name", models.MergeTagText, "")
		s.addLogMergeTag("birthday", "Birthday", models.MergeTagDate, "")
		s.addLogMergeTag("genre", "Favourite genre", models.MergeTagText, "Fiction")
		w := s.addWebhook(models.TypeSubscribed, "shop")
		page := s.story(s.callJSON(w, `{"email_address":"Marta@Example.com","first_name":"Marta","birthday":"31/12/1990","newsletter_source":"till","first_name2":{"a":1}}`))
		page.want(t, 200, "marta@example.com is a new contact", "3 things to check", "Birthday was not stored.", "The webhook can read it as “Day/month/year”.", "Choose how it is read",
			"newsletter_source was ignored.", "Create merge tag", "No merge tag can hold an object.",
			"Received", "valid, new", "Default used", "not set → became Fiction", "new, Subscribed", "Contact Subscribed (Confirmed)", "Fired, because the contact is new.",
			`HTTP 200 {"success":true,"message":"Acknowledged. The webhook has been processed."}`, "shop added", "2 set: 2 filled in", "No other call for this address", "Not yet recalculated")
		page.wantHref(t, "/w/books/webhooks/"+itoa(w.ID)+"/reading?as=dmy&field=birthday&sample="+s.lastCall()+"&use=own#slot.birthday", "/w/books/merge-tags/new?call="+s.lastCall()+"&key=newsletter_source&label=Newsletter+source", "/w/books/contacts/1")
	})
}

// wantHref fails unless the page links to each of the URLs.
func (a answer) wantHref(t *testing.T, hrefs ...string) {
	t.Helper()
	for _, href := range hrefs {
		if !strings.Contains(a.body, `href="`+html.EscapeString(href)+`"`) {
			t.Errorf("the page does not link to %s; it says: %s", href, a.text())
		}
	}
}

func TestStoryOfEveryFailure(t *testing.T) {
	eachEndpoint(t, func(t *testing.T, s *site) {
		subscribe, unsubscribe := s.addWebhook(models.TypeSubscribed), s.addWebhook(models.TypeUnsubscribed)
		change := func(w models.Webhook, column string, value any) {
			s.write(func(tx *gorm.DB) error {
				return tx.Model(&models.Webhook{}).Where("workspace_id = ? AND id = ?", w.WorkspaceID, w.ID).Update(column, value).Error
			})
		}
		off, gone, moved := s.addWebhook(models.TypeSubscribed), s.addWebhook(models.TypeSubscribed), s.addWebhook(models.TypeSubscribed)
		change(off, "enabled", false)
		change(gone, "deleted_at", s.server.now())
		change(moved, "hash", models.NewHash())
		s.write(func(tx *gorm.DB) error {
			return tx.Model(&models.WebhookHash{}).Where("hash = ?", moved.Hash).Update("retired_at", s.server.now()).Error
		})
		for _, c := range []struct {
			name string
			call answer
			says []string
		}{
			{"no address", s.call("GET", subscribe.Hash+"?email=jonas%40example.com&first_name=Jonas", ""),
				[]string{"Refused: no e-mail address was sent", "Rename the sender's field email to email_address.", "email = jonas@example.com", "the fields email, first_name", "Please provide an email address", "Fields: not looked at"}},
			{"empty address", s.callJSON(subscribe, `{"email_address":" "}`),
				[]string{"Refused: no e-mail address was sent", "Let the sender fill in email_address."}},
			{"bad address", s.callJSON(subscribe, `{"email_address":"jonas@@example.com"}`),
				[]string{"Refused: the address is not valid", "jonas@@example.com", "Please provide a valid email address", "Calls like this"}},
			{"addresses in a list", s.callJSON(subscribe, `{"email_address":["jo@example.test","al@example.test"]}`),
				[]string{"Refused: the address is not valid", "A list was sent; one text is needed.", "Let the sender send one e-mail address as a text."}},
			{"an address in an object", s.callJSON(subscribe, `{"email_address":{"value":"jo@example.test"}}`),
				[]string{"An object, or a list of objects, was sent; one text is needed."}},
			{"JSON in a form", s.call("POST", subscribe.Hash, `{"email_address":"jo@example.test"}`, "Content-Type", "application/x-www-form-urlencoded"),
				[]string{"The body is JSON, but its Content-Type is application/x-www-form-urlencoded.", "Let the sender send the Content-Type application/json."}},
			{"a JSON list without a type", s.call("POST", subscribe.Hash, `[{"email_address":"jo@example.test"}]`),
				[]string{"The body is JSON, but it has no Content-Type.", "one JSON object for each contact"}},
			{"JSON encoded twice", s.callJSON(subscribe, `"{\"email_address\":\"jo@example.test\"}"`), []string{"Refused: the body cannot be read", "JSON was encoded twice"}},
			{"a lost plus", s.call("GET", unsubscribe.Hash+"?email_address=+jo@example.test", ""),
				[]string{"Refused: the address is not valid", "A blank came before the address.", "with a + it is the address of another person", "it must send %2B in place of the +", "+jo@example.test", "HTTP 400"}},
			{"no such contact", s.callJSON(unsubscribe, `{"email_address":"nobody@example.com"}`),
				[]string{"Refused: no such contact", "webhooks of type UNSUBSCRIBED do not create contacts", "HTTP 404", "Contact not found"}},
			{"unreadable", s.callJSON(subscribe, `{"email_address":"a@example.com`),
				[]string{"Refused: the body cannot be read", "Change how the sender writes the body.", "HTTP 400"}},
			{"off", s.callJSON(off, `{}`), []string{"Refused: the webhook is off", "Switch the webhook on again", "HTTP 404"}},
			{"deleted", s.callJSON(gone, `{}`), []string{"Refused: the webhook is deleted", "Give the sender the address of another webhook", "SUBSCRIBED (deleted)"}},
			{"old address", s.callJSON(moved, `{}`), []string{"Refused: the webhook's address was changed", "It was changed on"}},
			{"prefetch", s.call("GET", subscribe.Hash+"?email_address=a%40example.com", "", "Sec-Purpose", "prefetch"),
				[]string{"Refused: a browser only looked ahead", "(not kept)"}},
			{"too large", s.call("POST", subscribe.Hash, strings.Repeat("a", 1<<20+1)), []string{"Refused: the body is too large", "HTTP 413", "(not kept)"}},
		} {
			page := s.story(c.call)
			page.want(t, 200, append(c.says, "Nothing was changed.", "What to do")...)
			if t.Failed() {
				t.Fatalf("the story of %q is wrong", c.name)
			}
		}
		list := s.get("/w/books/requests?outcome=failed")
		list.want(t, 200, "16 requests", "No e-mail address was sent", "An old address was called", "jonas@@example.com")
		list.wantNot(t, subscribe.Hash, moved.Hash)
		s.get("/w/books/requests?outcome=no_address&webhook="+itoa(subscribe.ID)).want(t, 200, "No e-mail address was sent", "newest first")
	})
}

// A call that subscribes cuts the blank that may be a lost +, and says so in the list and on its page.
func TestStoryOfALostPlus(t *testing.T) {
	eachEndpoint(t, func(t *testing.T, s *site) {
		w := s.addWebhook(models.TypeSubscribed)
		page := s.story(s.call("GET", w.Hash+"?email_address=+jo@example.test", ""))
		page.want(t, 200, "jo@example.test is a new contact", "A blank came before the address and was cut.", "If the sender meant the address below, it must send %2B in place of the +.", "+jo@example.test", "One thing to check")
		s.get("/w/books/requests").want(t, 200, "a + may be lost")
		s.story(s.callJSON(w, `{"email_address":" jo@example.test"}`)).wantNot(t, "A blank came before")
		for _, kind := range []models.WebhookType{models.TypeUnsubscribed, models.TypeDelete} {
			take := s.addWebhook(kind)
			for _, a := range []answer{s.call("GET", take.Hash+"?email_address=+jo@example.test", ""), s.call("POST", take.Hash, "email_address=%20jo@example.test", "Content-Type", "application/x-www-form-urlencoded")} {
				if a.status != 400 || !strings.Contains(a.body, `"Please provide a valid email address"`) {
					t.Errorf("%s: got %d %s", kind, a.status, a.body)
				}
			}
			if c := s.contact("jo@example.test"); c == nil || c.Status != models.StatusSubscribed {
				t.Fatalf("%s: got %+v, want the contact as it was", kind, c)
			}
		}
	})
}

func TestErasedPersonIsRemovedFromTheLog(t *testing.T) {
	eachEndpoint(t, func(t *testing.T, s *site) {
		subscribe, erase := s.addWebhook(models.TypeSubscribed), s.addWebhook(models.TypeDelete)
		first := s.callJSON(subscribe, `{"email_address":"marta@example.com","first_name":"Marta"}`)
		second := s.callJSON(erase, `{"email_address":"marta@example.com"}`)
		for _, page := range []answer{s.story(first), s.story(second), s.get("/w/books/requests")} {
			page.want(t, 200, "erased")
			page.wantNot(t, "marta", "Marta")
		}
		s.story(first).want(t, 200, "A contact, erased since, is a new contact", "was erased after this call", "Contact Subscribed (Confirmed)", "HTTP 200")
		s.story(second).want(t, 200, "A contact was deleted for good", "gone for good", "HTTP 200", "DELETE")
	})
}

func TestRequestListFindsCalls(t *testing.T) {
	eachEndpoint(t, func(t *testing.T, s *site) {
		s.get("/w/books/requests").want(t, 200, "No requests yet", "Create Webhook")
		w := s.addWebhook(models.TypeSubscribed)
		marta := s.callJSON(w, `{"email_address":"marta@example.com","nosuch":"1"}`)
		s.callJSON(w, `{"email_address":"jonas@example.org"}`)
		s.get("/w/books/requests").want(t, 200, "2 requests", "Today,", "New contact", "1 ignored", "POST JSON")
		s.get("/w/books/requests?q=Marta%40EXAMPLE.com").want(t, 200, "1 request ", "marta@example.com")
		s.get("/w/books/requests?q=Marta%40EXAMPLE.com").wantNot(t, "jonas")
		s.get("/w/books/requests?q=JONAS").want(t, 200, "jonas@example.org")
		s.get("/w/books/requests?q=nobody%40example.com").want(t, 200, "No request matches", "Search all calls for addresses that contain")
		s.get("/w/books/requests?q=marta&outcome=failed").want(t, 200, "No request matches", "Search all calls for “marta”")
		s.get("/w/books/requests?q=marta%40example.com%E2%80%8B").want(t, 200, "No request matches", "Showing marta@example.com‹zero-width space›", "has characters that cannot be seen (followed by a zero-width space).")
		s.get("/w/books/contacts?q=marta%40example.com%E2%80%8B").want(t, 200, "address has “marta@example.com‹zero-width space›”")
		s.get("/w/books/requests?when=1h").want(t, 200, "2 requests", "Last hour")
		s.get("/w/books/requests?when=range&from=2020-01-01T00:00&to=2020-01-02T00:00").want(t, 200, "No request matches", "from 1 Jan 2020, 00:00 to 2 Jan 2020, 00:00")
		s.get("/w/books/requests?when=range&from=2020-01-01T00:00").want(t, 200, "2 requests", "since 1 Jan 2020, 00:00")
		s.get("/w/books/requests?when=range&to=2020-01-01T00:00").want(t, 200, "No request matches", "until 1 Jan 2020, 00:00")
		s.get("/w/books/requests?when=range").wantNot(t, "Showing", "remove this filter")
		s.get("/w/books/requests?when=range&from=yesterday").want(t, 200, "“yesterday” is not a time such as 2026-11-24T14:30. Nothing is listed.")
		id := marta.header.Get("X-Request-Id")
		s.follow(s.get("/w/books/requests?q="+id)).want(t, 200, "is a new contact")
		s.get("/w/books/requests?q="+strings.Repeat("0", 8)+id[8:]).want(t, 200, "No call of this workspace has this id")
		s.get("/w/books/requests/"+strings.Repeat("0", 8)+id[8:]).want(t, 404)
		s.get("/w/books/requests/nonsense").want(t, 404)
		s.addMember(s.addWorkspace("music"), "otto@example.com", models.RoleAdmin)
		s.get("/w/music/requests/"+id).want(t, 404)
	})
}

// Any payload is shown as text, and every view of it works.
func TestPayloadsAreEscaped(t *testing.T) {
	eachEndpoint(t, func(t *testing.T, s *site) {
		w := s.addWebhook(models.TypeSubscribed)
		calls := []answer{
			s.callJSON(w, `{"email_address":"a@example.com","<script>alert(1)</script>":"<img src=x onerror=alert(1)>","\u202egnp":"`+"\u202e"+`x","a":{"b":[{"c":1}]},"a":null} `),
			s.callJSON(w, `{"email_address":"a@example.com"`+strings.Repeat(`,"k":"<script>"`, 5000)+`,"x`),
			s.callJSON(w, `{"email_address":"a@example.com","d":`+strings.Repeat("[", 31)+strings.Repeat("]", 31)+`}`),
			s.callJSON(w, `[`+strings.Repeat("[", 60000)),
			s.call("GET", w.Hash+"?email_address=a%40example.com&%00%FF=<script>&%E2%80%AE=x&=&&;=%zz", ""),
			s.call("POST", w.Hash, "--b\r\nContent-Disposition: form-data; name=\"<script>\"\r\n\r\n<script>\r\n--b--", "Content-Type", "multipart/form-data; boundary=b", "User-Agent", "<script>\u202e"),
			s.call("POST", w.Hash, "Pr%E9nom=Ren%E9&email_address=b%40example.com", "Content-Type", "application/x-www-form-urlencoded; charset=iso-8859-1"),
		}
		for i, call := range calls {
			for _, show := range []string{"", "?show=raw", "?show=headers", "?show=%00"} {
				page := s.get("/w/books/requests/" + call.header.Get("X-Request-Id") + show)
				page.want(t, 200, "Received")
				if strings.Contains(page.body, "<script>") || strings.Contains(page.body, "<img") || strings.Contains(page.body, "\u202e") {
					t.Errorf("call %d with %q reached the page as it came", i, show)
				}
			}
		}
		s.story(calls[6]).want(t, 200, "Prénom = René")
	})
}

func TestStoryOfAnExistingContact(t *testing.T) {
	eachEndpoint(t, func(t *testing.T, s *site) {
		ctx := t.Context()
		s.addLogMergeTag("city", "City", models.MergeTagText, "")
		rule, _ := rule.Parse(`{"condition":"AND","filters":[{"type":"status","operator":"eq","value":"SUBSCRIBED"}]}`)
		if _, err := (segments.Store{DB: s.db, Now: s.server.now}).Create(ctx, s.workspace.ID, 0, "Readers", rule); err != nil {
			t.Fatal(err)
		}
		settle := func() {
			ticker := segments.New(s.db, segments.Options{Log: slog.New(slog.DiscardHandler), Now: s.server.now})
			for busy := true; busy; {
				var err error
				if busy, err = ticker.Tick(ctx); err != nil {
					t.Fatal(err)
				}
			}
		}
		settle()
		join, pending, leave := s.addWebhook(models.TypeSubscribed), s.addWebhook(models.TypeUnconfirmed), s.addWebhook(models.TypeUnsubscribed)
		const body = `{"email_address":"marta@example.com","city":"Kraków"}`
		calls := map[string]answer{}
		for _, c := range []struct {
			name string
			w    models.Webhook
		}{{"new", join}, {"same", join}, {"left", leave}, {"pending", pending}, {"confirmed", join}} {
			calls[c.name] = s.callJSON(c.w, body)
			settle()
		}
		s.story(calls["new"]).want(t, 200, "Entered 1 segment and left none because of this call.", "Entered Readers since the contact was created as Subscribed", "4 other calls for this address")
		s.story(calls["same"]).want(t, 200, "marta@example.com was updated", "Unchanged", "still Subscribed", "Event: none",
			"The contact was Subscribed already, so the event did not fire again.", "1 set: 1 as before", "Entered none and left none")
		s.story(calls["left"]).want(t, 200, "was unsubscribed", "left as they were", "UNSUBSCRIBED webhooks leave the fields as they are.", "Event: Contact Unsubscribed", "Left Readers")
		s.story(calls["left"]).wantNot(t, "One thing to check", "things to check", "(check this)", "Create merge tag")
		s.story(calls["pending"]).want(t, 200, "is now unconfirmed", "Event: Contact Subscribed (Pending)", "This event fires with every such call.")
		s.story(calls["confirmed"]).want(t, 200, "is now subscribed", "because the status was not Subscribed before", "Entered Readers")
		viewer := s.as(s.signIn(s.addMember(s.workspace, "vera@example.com", models.RoleViewer)))
		viewer.story(s.callJSON(join, `{"email_address":"marta@example.com","shoe":1}`)).wantNot(t, "Create merge tag")
	})
}

// A contact that enters a segment at its first build does not enter by an earlier call, but that call's page mentions the entry.
func TestStoryOfACallBeforeAFirstBuild(t *testing.T) {
	eachEndpoint(t, func(t *testing.T, s *site) {
		root, _ := rule.Parse(`{"condition":"AND","filters":[{"type":"status","operator":"eq","value":"SUBSCRIBED"}]}`)
		others, _ := rule.Parse(`{"condition":"AND","filters":[{"type":"status","operator":"ne","value":"SUBSCRIBED"}]}`)
		store := segments.Store{DB: s.db, Now: func() time.Time { return s.server.now().Add(-time.Second) }}
		var made []int64
		for name, g := range map[string]rule.Group{"Readers": root, "Others": others} {
			segment, err := store.Create(t.Context(), s.workspace.ID, s.user.ID, name, g)
			if err != nil {
				t.Fatal(err)
			}
			made = append(made, segment.ID)
		}
		call := s.callJSON(s.addWebhook(models.TypeSubscribed), `{"email_address":"marta@example.com"}`)
		s.story(call).want(t, 200, "2 segments are still being built for the first time; whether the contact is in shows then.")
		s.tick()
		a := s.story(call)
		a.want(t, 200, "Entered none and left none because of this call.", "Entered Readers when the segment was first built, after this call")
		a.wantNot(t, "Others", "still being built")
		const why = "the segment was first built, with the rule of ines@example.com"
		s.get("/w/books/contacts/"+itoa(s.contact("marta@example.com").ID)).want(t, 200, "Entered Readers", why)
		for _, id := range made {
			page := s.get("/w/books/segments/" + itoa(id) + "/changes")
			if strings.Contains(page.text(), "Readers") {
				page.want(t, 200, "1 contact entered", why)
			}
			s.post("/w/books/segments/"+itoa(id), "name", "Edited "+itoa(id), "what-0", "status", "operator-0", "eq", "value-0", "UNSUBSCRIBED", "do", "save").want(t, 303)
		}
		s.tick()
		s.get("/w/books/contacts/"+itoa(s.contact("marta@example.com").ID)).want(t, 200, "Left Edited", "the segment was built again because its rule was set by ines@example.com")
	})
}

// A call without a readable body and without a known webhook is still explained.
func TestStoryWithoutALoggedBody(t *testing.T) {
	eachEndpoint(t, func(t *testing.T, s *site) {
		if err := s.db.EnsureLogDays(t.Context(), s.server.now()); err != nil {
			t.Fatal(err)
		}
		row := models.WebhookRequest{WorkspaceID: s.workspace.ID, ID: models.NewID(s.server.now()), WebhookID: 99, Method: "POST", Outcome: models.OutcomeNotCommitted, Status: 503, Body: []byte("broken")}
		s.write(func(tx *gorm.DB) error { return tx.Create(&row).Error })
		page := s.get("/w/books/requests/" + row.ID.String())
		page.want(t, 200, "Not stored: the database refused this call", "a webhook that no longer exists", "Tell the person who runs this program", "HTTP 503")
		page.wantNot(t, "Calls like this", "erased")
		s.get("/w/books/requests").want(t, 200, "It could not be stored")
	})
}

func TestRequestPagesLinkToRelatedLists(t *testing.T) {
	eachEndpoint(t, func(t *testing.T, s *site) {
		w := s.addWebhook(models.TypeSubscribed)
		for i := range 53 {
			s.callJSON(w, `{"email_address":"reader`+itoa(int64(i))+`@example.com"}`)
		}
		first := s.get("/w/books/requests?webhook=" + itoa(w.ID))
		first.want(t, 200, "53 requests", "reader52@example.com", "reader3@example.com", "Older")
		first.wantNot(t, "reader2@example.com")
		older := s.get(linkTo(t, first, "next"))
		older.want(t, 200, "reader2@example.com", "reader0@example.com", "Newer")
		older.wantNot(t, "reader3@example.com")
		s.get(linkTo(t, older, "prev")).want(t, 200, "reader52@example.com", "reader3@example.com")
		s.get("/w/books/requests?q=reader&before="+older.id(t)).want(t, 200, "There is nothing more in this direction.", "Show the newest")
	})
}

// linkTo returns the target of the page's link with this rel.
func linkTo(t *testing.T, a answer, rel string) string {
	t.Helper()
	found := regexp.MustCompile(`href="([^"]+)" rel="` + rel + `"`).FindStringSubmatch(a.body)
	if found == nil {
		t.Fatalf("there is no link %q on the page: %s", rel, a.text())
	}
	return html.UnescapeString(found[1])
}

// id returns the id of the last call on the page.
func (a answer) id(t *testing.T) string {
	t.Helper()
	found := regexp.MustCompile(`/requests/([0-9a-f-]{36})["?]`).FindAllStringSubmatch(a.body, -1)
	if found == nil {
		t.Fatal("the page lists no call")
	}
	return found[len(found)-1][1]
}

// TestTimesWithoutZoneAreReadAlike reads a time without a zone in every encoding, in a contact's form, as a default and in a
// segment's rule. The pages say which day it is in the workspace.
// TestARequestKeepsTheListItWasOpenedFrom goes through the failed calls of one webhook by the links of their pages.
func TestARequestKeepsTheListItWasOpenedFrom(t *testing.T) {
	eachEndpoint(t, func(t *testing.T, s *site) {
		till, shop := s.addWebhook(models.TypeSubscribed), s.addWebhook(models.TypeSubscribed)
		for range 3 {
			s.callJSON(till, `{}`)
			s.callJSON(shop, `{}`)
			s.callJSON(till, `{"email_address":"arya@example.com"}`)
		}
		list := "/w/books/requests?outcome=failed&webhook=" + itoa(till.ID)
		s.get(list).want(t, 200, "3 requests")
		rows := s.logged()
		page := s.get("/w/books/requests/" + rows[3].ID.String() + "?outcome=failed&webhook=" + itoa(till.ID))
		page.want(t, 200, "2 of 3 in the list")
		page.wantHref(t, list)
		older := s.follow(s.get(linkTo(t, page, "next")))
		older.want(t, 200, "3 of 3 in the list")
		s.follow(s.get(linkTo(t, older, "next"))).want(t, 200, "This is the oldest request that matches the filters.", "3 of 3 in the list")
		s.get("/w/books/requests/"+rows[1].ID.String()+"?outcome=failed&webhook="+itoa(till.ID)).wantNot(t, "in the list ")
	})
}

func TestTimesWithoutZoneAreReadAlike(t *testing.T) {
	eachEndpoint(t, func(t *testing.T, s *site) {
		born := s.addLogMergeTag("born", "Born", models.MergeTagDate, "")
		w := s.addWebhook(models.TypeSubscribed)
		const text, stored = "2026-01-15 00:30", "2026-01-14T23:30:00Z"
		note := "This counts as 15 January 2026, the day in this workspace (Europe/Vienna)."
		check := func(email string) {
			t.Helper()
			if c := s.contact(email); c == nil || c.Fields["born"] != stored {
				t.Fatalf("%s: got %+v, want the value %s", email, c, stored)
			}
		}
		call := s.callJSON(w, `{"email_address":"json@example.com","born":"`+text+`"}`)
		s.call("GET", w.Hash+"?email_address=query@example.com&born=2026-01-15T00:30:00", "")
		s.call("POST", w.Hash, "email_address=form@example.com&born=2026-01-15+00%3A30", "Content-Type", "application/x-www-form-urlencoded")
		s.call("POST", w.Hash, "--b\r\nContent-Disposition: form-data; name=email_address\r\n\r\nparts@example.com\r\n--b\r\nContent-Disposition: form-data; name=born\r\n\r\n"+text+"\r\n--b--\r\n", "Content-Type", "multipart/form-data; boundary=b")
		s.post("/w/books/contacts", "email", "hand@example.com", "status", "SUBSCRIBED", "field_born", text).want(t, 303)
		for _, who := range []string{"json", "query", "form", "parts", "hand"} {
			check(who + "@example.com")
		}
		s.story(call).want(t, 200, "15 January 2026, 00:30", "It names no time zone, so it was read as a time in Europe/Vienna. "+note)
		zoned := s.story(s.callJSON(w, `{"email_address":"json@example.com","born":"2026-01-14T23:30Z"}`))
		zoned.want(t, 200, note)
		zoned.wantNot(t, "It names no time zone")
		s.get("/w/books/contacts/"+itoa(s.contact("json@example.com").ID)).want(t, 200, "15 January 2026, 00:30", note)
		s.story(s.callJSON(w, `{"email_address":"json@example.com","born":"2026-01-14"}`)).wantNot(t, "This counts as")

		s.post("/w/books/merge-tags", "key", "joined", "label", "Joined", "type", "date", "default_value", text).want(t, 303)
		if all, err := s.db.MergeTags(t.Context(), s.workspace.ID); err != nil || all[len(all)-1].Default != stored {
			t.Errorf("got %+v (%v), want the default %s", all, err, stored)
		}
		s.post("/w/books/segments", "name", "That day", "what-0", "field-"+itoa(born.ID), "operator-0", "on", "value-0", text, "do", "count").want(t, 200, "15 January 2026")
	})
}

// TestStoryOfAList shows one fate for the keys of a list, and marks each of its lines in the payload.
func TestStoryOfAList(t *testing.T) {
	eachEndpoint(t, func(t *testing.T, s *site) {
		s.addMergeTag(models.MergeTag{Key: "colors", Label: "Colors", Type: models.MergeTagMultiple, Options: []string{"red", "blue"}})
		w := s.addWebhook(models.TypeSubscribed)
		for _, a := range []answer{
			s.call("GET", w.Hash+"?email_address[0]=jo@example.test&colors[1]=red&colors[0]=blue&sizes[0]=S&sizes[1]=M", ""),
			s.callJSON(w, `{"email_address[0]":"jo@example.test","colors[1]":"red","colors[0]":"blue","sizes[0]":"S","sizes[1]":"M"}`),
		} {
			page := s.story(a)
			page.want(t, 200, "jo@example.test", "colors[…]", "sizes[…]", "No merge tag has this key.", "Create merge tag", "One thing to check")
			if !strings.Contains(page.body, "key=sizes") {
				t.Error("the page does not offer to create the merge tag sizes")
			}
			call, _ := uuid.Parse(a.header.Get("X-Request-Id"))
			row, err := s.db.Request(t.Context(), s.workspace.ID, call)
			if err != nil {
				t.Fatal(err)
			}
			body, err := intake.DecodeLogBody(row.Body)
			if err != nil {
				t.Fatal(err)
			}
			told := &story{row: row, body: body}
			lines := sentLines(row, body)
			marks := told.marks(lines)
			for i, line := range lines {
				want := map[string]string{"email_address": "stored", "colors": "stored", "sizes": "ignored"}[intake.ListKey(line.key)]
				if line.field && marks[i] != want && !(want == "stored" && marks[i] == "same") {
					t.Errorf("%s: got the mark %q, want %q", line.key, marks[i], want)
				}
			}
		}
	})
}

// TestMoreFiltersStayOpen chooses in a list while the fold with more filters is open, and takes the last of its filters back.
func TestMoreFiltersStayOpen(t *testing.T) {
	eachEndpoint(t, func(t *testing.T, s *site) {
		s.callJSON(s.addWebhook(models.TypeSubscribed), `{}`)
		for query, open := range map[string]bool{"": false, "?outcome=failed": false, "?outcome=failed&more=1": true, "?method=&more=1": true, "?method=POST": true} {
			page := s.get("/w/books/requests" + query)
			page.want(t, 200)
			if got := regexp.MustCompile(`<details [^>]*data-fold="more"[^>]* open`).MatchString(page.body); got != open {
				t.Errorf("%s: got an open fold %v, want %v", query, got, open)
			}
		}
	})
}
