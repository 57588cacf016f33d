package mail

import (
	"fmt"
	"strings"
	"testing"
)

func TestTheMailServerIsRead(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]Server{
		"smtp://mail.example.com":                     {Host: "mail.example.com", Port: 587, TLS: StartTLS},
		"smtp://Mail.example.com:2525/":               {Host: "mail.example.com", Port: 2525, TLS: StartTLS},
		"smtps://me:p%40ss%3A%2F@mail.example.com":    {Host: "mail.example.com", Port: 465, TLS: Implicit, User: "me", Password: "p@ss:/"},
		"smtp://me%40example.com:secret@mail.example": {Host: "mail.example", Port: 587, TLS: StartTLS, User: "me@example.com", Password: "secret"},
		"smtp://mailpit:1025?tls=off":                 {Host: "mailpit", Port: 1025, TLS: NoTLS},
		"smtp://localhost:1025":                       {Host: "localhost", Port: 1025, TLS: NoTLS},
		"smtp://127.0.0.1:25":                         {Host: "127.0.0.1", Port: 25, TLS: NoTLS},
		"smtp://[::1]:25":                             {Host: "::1", Port: 25, TLS: NoTLS},
		"smtps://localhost":                           {Host: "localhost", Port: 465, TLS: Implicit},
		"smtp://10.0.0.7":                             {Host: "10.0.0.7", Port: 587, TLS: StartTLS},
		"smtp://localhost.example.com":                {Host: "localhost.example.com", Port: 587, TLS: StartTLS},
	} {
		got, err := ParseServer(text, "CampaignLark <hooks@example.com>")
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if got.From.Address != "hooks@example.com" || got.From.Name != "CampaignLark" {
			t.Errorf("%s: got mail from %v", text, got.From)
		}
		want.From = got.From
		if fmt.Sprintf("%#v %q %q %s", *got, got.User, got.Password, got.TLS) != fmt.Sprintf("%#v %q %q %s", want, want.User, want.Password, want.TLS) {
			t.Errorf("%s: got %v %s %q, want %v %s %q", text, got, got.TLS, got.User, want, want.TLS, want.User)
		}
	}
	if s, err := ParseServer("", ""); s != nil || err != nil {
		t.Errorf("got %v (%v), want no server", s, err)
	}
}

func TestAWrongMailServerIsSaidWithoutItsPassword(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ url, from, want string }{
		{"smtp://me:hunter2@mail.example.com", "", "go together"},
		{"", "hooks@example.com", "go together"},
		{"mail.example.com:587", "hooks@example.com", "SMTP_URL must look like"},
		{"http://me:hunter2@mail.example.com", "hooks@example.com", "SMTP_URL must look like"},
		{"smtp://me:hunter2@", "hooks@example.com", "SMTP_URL must look like"},
		{"smtp://me:hunter2%@mail.example.com", "hooks@example.com", "%25"},
		{"smtp://me:hunter2@mail.example.com:0", "hooks@example.com", "SMTP_URL must look like"},
		{"smtp://me:hunter2@mail.example.com:70000", "hooks@example.com", "SMTP_URL must look like"},
		{"smtp://me:hunter2@mail.example.com/inbox", "hooks@example.com", "SMTP_URL must look like"},
		{"smtp://me:hunter2@mail.example.com?tls=no", "hooks@example.com", "only ?tls=off"},
		{"smtps://me:hunter2@mail.example.com?tls=off", "hooks@example.com", "only ?tls=off"},
		{"smtp://me@mail.example.com", "hooks@example.com", "without a password"},
		{"smtp://me:hunter2@mail.example.com", "hooks", "MAIL_FROM must be"},
		{"smtp://me:hunter2@mail.example.com", "a@example.com, b@example.com", "MAIL_FROM must be"},
		{"smtp://me:hunter2@mail.example.com", "a@example.com\r\nBcc: b@example.com", "MAIL_FROM must be"},
	} {
		_, err := ParseServer(c.url, c.from)
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%q, %q: got %v, want %q and no password", c.url, c.from, err, c.want)
		}
	}
	s, err := ParseServer("smtp://me:hunter2@mail.example.com", "hooks@example.com")
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{fmt.Sprint(s), fmt.Sprintf("%v %+v %#v", *s, *s, *s), fmt.Sprintf("%+v", struct{ Mail *Server }{s})} {
		if strings.Contains(text, "hunter2") {
			t.Errorf("got %s, want no password", text)
		}
	}
}
