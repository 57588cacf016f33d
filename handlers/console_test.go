package handlers

import (
	"strconv"
	"strings"
	"testing"

	"campaignlark/intake"
	"campaignlark/models"
	"campaignlark/senders"
	"campaignlark/views"
)

// try posts a call to the page of a webhook; fields are name-value pairs that replace those of a JSON call.
func (s *site) try(w models.Webhook, run, body string, fields ...string) answer {
	s.t.Helper()
	all := map[string]string{"method": "POST", "content_type": "application/json", "headers": "", "body": body, "run": run}
	for i := 0; i < len(fields); i += 2 {
		all[fields[i]] = fields[i+1]
	}
	var post []string
	for name, text := range all {
		post = append(post, name, text)
	}
	return s.post(s.webhookPath(w, "/console"), post...)
}

// kept returns how many rows a try must not add or change.
func (s *site) kept() string {
	s.t.Helper()
	var said []string
	for _, table := range []string{"contacts", "webhook_requests", "automation_events", "dirty_contacts", "call_marks", "webhook_counts", "contact_days", "contact_tags", "audit_log", "webhook_deliveries"} {
		var n int64
		if err := s.db.Read(s.t.Context()).Table(table).Count(&n).Error; err != nil {
			s.t.Fatal(err)
		}
		said = append(said, table+" "+strconv.FormatInt(n, 10))
	}
	return strings.Join(said, ", ")
}

