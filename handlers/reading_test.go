package handlers

import (
	"encoding/json"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"campaignlark/models"
	"campaignlark/senders"

	"gorm.io/gorm"
)

// typeformCall is an example of the catalogue.
func typeformCall(t *testing.T, n int) string {
	t.Helper()
	return string(senders.FindSender("typeform").Samples[n].Body)
}

// lastCall returns the id of the newest call.
func (s *site) lastCall() string {
	s.t.Helper()
	rows := s.logged()
	return rows[len(rows)-1].ID.String()
}

// TestATypeformIsReadFromItsFirstRefusedCall follows what a person does: a call is refused, its page leads to the reading, the person
// chooses a field and saves, and the same call is processed.
func TestATypeformIsReadFromItsFirstRefusedCall(t *testing.T) {
	eachEndpoint(t, func(t *testing.T, s *site) {
		s.addMergeTag(models.MergeTag{Key: "given", Label: "Given name", Type: models.MergeTagText})
		s.addMergeTag(models.MergeTag{Key: "member_since", Label: "Member since", Type: models.MergeTagDate})
		w := s.createWebhook("name", "Reading club", "type", "SUBSCRIBED")
		body := typeformCall(t, 0)
		s.callJSON(w, body).wantEnvelope(t, 400, "Please provide an email address in the webhook data.")
		s.get(s.webhookPath(w, "/reading")).want(t, 200, "The last call looks like Typeform.", "It was refused", "Use Typeform", "Now: the plain format")

		page := s.get("/w/books/requests/" + s.lastCall())
		page.want(t, 200, "This looks like a call of Typeform.", "Read it as Typeform")
		link := s.webhookPath(w, "/reading") + "?sample=" + s.lastCall() + "&amp;use=typeform"
		page.wantLink(t, "Read it as Typeform", link)

		form := s.get(strings.ReplaceAll(link, "&amp;", "&"))
		form.want(t, 200, "Set up for Typeform , not saved yet", "Kept as marta.kowalska@example.com", "What is your first name?", "Only those in which event_type is form_response")
		a := s.post(s.webhookPath(w, "/reading"), append(typed(form, "place.given", "form_response.answers[field.ref=first_name].text", "as.member_since", "unix"), "do", "show")...)
		a.want(t, 200, "Kept as Marta", "Kept as 1 January 2023, 01:00", "Seconds since 1970: 1 January 2023, 01:00", "As it is: does not fit")
		s.follow(s.post(s.webhookPath(w, "/reading"), append(typed(a), "do", "save")...)).want(t, 200, "Saved.", "called by Typeform", "Kept as Marta")

		s.callJSON(w, body).wantEnvelope(t, 200, "Acknowledged. The webhook has been processed.")
		c := s.contact("marta.kowalska@example.com")
		if c == nil || c.Fields["given"] != "Marta" || c.Fields["member_since"] != "2023-01-01T00:00:00Z" {
			t.Fatalf("got %+v", c)
		}
		mapped := s.lastCall()
		s.get("/w/books/requests/"+mapped).want(t, 200, "is a new contact", "It counts", "Given name", "As read", "the answer to “What is your first name?”", "Marta", "other parts", "No field takes its value from them.")
		hidden := s.as(s.signIn(s.addStaff("olga@support.example"))).get("/support/requests/" + mapped)
		hidden.want(t, 200, "As read", "form_response", "Given name", "It counts", mask)
		hidden.wantNot(t, "Marta", "marta", "kowalska", "reading-club", "1672531200", "What is your first name?", "qN4rWc2e", "Keep one")

		s.callJSON(w, `{"event_id":"e2","event_type":"form_response_partial","form_response":{"form_id":"x"}}`).wantEnvelope(t, 200, "Acknowledged. The webhook has been processed.")
		id := s.lastCall()
		s.get("/w/books/requests/"+id).want(t, 200, "Skipped: not one of the calls that count here", "Is that right?", "Yes, if calls of this kind need not be read.", "It counts only when event_type is form_response.", "form_response_partial", "It does not count")
		masked := s.as(s.signIn(s.addStaff("noor@support.example"))).get("/support/requests/" + id)
		masked.want(t, 200, "event_type is form_response")
		masked.wantNot(t, "form_response_partial")
		s.get("/w/books/requests?outcome=processed").want(t, 200, "New contact")
		s.get("/w/books/requests?outcome=processed").wantNot(t, "event_type is form_response_partial")
		s.get("/w/books/requests?outcome=skipped").want(t, 200, "event_type is form_response_partial")
		s.get(s.webhookPath(w, "/reading")+"?sample="+id).want(t, 200, "What the last 3 calls would do now", "Would change a contact 1 of the last 3 calls. When they came: 1", "Would be skipped 1", "Would be repeats 1", "event_type is form_response_partial", "There in 2 of the last 3 calls.")
		s.get(s.webhookPath(w, "")).want(t, 200, "As Typeform has them; 2 fields", "Only those in which event_type is form_response.", "Set it up at Typeform", "3 calls in the last 24 hours, 1 failed , 1 skipped", "called by Typeform")
		s.get("/w/books/webhooks").want(t, 200, "called by Typeform")
		s.get("/w/books/settings/audit-log").want(t, 200, "changed how calls are handled by the webhook", "Who calls")
		s.post(s.webhookPath(w, "/reading"), "sender", "standard").want(t, 303)
		s.callJSON(w, body).wantEnvelope(t, 400, "Please provide an email address in the webhook data.")
	})
}

// TestARefusedCallThatCanBeReadNow opens the page of a refused call before and after its webhook learned to read it, and after its person
// came by another call.
func TestARefusedCallThatCanBeReadNow(t *testing.T) {
	eachEndpoint(t, func(t *testing.T, s *site) {
		noor := s.as(s.signIn(s.addStaff("noor@support.example")))
		w := s.createWebhook("name", "Reading club", "type", "SUBSCRIBED")
		body := typeformCall(t, 0)
		s.callJSON(w, body).want(t, 400)
		refused := "/requests/" + s.lastCall()

		masked := noor.get("/support" + refused)
		masked.want(t, 200, "This looks like a call of Typeform. Its address is not where the plain format has it.", "looks like the address")
		masked.wantNot(t, "Read it as Typeform", "/w/books/webhooks", "marta", "It can be read now", "What is your first name?", "qN4rWc2e")
		page := s.get("/w/books" + refused)
		page.want(t, 200, "Where can we reach you?", "looks like the address", "Decoded")
		page.wantNot(t, "It can be read now", "no mark: ignored", "As read")

		s.post(s.webhookPath(w, "/reading"), "sender", "typeform").want(t, 303)
		page = s.get("/w/books" + refused)
		page.want(t, 200, "Where can we reach you?", "It can be read now. This webhook reads its calls in another way since, and finds the address of this one.")
		page.wantNot(t, "This looks like a call of Typeform")
		again := s.webhookPath(w, "/console") + "?from=" + strings.TrimPrefix(refused, "/requests/")
		page.wantLink(t, "Try it again", again)
		s.get("/w/books").want(t, 200, "It can be read now.")
		masked = noor.get("/support" + refused)
		masked.want(t, 200, "It can be read now.")
		masked.wantNot(t, "Try it again", "marta")
		s.get(again).want(t, 200, "marta.kowalska@example.com")

		s.callJSON(w, body).want(t, 200)
		page = s.get("/w/books" + refused)
		page.want(t, 200, "Nothing more. It can be read now, and a later call for the same address was processed.")
		masked = noor.get("/support" + refused)
		masked.want(t, 200, "What you can do: Nothing more. It can be read now, and a later call for the same address was processed.")
		masked.wantNot(t, "Let the sender send")

		s.callJSON(w, `{"event_id":"e3","event_type":"form_response","form_response":{"answers":[{"type":"email","email":"nobody"}]}}`).want(t, 400)
		s.get("/w/books/requests/"+s.lastCall()).wantNot(t, "It can be read now")
	})
}

