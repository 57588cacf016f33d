package handlers

import (
	"bytes"
	"encoding/json"
	"html"
	"regexp"
	"slices"
	"strings"
	"testing"

	"campaignlark/deliveries"
	"campaignlark/intake"
	"campaignlark/models"
)

func TestDocsUseTheWorkspacesExamples(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		nobody := s.as("").get("/docs")
		nobody.want(t, 200, "Inbound webhooks", "The four types", "http://lark.example/v1/inbound-webhooks/YOUR-HASH", "first_name", "Sign in", "Please provide a valid email address", "Retry-After")
		s.get("/docs").want(t, 200, "YOUR-HASH", "Workspace settings", "Create Webhook")

		join := s.addWebhook(models.TypeSubscribed)
		s.addWebhook(models.TypeDelete)
		s.addLogMergeTag("shoe_size", "Shoe size", models.MergeTagNumber, "")
		own := s.get("/docs?workspace=books")
		own.want(t, 200, join.Hash, "shoe_size", "Shoe size", "Sending them is a real call")
		own.wantNot(t, "YOUR-HASH")
		music := s.in("music")
		s.get("/docs?workspace=music").want(t, 200, join.Hash)
		vera := s.as(s.signIn(s.addMember(s.workspace, "vera@example.com", models.RoleViewer)))
		vera.get("/docs").want(t, 200, "••••••••••••", "sees its address masked", "shoe_size")
		if page := vera.get("/docs"); strings.Contains(page.body, join.Hash) {
			t.Error("a viewer sees the whole address")
		}
		otto := s.as(s.signIn(s.addMember(music.workspace, "otto@example.com", models.RoleAdmin)))
		otto.get("/docs?workspace=books").wantNot(t, join.Hash, "shoe_size")
		s.as(s.signIn(s.addStaff("noor@support.example"))).get("/docs").want(t, 200, "YOUR-HASH", "Find a request")
	})
}

// Every entry of the table of contents links to a heading, and every chapter has an entry.
func TestDocsContentsLinkToHeadings(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		page := s.as("").get("/docs").body
		links := regexp.MustCompile(`href="#([a-z]+)"`).FindAllStringSubmatch(page, -1)
		parts := regexp.MustCompile(`<section class="sec" id="([a-z]+)"`).FindAllStringSubmatch(page, -1)
		var to []string
		for _, l := range links {
			if l[1] != "main" {
				to = append(to, l[1])
			}
		}
		var there []string
		for _, p := range parts {
			there = append(there, p[1])
		}
		if got, want := strings.Join(to, " "), strings.Join(there, " "); got != want || got == "" {
			t.Errorf("the table of contents leads to %s, want %s", got, want)
		}
	})
}

// The help explains what a webhook can be told, each with an example.
func TestDocsExplainTheSettingsOfAWebhook(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		page := s.as("").get("/docs")
		page.inThisOrder(t, "Systems that send their own format", "Typeform", "Try a call", "Try it, change nothing", "Example.", "A form on your website", "a plain page that says what is missing", "redirect_to", "Example.",
			"Signature: does the call really come from the sender?", "Watch", "Refuse", "Example.", "The same call twice", "7 days", "Idempotency-Key", "Process it anyway", "Example.", "Test calls, and senders that need a yes", "Example.", "Too many calls", "429", "Example.")
		page.want(t, 200, "the fields in the address after a ?", "as a form that can hold files ( multipart/form-data )", "the header Retry-After of the answer says after how many seconds", "let only those calls count in which the answer is yes", "choose the event for a new customer alone")
		page.wantNot(t, "query string", "the seconds in the Retry-After header")
	})
}

// TestTheHelpListsEveryResultOfAForm compares the help with the outcomes of a form that a browser sends.
func TestTheHelpListsEveryResultOfAForm(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		want := []string{"ok", string(outcomeTooMany), string(intake.OutcomeBusy)}
		for _, o := range models.Outcomes {
			never := o == models.OutcomePrefetch || o == models.OutcomeNotCommitted // only links are fetched in advance; what the database refused is busy
			if o.Failed() && !never {
				want = append(want, string(o))
			}
		}
		_, table, _ := strings.Cut(s.as("").get("/docs").body, "This is every value of")
		_, table, _ = strings.Cut(table, "<tbody")
		table, _, _ = strings.Cut(table, "</table>")
		var listed []string
		for _, value := range regexp.MustCompile(`<code>([a-z_]+)</code>`).FindAllStringSubmatch(table, -1) {
			listed = append(listed, value[1])
		}
		slices.Sort(want)
		if slices.Sort(listed); !slices.Equal(listed, want) {
			t.Errorf("the help lists %v, want %v", listed, want)
		}
	})
}