// TestACallIsTried tries a call of each kind: the page says what it would do, and nothing is stored.
func TestACallIsTried(t *testing.T) {
	eachEndpoint(t, func(t *testing.T, s *site) {
		s.addMergeTag(models.MergeTag{Key: "first_name", Label: "First name", Type: models.MergeTagText})
		s.addMergeTag(models.MergeTag{Key: "genre", Label: "Genre", Type: models.MergeTagSingle, Options: []string{"Crime"}})
		hooks := map[models.WebhookType]models.Webhook{}
		for _, kind := range models.WebhookTypes {
			hooks[kind] = s.addWebhook(kind)
		}
		off := s.addWebhook(models.TypeSubscribed)
		s.post(s.webhookPath(off, "/disable")).want(t, 303)
		s.callJSON(hooks[models.TypeSubscribed], `{"email_address":"old@example.com","first_name":"Ann"}`).want(t, 200)
		s.callJSON(hooks[models.TypeUnconfirmed], `{"email_address":"open@example.com"}`).want(t, 200)
		before := s.kept()
		for name, c := range map[string]struct {
			hook   models.Webhook
			body   string
			fields []string
			says   []string
		}{
			"new":         {hooks[models.TypeSubscribed], `{"email_address":"new@example.com","first_name":"Jo","genre":"Krimi","city":"Kraków"}`, nil, []string{"new@example.com would be a new contact", "Genre would not be stored.", "Krimi", "city would be ignored.", "What would happen to each field", "It would fire, because the contact is new.", "HTTP 200"}},
			"updated":     {hooks[models.TypeSubscribed], `{"email_address":"old@example.com","first_name":"Bea"}`, nil, []string{"old@example.com would be updated", "A contact with it is here already.", "so the event would not fire again."}},
			"subscribed":  {hooks[models.TypeSubscribed], `{"email_address":"open@example.com"}`, nil, []string{"open@example.com would be subscribed"}},
			"unconfirmed": {hooks[models.TypeUnconfirmed], `{"email_address":"old@example.com"}`, nil, []string{"old@example.com would be unconfirmed", "It fires with every such call."}},
			"left":        {hooks[models.TypeUnsubscribed], `{"email_address":"old@example.com"}`, nil, []string{"old@example.com would be unsubscribed"}},
			"deleted":     {hooks[models.TypeDelete], `{"email_address":"old@example.com"}`, nil, []string{"old@example.com would be deleted for good", "The contact would be gone for good"}},
			"nobody":      {hooks[models.TypeDelete], `{"email_address":"nobody@example.com"}`, nil, []string{"Would be refused: no such contact", "Nothing would be changed.", "The call would stop here: no such contact", "HTTP 404"}},
			"no address":  {hooks[models.TypeSubscribed], `{"mail":"jo@example.com"}`, nil, []string{"Would be refused: no e-mail address was sent", "HTTP 400", "Please provide an email address in the webhook data."}},
			"bad address": {hooks[models.TypeSubscribed], `{"email_address":"jo"}`, nil, []string{"Would be refused: the address is not valid"}},
			"off":         {off, `{"email_address":"jo@example.com"}`, nil, []string{"Would be refused: the webhook is off", "HTTP 404", intake.MessageNoWebhook}},
			"broken":      {hooks[models.TypeSubscribed], `{"email_address":`, nil, []string{"Would be refused: the body cannot be read", "HTTP 400"}},
			"query":       {hooks[models.TypeSubscribed], "email_address=a%2Bb@example.com&first_name=A+B", []string{"method", "GET", "content_type", ""}, []string{"a+b@example.com would be a new contact", "A B"}},
			"query lines": {hooks[models.TypeSubscribed], "email_address=a+b@example.com\r\nfirst_name = A & B\r\n", []string{"method", "GET", "content_type", ""}, []string{"a+b@example.com would be a new contact", "A & B"}},
			"prefetch":    {hooks[models.TypeSubscribed], "email_address=jo@example.com", []string{"method", "GET", "headers", "Sec-Purpose: prefetch"}, []string{"Would be refused: a browser only looked ahead"}},
			"form":        {hooks[models.TypeSubscribed], "email_address=jo@example.com&first_name=Jo+B", []string{"content_type", "application/x-www-form-urlencoded"}, []string{"jo@example.com would be a new contact", "Jo B"}},
			"form lines":  {hooks[models.TypeSubscribed], "email_address=jo@example.com\nfirst_name=Jo + B", []string{"content_type", "application/x-www-form-urlencoded"}, []string{"jo@example.com would be a new contact", "Jo + B"}},
			"files":       {hooks[models.TypeSubscribed], "email_address=jo@example.com\nfirst_name=Jo", []string{"content_type", "multipart/form-data"}, []string{"jo@example.com would be a new contact"}},
			"a boundary":  {hooks[models.TypeSubscribed], "--b\nContent-Disposition: form-data; name=\"email_address\"\n\njo@example.com\n--b--\n", []string{"content_type", "multipart/form-data; boundary=b"}, []string{"jo@example.com would be a new contact"}},
			"own type":    {hooks[models.TypeSubscribed], "email_address=jo@example.com", []string{"headers", "Content-Type: text/plain"}, []string{"Would be refused: the body cannot be read", "text/plain"}},
			"gzip":        {hooks[models.TypeSubscribed], `{}`, []string{"headers", "Content-Encoding: gzip"}, []string{"Would be refused: the body cannot be read"}},
			"hostile":     {hooks[models.TypeSubscribed], `{"email_address":"jo@example.com","<script>alert(1)</script>":"<img src=x onerror=alert(1)>"}`, []string{"headers", "User-Agent: <b>"}, []string{"<script>alert(1)</script>"}},
		} {
			a := s.try(c.hook, "dry", c.body, c.fields...)
			a.want(t, 200, append(c.says, "Nothing was stored, nobody was told.")...)
			for _, was := range []string{"was not stored", "was ignored", "What happened", "Fired", "was updated", "was subscribed", "stopped here:", "Nothing was changed", "Segments: "} {
				if strings.Contains(a.text(), was) {
					t.Errorf("%s: the page says %q of a call that was only tried: %s", name, was, a.text())
				}
			}
			if strings.Contains(a.body, "<script>alert") || strings.Contains(a.body, "<img src=x") {
				t.Errorf("%s: what was typed is markup", name)
			}
			if after := s.kept(); after != before {
				t.Fatalf("%s: got %s, want %s", name, after, before)
			}
		}
	})
}

