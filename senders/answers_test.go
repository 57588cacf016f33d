package senders_test

import (
	"strings"
	"testing"

	"campaignlark/senders"
)

func TestOriginOf(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{
		"https://shop.example/thanks?x=1#top": "https://shop.example", "HTTPS://Shop.Example:443/": "https://shop.example", "http://shop.example:8080/a": "http://shop.example:8080",
		"http://[2001:DB8::1]:80/": "http://[2001:db8::1]", "https://shop.example": "https://shop.example",
		"": "", "/thanks": "", "//evil.example/": "", "javascript:alert(1)": "", "data:text/html,x": "", "https:evil.example": "", "https:///evil.example": "", "https://": "",
		"https://shop.example@evil.example/": "", `https://shop.example\@evil.example`: "", "https://evil.example\n.shop.example": "", " https://shop.example": "", "ftp://shop.example": "",
		"https://shop.example:port/": "", "https://shop.example%00/": "",
	} {
		if got, ok := senders.OriginOf(address); got != want || ok != (want != "") {
			t.Errorf("%q: got %q (%t), want %q", address, got, ok, want)
		}
	}
	for text, want := range map[string]string{"https://shop.example/": "https://shop.example", "https://shop.example/page": "", "shop.example": "", "null": "", "*": "", "https://a.example https://b.example": ""} {
		if got, _ := senders.ReadOrigin(text); got != want {
			t.Errorf("the origin %q: got %q, want %q", text, got, want)
		}
	}
}

func TestValidateAnswers(t *testing.T) {
	t.Parallel()
	if errs := (senders.Answers{SuccessURL: "https://shop.example/thanks", AllowedOrigins: []string{"https://shop.example"}, TrapField: "website", LimitWebhook: 60}).Validate(); errs.Any() {
		t.Errorf("got %v, want no error", errs)
	}
	for field, a := range map[string]senders.Answers{
		"success_url": {SuccessURL: "javascript:alert(1)"}, "failure_url": {FailureURL: "https://shop.example/" + strings.Repeat("x", 2000)}, "allowed_origins": {AllowedOrigins: []string{"shop.example"}},
		"trap_field": {TrapField: "Email_Address"}, "limit_webhook": {LimitWebhook: -1}, "limit_network": {LimitNetwork: senders.MaxLimit + 1},
	} {
		if errs := a.Validate(); len(errs) != 1 || errs[field] == "" {
			t.Errorf("%+v: got %v, want a sentence about %s", a, errs, field)
		}
	}
	if errs := (senders.Answers{AllowedOrigins: make([]string, senders.MaxOrigins+1)}).Validate(); !strings.Contains(errs["allowed_origins"], "up to 50") {
		t.Errorf("got %v, want the number of websites named", errs)
	}
}
