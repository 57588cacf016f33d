package senders_test

import (
	"encoding/json"
	"net/netip"
	"strings"
	"testing"
	"time"

	"campaignlark/senders"
)

// Signatures that no vendor publishes were computed with openssl, over the text that the form signs:
//
//	printf '%s' 'TEXT' | openssl dgst -sha256 -hmac 'a secret of the shop'
//	printf '%s' 'TEXT' | openssl dgst -sha256 -hmac 'a secret of the shop' -binary | base64
const (
	shopSecret = "a secret of the shop"
	shopBody   = `{"email":"ada@example.com"}`

	bodyHex    = "66e5da5d87b55b8f92368b602d3b1cd316d04a84425cdfbf0ead45b7e4a19b0a" // {"email":"ada@example.com"}
	bodyBase64 = "ZuXaXYe1W4+SNotgLTsc0xbQSoRCXN+/Dq1Ft+Shmwo="                     // the same
	dotHex     = "0cae17593f7ddab1d66f3084a3b349380395c38a7d1adebf47fbad6677fca452" // 1790000000.{"email":"ada@example.com"}
	colonHex   = "2128a74b453ecb44057e422a45ee239bcb0364979d6fa47656550357c7b1cf0c" // 1790000000:{"email":"ada@example.com"}
	milliHex   = "5e72674e879c015f5f86aa6af38c7f7802ed1e93e106dcfb455617e5f237e30d" // 1790000000123:{"email":"ada@example.com"}
	hubSpot    = "vC/RPpkGy5we97ebvXs2nFS6v+sfa6DPqQJ8hDl7ASQ="                     // POSThttps://hooks.example.com/in/abc?tag=a/b:c{"email":"ada@example.com"}1790000000123

	signedAt    = 1790000000
	svixSecret  = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw" // of the example in Svix's documentation
	wrongHex    = "00e5da5d87b55b8f92368b602d3b1cd316d04a84425cdfbf0ead45b7e4a19b0a"
	wrongBase64 = "AAXaXYe1W4+SNotgLTsc0xbQSoRCXN+/Dq1Ft+Shmwo="
)

// The example of "Verifying requests from Slack" (Slack's documentation).
const slackBody = "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar" +
	"&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2F" +
	"T1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c"

// The example of WebhookVerifier in Paddle's Go SDK.
const paddleBody = `{"data":{"id":"pri_01hsdn96k2hxjzsq5yerecdj9j","name":null,"status":"active","quantity":{"maximum":999999,"minimum":1},` +
	`"tax_mode":"account_setting","product_id":"pro_01hsdn8qp7yydry3x1yeg6a9rv","unit_price":{"amount":"1000","currency_code":"USD"},` +
	`"custom_data":null,"description":"testing","import_meta":null,"trial_period":null,"billing_cycle":{"interval":"month","frequency":1},` +
	`"unit_price_overrides":[]},"event_id":"evt_01hsdn97563968dy0szkmgjwh3","event_type":"price.created",` +
	`"occurred_at":"2024-03-20T10:07:35.590857Z","notification_id":"ntf_01hsdn977e920kbgzt6r6c9rqc"}`

// headers returns the values of headers that are written as in a request: "Name: value".
func headers(lines ...string) func(string) []string {
	return func(name string) (values []string) {
		for _, line := range lines {
			if n, value, _ := strings.Cut(line, ":"); strings.EqualFold(n, name) {
				values = append(values, strings.TrimSpace(value))
			}
		}
		return values
	}
}

func post(body string, lines ...string) senders.SignedRequest {
	return senders.SignedRequest{Method: "POST", Body: []byte(body), Header: headers(lines...)}
}