// TestACallIsSentForReal asks first. Sent twice by a double click, the call is processed once, like one that came to the URL, and its page
// says who sent it.
func TestACallIsSentForReal(t *testing.T) {
	eachEndpoint(t, func(t *testing.T, s *site) {
		w := s.createWebhook("name", "Shop", "type", "SUBSCRIBED")
		path := s.webhookPath(w, "/console")
		body := "{\r\n  \"email_address\": \"jo@example.com\"\r\n}"
		asked := s.try(w, "ask", body, "headers", "User-Agent: Till/1.0\r\nX-Other: 1")
		asked.want(t, 200, "Send this call for real?", "jo@example.com would be a new contact", "with your name")
		if s.contact("jo@example.com") != nil || len(s.logged()) != 0 {
			t.Fatal("the question has stored something")
		}
		form := append(typed(asked), "run", "real")
		if once := asked.hidden("once"); once == "" || !strings.Contains(strings.Join(form, "\n"), body[:1]) {
			t.Fatalf("got the form %q", form)
		}
		answers := make(chan answer, 2)
		for range 2 {
			go func() { answers <- s.post(path, form...) }()
		}
		first, second := <-answers, <-answers
		rows := s.logged()
		if len(rows) != 1 || rows[0].Outcome != models.OutcomeCreated || rows[0].UserAgent == nil || *rows[0].UserAgent != "Till/1.0" {
			t.Fatalf("got %+v, want one call", rows)
		}
		page := "/w/books/requests/" + rows[0].ID.String()
		first.leadsTo(t, page)
		second.leadsTo(t, page)
		if c := s.contact("jo@example.com"); c == nil || c.Version != 1 {
			t.Errorf("got %+v", c)
		}
		s.get(page).want(t, 200, "The call was sent for real.", "jo@example.com is a new contact", "Sent from Try a call by ines@example.com.", "Try it again")
		s.get(s.webhookPath(w, "")).want(t, 200, "1 call in the last 24 hours")
		support := s.as(s.signIn(s.addStaff("noor@support.example"))).get("/support/requests/" + rows[0].ID.String())
		support.want(t, 200, "Sent from Try a call by a member.")
		support.wantNot(t, "ines@example.com", "Try it again")
		s.callJSON(w, `{"email_address":"own@example.com"}`).want(t, 200)
		s.get("/w/books/requests/"+s.lastCall()).wantNot(t, "Sent from Try a call")

		s.post(s.webhookPath(w, "/delete")).want(t, 303)
		s.try(w, "real", body).want(t, 404, "The call was not sent.")
	})
}

