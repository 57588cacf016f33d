package main

import (
	"net/netip"
	"reflect"
	"strings"
	"testing"
	"time"

	"campaignlark/deliveries"
)

func env(pairs ...string) func(string) string {
	return func(name string) string {
		for i := 0; i < len(pairs); i += 2 {
			if pairs[i] == name {
				return pairs[i+1]
			}
		}
		return ""
	}
}

func TestConfigStandards(t *testing.T) {
	t.Parallel()
	got, err := readConfig(env())
	want := Config{
		ListenAddr: "127.0.0.1:8080", DatabaseURL: "sqlite://data/campaignlark.db",
		LogRetentionDays: 30, IntakeWait: 2 * time.Second, SegmentInterval: time.Second, RetrySchedule: deliveries.StandardSchedule,
	}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v (%v), want %+v", got, err, want)
	}
}

func TestConfigValues(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, value string
		of          func(Config) any
		want        any
	}{
		{"LISTEN_ADDR", ":9000", func(c Config) any { return c.ListenAddr }, ":9000"},
		{"METRICS_ADDR", "127.0.0.1:9100", func(c Config) any { return c.MetricsAddr }, "127.0.0.1:9100"},
		{"LISTEN_ADDR", "[::1]:0", func(c Config) any { return c.ListenAddr }, "[::1]:0"},
		{"DATABASE_URL", " postgres://u:p@db/lark ", func(c Config) any { return c.DatabaseURL }, "postgres://u:p@db/lark"},
		{"DATABASE_URL", "postgresql://db/lark", func(c Config) any { return c.DatabaseURL }, "postgresql://db/lark"},
		{"PUBLIC_URL", "https://Hooks.example.com/", func(c Config) any { return c.publicURL(1).String() }, "https://hooks.example.com"},
		{"PUBLIC_URL", "http://10.0.0.1:81", func(c Config) any { return c.publicURL(1).String() }, "http://10.0.0.1:81"},
		{"PUBLIC_URL", "", func(c Config) any { return c.publicURL(8099).String() }, "http://localhost:8099"},
		{"LOG_RETENTION_DAYS", "1", func(c Config) any { return c.LogRetentionDays }, 1},
		{"INTAKE_WAIT", "100ms", func(c Config) any { return c.IntakeWait }, 100 * time.Millisecond},
		{"INTAKE_WAIT", "15s", func(c Config) any { return c.IntakeWait }, 15 * time.Second},
		{"SEGMENT_INTERVAL", "1m", func(c Config) any { return c.SegmentInterval }, time.Minute},
		{"TRUSTED_PROXIES", "10.0.0.5, 192.168.1.7/16,::ffff:10.0.0.6,fd00::/8,", func(c Config) any { return c.TrustedProxies }, []netip.Prefix{
			netip.MustParsePrefix("10.0.0.5/32"), netip.MustParsePrefix("192.168.0.0/16"), netip.MustParsePrefix("10.0.0.6/32"), netip.MustParsePrefix("fd00::/8")}},
		{"OUTBOUND_ALLOW", "10.0.0.5, fd00::/8", func(c Config) any { return c.OutboundAllow }, []netip.Prefix{netip.MustParsePrefix("10.0.0.5/32"), netip.MustParsePrefix("fd00::/8")}},
		{"RETRY_SCHEDULE", "100ms, 5m", func(c Config) any { return c.RetrySchedule }, deliveries.Schedule{100 * time.Millisecond, 5 * time.Minute}},
	} {
		got, err := readConfig(env(c.name, c.value))
		if err != nil || !reflect.DeepEqual(c.of(got), c.want) {
			t.Errorf("%s=%q: got %v (%v), want %v", c.name, c.value, c.of(got), err, c.want)
		}
	}
}

func TestConfigMail(t *testing.T) {
	t.Parallel()
	got, err := readConfig(env("SMTP_URL", "smtps://me:hunter2@mail.example.com", "MAIL_FROM", "CampaignLark <hooks@example.com>"))
	if err != nil || got.Mail == nil || got.Mail.String() != "mail.example.com:465" || got.Mail.Password != "hunter2" || got.Mail.From.Address != "hooks@example.com" {
		t.Errorf("got %v (%v)", got.Mail, err)
	}
	_, err = readConfig(env("SMTP_URL", "smtp://me:hunter2@mail.example.com?tls=never", "MAIL_FROM", "hooks"))
	if err == nil || !strings.Contains(err.Error(), "SMTP_URL") || !strings.Contains(err.Error(), "MAIL_FROM") || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("got %v, want a sentence for each and no password", err)
	}
}