// The help says what the published documentation leaves open about values.
func TestDocsSayHowValuesAreRead(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		s.as("").get("/docs").want(t, 200, "The sender must write %2B in place of a +", "Form builders also write name[] or name[0] and name[1]", "A time that names no time zone is in the time zone of the workspace.",
			"United Kingdom (UK)", "or shows a preview of it", "A text that is exactly one option is that option")
	})
}

// TestTheHelpSaysTermsBeforeItUsesThem: systems with a format of their own come before the calls of a program, and terms are explained.
func TestTheHelpSaysTermsBeforeItUsesThem(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		page := s.get("/docs")
		page.want(t, 200, "This program sends no confirmation mail", "A merge tag is a field that contacts can have", "the header that says how the body is written")
		if senders, call := strings.Index(page.body, `id="senders"`), strings.Index(page.body, `id="call"`); senders < 0 || call < senders {
			t.Errorf("the chapter on systems is at %d, and the one on calls at %d", senders, call)
		}
	})
}

// The help explains what follows an event, and what the receiver of a message has to know.
func TestDocsExplainAutomationsAndDestinations(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		page := s.as("").get("/docs")
		page.inThisOrder(t, "Automations: what happens next", "What starts it", "falls silent", "Only if", "change by hand, in bulk or by an import starts only", "ends after eight", "starts an automation once",
			"finishes the version of the automation with which it began", "starts nothing until you repair it", "messages about it that wait are dropped", "Example.",
			"Destinations and deliveries", "contact.tag_removed", "webhook-signature", "X-Webhook-Signature", "standardwebhooks", "def is_genuine", "within 15 seconds", "20 and 24 hours", "Retry-After",
			"The answer 410 switches the destination off", "five days", "can be sent again", "at least once", "in the order of its changes", "OUTBOUND_ALLOW", "Example.")
		page.want(t, 200, "This program sends no confirmation mail: an automation that starts with its event can call the system that sends one.")
		page.wantNot(t, "fires no event")
	})
}

// TestTheExampleOfAMessageIsOne compares the help's message with what is sent.
func TestTheExampleOfAMessageIsOne(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		_, example, _ := strings.Cut(s.as("").get("/docs").body, `<pre id="envelope"`)
		_, example, _ = strings.Cut(example, ">")
		example, _, _ = strings.Cut(example, "</pre>")
		example = html.UnescapeString(strings.NewReplacer("<code>", "", "</code>", "").Replace(example))
		decoder := json.NewDecoder(strings.NewReader(example))
		decoder.DisallowUnknownFields()
		var message deliveries.Envelope
		if err := decoder.Decode(&message); err != nil {
			t.Fatalf("got %q (%v), want a message", example, err)
		}
		var shown bytes.Buffer
		if err := json.Compact(&shown, []byte(example)); err != nil {
			t.Fatal(err)
		}
		if sent := string(message.JSON()); shown.String() != sent {
			t.Errorf("the help shows %s, but what is sent is %s", shown.String(), sent)
		}
	})
}

// TestTheHelpListsEveryEventOfMessages compares the help with the events that automations can start on.
func TestTheHelpListsEveryEventOfMessages(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		page := s.as("").get("/docs").body
		for _, e := range models.EventTypes {
			if !strings.Contains(page, e.Outgoing()) {
				t.Errorf("the help does not name %s", e.Outgoing())
			}
		}
		for i, wait := range []string{"5 seconds", "5 minutes", "30 minutes", " 2,", " 5,", " 10,", " 14,", " 20 ", " 24 hours"} {
			if len(deliveries.StandardSchedule) != 9 || !strings.Contains(page, wait) {
				t.Errorf("the help does not name the %d. wait of the schedule", i+1)
			}
		}
	})
}