func TestACallOfTheLogIsTriedAgain(t *testing.T) {
	eachEndpoint(t, func(t *testing.T, s *site) {
		w, other := s.createWebhook("name", "Shop", "type", "SUBSCRIBED"), s.createWebhook("name", "Till", "type", "SUBSCRIBED")
		console := s.webhookPath(w, "/console")
		s.get(console).want(t, 200, "A call in the plain format", `"email_address": "tywin@example.com"`, "An empty call")
		call := func(method, target, body string, headers ...string) string {
			s.call(method, target, body, headers...)
			return s.lastCall()
		}
		part := "--b\r\nContent-Disposition: form-data; name=\"mail\"\r\n\r\njo@example.com\r\n--b\r\nContent-Disposition: form-data; name=\"photo\"; filename=\"a.png\"\r\n\r\nxx\r\n--b--\r\n"
		for name, c := range map[string]struct {
			id, body, kind, note, headers string
		}{
			"JSON":      {call("POST", w.Hash, `{"mail":"jo@example.com","n":1.50}`, "Content-Type", "application/json", "User-Agent", "Till"), "{\n  \"mail\": \"jo@example.com\",\n  \"n\": 1.50\n}", "application/json", "", "User-Agent: Till\n"},
			"query":     {call("GET", w.Hash+"?mail=a%2Bb@example.com", ""), "mail=a%2Bb@example.com", "", "", ""},
			"form":      {call("POST", w.Hash, "mail=a+b", "Content-Type", "application/x-www-form-urlencoded"), "mail=a+b", "application/x-www-form-urlencoded", "", ""},
			"multipart": {call("POST", w.Hash, part, "Content-Type", "multipart/form-data; boundary=b"), "mail=jo%40example.com", "application/x-www-form-urlencoded", "Here it is a form without files.", ""},
			"broken":    {call("POST", w.Hash, `{"mail":<b>`, "Content-Type", "application/json"), `{"mail":<b>`, "application/json", "", ""},
			"long":      {call("POST", w.Hash, `{"mail":"`+strings.Repeat("x", 70<<10)+`"}`, "Content-Type", "application/json"), "", "application/json", "The log keeps only the first 64 KB of this call, so it is not whole.", ""},
		} {
			link := console + "?from=" + c.id
			s.get("/w/books/requests/"+c.id).wantLink(t, "Try it again", link)
			a := s.get(link)
			a.want(t, 200, c.note)
			fields := formFields(a.body)
			if got := strings.TrimPrefix(fields.Get("body"), "\n"); name != "long" && got != c.body || fields.Get("content_type") != c.kind || c.headers != "" && !strings.Contains(fields.Get("headers"), c.headers) {
				t.Errorf("%s: got %q", name, fields)
			}
			s.post(console, append(typed(a), "run", "dry")...).want(t, 200, "Nothing was stored")
		}
		s.get(s.webhookPath(other, "/console")+"?from="+s.lastCall()).want(t, 200, "That call is not in the log any more.")
		s.get(console+"?from="+models.NewID(s.server.now()).String()).want(t, 200, "That call is not in the log any more.")
		s.get(console+"?from=<b>").want(t, 200)

		id := call("POST", w.Hash, `{"email_address":"gone@example.com"}`, "Content-Type", "application/json")
		s.post("/w/books/contacts/"+itoa(s.contact("gone@example.com").ID)+"/delete").want(t, 303)
		s.get("/w/books/requests/"+id).wantNot(t, "Try it again")
		a := s.get(console + "?from=" + id)
		a.want(t, 200, "the person was erased")
		a.wantNot(t, "gone@example.com")
		vera := s.as(s.signIn(s.addMember(s.workspace, "vera@example.com", models.RoleViewer)))
		vera.get("/w/books/requests/"+s.lastCall()).wantNot(t, "Try it again")
		vera.get(s.webhookPath(w, "")).wantNot(t, "Try a call")
	})
}

// TestAConsoleWithMistakesKeepsWhatWasTyped posts forms with mistakes: each is told in a sentence, nothing is sent, and the form comes back
// as it was.
func TestAConsoleWithMistakesKeepsWhatWasTyped(t *testing.T) {
	eachEndpoint(t, func(t *testing.T, s *site) {
		w := s.addWebhook(models.TypeSubscribed)
		for name, c := range map[string]struct {
			fields []string
			says   string
		}{
			"method":      {[]string{"method", "PUT"}, "Please choose POST or GET."},
			"no run":      {[]string{"run", ""}, "Please choose whether to try the call or to send it for real."},
			"no colon":    {[]string{"headers", "X-One: 1\r\nno header"}, "“no header” is not a header. Please write a name, a colon and the value"},
			"bad name":    {[]string{"headers", "X One: 1"}, "“X One: 1” is not a header."},
			"control":     {[]string{"headers", "X-One: a\x07"}, "is not a header."},
			"too many":    {[]string{"headers", strings.Repeat("X-One: 1\r\n", 31)}, "A call can have up to 30 headers here. There are 31 lines."},
			"too long":    {[]string{"headers", "X-One: " + strings.Repeat("x", 1000)}, "is too long: it can have up to 1000 characters."},
			"two types":   {[]string{"headers", "Content-Type: a/b\nContent-Type: a/c"}, "Content-Type stands there twice."},
			"large":       {[]string{"body", strings.Repeat("x", 1<<20+1)}, "A call can have up to 1 MB. This one has 1.0 MB."},
			"large query": {[]string{"method", "GET", "body", strings.Repeat("x", 1<<20+1)}, "A call can have up to 1 MB."},
			"markup":      {[]string{"headers", "<script>alert(1)</script>"}, "is not a header."},
		} {
			a := s.try(w, "real", `{"email_address":"jo@example.com"}`, c.fields...)
			a.want(t, 422, c.says)
			fields := formFields(a.body)
			for i := 0; i < len(c.fields); i += 2 {
				want := strings.ReplaceAll(c.fields[i+1], "\r\n", "\n")
				if got := strings.TrimPrefix(fields.Get(c.fields[i]), "\n"); c.fields[i] != "run" && c.fields[i] != "method" && got != want {
					t.Errorf("%s: the form comes back with %.100q, want %.100q", name, got, want)
				}
			}
			if strings.Contains(a.body, "<script>alert") || len(s.logged()) != 0 {
				t.Errorf("%s: markup, or a call was sent", name)
			}
		}
		s.try(w, "dry", `{"email_address":"jo@example.com","x":"`+strings.Repeat("x", 1<<20-100)+`"}`).want(t, 200, "jo@example.com would be a new contact")
		expired := s.try(w, "real", `{"email_address":"jo@example.com"}`, "csrf", "of an earlier session", "whose", whose(s.user))
		expired.want(t, 403, "This form had expired, so nothing was done.")
		if got := formFields(expired.body).Get("body"); !strings.Contains(got, "jo@example.com") || len(s.logged()) != 0 {
			t.Errorf("with an expired token: the form comes back with %q, and the log has %d calls", got, len(s.logged()))
		}
	})
}