func TestTheJSONOfAReading(t *testing.T) {
	eachEndpoint(t, func(t *testing.T, s *site) {
		s.addMergeTag(models.MergeTag{Key: "city", Label: "City", Type: models.MergeTagText})
		w := s.createWebhook("name", "Shop", "type", "SUBSCRIBED")
		path := s.webhookPath(w, "/reading")
		mapping := `{"address":["customer.email"],"fields":{"city":[{"path":"customer.town","as":"html"},{"path":"city"}]},"only_when":[{"path":"kind","in":["order"]},{"path":"paid","set":true}],"also_keys":true,"delivery_id":{"header":"Idempotency-Key"}}`
		s.post(path, "sender", "own", "mapping", mapping).leadsTo(t, path)
		stored, err := senders.ParseSettings(s.webhookAt(s.webhookPath(w, "")).Reading)
		want, _ := senders.ParseMapping(mapping)
		if err != nil || stored.Sender != senders.Own || stored.Mapping.String() != want.String() {
			t.Fatalf("got %s (%v)", stored, err)
		}
		page := s.get(path)
		page.want(t, 200, "Only those in which kind is order, and paid is there.", "The header Idempotency-Key tells calls apart.", "A part named like a merge tag’s key is kept too.", "No call has come yet.")
		s.post(path, append(typed(page), "do", "save")...).want(t, 303)
		if again := s.webhookAt(s.webhookPath(w, "")).Reading; again != stored.String() {
			t.Errorf("the form saves %s, want %s", again, stored)
		}
		s.callJSON(w, `{"kind":"order","paid":1,"customer":{"email":"jo@example.com","town":"Kraków &amp; Co"}}`).want(t, 200)
		if c := s.contact("jo@example.com"); c == nil || c.Fields["city"] != "Kraków & Co" {
			t.Errorf("got %+v", c)
		}
		s.callJSON(w, `{"kind":"order","paid":1,"customer":{"e_mail":"al@example.com"}}`).wantEnvelope(t, 400, "Please provide an email address in the webhook data.")
		s.get("/w/books/requests/"+s.lastCall()).want(t, 200, "It looked at customer.email and found nothing.", "customer.e_mail", "Open its reading", "Nothing stood where this webhook looks for the address.")
		masked := s.as(s.signIn(s.addStaff("noor@support.example"))).get("/support/requests/" + s.lastCall())
		masked.want(t, 200, "It looked at customer.email and found nothing.")
		masked.wantNot(t, "al@example.com", "customer.e_mail")
		s.callJSON(w, `{"kind":"order","paid":1,"customer":{"email":"nobody"}}`).wantEnvelope(t, 400, "Please provide a valid email address")
		s.get("/w/books/requests/"+s.lastCall()).want(t, 200, "Refused: the address is not valid", "Open its reading")
		s.post(path, "sender", "typeform").want(t, 303)
		if stored, _ = senders.ParseSettings(s.webhookAt(s.webhookPath(w, "")).Reading); stored.Sender != "typeform" || len(stored.Mapping.Address) != 2 {
			t.Errorf("got %s", stored)
		}
	})
}

// TestARefusedReadingKeepsWhatWasTyped posts forms with mistakes: each is told in a sentence, and the form comes back as it was.
func TestARefusedReadingKeepsWhatWasTyped(t *testing.T) {
	eachEndpoint(t, func(t *testing.T, s *site) {
		s.addMergeTag(models.MergeTag{Key: "city", Label: "City", Type: models.MergeTagText})
		w := s.createWebhook("name", "Shop", "type", "SUBSCRIBED")
		path := s.webhookPath(w, "/reading")
		s.callJSON(w, `{"customer":{"mail":"jo@example.com"},"<script>alert(1)</script>":"<img src=x>"}`).want(t, 400)
		page := s.get(path + "?use=own")
		page.want(t, 200, "Kept as jo@example.com", "<script>alert(1)</script>")
		for name, c := range map[string]struct {
			fields []string
			says   string
		}{
			"no address":         {[]string{"place.email_address", ""}, "Please say where the e-mail address is."},
			"a broken place":     {[]string{"place.city", "?", "typed.city", `a..b <b>`}, "After ‹a.› in the place comes"},
			"an empty place":     {[]string{"place.city", "?"}, "The place is empty."},
			"an unknown reading": {[]string{"place.city", "city", "as.city", "roman"}, "Please choose how the value is read."},
			"no header":          {[]string{"delivery", "header"}, "Please write the name of the header"},
			"a strange header":   {[]string{"delivery", "header", "delivery.header", "a b"}, "is not the name of a header"},
			"a broken id":        {[]string{"delivery", "path", "delivery.path", "x["}, "The place ‹x[› ends too early"},
		} {
			a := s.post(path, append(typed(page, c.fields...), "do", "save")...)
			a.want(t, 422, c.says, "Not saved.")
			form := url.Values(formFields(a.body))
			for i := 0; i < len(c.fields); i += 2 {
				if got := form.Get(c.fields[i]); got != c.fields[i+1] && c.fields[i] != "as.city" {
					t.Errorf("%s: %s comes back as %q, want %q", name, c.fields[i], got, c.fields[i+1])
				}
			}
			if strings.Contains(a.body, "<script>alert") || strings.Contains(a.body, "<img src=x>") {
				t.Errorf("%s: the page has what was sent as HTML", name)
			}
		}
		for mapping, says := range map[string]string{
			"{":                       "The mapping cannot be read.",
			`{"address":["a"],"x":1}`: "has no part ‹x›",
			`{"address":["a"],"fields":{"shoe":[{"path":"b"}]}}`: "There is no merge tag ‹shoe›.",
			`{"address":[]}`: "Please say where the e-mail address is.",
		} {
			s.post(path, "sender", "own", "mapping", mapping).want(t, 422, says)
		}
		s.post(path, "sender", "nobody").want(t, 422, "Please choose who calls this webhook")
		s.get(path+"?use=nobody").want(t, 404)
		if got := s.webhookAt(s.webhookPath(w, "")).Reading; got != "" {
			t.Errorf("got %s, want nothing saved", got)
		}
	})
}

