package senders_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"testing"

	"campaignlark/senders"
)

func TestValidateScheme(t *testing.T) {
	t.Parallel()
	network := []netip.Prefix{netip.MustParsePrefix("203.0.113.0/24")}
	for _, c := range []struct {
		name   string
		scheme senders.Scheme
		wrong  []string // settings with a sentence
	}{
		{"nothing set", senders.Scheme{}, nil},
		{"unknown form", senders.Scheme{Form: "pigeon"}, []string{"form"}},
		{"body", senders.Scheme{Form: "body", Header: "X-Signature", Prefix: "sha256="}, nil},
		{"body without a header", senders.Scheme{Form: "body"}, []string{"header"}},
		{"header with a blank", senders.Scheme{Form: "body", Header: "X Signature"}, []string{"header"}},
		{"header with its colon", senders.Scheme{Form: "body", Header: "X-Signature:"}, []string{"header"}},
		{"header with an umlaut", senders.Scheme{Form: "body", Header: "X-Prüfung"}, []string{"header"}},
		{"long header", senders.Scheme{Form: "body", Header: strings.Repeat("x", 101)}, []string{"header"}},
		{"prefix with a comma", senders.Scheme{Form: "body", Header: "X", Prefix: "a,"}, []string{"prefix"}},
		{"prefix with a line end", senders.Scheme{Form: "body", Header: "X", Prefix: "a\n"}, []string{"prefix"}},
		{"algorithm and encoding", senders.Scheme{Form: "body", Header: "X", Algorithm: "md5", Encoding: "binary"}, []string{"algorithm", "encoding"}},
		{"t and v1 without settings", senders.Scheme{Form: "t_v1"}, nil},
		{"what a form prescribes is not asked", senders.Scheme{Form: "t_v1", Algorithm: "md5", Encoding: "base64"}, nil},
		{"negative tolerance", senders.Scheme{Form: "t_v1", Tolerance: -1}, []string{"tolerance"}},
		{"tolerance below 10 seconds", senders.Scheme{Form: "ts_h1", Tolerance: 9}, []string{"tolerance"}},
		{"tolerance over a day", senders.Scheme{Form: "hubspot_v3", Tolerance: 86401}, []string{"tolerance"}},
		{"tolerance without a time", senders.Scheme{Form: "body", Header: "X", Tolerance: -1}, nil},
		{"Standard Webhooks", senders.Scheme{Form: "standard_webhooks", Header: "svix-signature"}, nil},
		{"header that gives no names for the others", senders.Scheme{Form: "standard_webhooks", Header: "X-Sum"}, []string{"header"}},
		{"Webflow", senders.Scheme{Form: "timestamp_apart", Header: "x-webflow-signature"}, nil},
		{"no header of the time", senders.Scheme{Form: "timestamp_apart", Header: "X-Sum"}, []string{"time_header"}},
		{"text before the time", senders.Scheme{Form: "timestamp_apart", Header: "X-Sum", TimeHeader: "X-Time", SignedPrefix: "é"}, []string{"signed_prefix"}},
		{"word in a header", senders.Scheme{Form: "shared_word", Header: "X-Token"}, nil},
		{"word in the body", senders.Scheme{Form: "shared_word", Member: "key"}, nil},
		{"word nowhere", senders.Scheme{Form: "shared_word"}, []string{"header"}},
		{"word in two places", senders.Scheme{Form: "shared_word", Header: "X-Token", Member: "key"}, []string{"member"}},
		{"long place", senders.Scheme{Form: "shared_word", Member: strings.Repeat("x", 501)}, []string{"member"}},
		{"basic", senders.Scheme{Form: "basic"}, nil},
		{"addresses", senders.Scheme{Form: "addresses", Networks: network}, nil},
		{"no addresses", senders.Scheme{Form: "addresses"}, []string{"networks"}},
		{"every address", senders.Scheme{Form: "addresses", Networks: []netip.Prefix{netip.MustParsePrefix("0.0.0.0/0")}}, []string{"networks"}},
		{"a network that is none", senders.Scheme{Form: "addresses", Networks: []netip.Prefix{{}}}, []string{"networks"}},
		{"101 networks", senders.Scheme{Form: "addresses", Networks: slices.Repeat(network, 101)}, []string{"networks"}},
	} {
		errs := c.scheme.Completed().Validate()
		if got := slices.Sorted(maps.Keys(errs)); !slices.Equal(got, c.wrong) {
			t.Errorf("%s: got %v, want a sentence for %v", c.name, errs, c.wrong)
		}
		for setting, sentence := range errs {
			if !strings.HasSuffix(sentence, ".") {
				t.Errorf("%s: %s: got %q, want a sentence", c.name, setting, sentence)
			}
		}
	}
}