// TestARefusedCallIsTakenUp follows the offer on the page of a saved reading, until the call is processed.
func TestARefusedCallIsTakenUp(t *testing.T) {
	eachEndpoint(t, func(t *testing.T, s *site) {
		w := s.createWebhook("name", "Form", "type", "SUBSCRIBED")
		reading := s.webhookPath(w, "/reading")
		s.callJSON(w, typeformCall(t, 0)).want(t, 400)
		id := s.lastCall()
		s.callJSON(w, `{"unlike":"a form"}`).want(t, 400)
		saved := s.follow(s.post(reading, "sender", "typeform"))
		saved.want(t, 200, "1 call was refused and can be read now.", ": marta.kowalska@example.com")
		s.get(reading+"?use=own").wantNot(t, "was refused and can be read now")
		link := s.webhookPath(w, "/console") + "?from=" + id
		if !strings.Contains(saved.body, link) {
			t.Fatalf("no link to %s", link)
		}
		a := s.get(link)
		a.want(t, 200, "A response with every kind of question")
		asked := s.post(s.webhookPath(w, "/console"), append(typed(a), "run", "ask")...)
		asked.want(t, 200, "marta.kowalska@example.com would be a new contact", "Counts yes")
		s.follow(s.post(s.webhookPath(w, "/console"), append(typed(asked), "run", "real")...)).want(t, 200, "marta.kowalska@example.com is a new contact")
		s.get(reading).wantNot(t, "was refused and can be read now")
	})
}

// TestEveryExampleIsTried fills the form with each example of the catalogue, signs it where its sender signs, and tries it: what the example
// says comes out.
func TestEveryExampleIsTried(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		s.withCipher()
		s.startIntake()
		w := s.createWebhook("name", "Form", "type", "SUBSCRIBED")
		for _, sender := range senders.Catalogue() {
			settings := senders.Settings{Sender: sender.Key, Mapping: &sender.Mapping, Answers: &senders.Answers{TestCallsOK: true}}
			signs := sender.Signature != nil && sender.Signature.Form.CanSign()
			if signs {
				settings.Signature = &senders.SignatureSettings{Scheme: *sender.Signature, Mode: senders.SignatureEnforce}
			}
			s.configure(w, settings, "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
			for n, example := range sender.Samples {
				a := s.get(s.webhookPath(w, "/console") + "?from=" + sampleExample + strconv.Itoa(n))
				a.want(t, 200, example.Name)
				if strings.Contains(a.text(), "Sign it as "+sender.System()+" would") != signs {
					t.Errorf("%s: the page offers to sign it: %v", sender.Key, !signs)
				}
				if signs && strings.Contains(strings.ToLower(formFields(a.body).Get("headers")), strings.ToLower(sender.Signature.Completed().Header)+":") {
					t.Errorf("%s, %s: the form has the signature of the example: %q", sender.Key, example.Name, formFields(a.body).Get("headers"))
				}
				tried := s.post(s.webhookPath(w, "/console"), append(typed(a), "run", "dry")...)
				switch example.Result.Outcome {
				case senders.SampleRead:
					tried.want(t, 200, example.Result.Address, "would be a new contact")
				case senders.SampleSkipped:
					tried.want(t, 200, "Would be skipped: not one of the calls that count here")
				case senders.SampleTestCall:
					tried.want(t, 200, "Would be a test call: "+sender.System()+" asked whether this address works")
				case senders.SampleNoAddress:
					tried.want(t, 200, "Would be refused: no e-mail address was sent")
				}
			}
		}
	})
}

