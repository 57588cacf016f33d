package deliveries_test

import (
	"reflect"
	"strings"
	"testing"

	"net/http"

	"campaignlark/deliveries"
)

func TestParseHeaders(t *testing.T) {
	t.Parallel()
	got, err := deliveries.ParseHeaders("Authorization: Bearer a:b\r\n\r\n x-team : books \nX-Team:toys\nX-Empty:\n")
	want := http.Header{"Authorization": {"Bearer a:b"}, "X-Team": {"books", "toys"}, "X-Empty": {""}}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %v (%v), want %v", got, err, want)
	}
	for text, want := range map[string]string{
		"hunter2":                         "its name, a colon",
		": hunter2":                       "only letters",
		"X Team: hunter2":                 "only letters",
		"X-Tëam: hunter2":                 "only letters",
		"X-Team: hunter2\x00":             "X-Team",
		"content-type: hunter2":           "Leave Content-Type out",
		"HOST: hunter2":                   "Leave Host out",
		"webhook-signature: x":            "Leave Webhook-Signature out",
		"x-webhook-signature: x":          "Leave X-Webhook-Signature out",
		"transfer-encoding: x":            "Leave Transfer-Encoding out",
		"X: " + strings.Repeat("x", 4000): "at most 4000",
	} {
		if got, err := deliveries.ParseHeaders(text); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%q: got %v (%v), want a sentence with %q and without the value", text, got, err, want)
		}
	}
}

// TestHeadersOfAForm refuses what receivers read in different ways, and takes hidden values back.
func TestHeadersOfAForm(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"X-A: 1\nX-B: 1":                       "",
		"X-A: " + deliveries.HiddenValue:       "",
		"Authorization: Bearer ~!\"#$%&'()*+,": "",
		"X-A: 1\nx-a: 2":                       "X-A stands here twice.",
		"X-A: ü":                               "The value of X-A has a character",
		"X-A: a\u00a0b":                        "The value of X-A has a character",
		"Host: x":                              "Leave Host out",
	} {
		got := deliveries.Form{Name: "CRM", URL: "https://crm.example.com", Headers: text}.Validate(nil)["headers"]
		if want == "" && got != "" || !strings.Contains(got, want) {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}