func TestConfigAdmin(t *testing.T) {
	t.Parallel()
	got, err := readConfig(env("ADMIN_EMAIL", " Tywin@Example.com", "ADMIN_PASSWORD", " rains of castamere "))
	if err != nil || got.AdminEmail != "tywin@example.com" || got.AdminPassword != " rains of castamere " {
		t.Errorf("got %q, %q (%v), want the stored form of the address and the password as it is", got.AdminEmail, got.AdminPassword, err)
	}
}

func TestConfigRefusals(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, value string }{
		{"METRICS_ADDR", "9100"},
		{"LISTEN_ADDR", "8080"},
		{"LISTEN_ADDR", "localhost"},
		{"LISTEN_ADDR", "localhost:http"},
		{"LISTEN_ADDR", "localhost:65536"},
		{"LISTEN_ADDR", "localhost:-1"},
		{"LISTEN_ADDR", "localhost:"},
		{"LISTEN_ADDR", "http://localhost:8080"},
		{"DATABASE_URL", "data/campaignlark.db"},
		{"DATABASE_URL", "mysql://u@h/d"},
		{"DATABASE_URL", "sqlite://"},
		{"PUBLIC_URL", "hooks.example.com"},
		{"PUBLIC_URL", "ftp://hooks.example.com"},
		{"PUBLIC_URL", "https://"},
		{"PUBLIC_URL", "https://hooks.example.com/lark"},
		{"PUBLIC_URL", "https://hooks.example.com?"},
		{"PUBLIC_URL", "https://u:p@hooks.example.com"},
		{"SMTP_URL", "smtp://mail.example.com"},
		{"MAIL_FROM", "hooks@example.com"},
		{"ADMIN_EMAIL", "tywin@example.com"},
		{"ADMIN_PASSWORD", "a long enough password"},
		{"TRUSTED_PROXIES", "proxy.local"},
		{"TRUSTED_PROXIES", "10.0.0.1; 10.0.0.2"},
		{"TRUSTED_PROXIES", "10.0.0.0/33"},
		{"TRUSTED_PROXIES", "fe80::1%eth0"},
		{"OUTBOUND_ALLOW", "crm.intranet"},
		{"OUTBOUND_ALLOW", "10.0.0.0/33"},
		{"RETRY_SCHEDULE", "5"},
		{"RETRY_SCHEDULE", "5s,soon"},
		{"LOG_RETENTION_DAYS", "0"},
		{"LOG_RETENTION_DAYS", "3651"},
		{"LOG_RETENTION_DAYS", "30d"},
		{"INTAKE_WAIT", "2"},
		{"INTAKE_WAIT", "99ms"},
		{"INTAKE_WAIT", "16s"},
		{"INTAKE_WAIT", "-1s"},
		{"SEGMENT_INTERVAL", "0s"},
		{"SEGMENT_INTERVAL", "61s"},
		{"SEGMENT_INTERVAL", "soon"},
	} {
		_, err := readConfig(env(c.name, c.value))
		if err == nil || !strings.Contains(err.Error(), c.name) {
			t.Errorf("%s=%q: got %v, want a sentence that names the variable", c.name, c.value, err)
		}
	}
}

func TestConfigNamesEveryWrongVariableAndNoSecret(t *testing.T) {
	t.Parallel()
	_, err := readConfig(env("LISTEN_ADDR", "x", "DATABASE_URL", "psql://me:hunter2@db/x", "ADMIN_EMAIL", "x", "ADMIN_PASSWORD", "hunter2"))
	if err == nil {
		t.Fatal("got no error, want four sentences")
	}
	if lines := strings.Split(err.Error(), "\n"); len(lines) != 4 {
		t.Errorf("got %d lines, want 4: %q", len(lines), lines)
	}
	if strings.Contains(err.Error(), "hunter2") {
		t.Errorf("got %q, want no password in it", err)
	}
}