// TestOnlyAdminsSignACall tries calls to a webhook that enforces a signature. What a call without one held stays hidden.
func TestOnlyAdminsSignACall(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		s.withCipher()
		s.startIntake()
		w := s.createWebhook("name", "Shop", "type", "SUBSCRIBED")
		const secret = "the secret of this shop"
		s.configure(w, senders.Settings{Signature: &senders.SignatureSettings{Scheme: senders.Scheme{Form: senders.FormBody, Header: "X-Sum"}, Mode: senders.SignatureEnforce}}, secret)
		path := s.webhookPath(w, "/console")
		page := s.get(path)
		page.want(t, 200, "Sign it as its sender would", "With the secret ending in test")
		for _, a := range []answer{page, s.post(path, append(typed(page), "run", "dry")...), s.post(path, append(typed(page), "run", "ask")...)} {
			a.wantNot(t, secret)
		}
		s.post(path, append(typed(page), "run", "dry")...).want(t, 200, "would be a new contact", "Signed with the secret", "Signature valid")
		s.try(w, "dry", `{"email_address":"jo@example.com"}`, "headers", "X-Sum: 00").want(t, 200, "Would be refused: the signature is wrong", "Nothing else would be looked at.", "HTTP 400")

		max := s.as(s.signIn(s.addMember(s.workspace, "max@example.com", models.RoleManager)))
		max.get(path).wantNot(t, "Sign it as", "ending in test")
		max.try(w, "dry", `{"email_address":"jo@example.com"}`, "sign", "1").want(t, 200, "Would be refused: no signature at all")

		s.follow(s.post(path, append(typed(page, "body", `{"email_address":"jo@example.com"}`), "run", "real")...)).want(t, 200, "jo@example.com is a new contact", "Signed with the secret")
		s.callJSON(w, `{"email_address":"f@example.com","name":"Farfalla"}`).want(t, 400)
		id := s.lastCall()
		max.get("/w/books/requests/"+id).wantLink(t, "Try it again", path+"?from="+id)
		hidden := max.get(path + "?from=" + id)
		hidden.want(t, 200, "What this call held is hidden, because its signature was not valid.", "Show it and fill it in")
		hidden.wantNot(t, "Farfalla")
		shown := max.post("/w/books/requests/"+id+"/reveal", "back", "console")
		shown.leadsTo(t, path+"?from="+id)
		max.follow(shown).want(t, 200, "Farfalla")
		s.get("/w/books/settings/audit-log").want(t, 200, "looked at what was sent without a valid signature")
	})
}

