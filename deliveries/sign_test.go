package deliveries_test

import (
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"campaignlark/deliveries"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

const body = `{"id":"evt_1","event_type":"test","data":{"name":"Zoë"}}`

func TestNewSecret(t *testing.T) {
	t.Parallel()
	a, b := deliveries.NewSecret(), deliveries.NewSecret()
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(a, "whsec_"))
	if a == b || !strings.HasPrefix(a, "whsec_") || err != nil || len(key) != 32 {
		t.Errorf("got %q and %q (%v), want two different keys of 32 bytes after whsec_", a, b, err)
	}
}

// TestSignIsStandard lets the official library judge: a receiver with either secret accepts the message, and nobody else does.
func TestSignIsStandard(t *testing.T) {
	t.Parallel()
	newer, older := deliveries.NewSecret(), deliveries.NewSecret()
	headers := deliveries.Sign([]string{newer, older}, "msg_0198", time.Now(), []byte(body))
	for name, c := range map[string]struct {
		secret, body string
		accepted     bool
	}{
		"the newer secret": {newer, body, true},
		"the older secret": {older, body, true},
		"another secret":   {deliveries.NewSecret(), body, false},
		"another body":     {newer, body + " ", false},
	} {
		receiver, err := standardwebhooks.NewWebhook(c.secret)
		if err != nil {
			t.Fatal(err)
		}
		if err := receiver.Verify([]byte(c.body), headers); (err == nil) != c.accepted {
			t.Errorf("%s: got %v, want accepted: %v", name, err, c.accepted)
		}
	}
}

// TestSignKnownSignatures compares with signatures that OpenSSL made:
//
//	printf %s "$body" | openssl dgst -sha256 -hmac "$secret" -hex
//	printf 'msg_1.1700000000.%s' "$body" | openssl dgst -sha256 -mac HMAC -macopt hexkey:00…00 -binary | base64
func TestSignKnownSignatures(t *testing.T) {
	t.Parallel()
	secret := "whsec_" + base64.StdEncoding.EncodeToString(make([]byte, 32))
	got := deliveries.Sign([]string{secret}, "msg_1", time.Unix(1700000000, 999), []byte(body))
	for name, want := range map[string]string{
		"X-Webhook-Signature": "076f977880340bd5f8262560c6be38c3839a4f535c599ff284f90b3ecc6a3b70",
		"webhook-id":          "msg_1",
		"webhook-timestamp":   "1700000000",
		"webhook-signature":   "v1,Bg9Sk5VXC38IWEWSzdyCGKfyLjubyG3LZTl2tR9Z9OQ=",
	} {
		if got.Get(name) != want {
			t.Errorf("%s: got %q, want %q", name, got.Get(name), want)
		}
	}
}