func TestRightSignatures(t *testing.T) {
	t.Parallel()
	hub := post(shopBody, "X-HubSpot-Signature-v3: "+hubSpot, "X-HubSpot-Request-Timestamp: 1790000000123")
	hub.URL = "https://hooks.example.com/in/abc?tag=a%2Fb%3ac"
	for _, c := range []struct {
		name    string
		scheme  senders.Scheme
		secret  string
		request senders.SignedRequest
		at      int64 // Unix seconds; 0 is 1790000000
	}{
		{"GitHub Docs, Validating webhook deliveries", senders.Scheme{Form: "body", Header: "X-Hub-Signature-256", Prefix: "sha256="}, "It's a Secret to Everybody",
			post("Hello, World!", "X-Hub-Signature-256: sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"), 0},
		{"Slack, Verifying requests from Slack", senders.Scheme{Form: "timestamp_apart", Header: "X-Slack-Signature"}, "8f742231b10e8888abcd99yyyzzz85a5",
			post(slackBody, "X-Slack-Request-Timestamp: 1531420618", "X-Slack-Signature: v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503"), 1531420618},
		{"Svix, How to Verify Webhooks with the Svix Libraries", senders.Scheme{Form: "standard_webhooks"}, svixSecret,
			post(`{"test": 2432232314}`, "svix-id: msg_p5jXN8AQM9LWM0D4loKWxJek", "svix-timestamp: 1614265330", "svix-signature: v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="), 1614265330},
		{"Paddle Go SDK, ExampleWebhookVerifier_Verify", senders.Scheme{Form: "ts_h1"}, "pdl_ntfset_01hsdn8d43dt7mezr1ef2jtbaw_hKkRiCGyyRhbFwIUuqiTBgI7gnWoV0Gr",
			post(paddleBody, "Paddle-Signature: ts=1710929255;h1=6c05ef8fa83c44d751be6d259ec955ce5638e2c54095bf128e408e2fce1589c8"), 1710929255},
		// printf '%s' 'Hello, World!' | openssl dgst -sha1 -hmac "It's a Secret to Everybody"
		{"SHA-1", senders.Scheme{Form: "body", Header: "X-Hub-Signature", Prefix: "sha1=", Algorithm: "sha1"}, "It's a Secret to Everybody",
			post("Hello, World!", "X-Hub-Signature: sha1=01dc10d0c83e72ed246219cdd91669667fe2ca59"), 0},
		{"body in base64, as Shopify", senders.Scheme{Form: "body", Header: "X-Shopify-Hmac-SHA256", Encoding: "base64"}, shopSecret, post(shopBody, "x-shopify-hmac-sha256: "+bodyBase64), 0},
		{"body in base64 with a prefix, as Typeform", senders.Scheme{Form: "body", Header: "Typeform-Signature", Prefix: "sha256=", Encoding: "base64"}, shopSecret,
			post(shopBody, "Typeform-Signature: sha256="+bodyBase64), 0},
		{"body in hex, as Lemon Squeezy", senders.Scheme{Form: "body", Header: "X-Signature"}, shopSecret, post(shopBody, "X-Signature: "+bodyHex), 0},
		{"t and v1, as Stripe", senders.Scheme{Form: "t_v1"}, shopSecret, post(shopBody, "Stripe-Signature: t=1790000000,v1="+dotHex+",v0="+wrongHex), 0},
		{"t and v1 in another header, as Calendly", senders.Scheme{Form: "t_v1", Header: "Calendly-Webhook-Signature", Tolerance: 180}, shopSecret,
			post(shopBody, "Calendly-Webhook-Signature: t=1790000000, v1="+dotHex), 0},
		{"ts and h1", senders.Scheme{Form: "ts_h1"}, shopSecret, post(shopBody, "Paddle-Signature: ts=1790000000;h1="+colonHex), 0},
		{"time in another header in milliseconds, as Webflow", senders.Scheme{Form: "timestamp_apart", Header: "x-webflow-signature"}, shopSecret,
			post(shopBody, "x-webflow-timestamp: 1790000000123", "x-webflow-signature: "+milliHex), 0},
		{"time in another header in seconds", senders.Scheme{Form: "timestamp_apart", Header: "X-Sum", TimeHeader: "X-When"}, shopSecret, post(shopBody, "X-When: 1790000000", "X-Sum: "+colonHex), 0},
		{"text that is signed before the time", senders.Scheme{Form: "timestamp_apart", Header: "X-Sum", Prefix: "v0=", TimeHeader: "X-When", SignedPrefix: "v0:"}, "8f742231b10e8888abcd99yyyzzz85a5",
			post(slackBody, "X-When: 1531420618", "X-Sum: v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503"), 1531420618},
		{"HubSpot with an encoded URL", senders.Scheme{Form: "hubspot_v3"}, shopSecret, hub, 0},
		{"word in a header", senders.Scheme{Form: "shared_word", Header: "X-Token"}, shopSecret, post("", "X-Token: "+shopSecret), 0},
		{"word after a prefix", senders.Scheme{Form: "shared_word", Header: "Authorization", Prefix: "Bearer "}, shopSecret, post("", "Authorization: bearer "+shopSecret), 0},
		{"word in the body", senders.Scheme{Form: "shared_word", Member: "HandshakeKey"}, shopSecret, senders.SignedRequest{Member: headers("HandshakeKey: " + shopSecret)}, 0},
		// printf '%s' 'shop:pass:word' | base64
		{"user name and password", senders.Scheme{Form: "basic"}, "shop:pass:word", post("", "Authorization: Basic c2hvcDpwYXNzOndvcmQ="), 0},
		{"user name and password, other case", senders.Scheme{Form: "basic"}, "shop:pass:word", post("", "authorization: basic  c2hvcDpwYXNzOndvcmQ"), 0},
		{"upper-case hex", senders.Scheme{Form: "body", Header: "X-Signature"}, shopSecret, post(shopBody, "X-Signature: "+strings.ToUpper(bodyHex)), 0},
		{"prefix in another case", senders.Scheme{Form: "body", Header: "X-Signature", Prefix: "sha256="}, shopSecret, post(shopBody, "X-Signature: SHA256="+bodyHex), 0},
		{"base64 without padding", senders.Scheme{Form: "body", Header: "X-Signature", Encoding: "base64"}, shopSecret, post(shopBody, "X-Signature: "+strings.TrimRight(bodyBase64, "=")), 0},
		{"URL-safe base64", senders.Scheme{Form: "body", Header: "X-Signature", Encoding: "base64"}, shopSecret, post(shopBody, "X-Signature: ZuXaXYe1W4-SNotgLTsc0xbQSoRCXN-_Dq1Ft-Shmwo"), 0},
		{"any of several in a header", senders.Scheme{Form: "body", Header: "X-Signature", Prefix: "sha256="}, shopSecret,
			post(shopBody, "X-Signature: sha256=short, sha256="+wrongHex+", sha256="+bodyHex+", md5=1"), 0},
		{"any of several v1", senders.Scheme{Form: "t_v1"}, shopSecret, post(shopBody, "Stripe-Signature: v1="+wrongHex+",t=1790000000,v1="+dotHex+",v1=x"), 0},
		{"any of several h1", senders.Scheme{Form: "ts_h1"}, shopSecret, post(shopBody, "Paddle-Signature: ts=1790000000;h1="+wrongHex+";h1="+colonHex), 0},
		{"any of several of Standard Webhooks", senders.Scheme{Form: "standard_webhooks"}, svixSecret,
			post(`{"test": 2432232314}`, "webhook-id: msg_p5jXN8AQM9LWM0D4loKWxJek", "webhook-timestamp: 1614265330",
				"webhook-signature: v1a,AAAA v1,"+wrongBase64+" v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="), 1614265330},
	} {
		at := time.Unix(signedAt, 0)
		if c.at != 0 {
			at = time.Unix(c.at, 0)
		}
		if wrong := c.scheme.Completed().Validate(); wrong.Any() {
			t.Errorf("%s: the scheme is refused: %v", c.name, wrong)
		}
		if wrong := c.scheme.Form.ValidateSecret(c.secret); wrong != "" {
			t.Errorf("%s: the secret is refused: %s", c.name, wrong)
		}
		got := senders.Verify(c.scheme, senders.Secrets{Newer: c.secret}, c.request, at)
		if got.Result != senders.ResultOK || got.Secret != senders.SecretNewer || !got.Passes() {
			t.Errorf("%s: got %+v, want ok with the newer secret", c.name, got)
		}
		got = senders.Verify(c.scheme, senders.Secrets{Newer: "bmV3", Older: c.secret}, c.request, at)
		if got.Result != senders.ResultOK || got.Secret != senders.SecretOlder {
			t.Errorf("%s: got %+v, want ok with the older secret", c.name, got)
		}
		got = senders.Verify(c.scheme, senders.Secrets{Newer: "bmV3"}, c.request, at)
		if got.Result != senders.ResultWrong || got.Fault != senders.FaultMismatch || got.Secret != "" || got.Passes() {
			t.Errorf("%s with another secret: got %+v, want wrong", c.name, got)
		}
		got = senders.Verify(c.scheme, senders.Secrets{}, c.request, at)
		if got.Result != senders.ResultNoSecret || got.Passes() {
			t.Errorf("%s without a secret: got %+v, want no_secret", c.name, got)
		}
	}
}

