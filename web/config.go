package main

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"

	"campaignlark/deliveries"
	"campaignlark/mail"
	"campaignlark/models"
	"campaignlark/secrets"
)

// Config is the program's configuration, read from the environment once, at start.
type Config struct {
	ListenAddr       string
	DatabaseURL      string
	PublicURL        *url.URL // nil: http://localhost and the listening port
	AdminEmail       string   // both or neither
	AdminPassword    string
	TrustedProxies   []netip.Prefix
	LogRetentionDays int
	IntakeWait       time.Duration
	SegmentInterval  time.Duration
	Development      bool
	MetricsAddr      string // "" serves none
	SecretKey        string // "": see secrets.Load
	OutboundAllow    []netip.Prefix
	RetrySchedule    deliveries.Schedule
	Mail             *mail.Server // nil sends none
}

// setting is one environment variable, as listed by `campaignlark help`.
type setting struct{ name, standard, help string }

var settings = []setting{
	{"LISTEN_ADDR", "127.0.0.1:8080", "address and port to listen on; :8080 listens on every address"},
	{"DATABASE_URL", "sqlite://data/campaignlark.db", "sqlite://path/to/file.db or postgres://user:password@host:5432/name"},
	{"PUBLIC_URL", "", "where people and senders reach this program, such as https://hooks.example.com; webhook URLs start\nwith it, https makes cookies Secure (standard: http://localhost and the port of LISTEN_ADDR)"},
	{"ADMIN_EMAIL", "", "on an empty database, create this admin instead of printing a set-up link"},
	{"ADMIN_PASSWORD", "", "the password of that admin"},
	{"TRUSTED_PROXIES", "", "proxies whose X-Forwarded-For is believed: addresses or networks, separated by commas"},
	{"LOG_RETENTION_DAYS", "30", "days after which the request log forgets, 1 to 3650"},
	{"INTAKE_WAIT", "2s", "how long a call may wait for its turn before the sender is told to come back, 100ms to 15s"},
	{"SEGMENT_INTERVAL", "1s", "how often segments are brought up to date, 100ms to 1m"},
	{"METRICS_ADDR", "", "address and port to serve Prometheus metrics on, at /metrics, such as 127.0.0.1:9100; it asks for no\npassword (standard: none are served)"},
	{"SECRET_KEY", "", "32 random bytes, as base64 or hex: encrypts the secrets of webhooks and destinations (standard: the file\nsecret.key beside an SQLite database; on Postgres no secret can be stored)"},
	{"OUTBOUND_ALLOW", "", "private addresses or networks that deliveries may go to, with http too, separated by commas, such as\n10.0.0.0/8 (standard: deliveries go only to the internet, with https)"},
	{"RETRY_SCHEDULE", deliveries.StandardSchedule.String(), "how long a delivery, or a mail to the team, waits after each failed attempt, separated by\ncommas; then it is given up"},
	{"SMTP_URL", "", "the mail server that takes e-mail to members: smtp://user:password@mail.example.com:587, encrypted with\nSTARTTLS, which only a server on this machine and ?tls=off leave out, or smtps:// (standard: no e-mail is sent)"},
	{"MAIL_FROM", "", "the address that e-mail comes from, such as hooks@example.com; needed with SMTP_URL"},
	{"DEVELOPMENT", "", "1 shows /styleguide, every part of the pages in every state, for those who change the program"},
}

// readConfig reads the configuration. getenv returns a variable's value, "" if it is not set. The error has one line for each
// wrong variable and never repeats a password.
func readConfig(getenv func(string) string) (Config, error) {
	value := func(name string) string {
		for _, s := range settings {
			if v := strings.TrimSpace(getenv(name)); s.name == name && v == "" {
				return s.standard
			} else if s.name == name {
				return v
			}
		}
		panic("no setting named " + name)
	}
	var c Config
	var errs [14]error
	c.ListenAddr, errs[0] = readListenAddr("LISTEN_ADDR", value("LISTEN_ADDR"))
	c.DatabaseURL, errs[1] = readDatabaseURL(value("DATABASE_URL"))
	c.PublicURL, errs[2] = readPublicURL(value("PUBLIC_URL"))
	c.AdminEmail, c.AdminPassword, errs[3] = readAdmin(value("ADMIN_EMAIL"), getenv("ADMIN_PASSWORD"))
	c.TrustedProxies, errs[4] = readNetworks("TRUSTED_PROXIES", value("TRUSTED_PROXIES"))
	c.LogRetentionDays, errs[5] = readDays(value("LOG_RETENTION_DAYS"))
	c.IntakeWait, errs[6] = readDuration("INTAKE_WAIT", value("INTAKE_WAIT"), 100*time.Millisecond, 15*time.Second)
	c.SegmentInterval, errs[7] = readDuration("SEGMENT_INTERVAL", value("SEGMENT_INTERVAL"), 100*time.Millisecond, time.Minute)
	if addr := value("METRICS_ADDR"); addr != "" {
		c.MetricsAddr, errs[8] = readListenAddr("METRICS_ADDR", addr)
	}
	c.Development = value("DEVELOPMENT") == "1"
	if v := value("DEVELOPMENT"); v != "" && !c.Development {
		errs[9] = fmt.Errorf("DEVELOPMENT is %q; it must be 1, or not set", v)
	}
	c.SecretKey, errs[10] = readSecretKey(getenv("SECRET_KEY"))
	c.OutboundAllow, errs[11] = readNetworks("OUTBOUND_ALLOW", value("OUTBOUND_ALLOW"))
	if c.RetrySchedule, errs[12] = deliveries.ParseSchedule(value("RETRY_SCHEDULE")); errs[12] != nil {
		errs[12] = fmt.Errorf("RETRY_SCHEDULE cannot be used: %w", errs[12])
	}
	c.Mail, errs[13] = mail.ParseServer(value("SMTP_URL"), value("MAIL_FROM"))
	return c, errors.Join(errs[:]...)
}