// TestCallsThatCannotBeLookedAt says why there is no tree of a call: it is too long for the log, it cannot be read, or the person was
// erased.
func TestCallsThatCannotBeLookedAt(t *testing.T) {
	eachEndpoint(t, func(t *testing.T, s *site) {
		w := s.createWebhook("name", "Shop", "type", "SUBSCRIBED")
		path := s.webhookPath(w, "/reading") + "?use=own"
		s.callJSON(w, `{"note":"`+strings.Repeat("x", 70<<10)+`","mail":"jo@example.com"}`).want(t, 400)
		s.get(path).want(t, 200, "This call is larger than 64 KB, of which the log keeps only the beginning")
		s.call("POST", w.Hash, "mail=jo%40example.com&note="+strings.Repeat("x", 70<<10), "Content-Type", "application/x-www-form-urlencoded").want(t, 400)
		s.get(path).want(t, 200, "The log keeps only the first 64 KB of this call.", "Kept as jo@example.com")
		s.callJSON(w, `{"mail":`).want(t, 400)
		s.get(path+"&sample="+s.lastCall()).want(t, 200, "This call cannot be read.")
		s.callJSON(w, `{"email_address":"jo@example.com"}`).want(t, 200)
		id := s.lastCall()
		s.post("/w/books/contacts/"+itoa(s.contact("jo@example.com").ID)+"/delete").want(t, 303)
		s.get(path+"&sample="+id).want(t, 200, "the person was erased")
		s.get(path+"&sample="+id).wantNot(t, "jo@example.com")
	})
}

// TestACallOfAnotherWebhookIsNoSample names calls of another webhook and of another workspace.
func TestACallOfAnotherWebhookIsNoSample(t *testing.T) {
	eachEndpoint(t, func(t *testing.T, s *site) {
		mine, theirs := s.createWebhook("name", "Mine", "type", "SUBSCRIBED"), s.createWebhook("name", "Theirs", "type", "SUBSCRIBED")
		s.callJSON(theirs, `{"mail":"secret@example.com"}`).want(t, 400)
		page := s.get(s.webhookPath(mine, "/reading") + "?use=own&sample=" + s.lastCall())
		page.want(t, 200, "Waiting for a call")
		page.wantNot(t, "secret@example.com")
		other := s.addWorkspace("other")
		s.write(func(tx *gorm.DB) error {
			return tx.Model(&models.WebhookRequest{}).Where("workspace_id = ?", s.workspace.ID).Updates(map[string]any{"workspace_id": other.ID, "webhook_id": mine.ID}).Error
		})
		s.get(s.webhookPath(mine, "/reading")+"?use=own&sample="+s.lastCall()).wantNot(t, "secret@example.com")
	})
}

// TestAMergeTagOfAReadingIsDeleted asks what to do with its place when the reading is saved the next time. Calls are processed all the while.
func TestAMergeTagOfAReadingIsDeleted(t *testing.T) {
	eachEndpoint(t, func(t *testing.T, s *site) {
		city := s.addMergeTag(models.MergeTag{Key: "city", Label: "City", Type: models.MergeTagText})
		w := s.createWebhook("name", "Shop", "type", "SUBSCRIBED")
		path := s.webhookPath(w, "/reading")
		s.post(path, "sender", "own", "mapping", `{"address":["mail"],"fields":{"city":[{"path":"town"}]}}`).want(t, 303)
		s.post("/w/books/merge-tags/"+itoa(city.ID)+"/delete").want(t, 303)
		s.callJSON(w, `{"mail":"jo@example.com","town":"Graz"}`).want(t, 200)
		page := s.get(path)
		page.want(t, 200, "its merge tag was deleted")
		s.post(path, append(typed(page), "do", "save")...).want(t, 422, "There is no merge tag ‹city›.")
		s.post(path, append(typed(page, "place.city", ""), "do", "save")...).want(t, 303)
	})
}

// TestButtonsOfAReadingSaveNothing adds a place and a condition, and pastes calls.
func TestButtonsOfAReadingSaveNothing(t *testing.T) {
	eachEndpoint(t, func(t *testing.T, s *site) {
		s.addMergeTag(models.MergeTag{Key: "city", Label: "City", Type: models.MergeTagText})
		w := s.createWebhook("name", "Shop", "type", "SUBSCRIBED")
		path := s.webhookPath(w, "/reading")
		empty := s.get(path + "?use=own")
		empty.want(t, 200, "Waiting for a call", "Or paste one here", "Webhook URL")
		page := s.post(path, append(typed(empty, "pasted", `{"mail":"jo@example.com"}`), "do", "pasted")...)
		page.want(t, 200, "Kept as jo@example.com", "The call that you pasted")
		press := func(a answer, do string, fields ...string) answer {
			t.Helper()
			b := s.post(path, append(typed(a, fields...), "do", do)...)
			b.want(t, 200)
			return b
		}
		for text, says := range map[string]string{
			`{"person":{"mail":"jo@example.com"}}`: "jo@example.com",
			"mail=jo@example.com\r\ntown=Graz":     "Graz",
			"mail=jo%40example.com&town=Graz":      "Graz",
			"[1]":                                  "This cannot be read.",
			"":                                     "Please paste a call to look at",
			strings.Repeat("x", 70<<10):            "longer than 64 KB",
		} {
			press(page, "pasted", "pasted", text).want(t, 200, says)
		}
		a := press(page, "pasted", "pasted", `{"person":{"mail":"jo@example.com","town":"Graz"},"kind":"a"}`)
		a = press(a, "show", "place.email_address", "person.mail", "place.city", "person.town")
		a.want(t, 200, "Kept as jo@example.com", "Kept as Graz")
		a = press(a, "more.city")
		if places := formFields(a.body)["place.city"]; !slices.Equal(places, []string{"person.town", "?"}) {
			t.Errorf("got the places %q", places)
		}
		a = press(a, "when.add")
		a = press(a, "show", "when.place", "kind", "when.in", "a\r\nb")
		a.want(t, 200, "Only those in which kind is a or b.")
		a = press(a, "when.remove.0")
		a.want(t, 200, "Every call.")
		if got := s.webhookAt(s.webhookPath(w, "")).Reading; got != "" {
			t.Errorf("got %s, want nothing saved", got)
		}
	})
}