// TestChangedRequests changes one thing of a request after it was signed.
func TestChangedRequests(t *testing.T) {
	t.Parallel()
	hub := post(shopBody, "X-HubSpot-Signature-v3: "+hubSpot, "X-HubSpot-Request-Timestamp: 1790000000123")
	hub.URL = "https://hooks.example.com/in/abc?tag=a/b:c"
	otherURL, otherMethod, get := hub, hub, hub
	otherURL.URL += "&email=eve@example.com"
	otherMethod.Method = "PUT"
	get.Method = "GET"
	for _, c := range []struct {
		name    string
		form    senders.SignatureForm
		request senders.SignedRequest
	}{
		{"body", senders.FormBody, post(shopBody+" ", "X-Signature: "+bodyHex)},
		{"body under t and v1", senders.FormTimeV1, post(shopBody+"\n", "X-Signature: t=1790000000,v1="+dotHex)},
		{"time under t and v1", senders.FormTimeV1, post(shopBody, "X-Signature: t=1790000001,v1="+dotHex)},
		{"time under ts and h1", senders.FormTimeH1, post(shopBody, "X-Signature: ts=1790000001;h1="+colonHex)},
		{"time apart", senders.FormTimestampApart, post(shopBody, "X-Timestamp: 1790000001", "X-Signature: "+colonHex)},
		{"a leading zero in the time", senders.FormTimestampApart, post(shopBody, "X-Timestamp: 01790000000", "X-Signature: "+colonHex)},
		{"URL of HubSpot", senders.FormHubSpot, otherURL},
		{"method of HubSpot", senders.FormHubSpot, otherMethod},
		{"method GET of HubSpot", senders.FormHubSpot, get},
	} {
		scheme := senders.Scheme{Form: c.form, Header: "X-Signature"}
		if c.form == senders.FormHubSpot {
			scheme.Header = ""
		}
		got := senders.Verify(scheme, senders.Secrets{Newer: shopSecret}, c.request, time.Unix(signedAt, 0))
		if got.Result != senders.ResultWrong || got.Fault != senders.FaultMismatch {
			t.Errorf("%s changed: got %+v, want a mismatch", c.name, got)
		}
	}
}

