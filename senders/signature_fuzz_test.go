package senders_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"campaignlark/senders"
)

// FuzzSignatureHeaders sends any headers to every form. A verdict is one of the known ones and can be logged, and nothing
// passes that does not hold a right signature or the secret.
func FuzzSignatureHeaders(f *testing.F) {
	for _, seed := range []string{
		"", ",", "sha256=" + bodyHex, bodyBase64, "t=1790000000,v1=" + dotHex, "ts=1790000000;h1=" + colonHex, "v1," + bodyBase64 + " v1,a",
		"Basic c2hvcDpwYXNz", "t=1,t=2,v1=,v1", ";;==;h1", "\xff\x00", shopSecret, strings.Repeat("v1=,", 50),
	} {
		f.Add(seed, "1790000000", "msg_1", true)
		f.Add(seed, "1790000000123", "", false)
		f.Add(seed, seed, seed, true)
	}
	right := []string{bodyHex, dotHex, colonHex, milliHex, strings.TrimRight(bodyBase64, "="), shopSecret, svixSecret}
	f.Fuzz(func(t *testing.T, signature, at, id string, base64 bool) {
		request := senders.SignedRequest{
			Method: "POST", URL: "https://hooks.example.com/in/abc", Body: []byte(shopBody),
			Header: func(name string) []string {
				switch {
				case strings.HasSuffix(strings.ToLower(name), "-timestamp"):
					return []string{at}
				case strings.HasSuffix(name, "-id"):
					return []string{id}
				}
				return []string{signature}
			},
			Member: func(string) []string { return []string{signature} },
		}
		encoding := senders.Hex
		if base64 {
			encoding = senders.Base64
		}
		for _, form := range senders.SignatureForms {
			scheme := senders.Scheme{Form: form, Encoding: encoding}
			if form != senders.FormStandardWebhooks && form != senders.FormHubSpot {
				scheme.Header = "X-Signature"
			}
			got := senders.Verify(scheme, senders.Secrets{Newer: shopSecret, Older: svixSecret}, request, time.Unix(signedAt, 0))
			if !slices.Contains(senders.SignatureResults, got.Result) || got.Fault != "" && !slices.Contains(senders.SignatureFaults, got.Fault) {
				t.Errorf("%s: got %+v, want a known verdict", form, got)
			}
			if _, err := json.Marshal(got); err != nil {
				t.Errorf("%s: the verdict cannot be logged: %v", form, err)
			}
			if got.Title() == "" || got.Sentence(time.UTC) == "" {
				t.Errorf("%s: no words for %+v", form, got)
			}
			if got.Result == senders.ResultOK && !holdsOne(signature, right) {
				t.Errorf("%s: %q passes", form, signature)
			}
		}
	})
}

// holdsOne reports whether text holds one of the signatures, in either case of hex and either alphabet of base64.
func holdsOne(text string, right []string) bool {
	text = strings.NewReplacer("-", "+", "_", "/").Replace(text)
	return slices.ContainsFunc(right, func(signature string) bool {
		return strings.Contains(text, signature) || len(signature) == 64 && strings.Contains(strings.ToLower(text), signature)
	})
}

// FuzzNetworks reads any list of networks and reads what came out again.
func FuzzNetworks(f *testing.F) {
	for _, seed := range []string{"", "203.0.113.7", "203.0.113.7/8, 2001:db8::/32", "::ffff:10.0.0.1/100", "fe80::1%eth0", "/", "1.2.3.4/-1"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		networks, wrong := senders.ReadNetworks(text)
		if wrong != "" {
			return
		}
		var again []string
		for _, network := range networks {
			if network != network.Masked() || network.Addr().Is4In6() {
				t.Errorf("%q: got %s, want it in its shortest form", text, network)
			}
			again = append(again, network.String())
		}
		if back, wrong := senders.ReadNetworks(strings.Join(again, "\n")); wrong != "" || !slices.Equal(back, networks) {
			t.Errorf("%q: got %v back (%s), want %v", text, back, wrong, networks)
		}
	})
}