func TestViewersSeeAReadingAsFacts(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		s.addMergeTag(models.MergeTag{Key: "city", Label: "City", Type: models.MergeTagText})
		w := s.createWebhook("name", "Shop", "type", "SUBSCRIBED")
		path := s.webhookPath(w, "/reading")
		vera := s.as(s.signIn(s.addMember(s.workspace, "vera@example.com", models.RoleViewer)))
		vera.get(path).want(t, 200, "Who calls", "the plain format")
		s.post(path, "sender", "own", "mapping", `{"address":["customer.email"],"fields":{"city":[{"path":"customer.town"}]}}`).want(t, 303)
		a := vera.get(path)
		a.want(t, 200, "a system of your own", "City", "customer.town", "Every call.")
		a.wantNot(t, "Save", "Somebody else calls")
	})
}

// TestSendersAreRecognised sends the examples of the catalogue to webhooks that read the plain format: the page of each refused call offers
// to read what the sender sends. The log does not keep their signatures.
func TestSendersAreRecognised(t *testing.T) {
	eachEndpoint(t, func(t *testing.T, s *site) {
		recognised := map[string]bool{}
		for _, c := range senders.Catalogue() {
			w := s.createWebhook("name", c.Name, "type", "SUBSCRIBED")
			for _, sample := range c.Samples {
				whole := exampleSample(&c, slices.IndexFunc(c.Samples, func(other senders.Sample) bool { return other.Name == sample.Name }))
				known := senders.Recognise(whole.header, whole.encoding, whole.tree)
				if known == nil || sample.Method == "GET" || sample.Result.Outcome != senders.SampleRead && sample.Result.Outcome != senders.SampleNoAddress {
					continue
				}
				recognised[known.Key] = true
				var headers []string
				for name, value := range sample.Headers {
					headers = append(headers, name, value)
				}
				s.call("POST", w.Hash, string(sample.Body), headers...).want(t, 400)
				page := s.get("/w/books/requests/" + s.lastCall() + "?show=headers")
				page.want(t, 200, "This looks like a call of "+known.InSentence()+". Its address is not where the plain format has it.", "Read it as "+known.InSentence())
				for name, value := range sample.Headers {
					if strings.Contains(strings.ToLower(name), "signature") {
						page.wantNot(t, value)
					}
				}
			}
			if len(c.Marks) > 0 && !recognised[c.Key] {
				t.Errorf("no example of %s is recognised", c.Name)
			}
		}
	})
}

// TestSendersAreExplained opens the page of each sender of the catalogue, and the form with its reading.
func TestSendersAreExplained(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		w := s.createWebhook("name", "Shop", "type", "SUBSCRIBED")
		path := s.webhookPath(w, "/reading")
		for _, c := range senders.Catalogue() {
			s.get(path+"?sender="+c.Key).want(t, 200, "Use "+c.InSentence(), "Set it up at "+c.System(), c.SetUp[0], c.SetUp[1], c.SetUp[2])
			if page := s.get(path + "?sender=" + c.Key).body; strings.Contains(page, "WEBHOOK_URL") || !strings.Contains(page, inboundPrefix+w.Hash+`"`) {
				t.Errorf("%s: its page does not have the address to paste there", c.Name)
			}
			form := s.get(path + "?use=" + c.Key)
			form.want(t, 200, "Set up for "+c.InSentence(), "An example of "+c.InSentence())
			s.post(path, append(typed(form), "do", "save")...).want(t, 303)
			stored, _ := senders.ParseSettings(s.webhookAt(s.webhookPath(w, "")).Reading)
			m := c.MappingFor(false)
			m.Fields = nil
			got, _ := json.Marshal(stored.Mapping)
			if stored.Sender != c.Key || string(got) != m.String() {
				t.Errorf("%s: got %s, want %s", c.Key, got, m)
			}
		}
	})
}

// TestTheAnswerIsSuggestedNotTheQuestion: the call of a form holds its questions too, under the same names.
func TestTheAnswerIsSuggestedNotTheQuestion(t *testing.T) {
	eachEndpoint(t, func(t *testing.T, s *site) {
		s.addMergeTag(models.MergeTag{Key: "first_name", Label: "First name", Type: models.MergeTagText})
		w := s.createWebhook("name", "Reading club", "type", "SUBSCRIBED")
		s.callJSON(w, typeformCall(t, 0)).wantEnvelope(t, 400, "Please provide an email address in the webhook data.")
		s.get(s.webhookPath(w, "/reading")+"?sample="+s.lastCall()+"&use=typeform").want(t, 200, "Kept as Marta")
	})
}

// TestCallsWithoutAnAddressAreSkipped empties the address in an example of each sender: the page of the refused call, and the preview of
// the reading, offer to skip such calls.
func TestCallsWithoutAnAddressAreSkipped(t *testing.T) {
	eachEndpoint(t, func(t *testing.T, s *site) {
		for _, c := range senders.Catalogue() {
			i := slices.IndexFunc(c.Samples, func(sample senders.Sample) bool {
				return sample.Result.Outcome == senders.SampleRead && sample.Method != "GET"
			})
			sample := c.Samples[i]
			var headers []string
			for name, value := range sample.Headers {
				headers = append(headers, name, value)
			}
			address := sample.Result.Address
			without := strings.NewReplacer(address, "", url.QueryEscape(address), "").Replace(string(sample.Body))
			w := s.createWebhook("name", c.Name, "type", "SUBSCRIBED")
			path := s.webhookPath(w, "/reading")
			s.post(path, "sender", c.Key).want(t, 303)
			s.call("POST", w.Hash, without, headers...).wantEnvelope(t, 400, "Please provide an email address in the webhook data.")

			page := s.get("/w/books/requests/" + s.lastCall())
			link := path + "?skip=1&sample=" + s.lastCall() + "#counts"
			page.want(t, 200, "If such calls are all right, let the webhook skip them.", "Else tell the webhook where the address is")
			page.wantLink(t, "Skip calls without an address", strings.ReplaceAll(link, "&", "&amp;"))
			s.get(path+"?sample="+s.lastCall()).want(t, 200, "1 call has no e-mail address and would be refused", "Skip calls without an address")
			form := s.get(strings.TrimSuffix(link, "#counts"))
			form.want(t, 200, "not saved yet", "is there", "Would be skipped 1")
			form.wantNot(t, "would be refused:")
			s.post(path, append(typed(form), "do", "save")...).want(t, 303)
			s.call("POST", w.Hash, without, headers...).wantEnvelope(t, 200, "Acknowledged. The webhook has been processed.")
			s.get("/w/books/requests/"+s.lastCall()).want(t, 200, "Skipped: not one of the calls that count here", "Nothing stood there.")
			if sample.Result.DeliveryID == "" {
				s.call("POST", w.Hash, string(sample.Body), headers...).want(t, 200)
				s.get("/w/books/requests/"+s.lastCall()).want(t, 200, address)
			}
		}
	})
}