func TestRefusedHeaders(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		form   senders.SignatureForm
		lines  []string
		result senders.SignatureResult
		fault  senders.SignatureFault
		place  string
	}{
		{"body", nil, "no_header", "", "X-Signature"},
		{"body", []string{"X-Signature:"}, "wrong", "empty", "X-Signature"},
		{"body", []string{"X-Signature: sha256=" + bodyHex, "x-signature: sha256=" + bodyHex}, "wrong", "twice", "X-Signature"},
		{"body", []string{"X-Signature: " + bodyHex}, "wrong", "no_signature", "X-Signature"},
		{"body", []string{"X-Signature: sha256="}, "wrong", "length", "X-Signature"},
		{"body", []string{"X-Signature: sha256=" + bodyHex[2:]}, "wrong", "length", "X-Signature"},
		{"body", []string{"X-Signature: sha256=" + bodyHex + "00"}, "wrong", "length", "X-Signature"},
		{"body", []string{"X-Signature: sha256=" + bodyHex[1:]}, "wrong", "unreadable", "X-Signature"},
		{"body", []string{"X-Signature: sha256=" + bodyBase64}, "wrong", "unreadable", "X-Signature"},
		{"body", []string{"X-Signature: sha256=\xff\x00"}, "wrong", "unreadable", "X-Signature"},
		{"body", []string{"X-Signature: sha256=" + wrongHex}, "wrong", "mismatch", "X-Signature"},
		{"t_v1", nil, "no_header", "", "X-Signature"},
		{"t_v1", []string{"X-Signature:"}, "wrong", "empty", "X-Signature"},
		{"t_v1", []string{"X-Signature: t=1790000000,v1=" + dotHex, "X-Signature: t=1790000000,v1=" + dotHex}, "wrong", "twice", "X-Signature"},
		{"t_v1", []string{"X-Signature: v1=" + dotHex}, "wrong", "time", "X-Signature"},
		{"t_v1", []string{"X-Signature: t=,v1=" + dotHex}, "wrong", "time", "X-Signature"},
		{"t_v1", []string{"X-Signature: t=soon,v1=" + dotHex}, "wrong", "time", "X-Signature"},
		{"t_v1", []string{"X-Signature: t=-1790000000,v1=" + dotHex}, "wrong", "time", "X-Signature"},
		{"t_v1", []string{"X-Signature: t=+1790000000,v1=" + dotHex}, "wrong", "time", "X-Signature"},
		{"t_v1", []string{"X-Signature: t=1790000000.5,v1=" + dotHex}, "wrong", "time", "X-Signature"},
		{"t_v1", []string{"X-Signature: t=99999999999999999999999,v1=" + dotHex}, "wrong", "time", "X-Signature"},
		{"t_v1", []string{"X-Signature: t=100000000000000,v1=" + dotHex}, "wrong", "time", "X-Signature"},
		{"t_v1", []string{"X-Signature: t=1790000000,t=1790000000,v1=" + dotHex}, "wrong", "time", "X-Signature"},
		{"t_v1", []string{"X-Signature: t=1790000000"}, "wrong", "no_signature", "X-Signature"},
		{"t_v1", []string{"X-Signature: t=1790000000,v0=" + dotHex}, "wrong", "no_signature", "X-Signature"},
		{"t_v1", []string{"X-Signature: t=1790000000,v1"}, "wrong", "length", "X-Signature"},
		{"t_v1", []string{"X-Signature: t=1790000000,v1=zz"}, "wrong", "unreadable", "X-Signature"},
		{"ts_h1", nil, "no_header", "", "X-Signature"},
		{"ts_h1", []string{"X-Signature: ts=1790000000,h1=" + colonHex}, "wrong", "time", "X-Signature"},
		{"ts_h1", []string{"X-Signature: ts=1790000000"}, "wrong", "no_signature", "X-Signature"},
		{"ts_h1", []string{"X-Signature: ;;=;h1==;ts=1790000000"}, "wrong", "unreadable", "X-Signature"},
		{"ts_h1", []string{"X-Signature: ts=1790000000;h1=" + wrongHex}, "wrong", "mismatch", "X-Signature"},
		{"standard_webhooks", nil, "no_header", "", "webhook-signature"},
		{"standard_webhooks", []string{"webhook-signature: v1,a"}, "no_header", "", "webhook-id"},
		{"standard_webhooks", []string{"svix-signature: v1,a", "svix-id: 1"}, "no_header", "", "svix-timestamp"},
		{"standard_webhooks", []string{"svix-signature: v1,a", "svix-id: 1", "webhook-timestamp: 1790000000"}, "no_header", "", "svix-timestamp"},
		{"standard_webhooks", []string{"webhook-signature: v1,a", "webhook-id: 1", "webhook-id: 2", "webhook-timestamp: 1790000000"}, "wrong", "twice", "webhook-id"},
		{"standard_webhooks", []string{"webhook-signature: v1,a", "webhook-id: 1", "webhook-timestamp: now"}, "wrong", "time", "webhook-timestamp"},
		{"standard_webhooks", []string{"webhook-signature: " + wrongBase64, "webhook-id: 1", "webhook-timestamp: 1790000000"}, "wrong", "no_signature", "webhook-signature"},
		{"standard_webhooks", []string{"webhook-signature: v1a," + wrongBase64, "webhook-id: 1", "webhook-timestamp: 1790000000"}, "wrong", "no_signature", "webhook-signature"},
		{"standard_webhooks", []string{"webhook-signature: v1,????", "webhook-id: 1", "webhook-timestamp: 1790000000"}, "wrong", "unreadable", "webhook-signature"},
		{"standard_webhooks", []string{"webhook-signature: v1,AAAA", "webhook-id: 1", "webhook-timestamp: 1790000000"}, "wrong", "length", "webhook-signature"},
		{"standard_webhooks", []string{"webhook-signature: v1," + wrongBase64, "webhook-id: 1", "webhook-timestamp: 1790000000"}, "wrong", "mismatch", "webhook-signature"},
		{"timestamp_apart", []string{"X-Timestamp: 1790000000"}, "no_header", "", "X-Signature"},
		{"timestamp_apart", []string{"X-Signature: sha256=" + colonHex}, "no_header", "", "X-Timestamp"},
		{"timestamp_apart", []string{"X-Signature: sha256=" + colonHex, "X-Timestamp:"}, "wrong", "empty", "X-Timestamp"},
		{"timestamp_apart", []string{"X-Signature: sha256=" + colonHex, "X-Timestamp: 1", "X-Timestamp: 2"}, "wrong", "twice", "X-Timestamp"},
		{"timestamp_apart", []string{"X-Signature: sha256=" + colonHex, "X-Timestamp: 2026-09-21"}, "wrong", "time", "X-Timestamp"},
		{"timestamp_apart", []string{"X-Signature: sha256=" + wrongHex, "X-Timestamp: 1790000000"}, "wrong", "mismatch", "X-Signature"},
		{"hubspot_v3", nil, "no_header", "", "X-HubSpot-Signature-v3"},
		{"hubspot_v3", []string{"X-HubSpot-Signature-v3: " + hubSpot}, "no_header", "", "X-HubSpot-Request-Timestamp"},
		{"hubspot_v3", []string{"X-HubSpot-Signature-v3: " + hubSpot, "X-HubSpot-Request-Timestamp: x"}, "wrong", "time", "X-HubSpot-Request-Timestamp"},
		{"hubspot_v3", []string{"X-HubSpot-Signature-v3: ====", "X-HubSpot-Request-Timestamp: 1790000000123"}, "wrong", "length", "X-HubSpot-Signature-v3"},
		{"shared_word", nil, "no_header", "", "X-Signature"},
		{"shared_word", []string{"X-Signature:"}, "wrong", "empty", "X-Signature"},
		{"shared_word", []string{"X-Signature: " + svixSecret}, "wrong", "no_signature", "X-Signature"},
		{"shared_word", []string{"X-Signature: sha256=" + svixSecret + "x"}, "wrong", "mismatch", "X-Signature"},
		{"shared_word", []string{"X-Signature: sha256=" + svixSecret, "X-Signature: sha256=" + svixSecret}, "wrong", "twice", "X-Signature"},
		{"basic", nil, "no_header", "", "Authorization"},
		{"basic", []string{"Authorization: Bearer abc"}, "wrong", "no_signature", "Authorization"},
		{"basic", []string{"Authorization: Basic"}, "wrong", "no_signature", "Authorization"},
		{"basic", []string{"Authorization: Basic a"}, "wrong", "unreadable", "Authorization"},
		{"basic", []string{"Authorization: Basic c2hvcDo="}, "wrong", "mismatch", "Authorization"},
		{"basic", []string{"Authorization: Basic c2hvcDo=", "Authorization: Basic c2hvcDo="}, "wrong", "twice", "Authorization"},
	} {
		scheme := senders.Scheme{Form: c.form}
		switch c.form {
		case "body", "timestamp_apart", "shared_word":
			scheme.Header, scheme.Prefix = "X-Signature", "sha256="
		case "t_v1", "ts_h1":
			scheme.Header = "X-Signature"
		}
		got := senders.Verify(scheme, senders.Secrets{Newer: svixSecret, Older: svixSecret + "AAAA"}, post(shopBody, c.lines...), time.Unix(signedAt, 0))
		if got.Result != c.result || got.Fault != c.fault || got.Place != c.place || got.Passes() {
			t.Errorf("%s with %q: got %+v, want %s, %q of %s", c.form, c.lines, got, c.result, c.fault, c.place)
		}
	}
}

