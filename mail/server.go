package mail

import (
	"crypto/x509"
	"errors"
	"net/mail"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
)

// Server is the mail server that takes what this program sends.
type Server struct {
	Host     string
	Port     int
	TLS      TLS
	User     string // "" for a server that asks for no sign-in
	Password string
	From     mail.Address

	roots *x509.CertPool // nil for those of the machine
}

// TLS says how a connection is encrypted.
type TLS string

const (
	StartTLS TLS = "starttls" // required: a server that does not offer it gets no mail
	Implicit TLS = "implicit" // from the first byte
	NoTLS    TLS = "none"
)

// Usual ports of submission (RFC 6409, RFC 8314).
const (
	portStartTLS = 587
	portImplicit = 465
)

// String leaves the password out, so that it does not get into a log.
func (s Server) String() string { return s.Host + ":" + strconv.Itoa(s.Port) }

// GoString is String for %#v.
func (s Server) GoString() string { return s.String() }

var (
	errURL = errors.New("SMTP_URL must look like smtp://user:password@mail.example.com:587 or smtps://user:password@mail.example.com; " +
		"characters of the password such as @ : / ? # % must be written as %40 %3A %2F %3F %23 %25")
	errOff  = errors.New("SMTP_URL: after the host only ?tls=off is possible, and only with smtp://")
	errUser = errors.New("SMTP_URL has a user without a password, or a password without a user; give both or neither")
	errFrom = errors.New("MAIL_FROM must be the address that mails come from, such as hooks@example.com or CampaignLark <hooks@example.com>")
	errBoth = errors.New("SMTP_URL and MAIL_FROM go together; set both or neither")
)

// ParseServer reads the settings SMTP_URL and MAIL_FROM. Without both there is no server. The error is a sentence for the operator and
// never holds the password.
func ParseServer(smtp, from string) (*Server, error) {
	if smtp == "" && from == "" {
		return nil, nil
	}
	if smtp == "" || from == "" {
		return nil, errBoth
	}
	s, err := parseURL(smtp)
	address, fromErr := mail.ParseAddress(from)
	if fromErr != nil || strings.ContainsAny(from, "\r\n") {
		return nil, errors.Join(err, errFrom)
	}
	s.From = *address
	return &s, err
}

func parseURL(text string) (s Server, err error) {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "smtp" && u.Scheme != "smtps" || u.Hostname() == "" || u.Path != "" && u.Path != "/" || u.Fragment != "" {
		return s, errURL // the error of url.Parse holds the password
	}
	s = Server{Host: strings.ToLower(u.Hostname()), Port: portStartTLS, TLS: StartTLS, User: u.User.Username()}
	s.Password, _ = u.User.Password()
	if (s.User == "") != (s.Password == "") {
		return s, errUser
	}
	if u.Scheme == "smtps" {
		s.Port, s.TLS = portImplicit, Implicit
	} else if isLocal(s.Host) {
		s.TLS = NoTLS
	}
	switch {
	case u.RawQuery == "tls=off" && u.Scheme == "smtp":
		s.TLS = NoTLS
	case u.RawQuery != "":
		return s, errOff
	}
	if port := u.Port(); port != "" {
		s.Port, err = strconv.Atoi(port)
		if err != nil || s.Port < 1 || s.Port > 65535 {
			return s, errURL
		}
	}
	return s, nil
}

// isLocal reports whether a host is this machine, so that nobody can listen on the way.
func isLocal(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}