// TestSkippingIsOfferedInTheForm presses the button of the preview for a customer without an e-mail address, and for one whose call does
// not have it at all. A call with an address elsewhere gets no such offer.
func TestSkippingIsOfferedInTheForm(t *testing.T) {
	eachEndpoint(t, func(t *testing.T, s *site) {
		w := s.createWebhook("name", "Shop", "type", "SUBSCRIBED")
		path := s.webhookPath(w, "/reading")
		s.post(path, "sender", "own", "mapping", `{"address":["customer.email","billing.email"]}`).want(t, 303)
		for _, body := range []string{`{"customer":{"email":null,"phone":"1"}}`, `{"customer":{"phone":"1"}}`} {
			s.callJSON(w, body).want(t, 400)
			s.get("/w/books/requests/"+s.lastCall()).want(t, 200, "Skip calls without an address")
		}
		s.get("/w/books").want(t, 200, "If such calls are all right, let the webhook skip them.")
		masked := s.as(s.signIn(s.addStaff("noor@support.example"))).get("/support/requests/" + s.lastCall())
		masked.want(t, 200, "If such calls are all right, let the webhook skip them.")
		masked.wantNot(t, "Skip calls without an address")
		s.callJSON(w, `{"customer":{"mail":"jo@example.com"}}`).want(t, 400)
		s.get("/w/books/requests/"+s.lastCall()).wantNot(t, "Skip calls without an address")

		page := s.get(path)
		page.want(t, 200, "2 calls have no e-mail address and would be refused: customer.email is empty.")
		pressed := s.post(path, append(typed(page), "do", "skip")...)
		pressed.want(t, 200, "Only those in which email in customer or email in billing is there.", "Would be skipped 3", "customer.email or billing.email is not there", "Only calls that have an e-mail address")
		s.post(path, append(typed(pressed), "do", "save")...).want(t, 303)
		stored, _ := senders.ParseSettings(s.webhookAt(s.webhookPath(w, "")).Reading)
		if !stored.Mapping.SkipNoAddress {
			t.Fatalf("got %s", stored)
		}
		s.callJSON(w, `{"customer":{"email":" "}}`).want(t, 200)
		s.get("/w/books/requests/"+s.lastCall()).want(t, 200, "It counts only when customer.email or billing.email is there.")
		s.callJSON(w, `{"billing":{"email":"al@example.com"}}`).want(t, 200)
		if s.contact("al@example.com") == nil {
			t.Error("a call with the address in its second place was skipped")
		}
		s.get(s.webhookPath(w, "")).want(t, 200, "Only those in which customer.email or billing.email is there.")
	})
}

// TestAdviceLeadsToTheReading sends values that only another reading makes fit: the page of the call leads to the reading with the field and
// the reading chosen. What the webhook read before goes on working.
func TestAdviceLeadsToTheReading(t *testing.T) {
	cases := []struct {
		key, sent, as, names, kept string // as is "" if the person has to choose
	}{
		{"born", "1672531200", "unix", "“Seconds since 1970”", "2023-01-01T00:00:00Z"},
		{"born", "1672531200000", "unix_ms", "“Milliseconds since 1970”", "2023-01-01T00:00:00Z"},
		{"born", "31.12.1990", "dmy", "“Day/month/year”", "1990-12-31"},
		{"born", "12/31/1990", "mdy", "“Month/day/year”", "1990-12-31"},
		{"born", "03/04/1990", "", "“Day/month/year” or as “Month/day/year”: choose which one the sender means", ""},
		{"price", "1.234,50", "decimal_comma", "“Decimal comma”", "1234.50"},
		{"tastes", "sweet;sour", "split_semicolon", "“Several, with a semicolon between them”", "sweet\nsour"},
		{"tastes", "sweet|sour", "split_pipe", "“Several, with a | between them”", "sweet\nsour"},
		{"shelf", "Tea &amp; cake", "html", "“HTML signs such as &amp;”", "Tea & cake"},
	}
	eachEndpoint(t, func(t *testing.T, s *site) {
		s.addMergeTag(models.MergeTag{Key: "born", Label: "Born", Type: models.MergeTagDate})
		s.addMergeTag(models.MergeTag{Key: "price", Label: "Price", Type: models.MergeTagNumber})
		s.addMergeTag(models.MergeTag{Key: "tastes", Label: "Tastes", Type: models.MergeTagMultiple, Options: []string{"sweet", "sour"}})
		s.addMergeTag(models.MergeTag{Key: "shelf", Label: "Shelf", Type: models.MergeTagSingle, Options: []string{"Tea & cake"}})
		s.addMergeTag(models.MergeTag{Key: "town", Label: "Town", Type: models.MergeTagText})
		for i, c := range cases {
			for _, reads := range []string{"standard", "own"} {
				w := s.createWebhook("name", "Shop "+itoa(int64(i))+reads, "type", "SUBSCRIBED")
				path, email := s.webhookPath(w, "/reading"), "jo"+itoa(int64(i))+reads+"@example.com"
				if reads == "own" {
					s.post(path, "sender", "own", "mapping", `{"address":["email_address"],"fields":{"`+c.key+`":[{"path":"its.`+c.key+`"}]},"also_keys":true}`).want(t, 303)
				}
				sent, _ := json.Marshal(c.sent)
				field := `"` + c.key + `":` + string(sent)
				if reads == "own" {
					field = `"its":{` + field + `}`
				}
				body := `{"friend":"al@example.com","email_address":"` + email + `","town":"Graz",` + field + `}`
				s.callJSON(w, body).want(t, 200)
				page := s.get("/w/books/requests/" + s.lastCall())
				page.want(t, 200, "The webhook can read it as "+c.names+".", "Choose how it is read")
				if own := strings.Contains(page.text(), "choose the reading “Any system”: what works now goes on working"); own != (reads == "standard") {
					t.Errorf("%s to a webhook with the reading %s: the page says %t that a reading has to be chosen", c.sent, reads, own)
				}
				query := url.Values{"sample": {s.lastCall()}, "field": {c.key}}
				if reads == "standard" {
					query.Set("use", "own")
				}
				if c.as != "" {
					query.Set("as", c.as)
				}
				link := path + "?" + query.Encode() + "#slot." + c.key
				page.wantLink(t, "Choose how it is read", strings.ReplaceAll(link, "&", "&amp;"))
				form := s.get(strings.TrimSuffix(link, "#slot."+c.key))
				if got := formFields(form.body).Get("as." + c.key); got != c.as {
					t.Errorf("%s: the form has the reading %q, want %q", c.sent, got, c.as)
				}
				if !strings.Contains(form.body, `id="slot.`+c.key+`"`) {
					t.Errorf("%s: the form has no field to which the link leads", c.sent)
				}
				s.post(path, append(typed(form), "do", "save")...).want(t, 303)
				s.callJSON(w, body).want(t, 200)
				if got := s.contact(email); got == nil || got.Fields[c.key] != c.kept || got.Fields["town"] != "Graz" {
					t.Errorf("%s to a webhook with the reading %s: got %+v, want %q", c.sent, reads, got, c.kept)
				}
			}
		}
		w := s.createWebhook("name", "Misfit", "type", "SUBSCRIBED")
		s.callJSON(w, `{"email_address":"jo@example.com","born":"20260115","price":"many"}`).want(t, 200)
		s.get("/w/books/requests/"+s.lastCall()).want(t, 200, "The hyphens are missing.", "Open merge tag")
		s.get("/w/books/requests/"+s.lastCall()).wantNot(t, "The webhook can read it as")

		s.callJSON(w, `{"email_address":"jo@example.com","born":"1672531200"}`).want(t, 200)
		viewer := s.as(s.signIn(s.addMember(s.workspace, "vera@example.com", models.RoleViewer)))
		viewer.get("/w/books/requests/"+s.lastCall()).want(t, 200, "The webhook can read it as “Seconds since 1970”.")
		viewer.get("/w/books/requests/"+s.lastCall()).wantNot(t, "Choose how it is read")
	})
}