// TestGetIsNotCovered replays a signed body in a GET, where the values stand in the query.
func TestGetIsNotCovered(t *testing.T) {
	t.Parallel()
	r := post(shopBody, "X-Signature: "+bodyHex)
	r.Method = "GET"
	got := senders.Verify(senders.Scheme{Form: "body", Header: "X-Signature"}, senders.Secrets{Newer: shopSecret}, r, time.Unix(signedAt, 0))
	if got.Result != senders.ResultWrong || got.Fault != senders.FaultQuery {
		t.Errorf("got %+v, want wrong: the query is not signed", got)
	}
}

// TestWordInTheBody reads the word from the body only, and only if it stands there once.
func TestWordInTheBody(t *testing.T) {
	t.Parallel()
	scheme := senders.Scheme{Form: "shared_word", Member: "key"}
	for _, c := range []struct {
		name   string
		r      senders.SignedRequest
		result senders.SignatureResult
		fault  senders.SignatureFault
	}{
		{"no body that can be read", senders.SignedRequest{}, "no_header", ""},
		{"in a header of that name", post("", "key: "+shopSecret), "no_header", ""},
		{"empty", senders.SignedRequest{Member: headers("key:")}, "wrong", "empty"},
		{"twice", senders.SignedRequest{Member: headers("key: "+shopSecret, "key: "+shopSecret)}, "wrong", "twice"},
		{"another", senders.SignedRequest{Member: headers("key: x")}, "wrong", "mismatch"},
	} {
		got := senders.Verify(scheme, senders.Secrets{Newer: shopSecret}, c.r, time.Unix(signedAt, 0))
		if got.Result != c.result || got.Fault != c.fault || got.Place != "key" || !got.InBody {
			t.Errorf("%s: got %+v, want %s %s", c.name, got, c.result, c.fault)
		}
	}
}