// TestAnUnverifiedCallIsTriedAgain: a webhook had a wrong secret. After it was mended, the calls that it refused are tried again from their
// pages. The form has what the log kept, or says what is missing.
func TestAnUnverifiedCallIsTriedAgain(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		s.withCipher()
		s.startIntake()
		w := s.createWebhook("name", "Shop", "type", "SUBSCRIBED")
		signed := senders.Settings{Signature: &senders.SignatureSettings{Scheme: senders.Scheme{Form: senders.FormBody, Header: "X-Sum"}, Mode: senders.SignatureEnforce}}
		s.configure(w, signed, "the wrong secret")
		refused := func(method, target, body string, headers ...string) string {
			s.call(method, target, body, headers...).want(t, 400)
			return s.lastCall()
		}
		calls := map[string]struct{ id, method, body, kind, note string }{
			"JSON": {refused("POST", w.Hash, `{"email_address":"jo@example.com"}`, "Content-Type", "application/json", "X-Sum", "00"), "POST", `{
  "email_address": "jo@example.com"
}`, "application/json", ""},
			"form": {refused("POST", w.Hash, "email_address=al%40example.com", "Content-Type", "application/x-www-form-urlencoded"), "POST", "email_address=al%40example.com", "application/x-www-form-urlencoded", ""},
			"GET":  {refused("GET", w.Hash+"?email_address=bo%40example.com", ""), "GET", "email_address=bo%40example.com", "", ""},
			"parts": {refused("POST", w.Hash, "--b\r\nContent-Disposition: form-data; name=\"email_address\"\r\n\r\njo@example.com\r\n--b--\r\n", "Content-Type", "multipart/form-data; boundary=b"), "POST", "",
				"multipart/form-data; boundary=b", "The log does not keep the body of this call, only its size: 84 bytes of parts, not taken apart."},
			"gzip": {refused("POST", w.Hash, gzipOf(`{"email_address":"jo@example.com"}`), "Content-Type", "application/json", "Content-Encoding", "gzip"), "POST", "", "application/json", "The log does not keep the body of this call, only its size:"},
		}
		s.configure(w, signed, "the right secret")
		console := s.webhookPath(w, "/console")
		for name, c := range calls {
			link := console + "?from=" + c.id
			s.get("/w/books/requests/"+c.id).wantLink(t, "Try it again", link)
			s.get(link).want(t, 200, "Show it and fill it in")
			a := s.follow(s.post("/w/books/requests/"+c.id+"/reveal", "back", "console"))
			a.want(t, 200, c.note)
			fields := formFields(a.body)
			if got := strings.TrimPrefix(fields.Get("body"), "\n"); got != c.body || fields.Get("method") != c.method || fields.Get("content_type") != c.kind {
				t.Errorf("%s: the form has %q, want %+v", name, fields, c)
			}
			if c.note == "" && c.method == "POST" {
				const warned = "This call did not pass the check of its signature. Signing it makes it count."
				a.want(t, 200, warned)
				if fields.Has("sign") {
					t.Errorf("%s: the form signs a call that did not pass", name)
				}
				s.post(console, append(typed(a), "run", "dry")...).want(t, 200, "Would be refused: ")
				signed := s.post(console, append(typed(a), "run", "dry", "sign", "1")...)
				if n := strings.Count(signed.text(), warned); n != 2 {
					t.Errorf("%s: a signed call is warned of %d times, want beside its switch and above what came out", name, n)
				}
				signed.want(t, 200, "would be a new contact", "Signed with the secret")
			}
		}
	})
}

// TestACallThatWouldDoNothing tries calls that rightly do nothing.
func TestACallThatWouldDoNothing(t *testing.T) {
	eachEndpoint(t, func(t *testing.T, s *site) {
		w := s.createWebhook("name", "Shop", "type", "UNSUBSCRIBED")
		s.configure(w, senders.Settings{Answers: &senders.Answers{TrapField: "website", UnknownOK: true}}, "")
		s.try(w, "dry", `{"email_address":"jo@example.com","website":"x"}`).want(t, 200, "Would be held back: a field that people do not see was filled in", "HTTP 200")
		s.try(w, "dry", `{"email_address":"jo@example.com"}`).want(t, 200, "Nobody has this address, so nothing would be done")
		s.try(w, "ask", `{"email_address":"jo@example.com"}`).want(t, 200, "It would change nothing.")
		to := s.createWebhook("name", "Till", "type", "SUBSCRIBED")
		s.follow(s.try(to, "real", `{"email_address":"jo@example.com"}`, "headers", "Idempotency-Key: k-1")).want(t, 200, "jo@example.com is a new contact")
		again := s.get(s.webhookPath(to, "/console") + "?from=" + s.lastCall())
		s.post(s.webhookPath(to, "/console"), append(typed(again), "run", "dry")...).want(t, 200, "Would be a repeat: this call was processed", "Nothing would be done again")
	})
}