// TestPartsAndOtherNamesLeadToTheReading: an object, and a field under a name that only means a merge tag, can be read by a mapping too.
func TestPartsAndOtherNamesLeadToTheReading(t *testing.T) {
	eachEndpoint(t, func(t *testing.T, s *site) {
		s.addMergeTag(models.MergeTag{Key: "first_name", Label: "Given name", Type: models.MergeTagText})
		w := s.createWebhook("name", "Shop", "type", "SUBSCRIBED")
		path := s.webhookPath(w, "/reading")
		s.callJSON(w, `{"email_address":"jo@example.com","first_name":{"nick":"Jo"},"address":{"town":"Graz"}}`).want(t, 200)
		page := s.get("/w/books/requests/" + s.lastCall())
		page.wantLink(t, "Choose a part of it", path+"?field=first_name&amp;sample="+s.lastCall()+"&amp;use=own#slot.first_name")
		page.wantLink(t, "Choose a part of it", path+"?sample="+s.lastCall()+"&amp;use=own#fields")

		s.callJSON(w, `{"email_address":"jo@example.com","Given name":"Jo"}`).want(t, 200)
		page = s.get("/w/books/requests/" + s.lastCall())
		page.want(t, 200, "the key to send is first_name", "choose the reading “Any system”")
		link := path + "?field=first_name&sample=" + s.lastCall() + "&use=own"
		page.wantLink(t, "Read it as Given name", strings.ReplaceAll(link, "&", "&amp;")+"#slot.first_name")
		form := s.get(link)
		form.want(t, 200, "Kept as jo@example.com", "Kept as Jo")
		s.post(path, append(typed(form), "do", "save")...).want(t, 303)
		s.callJSON(w, `{"email_address":"jo@example.com","Given name":"Jo"}`).want(t, 200)
		if got := s.contact("jo@example.com").Fields["first_name"]; got != "Jo" {
			t.Errorf("got the name %q, want Jo", got)
		}
	})
}

// TestFieldsComeFirst opens the reading in a workspace without merge tags: it leads to a form for one, which leads back.
func TestFieldsComeFirst(t *testing.T) {
	eachEndpoint(t, func(t *testing.T, s *site) {
		w := s.createWebhook("name", "Reading club", "type", "SUBSCRIBED")
		path := s.webhookPath(w, "/reading")
		s.callJSON(w, typeformCall(t, 0)).want(t, 400)
		opened := path + "?sample=" + s.lastCall() + "&use=typeform"
		link := "/w/books/merge-tags/new?sample=" + s.lastCall() + "&use=typeform&webhook=" + itoa(w.ID)
		page := s.get(opened)
		page.want(t, 200, "Only the address can be kept so far.")
		page.want(t, 200, "Create a merge tag")
		s.post(path, append(typed(page), "do", "tag")...).leadsTo(t, link+"&kept=1")
		form := s.get(link)
		form.want(t, 200, "Saving leads back to how “Reading club” reads its calls.")
		form.wantLink(t, "Cancel", strings.ReplaceAll(opened, "&", "&amp;"))
		again := s.post("/w/books/merge-tags", typed(form, "key", "first_name", "label", "")...)
		again.want(t, 422, "Saving leads back to how “Reading club” reads its calls.")
		saved := s.post("/w/books/merge-tags", typed(again, "key", "first_name", "label", "First name", "type", "text")...)
		saved.leadsTo(t, opened+"&field=first_name#slot.first_name")
		s.get(opened+"&field=first_name").want(t, 200, "The merge tag First name was created.", "Set up for Typeform , not saved yet", "Kept as Marta", "Create another merge tag")
		s.get(opened).wantNot(t, "Only the address can be kept so far.")

		oz := s.as(s.signIn(s.addMember(s.addWorkspace("other"), "oz@example.com", models.RoleAdmin)))
		theirs := oz.post("/w/other/webhooks", "name", "Secret club", "type", "SUBSCRIBED").header.Get("Location")
		s.get("/w/books/merge-tags/new?webhook="+theirs[strings.LastIndex(theirs, "/")+1:]).wantNot(t, "Secret club", "Saving leads back")
		leaves := s.createWebhook("name", "Bye", "type", "UNSUBSCRIBED")
		s.get(s.webhookPath(leaves, "/reading")+"?use=typeform").wantNot(t, "Only the address can be kept so far.", "merge-tags/new")
	})
}