func TestTolerance(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		scheme senders.Scheme
		now    time.Time
		want   senders.SignatureResult
		age    time.Duration
	}{
		{"immediately", senders.Scheme{Form: "t_v1"}, time.Unix(signedAt, 0), "ok", 0},
		{"at the end of the standard tolerance", senders.Scheme{Form: "t_v1"}, time.Unix(signedAt+300, 0), "ok", 300 * time.Second},
		{"after it", senders.Scheme{Form: "t_v1"}, time.Unix(signedAt+300, 1), "too_old", 300*time.Second + 1},
		{"ahead within it", senders.Scheme{Form: "t_v1"}, time.Unix(signedAt-300, 0), "ok", -300 * time.Second},
		{"further ahead", senders.Scheme{Form: "t_v1"}, time.Unix(signedAt-301, 0), "too_new", -301 * time.Second},
		{"hours old", senders.Scheme{Form: "t_v1"}, time.Unix(signedAt+7200, 0), "too_old", 2 * time.Hour},
		{"Calendly's tolerance", senders.Scheme{Form: "t_v1", Tolerance: 180}, time.Unix(signedAt+181, 0), "too_old", 181 * time.Second},
		{"a day", senders.Scheme{Form: "t_v1", Tolerance: 86400}, time.Unix(signedAt+86400, 0), "ok", 24 * time.Hour},
	} {
		c.scheme.Header = "X-Signature"
		got := senders.Verify(c.scheme, senders.Secrets{Newer: "x", Older: shopSecret}, post(shopBody, "X-Signature: t=1790000000,v1="+dotHex), c.now)
		if got.Result != c.want || got.Age() != c.age || got.Secret != senders.SecretOlder || !got.SignedAt.Equal(time.Unix(signedAt, 0)) {
			t.Errorf("%s: got %+v (age %s), want %s, age %s, with the older secret", c.name, got, got.Age(), c.want, c.age)
		}
	}
	// A wrong signature stays wrong, however old. The times are there all the same.
	got := senders.Verify(senders.Scheme{Form: "t_v1"}, senders.Secrets{Newer: "x"}, post(shopBody, "Stripe-Signature: t=1790000000,v1="+dotHex), time.Unix(signedAt+7200, 0))
	if got.Result != senders.ResultWrong || got.Age() != 2*time.Hour {
		t.Errorf("got %+v, want wrong, 2 hours old", got)
	}
	got = senders.Verify(senders.Scheme{Form: "timestamp_apart", Header: "X-Signature"}, senders.Secrets{Newer: shopSecret},
		post(shopBody, "X-Signature: "+milliHex, "X-Timestamp: 1790000000123"), time.Unix(signedAt+1, 0))
	if got.Result != senders.ResultOK || got.Age() != 877*time.Millisecond {
		t.Errorf("milliseconds: got %+v (age %s), want ok, 877ms", got, got.Age())
	}
}

