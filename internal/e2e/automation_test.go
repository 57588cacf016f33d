package e2e

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

// receiver is another system that gets deliveries. It can be made to fail, and to stop.
type receiver struct {
	mu     sync.Mutex
	server *httptest.Server
	addr   string
	got    []message
	status int
}

// message is one attempt that arrived.
type message struct {
	header http.Header
	body   string
}

func newReceiver(t *testing.T) *receiver {
	r := &receiver{status: http.StatusOK}
	r.start(t, "127.0.0.1:0")
	t.Cleanup(func() { r.stop() })
	return r
}

func (r *receiver) start(t *testing.T, addr string) {
	t.Helper()
	ln, err := net.Listen("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	r.addr = ln.Addr().String()
	r.server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		body, _ := io.ReadAll(q.Body)
		r.mu.Lock()
		defer r.mu.Unlock()
		r.got = append(r.got, message{q.Header.Clone(), string(body)})
		w.WriteHeader(r.status)
	}))
	r.server.Listener.Close()
	r.server.Listener = ln
	r.server.Start()
}

func (r *receiver) stop() { r.server.Close() }

// messages returns what has arrived.
func (r *receiver) messages() []message {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]message{}, r.got...)
}

// TestBrowserAnAutomationDelivers builds an automation by clicking, and follows a call through it to another system: arrived, tried again
// while the system is away, and sent once more.
func TestBrowserAnAutomationDelivers(t *testing.T) {
	t.Parallel()
	bothDatabases(t, func(t *testing.T, url string) {
		d := &day{t: t, env: map[string]string{"DATABASE_URL": url, "OUTBOUND_ALLOW": "127.0.0.0/8", "RETRY_SCHEDULE": "200ms" + strings.Repeat(",3s", 29),
			"SECRET_KEY": strings.Repeat("7", 64)}}
		d.program = Start(t, Settings{Env: d.env})
		d.setUp()
		p := d.ines
		p.Follow("Tags")
		p.Follow("Create tag")
		p.Enter("Name", "trial")
		p.Follow("Create tag")
		p.Follow("Inbound Webhooks")
		p.Follow("Create Webhook")
		p.Enter("Name", "Reading club")
		p.Click("SUBSCRIBED")
		p.Follow("Save")
		d.address = p.Value("#url")

		crm := newReceiver(t)
		p.Follow("Destinations")
		d.picture(p, "no-destinations")
		p.FollowIn("main a[href$='/destinations/new']")
		p.Enter("Name", "CRM")
		p.Enter("Address", "http://"+crm.addr+"/in")
		p.Follow("Create destination")
		secret := p.Value("#secret")
		d.picture(p, "destination-new")
		p.Follow("Send a test")
		p.until(func() bool { return len(crm.messages()) == 1 }, "the test arrives")

		p.Follow("Automations")
		d.picture(p, "no-automations")
		p.FollowIn("main a[href$='start=tag']")
		p.Enter("Name", "Welcome")
		p.Fill("when.0", "contact_subscribed_confirmed")
		p.Sees("through")
		p.Click("Remove step 1")
		p.until(func() bool { return !p.Has("select[name='step.1']") }, "the wait is gone")
		p.Fill("step.0.of", "1")
		p.Fill("next", "call")
		p.Click("Add step")
		p.until(func() bool { return p.Has("select[name='step.1.of']") }, "the call is there")
		p.Fill("step.1.of", "1")
		d.picture(p, "automation-form")
		p.Inspect("automation-form")
		p.Follow("Save and switch on")
		p.Sees("The automation Welcome was created. It is on.")
		d.picture(p, "automation-fresh")

		callForm(t, d.address, "email_address", "solene@example.com")
		p.until(func() bool { return len(crm.messages()) == 2 }, "the delivery arrives")
		verified(t, secret, crm.messages()[1])
		if body := crm.messages()[1].body; !strings.Contains(body, `"event_type":"contact.subscribed"`) || !strings.Contains(body, "solene@example.com") {
			t.Errorf("got %s, want contact.subscribed of solene@example.com", body)
		}

		crm.stop()
		callForm(t, d.address, "email_address", "luca@example.com")
		p.Follow("Destinations")
		p.SeesAgain("CRM")
		p.until(func() bool { p.Open(p.Path()); return strings.Contains(p.Text(), "does not take messages") }, "the failure is seen")
		d.picture(p, "destinations-failing")
		p.FollowIn("main table a[href$='/destinations/1']")
		d.picture(p, "destination-failing")
		crm.start(t, crm.addr)
		p.until(func() bool { return len(crm.messages()) >= 3 }, "it arrives after all")
		verified(t, secret, crm.messages()[2])

		p.Follow("Automations")
		p.Follow("Welcome")
		p.SeesAgain("Done")
		p.FollowIn("main nav.tabs a[href*='state=done']")
		p.Sees("luca@example.com")
		d.picture(p, "automation")
		p.Inspect("automation")
		p.Follow("luca@example.com")
		p.Sees("The tag “trial” was added.")
		d.picture(p, "run")
		p.Inspect("run")
		p.Follow("The message, with its attempts")
		p.SeesAgain("Delivered to CRM")
		d.picture(p, "delivery")
		p.Follow("Contacts")
		p.Follow("luca@example.com")
		p.Sees("The automation Welcome changed the contact")
		d.picture(p, "contact-automated")
	})
}

// verified checks a message with the library of Standard Webhooks.
func verified(t *testing.T, secret string, m message) {
	t.Helper()
	hook, err := standardwebhooks.NewWebhook(secret)
	if err != nil {
		t.Fatal(err)
	}
	if err := hook.Verify([]byte(m.body), m.header); err != nil {
		t.Errorf("the signature is not valid: %v", err)
	}
	if len(m.header.Get("X-Webhook-Signature")) != 64 || !strings.HasPrefix(m.header.Get("webhook-id"), "msg_") {
		t.Errorf("got the headers %v, want a signature and an id", m.header)
	}
}
