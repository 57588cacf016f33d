package handlers

import (
	"encoding/json"
	"net/url"
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
		s.get("/w/books/requests/"+mapped).want(t, 200, "is a new contact", "It counts", "Given name", "As read", "the answer to “What is your first name?”", "Marta", "other parts", "Nothing asks for them.")
		hidden := s.as(s.signIn(s.addStaff("olga@support.example"))).get("/support/requests/" + mapped)
		hidden.want(t, 200, "As read", "form_response", "Given name", "It counts", mask)
		hidden.wantNot(t, "Marta", "marta", "kowalska", "reading-club", "1672531200", "What is your first name?", "qN4rWc2e", "Keep one")

		s.callJSON(w, `{"event_id":"e2","event_type":"form_response_partial","form_response":{"form_id":"x"}}`).wantEnvelope(t, 200, "Acknowledged. The webhook has been processed.")
		id := s.lastCall()
		s.get("/w/books/requests/"+id).want(t, 200, "Skipped: not one of the calls that count here", "Is that right?", "It counts only when event_type is form_response.", "form_response_partial", "It does not count")
		masked := s.as(s.signIn(s.addStaff("noor@support.example"))).get("/support/requests/" + id)
		masked.want(t, 200, "event_type is form_response")
		masked.wantNot(t, "form_response_partial")
		s.get("/w/books/requests?outcome=processed").want(t, 200, "New contact")
		s.get("/w/books/requests?outcome=processed").wantNot(t, "event_type is form_response_partial")
		s.get("/w/books/requests?outcome=skipped").want(t, 200, "event_type is form_response_partial")
		s.get(s.webhookPath(w, "/reading")).want(t, 200, "What the last 3 calls would do now", "Would change a contact 2 of the last 3 calls; then: 1", "Would be skipped 1", "event_type is form_response_partial", "There in 2 of the last 3 calls.")
		s.get(s.webhookPath(w, "")).want(t, 200, "As Typeform has them; 2 fields", "Only those in which event_type is form_response.", "Set it up at Typeform", "3 calls in the last 24 hours, 1 failed , 1 skipped", "called by Typeform")
		s.get("/w/books/webhooks").want(t, 200, "called by Typeform")
		s.get("/w/books/settings/audit-log").want(t, 200, "changed how calls are handled by the webhook", "Who calls")
		s.post(s.webhookPath(w, "/reading"), "sender", "standard").want(t, 303)
		s.callJSON(w, body).wantEnvelope(t, 400, "Please provide an email address in the webhook data.")
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
		s.get(path).want(t, 200, "This call is larger than 64 KiB, of which the log keeps only the beginning")
		s.call("POST", w.Hash, "mail=jo%40example.com&note="+strings.Repeat("x", 70<<10), "Content-Type", "application/x-www-form-urlencoded").want(t, 400)
		s.get(path).want(t, 200, "The log keeps only the first 64 KiB of this call.", "Kept as jo@example.com")
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
			strings.Repeat("x", 70<<10):            "longer than 64 KiB",
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
				page.want(t, 200, "This looks like a call of "+known.Name+".", "Read it as "+known.Name)
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
			s.get(path+"?sender="+c.Key).want(t, 200, "Use "+c.Name, "Set it up at "+c.Name, c.SetUp[0])
			form := s.get(path + "?use=" + c.Key)
			form.want(t, 200, "Set up for "+c.Name, "An example of "+c.Name)
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