// TestChoicesStayWhileAMergeTagIsCreated leaves the form of a reading for a new merge tag, and comes back by saving it and by Cancel.
func TestChoicesStayWhileAMergeTagIsCreated(t *testing.T) {
	eachEndpoint(t, func(t *testing.T, s *site) {
		s.addMergeTag(models.MergeTag{Key: "given", Label: "Given name", Type: models.MergeTagText})
		w := s.createWebhook("name", "Shop", "type", "SUBSCRIBED")
		path := s.webhookPath(w, "/reading")
		s.callJSON(w, `{"customer":{"mail":"jo@example.com","name":"Jo","town":"Graz"},"kind":"order"}`).want(t, 400)
		page := s.get(path + "?use=own")
		chosen := typed(page, "place.email_address", "?", "typed.email_address", "customer.mail", "place.given", "customer.name", "delivery", "header", "delivery.header", "X-Order")
		leave := func(more ...string) answer {
			return s.post(path, slices.Concat(chosen, []string{"when.place", "kind", "when.typed", "", "when.is", "in", "when.in", "order", "do", "tag"}, more)...)
		}
		stays := func(a answer) {
			t.Helper()
			a.want(t, 200, "Kept as jo@example.com", "Kept as Jo", "Only those in which kind is order.", "The header X-Order tells calls apart.", "not saved yet")
		}
		form := s.follow(leave("tag.label", "Home town", "tag.key", "town", "tag.path", "customer.town"))
		form.want(t, 200, "What you chose there is kept.")
		if fields := formFields(form.body); fields.Get("label") != "Home town" || fields.Get("key") != "town" {
			t.Errorf("got %v", fields)
		}
		saved := s.post("/w/books/merge-tags", typed(form, "type", "text")...)
		to, _, _ := strings.Cut(saved.header.Get("Location"), "#")
		back := s.get(to)
		stays(back)
		back.want(t, 200, "The merge tag Home town was created.", "Kept as Graz")
		s.post(path, append(typed(back), "do", "save")...).want(t, 303)
		stored, _ := senders.ParseSettings(s.webhookAt(s.webhookPath(w, "")).Reading)
		if m := stored.Mapping; m == nil || len(m.OnlyWhen) != 1 || m.DeliveryID.Header != "X-Order" || len(m.Fields["given"]) != 1 || len(m.Fields["town"]) != 1 {
			t.Fatalf("got %s", stored)
		}

		chosen = typed(s.get(path), "delivery.header", "X-Cart")
		form = s.follow(s.post(path, append(chosen, "do", "tag")...))
		cancel := regexp.MustCompile(`href="([^"]*kept=1[^"]*)"`).FindStringSubmatch(form.body)
		if cancel == nil {
			t.Fatal("Cancel does not lead back to what was chosen")
		}
		href := strings.ReplaceAll(cancel[1], "&amp;", "&")
		s.get(href).want(t, 200, "The header X-Cart tells calls apart.")
		s.get(href).want(t, 200, "The header X-Order tells calls apart.")
	})
}

// TestAQuestionWithoutAnAnswerIsNamed: the place of a field that this call does not have reads as the question.
func TestAQuestionWithoutAnAnswerIsNamed(t *testing.T) {
	eachEndpoint(t, func(t *testing.T, s *site) {
		s.addMergeTag(models.MergeTag{Key: "city", Label: "City", Type: models.MergeTagText})
		w := s.createWebhook("name", "Reading club", "type", "SUBSCRIBED")
		path := s.webhookPath(w, "/reading")
		mapping := `{"address":["form_response.answers[type=email].email"],"fields":{"city":[{"path":"form_response.answers[field.ref=city].text"}]}}`
		s.post(path, "sender", "typeform", "mapping", mapping).want(t, 303)
		s.callJSON(w, `{"form_response":{"definition":{"fields":[{"id":"a","ref":"city","type":"short_text","title":"Where do you <b>live</b>?"}]},"answers":[{"type":"email","email":"jo@example.com"}]}}`).want(t, 200)
		s.get(path).want(t, 200, "Not in this call the answer to “Where do you <b>live</b>?”", "“Where do you <b>live</b>?” — not in this call")
	})
}

// TestPlacesOfOneNameAreToldApart: a list of places names values of one name by their path, and others by their name.
func TestPlacesOfOneNameAreToldApart(t *testing.T) {
	eachEndpoint(t, func(t *testing.T, s *site) {
		w := s.createWebhook("name", "Shop", "type", "SUBSCRIBED")
		s.callJSON(w, `{"email":"jo@example.com","phone":"1","billing":{"phone":"2","city":"Graz"},"shipping":{"phone":"3"}}`).want(t, 400)
		page := s.get(s.webhookPath(w, "/reading") + "?use=own")
		page.want(t, 200, " phone — 1 billing.phone — 2 city — Graz shipping.phone — 3 ")
	})
}

// TestThePreviewKnowsSignaturesAndRepeats has calls that a webhook took while it only watched, one of them twice.
func TestThePreviewKnowsSignaturesAndRepeats(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		s.withCipher()
		s.startIntake()
		w := s.createWebhook("name", "Shop", "type", "SUBSCRIBED")
		path := s.webhookPath(w, "/reading")
		s.post(path, "sender", "own", "mapping", `{"address":["mail"],"delivery_id":{"path":"id"}}`).want(t, 303)
		s.post(s.webhookPath(w, "/signature"), "form", "shared_word", "header", "X-Word", "secret", "open sesame", "mode", "watch").want(t, 303)
		call := func(body, word string) {
			s.call("POST", w.Hash, body, "Content-Type", "application/json", "X-Word", word).want(t, 200)
		}
		call(`{"mail":"jo@example.com","id":"1"}`, "open sesame")
		call(`{"mail":"jo@example.com","id":"1"}`, "open sesame")
		call(`{"mail":"al@example.com","id":"2"}`, "wrong")
		page := s.get(path)
		page.want(t, 200, "What the last 3 calls would do now", "Would change a contact 2", "Would be repeats 1", "processed before: the call of", "Would be refused 0")

		s.post(s.webhookPath(w, "/signature"), append(typed(s.get(s.webhookPath(w, "/signature")), "mode", "enforce"), "sure", "1")...).want(t, 303)
		s.call("POST", w.Hash, `{"mail":"secret@example.com","id":"3"}`, "Content-Type", "application/json", "X-Word", "wrong").want(t, 400)
		page = s.get(path)
		page.want(t, 200, "What the last 4 calls would do now", "Would change a contact 1", "Would be repeats 1", "Would be refused 2", "The signature is not valid")
		page.wantNot(t, "secret@example.com")

		other := s.post(path, append(typed(page, "delivery", ""), "do", "show")...)
		other.want(t, 200, "Would change a contact 2", "Would be refused 2")
		other.wantNot(t, "Would be repeats")
	})
}

// TestTheSampleStays saves a reading: the page shows the call that the person looked at, and later the newest one that was not skipped.
func TestTheSampleStays(t *testing.T) {
	eachEndpoint(t, func(t *testing.T, s *site) {
		w := s.createWebhook("name", "Reading club", "type", "SUBSCRIBED")
		path := s.webhookPath(w, "/reading")
		s.callJSON(w, typeformCall(t, 0)).want(t, 400)
		first := s.lastCall()
		for range lastCalls + 5 {
			s.callJSON(w, `{"event_id":"e2","event_type":"form_response_partial","form_response":{"form_id":"x"}}`).want(t, 400)
		}
		page := s.get(path + "?sample=" + first + "&use=typeform")
		page.want(t, 200, "Kept as marta.kowalska@example.com")
		if chosen := formFields(page.body).Get("sample"); chosen != first {
			t.Errorf("the sample is %s, want the call from which the person came", chosen)
		}
		page = s.post(path, append(typed(page), "do", "show")...)
		page.want(t, 200, "Kept as marta.kowalska@example.com")
		saved := s.post(path, append(typed(page), "do", "save")...)
		saved.leadsTo(t, path+"?sample="+first)
		s.follow(saved).want(t, 200, "Saved.", "Kept as marta.kowalska@example.com", "1 call was refused and can be read now.")

		s.callJSON(w, strings.NewReplacer("marta.kowalska", "al", "01KBDW8R3M6ZQ4XH7T2NVYC5PE", "e4").Replace(typeformCall(t, 0))).want(t, 200)
		s.callJSON(w, `{"event_id":"e3","event_type":"form_response_partial","form_response":{"form_id":"x"}}`).want(t, 200)
		s.get(path).want(t, 200, "Kept as al@example.com")
		s.callJSON(w, typeformCall(t, 0)).want(t, 200)
		s.get(path+"?sample="+first).wantNot(t, "1 call was refused and can be read now.")
		pasted := s.post(path, append(typed(s.get(path)), "do", "pasted", "pasted", typeformCall(t, 0))...)
		s.post(path, append(typed(pasted), "do", "save")...).leadsTo(t, path)
	})
}