func TestAddresses(t *testing.T) {
	t.Parallel()
	networks, wrong := senders.ReadNetworks("203.0.113.7, 198.51.100.9/24\n2001:db8::/32 ::ffff:192.0.2.0/120;203.0.113.7")
	if wrong != "" || len(networks) != 4 {
		t.Fatalf("got %v (%s), want four networks", networks, wrong)
	}
	scheme := senders.Scheme{Form: "addresses", Networks: networks}
	if errs := scheme.Validate(); errs.Any() {
		t.Errorf("got %v, want no complaint", errs)
	}
	for address, want := range map[string]senders.SignatureResult{
		"203.0.113.7": "ok", "203.0.113.8": "other_address", "198.51.100.255": "ok", "198.51.101.0": "other_address",
		"2001:db8::1": "ok", "2001:db9::1": "other_address", "::ffff:203.0.113.7": "ok", "192.0.2.200": "ok", "2001:db8::1%eth0": "ok",
	} {
		got := senders.Verify(scheme, senders.Secrets{}, senders.SignedRequest{Client: netip.MustParseAddr(address)}, time.Unix(signedAt, 0))
		if got.Result != want || got.Passes() != (want == "ok") {
			t.Errorf("%s: got %+v, want %s", address, got, want)
		}
	}
	if got := senders.Verify(scheme, senders.Secrets{}, senders.SignedRequest{}, time.Unix(signedAt, 0)); got.Result != senders.ResultOtherAddress {
		t.Errorf("without an address: got %+v, want other_address", got)
	}
}

