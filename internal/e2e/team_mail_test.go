package e2e

import (
	"io"
	"net"
	"net/mail"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/emersion/go-smtp"
)

// mailServer keeps the mails that it takes, without encryption, as a server on the same machine does.
type mailServer struct {
	mu    sync.Mutex
	mails []takenMail
}

type takenMail struct{ to, subject, text string }

func startMailServer(t *testing.T) (m *mailServer, addr string) {
	t.Helper()
	m = &mailServer{}
	s := smtp.NewServer(m)
	s.Domain = "localhost"
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go s.Serve(ln)
	t.Cleanup(func() { s.Close() })
	return m, ln.Addr().String()
}

func (m *mailServer) NewSession(*smtp.Conn) (smtp.Session, error) {
	return &mailSession{server: m}, nil
}

// taken returns the mails so far.
func (m *mailServer) taken() []takenMail {
	m.mu.Lock()
	defer m.mu.Unlock()
	return append([]takenMail{}, m.mails...)
}

type mailSession struct {
	server *mailServer
	to     string
}

func (s *mailSession) Reset()                               {}
func (s *mailSession) Logout() error                        { return nil }
func (s *mailSession) Mail(string, *smtp.MailOptions) error { return nil }
func (s *mailSession) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.to = to
	return nil
}

func (s *mailSession) Data(r io.Reader) error {
	read, err := mail.ReadMessage(r)
	if err != nil {
		return err
	}
	text, err := io.ReadAll(read.Body)
	s.server.mu.Lock()
	defer s.server.mu.Unlock()
	s.server.mails = append(s.server.mails, takenMail{s.to, read.Header.Get("Subject"), strings.ReplaceAll(string(text), "=\r\n", "")})
	return err
}

var linkInMail = regexp.MustCompile(`http://\S+(/w/\S+/automations/\d+)`)

// TestBrowserTheTeamIsTold builds an automation that tells its admin, calls the webhook three times, and follows the link of the only mail.
func TestBrowserTheTeamIsTold(t *testing.T) {
	t.Parallel()
	bothDatabases(t, func(t *testing.T, url string) {
		server, addr := startMailServer(t)
		d := &day{t: t, env: map[string]string{"DATABASE_URL": url, "SMTP_URL": "smtp://" + addr, "MAIL_FROM": "CampaignLark <hooks@alderfinch.example>"}}
		d.program = Start(t, Settings{Env: d.env})
		d.setUp()
		p := d.ines
		p.Follow("Inbound Webhooks")
		p.Follow("Create Webhook")
		p.Enter("Name", "Shop")
		p.Click("SUBSCRIBED")
		p.Follow("Save")
		address := p.Value("#url")

		p.Follow("Automations")
		p.FollowIn("main a[href$='/automations/new']")
		p.Enter("Name", "News for us")
		p.Fill("next", "tell_team")
		p.Click("Add step")
		p.until(func() bool { return p.Has("input[name='step.0.to']") }, "the members are there")
		p.Tick("ines@alderfinch.example")
		d.picture(p, "automation-tell")
		p.Inspect("automation-tell")
		p.Follow("Save and switch on")
		p.Sees("by e-mail")

		for _, name := range []string{"solene", "luca", "mara"} {
			callForm(t, address, "email_address", name+"@example.com")
		}
		p.until(func() bool { return len(server.taken()) > 0 }, "the mail arrives")
		m := server.taken()[0]
		if m.to != "ines@alderfinch.example" || !strings.HasPrefix(m.subject, "News for us: ") || strings.Contains(m.text, "example.com") {
			t.Errorf("got %+v, want what happened and nobody's address", m)
		}
		link := linkInMail.FindStringSubmatch(m.text)
		if link == nil {
			t.Fatalf("got the mail %s, want a link in it", m.text)
		}
		p.Open(link[1])
		p.SeesAgain("3 started in 24 hours")
		if n := len(server.taken()); n != 1 {
			t.Errorf("got %d mails, want one in the first hour", n)
		}
	})
}