// TestAllRefusedCallsAreOffered saves a reading after more calls were refused than the page looks at: it offers to replay all of them.
func TestAllRefusedCallsAreOffered(t *testing.T) {
	eachEndpoint(t, func(t *testing.T, s *site) {
		w := s.createWebhook("name", "Till", "type", "SUBSCRIBED")
		path := s.webhookPath(w, "/reading")
		s.callJSON(w, `{"mail":"arya@example.com"}`).want(t, 400)
		all := s.manyCalls(lastCalls + 9)
		saved := s.follow(s.post(path, "sender", "own", "mapping", `{"address":["mail"]}`))
		count := itoa(int64(all)) + " calls"
		saved.want(t, 200, "In all, "+count+" were refused because no address was found.", "Replay all "+count)
		s.get(saved.href(t, "Replay all "+count)).want(t, 200, "Replay "+count+"?")
	})
}

// TestAReadingInTheAuditLog reads in words what was changed.
func TestAReadingInTheAuditLog(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		s.addMergeTag(models.MergeTag{Key: "city", Label: "City", Type: models.MergeTagText})
		w := s.createWebhook("name", "Shop", "type", "SUBSCRIBED")
		path := s.webhookPath(w, "/reading")
		s.post(path, "sender", "own", "mapping", `{"address":["customer.email","billing.email"],"fields":{"city":[{"path":"customer.town","as":"html"},{"path":"city"}]},"only_when":[{"path":"kind","in":["order","cart"]},{"path":"paid","set":true}],"delivery_id":{"header":"Idempotency-Key"}}`).want(t, 303)
		s.post(path, "sender", "own", "mapping", `{"address":["customer.email"],"only_when":[{"path":"kind","in":["order"]}],"also_keys":true,"skip_without_address":true}`).want(t, 303)
		page := s.get("/w/books/settings/audit-log")
		page.want(t, 200, "customer.email; else billing.email → became customer.email", "customer.town, read as “HTML signs such as &amp;”; else city",
			"Every call → became Only those in which kind is order or cart, and paid is there", "paid is there → became Only those in which kind is order",
			"Nothing tells calls apart → became The header Idempotency-Key tells calls apart", "Calls without an address", "refused → became skipped", "ignored → became kept")
		page.wantNot(t, `"path"`, `"in"`, "[{", "city as html")
	})
}

// TestThePreviewCountsWhatDoesNotFit has a call of which one value fits its merge tag and two do not.
func TestThePreviewCountsWhatDoesNotFit(t *testing.T) {
	eachEndpoint(t, func(t *testing.T, s *site) {
		s.addMergeTag(models.MergeTag{Key: "born", Label: "Born", Type: models.MergeTagDate})
		s.addMergeTag(models.MergeTag{Key: "price", Label: "Price", Type: models.MergeTagNumber})
		s.addMergeTag(models.MergeTag{Key: "town", Label: "Town", Type: models.MergeTagText})
		w := s.createWebhook("name", "Shop", "type", "SUBSCRIBED")
		path := s.webhookPath(w, "/reading")
		s.post(path, "sender", "own", "mapping", `{"address":["mail"],"fields":{"born":[{"path":"born"}],"price":[{"path":"price"}],"town":[{"path":"town"}]}}`).want(t, 303)
		s.callJSON(w, `{"mail":"jo@example.com","town":"Graz","born":"soon","price":"much"}`).want(t, 200)
		s.callJSON(w, `{"mail":"jo@example.com","town":"Graz","born":"soon"}`).want(t, 200)
		s.callJSON(w, `{"mail":"jo@example.com","town":"Graz"}`).want(t, 200)
		s.get(path).want(t, 200, "3 of 3, 2 do not fit", "2 of 3, 1 does not fit", "1 of 3")
	})
}

// TestTheOnlyReadingThatFitsIsProposed chooses the places of values that do not fit as they are. Nothing is proposed if two readings fit,
// or if the person chose how the value is read.
func TestTheOnlyReadingThatFitsIsProposed(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		s.startIntake()
		s.addMergeTag(models.MergeTag{Key: "birthday", Label: "Birthday", Type: models.MergeTagDate})
		s.addMergeTag(models.MergeTag{Key: "news", Label: "News", Type: models.MergeTagBoolean})
		w := s.createWebhook("name", "Till", "type", "SUBSCRIBED")
		s.callJSON(w, `{"email":"jo@example.com","born":"24.11.1990","since":"1672531200","either":"03.04.1990","letter":"ja"}`).want(t, 400)
		path := s.webhookPath(w, "/reading")
		start := s.get(path + "?use=own")
		start.want(t, 200, "Choose a field at the left, then click its value here.")
		for _, c := range []struct {
			place, as string
			picked    []string
			want      string
		}{
			{"born", "", []string{"picked", "", "picked", "birthday"}, "dmy"},
			{"since", "", []string{"picked", "", "picked", "birthday"}, "unix"},
			{"born", "unix", []string{"picked", "", "picked", "birthday"}, "dmy"},
			{"born", "", nil, "dmy"},
			{"born", "", []string{"picked", ""}, ""},
			{"either", "", []string{"picked", "", "picked", "birthday"}, ""},
		} {
			shown := s.post(path, append(typed(start, "place.birthday", c.place, "as.birthday", c.as), append(c.picked, "do", "show")...)...)
			if got := formFields(shown.body).Get("as.birthday"); got != c.want {
				t.Errorf("%+v: the form reads the value as %q", c, got)
			}
			if c.want == "" {
				shown.want(t, 200, "Not stored ")
				shown.wantNot(t, "Not storedNot", "Not storedThis")
			}
		}
		s.post(path, append(typed(start, "place.news", "letter"), "do", "show")...).wantNot(t, "Text of the option with this id")
	})
}
