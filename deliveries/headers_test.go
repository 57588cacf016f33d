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