// TestSchemeJSON keeps the form of stored settings.
func TestSchemeJSON(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		`{"form":"none"}`,
		`{"form":"body","header":"X-Hub-Signature-256","prefix":"sha256=","algorithm":"sha1","encoding":"base64"}`,
		`{"form":"timestamp_apart","header":"X-Slack-Signature","prefix":"v0=","tolerance":60,"time_header":"X-Slack-Request-Timestamp","signed_prefix":"v0:"}`,
		`{"form":"shared_word","member":"data.key"}`,
		`{"form":"addresses","networks":["203.0.113.0/24","2001:db8::/32"]}`,
	} {
		var s senders.Scheme
		if err := json.Unmarshal([]byte(text), &s); err != nil {
			t.Errorf("%s: %v", text, err)
		}
		if back, err := json.Marshal(s); err != nil || string(back) != text {
			t.Errorf("got %s (%v), want %s", back, err, text)
		}
		if once := s.Completed(); !reflect.DeepEqual(once, once.Completed()) {
			t.Errorf("%s: completed twice it is %+v, want %+v", text, once.Completed(), once)
		}
	}
}

func TestReadNetworksRefuses(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"shop.example.com", "203.0.113.7/33", "203.0.113", "fe80::1%eth0", "::ffff:192.0.2.0/90", "10.0.0.1-10.0.0.9", "203.0.113.7/", "\x00"} {
		if networks, wrong := senders.ReadNetworks("203.0.113.7, " + text); networks != nil || !strings.HasSuffix(wrong, ".") {
			t.Errorf("%q: got %v and %q, want a sentence", text, networks, wrong)
		}
	}
	if networks, wrong := senders.ReadNetworks(" \r\n "); len(networks) != 0 || wrong != "" {
		t.Errorf("got %v and %q, want nothing for blanks", networks, wrong)
	}
	var many strings.Builder
	for i := range 20_000 {
		fmt.Fprintf(&many, "10.%d.%d.1\n", i/256, i%256)
	}
	networks, _ := senders.ReadNetworks(many.String())
	if errs := (senders.Scheme{Form: "addresses", Networks: networks}).Validate(); errs["networks"] == "" || len(networks) > 101 {
		t.Errorf("got %d networks and %v, want them cut off and refused", len(networks), errs)
	}
}

func TestValidateSecret(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		form   senders.SignatureForm
		secret string
		ok     bool
	}{
		{"none", "", true},
		{"addresses", "", true},
		{"body", "", false},
		{"body", " \r\n", false},
		{"body", " pasted with a line end \n", true},
		{"body", "two\nlines", false},
		{"body", "\xff", false},
		{"body", strings.Repeat("x", 500), true},
		{"body", strings.Repeat("x", 501), false},
		{"t_v1", "whsec_any text of Stripe", true},
		{"standard_webhooks", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", true},
		{"standard_webhooks", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", true},
		{"standard_webhooks", "whsec_", false},
		{"standard_webhooks", "whsec_not base64", false},
		{"standard_webhooks", "whpk_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", false},
		{"basic", "shop:pass:word", true},
		{"basic", "shop", false},
		{"basic", "shop:", false},
		{"basic", ":pass", false},
	} {
		wrong := c.form.ValidateSecret(senders.CleanSecret(c.secret))
		if (wrong == "") != c.ok || wrong != "" && !strings.HasSuffix(wrong, ".") {
			t.Errorf("%s, %q: got %q, want valid: %v", c.form, c.secret, wrong, c.ok)
		}
		if secret := senders.CleanSecret(c.secret); len(secret) > 6 && strings.Contains(wrong, secret) {
			t.Errorf("%s: the sentence %q repeats the secret", c.form, wrong)
		}
	}
}