func readListenAddr(name, v string) (string, error) {
	host, port, err := net.SplitHostPort(v)
	if n, convErr := strconv.ParseUint(port, 10, 16); err != nil || convErr != nil || strconv.FormatUint(n, 10) != port || strings.ContainsAny(host, " /") {
		return "", fmt.Errorf("%s is %q; it must be an address and a port, such as 127.0.0.1:8080 or :8080", name, v)
	}
	return v, nil
}

func readDatabaseURL(v string) (string, error) {
	for _, scheme := range []string{"sqlite://", "postgres://", "postgresql://"} {
		if rest, ok := strings.CutPrefix(v, scheme); ok && rest != "" {
			return v, nil
		}
	}
	return "", errors.New("DATABASE_URL must look like sqlite://data/campaignlark.db or postgres://user:password@host:5432/name")
}

func readSecretKey(v string) (string, error) {
	v = strings.TrimSpace(v)
	if v == "" {
		return "", nil
	}
	if _, err := secrets.ReadKey(v); err != nil {
		return "", fmt.Errorf("SECRET_KEY cannot be used: %w", err)
	}
	return v, nil
}

func readPublicURL(v string) (*url.URL, error) {
	if v == "" {
		return nil, nil
	}
	u, err := url.Parse(v)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || u.User != nil ||
		u.Path != "" && u.Path != "/" || u.RawQuery != "" || u.ForceQuery || u.Fragment != "" {
		return nil, errors.New("PUBLIC_URL must be http:// or https:// and a host, without a path, such as https://hooks.example.com")
	}
	return &url.URL{Scheme: u.Scheme, Host: strings.ToLower(u.Host)}, nil
}

func readAdmin(email, password string) (string, string, error) {
	if email == "" && password == "" {
		return "", "", nil
	}
	if email == "" || password == "" {
		return "", "", errors.New("ADMIN_EMAIL and ADMIN_PASSWORD go together; set both or neither")
	}
	stored, err := models.ReadEmail(email)
	if err != nil {
		err = errors.New("ADMIN_EMAIL must be an e-mail address, such as you@example.com")
	}
	if models.ValidatePassword(password) != "" {
		err = errors.Join(err, fmt.Errorf("ADMIN_PASSWORD must have %d to %d characters", models.MinPassword, models.MaxPassword))
	}
	return stored, password, err
}

func readNetworks(name, v string) ([]netip.Prefix, error) {
	var networks []netip.Prefix
	for part := range strings.SplitSeq(v, ",") {
		part = strings.TrimSpace(part)
		if part == "" {
			continue
		}
		p, err := netip.ParsePrefix(part)
		if a, addrErr := netip.ParseAddr(part); addrErr == nil && a.Zone() == "" {
			p, err = netip.PrefixFrom(a.Unmap(), a.Unmap().BitLen()), nil
		}
		if err != nil {
			return nil, fmt.Errorf("%s holds %q; it must be addresses or networks separated by commas, such as 10.0.0.5, 192.168.0.0/16", name, part)
		}
		networks = append(networks, p.Masked())
	}
	return networks, nil
}

func readDays(v string) (int, error) {
	days, err := strconv.Atoi(v)
	if err != nil || days < 1 || days > 3650 {
		return 0, fmt.Errorf("LOG_RETENTION_DAYS is %q; it must be a whole number of days from 1 to 3650, such as 30", v)
	}
	return days, nil
}

func readDuration(name, v string, least, most time.Duration) (time.Duration, error) {
	d, err := time.ParseDuration(v)
	if err != nil || d < least || d > most {
		return 0, fmt.Errorf("%s is %q; it must be a time from %s to %s, such as 500ms or 2s", name, v, least, most)
	}
	return d, nil
}

// publicURL returns the program's URL if it listens on port.
func (c Config) publicURL(port int) *url.URL {
	if c.PublicURL != nil {
		return c.PublicURL
	}
	return &url.URL{Scheme: "http", Host: "localhost:" + strconv.Itoa(port)}
}