// TestARepeatedCallIsProcessedAnyway: a call came before its merge tag existed. After the tag was created, the same call is processed again
// from its page.
func TestARepeatedCallIsProcessedAnyway(t *testing.T) {
	eachEndpoint(t, func(t *testing.T, s *site) {
		w := s.createWebhook("name", "Till", "type", "SUBSCRIBED")
		console := s.webhookPath(w, "/console")
		sent := func() string {
			s.call("POST", w.Hash, `{"email_address":"jo@example.com","first_name":"Jo"}`, "Content-Type", "application/json", "Idempotency-Key", "k-1").want(t, 200)
			return s.lastCall()
		}
		first := sent()
		s.addMergeTag(models.MergeTag{Key: "first_name", Label: "First name", Type: models.MergeTagText})
		page := s.get(console + "?from=" + first)
		page.wantNot(t, "Process it anyway")
		repeats := s.post(console, append(typed(page), "run", "dry")...)
		repeats.want(t, 200, "Would be a repeat: this call was processed", "Process it anyway")

		before := s.kept()
		tried := s.post(console, append(typed(repeats), "run", "dry")...) // with the fields of the button
		tried.want(t, 200, "jo@example.com would be updated", "It would be processed again, on purpose", "Its delivery was processed before, with the same id: k-1", "You chose to process it anyway.", "Nothing was stored")
		if after := s.kept(); after != before {
			t.Fatalf("a dry run: got %s, want %s", after, before)
		}
		asked := s.post(console, append(typed(tried), "run", "ask")...)
		asked.want(t, 200, "Send this call for real?", "jo@example.com would be updated")
		done := s.follow(s.post(console, append(typed(asked), "run", "real")...))
		done.want(t, 200, "jo@example.com was updated", "Processed again, on purpose", "Its delivery had been processed before, with the same id: k-1", "The first call was processed: New contact", "1 stored")
		done.wantNot(t, "The same call came")
		done.wantHref(t, "/w/books/requests/"+first)
		again := s.lastCall()
		if c := s.contact("jo@example.com"); c == nil || c.Fields["first_name"] != "Jo" {
			t.Errorf("got %+v, want the name", c)
		}
		s.get("/w/books/requests/"+first).wantLink(t, ", repeated", "/w/books/requests/"+again)

		s.get("/w/books/requests/"+sent()).want(t, 200, "Repeated: this call had been processed", "The first call was processed: New contact")
		vera := s.as(s.signIn(s.addMember(s.workspace, "vera@example.com", models.RoleViewer)))
		calls := len(s.logged())
		if a := vera.post(console, append(typed(asked), "run", "real")...); a.status < 400 || len(s.logged()) != calls {
			t.Errorf("a viewer: got %d, and %d calls", a.status, len(s.logged()))
		}
		s.try(w, "real", `{"email_address":"bo@example.com"}`, "again", "1", "headers", "Idempotency-Key: k-2").want(t, 303)
		s.get("/w/books/requests/"+s.lastCall()).wantNot(t, "on purpose") // it was the first of its delivery
		s.call("POST", w.Hash, `{"email_address":"bo@example.com"}`, "Content-Type", "application/json", "Idempotency-Key", "k-2").want(t, 200)
		if rows := s.logged(); rows[len(rows)-1].Outcome != models.OutcomeRepeated {
			t.Errorf("got %s, want a repeat", rows[len(rows)-1].Outcome)
		}
	})
}

// TestEveryTitleHasItsWould fails for an outcome that a tried call can have and whose title tells what happened.
func TestEveryTitleHasItsWould(t *testing.T) {
	t.Parallel()
	for _, o := range models.Outcomes {
		title := views.OutcomeOf(o).Title
		if would := wouldBe(title); would == title || !strings.Contains(strings.ToLower(would), "would") {
			t.Errorf("%s: %q becomes %q: add it to wouldTitles", o, title, would)
		}
	}
}
