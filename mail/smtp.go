package mail

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"strings"
	"time"

	gomail "github.com/wneessen/go-mail"
)

// Message is a mail to one person, in plain text.
type Message struct {
	ID      string // the part of Message-ID before the @
	To      string
	Subject string
	Text    string
}

// Problem says why a mail was not taken. It holds nothing that the server said: an answer may repeat the address.
type Problem string

const (
	ProblemNone    Problem = ""
	ProblemConnect Problem = "connect" // no server answers, or it breaks off
	ProblemTLS     Problem = "tls"     // no encryption, or a certificate that is not valid
	ProblemAuth    Problem = "auth"    // it does not accept the user and the password
	ProblemRefused Problem = "refused" // it refuses the address or the mail for good
	ProblemLater   Problem = "later"   // it takes the mail later, or refuses the sender's address
	ProblemFault   Problem = "fault"   // the mail cannot be built
)

// Problems lists every problem.
var Problems = []Problem{ProblemConnect, ProblemTLS, ProblemAuth, ProblemRefused, ProblemLater, ProblemFault}

// Words are the end of a sentence that says why somebody was not told.
func (p Problem) Words() string {
	switch p {
	case ProblemConnect:
		return "the mail server does not answer"
	case ProblemTLS:
		return "the connection to the mail server cannot be encrypted"
	case ProblemAuth:
		return "the mail server does not accept the user and the password of SMTP_URL"
	case ProblemRefused:
		return "the mail server refuses the address or the mail"
	case ProblemLater:
		return "the mail server does not take the mail now"
	}
	return "the mail cannot be written"
}

// Final reports whether trying again is pointless.
func (p Problem) Final() bool { return p == ProblemRefused || p == ProblemFault }

// sendTime limits one mail, from dialing to the server's last answer.
const sendTime = 30 * time.Second

// Send hands a mail to the server. If the server took it, what happens to the connection afterwards does not count.
func (s Server) Send(ctx context.Context, m Message, now time.Time) Problem {
	ctx, cancel := context.WithTimeout(ctx, sendTime)
	defer cancel()
	built, err := s.build(m, now)
	if err != nil {
		return ProblemFault
	}
	c := &connection{ctx: ctx, config: &tls.Config{ServerName: s.Host, RootCAs: s.roots, MinVersion: tls.VersionTLS12}, implicit: s.TLS == Implicit}
	client, err := s.client(c)
	if err != nil {
		return ProblemFault
	}
	session, err := client.DialToSMTPClientWithContext(ctx)
	if err != nil {
		return c.problem(err)
	}
	defer client.CloseWithSMTPClient(session)
	err = client.SendWithSMTPClient(session, built)
	if built.IsDelivered() {
		return ProblemNone
	}
	return refusal(err)
}

// build makes the mail. It says that a program wrote it, so that nobody's absence is answered.
func (s Server) build(m Message, now time.Time) (*gomail.Msg, error) {
	built := gomail.NewMsg()
	if err := built.FromFormat(s.From.Name, s.From.Address); err != nil {
		return nil, err
	}
	if err := built.To("<" + m.To + ">"); err != nil {
		return nil, err
	}
	built.Subject(m.Subject)
	built.SetDateWithValue(now)
	built.SetMessageIDWithValue(m.ID + s.From.Address[lastAt(s.From.Address):])
	built.SetGenHeader("Auto-Submitted", "auto-generated")
	built.SetUserAgent("CampaignLark")
	built.SetBodyString(gomail.TypeTextPlain, m.Text)
	return built, nil
}

func lastAt(address string) int {
	for i := len(address) - 1; i > 0; i-- {
		if address[i] == '@' {
			return i
		}
	}
	return 0
}

func (s Server) client(c *connection) (*gomail.Client, error) {
	options := []gomail.Option{gomail.WithPort(s.Port), gomail.WithTimeout(sendTime), gomail.WithTLSConfig(c.config), gomail.WithDialContextFunc(c.dial), gomail.WithoutNoop()}
	policy, ways := gomail.TLSMandatory, []gomail.SMTPAuthType{gomail.SMTPAuthPlain, gomail.SMTPAuthLogin, gomail.SMTPAuthSCRAMSHA256}
	switch s.TLS {
	case Implicit:
		options = append(options, gomail.WithSSL())
	case NoTLS:
		policy, ways = gomail.NoTLS, []gomail.SMTPAuthType{gomail.SMTPAuthSCRAMSHA256, gomail.SMTPAuthCramMD5, gomail.SMTPAuthPlainNoEnc, gomail.SMTPAuthLoginNoEnc}
	}
	options = append(options, gomail.WithTLSPolicy(policy))
	if s.User != "" {
		options = append(options, gomail.WithOpportunisticSMTPAuth(ways...), gomail.WithUsername(s.User), gomail.WithPassword(s.Password))
	}
	return gomail.NewClient(s.Host, options...)
}

// connection dials, ends with its context, and remembers how far it came.
type connection struct {
	ctx      context.Context
	config   *tls.Config
	implicit bool
	dialed   bool
}

func (c *connection) dial(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	context.AfterFunc(c.ctx, func() { conn.Close() })
	if c.dialed = true; !c.implicit {
		return conn, nil
	}
	encrypted := tls.Client(conn, c.config)
	return encrypted, encrypted.HandshakeContext(ctx)
}

// problem says why there is no session.
func (c *connection) problem(err error) Problem {
	var certificate *tls.CertificateVerificationError
	var record tls.RecordHeaderError
	var alert tls.AlertError
	switch {
	case !c.dialed:
		return ProblemConnect
	case errors.As(err, &certificate), errors.As(err, &record), errors.As(err, &alert), strings.Contains(err.Error(), "STARTTLS"):
		return ProblemTLS
	case strings.Contains(err.Error(), "AUTH"):
		return ProblemAuth
	}
	return ProblemConnect
}

// refusal says why the server did not take a mail. Another sender's address may help if it refuses that of MAIL_FROM, so this is not final.
func refusal(err error) Problem {
	var refused *gomail.SendError
	if !errors.As(err, &refused) || refused.ErrorCode() < 400 {
		return ProblemConnect
	}
	switch refused.Reason {
	case gomail.ErrSMTPRcptTo, gomail.ErrSMTPData, gomail.ErrSMTPDataClose:
		if refused.ErrorCode() >= 500 {
			return ProblemRefused
		}
	}
	return ProblemLater
}