func TestNothingToCheck(t *testing.T) {
	t.Parallel()
	for form, want := range map[senders.SignatureForm]senders.SignatureResult{"": "not_checked", "none": "not_checked", "carrier_pigeon": "wrong"} {
		got := senders.Verify(senders.Scheme{Form: form}, senders.Secrets{Newer: "x"}, senders.SignedRequest{}, time.Unix(signedAt, 0))
		if got.Result != want {
			t.Errorf("form %q: got %+v, want %s", form, got, want)
		}
	}
	// Settings in the database are not a whole secret of the form.
	got := senders.Verify(senders.Scheme{Form: "standard_webhooks"}, senders.Secrets{Newer: "whsec_", Older: "not base64!"},
		post("", "webhook-signature: v1,"+bodyBase64, "webhook-id: 1", "webhook-timestamp: 1790000000"), time.Unix(signedAt, 0))
	if got.Result != senders.ResultNoSecret {
		t.Errorf("got %+v, want no_secret", got)
	}
}

// TestVerdictTellsNothing looks for secrets and signatures in what goes into the log.
func TestVerdictTellsNothing(t *testing.T) {
	t.Parallel()
	got := senders.Verify(senders.Scheme{Form: "t_v1"}, senders.Secrets{Newer: shopSecret, Older: "other secret"},
		post(shopBody, "Stripe-Signature: t=1790000000,v1="+wrongHex), time.Unix(signedAt+7*3600, 0))
	logged, err := json.Marshal(got)
	const want = `{"result":"wrong","form":"t_v1","fault":"mismatch","place":"Stripe-Signature","signatures":1,` +
		`"signed_at":"2026-09-21T14:13:20Z","arrived_at":"2026-09-21T21:13:20Z","tolerance":300}`
	if err != nil || string(logged) != want {
		t.Errorf("got %s (%v), want %s", logged, err, want)
	}
	var back senders.Verdict
	if err := json.Unmarshal(logged, &back); err != nil || back != got {
		t.Errorf("got %+v (%v) back, want %+v", back, err, got)
	}
}
