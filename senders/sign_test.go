package senders_test

import (
	"net/http"
	"testing"
	"time"

	"campaignlark/senders"
)

// TestSignedRequestsAreVerified signs a request in every form and checks the signature as the endpoint does.
func TestSignedRequestsAreVerified(t *testing.T) {
	t.Parallel()
	signable := map[senders.SignatureForm]bool{
		senders.FormBody: true, senders.FormTimeV1: true, senders.FormTimeH1: true, senders.FormStandardWebhooks: true, senders.FormTimestampApart: true,
	}
	schemes := []senders.Scheme{
		{Form: senders.FormBody, Header: "X-Hub-Signature-256", Prefix: "sha256="}, {Form: senders.FormBody, Header: "X-Sum", Encoding: senders.Base64, Algorithm: senders.SHA1},
		{Form: senders.FormTimestampApart, Header: "X-Slack-Signature"}, {Form: senders.FormTimestampApart, Header: "X-Webflow-Signature"},
		{Form: senders.FormStandardWebhooks, Header: "svix-signature"},
	}
	for _, form := range senders.SignatureForms {
		schemes = append(schemes, senders.Scheme{Form: form, Header: map[bool]string{true: "X-Some-Signature"}[form == senders.FormBody || form == senders.FormTimestampApart]})
	}
	for _, s := range senders.Catalogue() {
		if s.Signature != nil {
			schemes = append(schemes, *s.Signature)
		}
	}
	at := time.Unix(signedAt, 123456789)
	for _, s := range schemes {
		r := post(shopBody)
		signed := senders.Sign(s, svixSecret, r, at)
		if can := s.Form.CanSign(); can != signable[s.Form] || can != (len(signed) > 0) {
			t.Errorf("%+v: got %v and %v", s, can, signed)
			continue
		}
		if len(signed) == 0 {
			continue
		}
		headers := http.Header{}
		for _, h := range signed {
			headers.Set(h.Name, h.Value)
		}
		r.Header = func(name string) []string { return headers.Values(name) }
		if v := senders.Verify(s, senders.Secrets{Newer: svixSecret}, r, at); v.Result != senders.ResultOK {
			t.Errorf("%+v: signed with %v: got %+v", s, signed, v)
		}
		if v := senders.Verify(s, senders.Secrets{Newer: "whsec_b3RoZXI"}, r, at); v.Result != senders.ResultWrong {
			t.Errorf("%+v: with another secret: got %+v", s, v)
		}
	}
}

func TestSignMakesTheSignaturesOfOthers(t *testing.T) {
	t.Parallel()
	at := time.Unix(signedAt, 0)
	for _, c := range []struct {
		scheme  senders.Scheme
		secret  string
		request senders.SignedRequest
		at      time.Time
		want    string // the last header
	}{
		{senders.Scheme{Form: "body", Header: "X-Sum"}, shopSecret, post(shopBody), at, bodyHex},
		{senders.Scheme{Form: "body", Header: "X-Sum", Encoding: senders.Base64}, shopSecret, post(shopBody), at, bodyBase64},
		{senders.Scheme{Form: "t_v1"}, shopSecret, post(shopBody), at, "t=1790000000,v1=" + dotHex},
		{senders.Scheme{Form: "ts_h1"}, shopSecret, post(shopBody), at, "ts=1790000000;h1=" + colonHex},
		{senders.Scheme{Form: "timestamp_apart", Header: "X-Slack-Signature"}, "8f742231b10e8888abcd99yyyzzz85a5", post(slackBody), time.Unix(1531420618, 0),
			"v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503"},
		{senders.Scheme{Form: "standard_webhooks", Header: "svix-signature"}, svixSecret, post(`{"test": 2432232314}`, "svix-id: msg_p5jXN8AQM9LWM0D4loKWxJek"), time.Unix(1614265330, 0),
			"v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="},
	} {
		signed := senders.Sign(c.scheme, c.secret, c.request, c.at)
		if len(signed) == 0 || signed[len(signed)-1].Value != c.want {
			t.Errorf("%+v: got %v, want %s", c.scheme, signed, c.want)
		}
	}
	if signed := senders.Sign(senders.Scheme{Form: "standard_webhooks"}, "no secret of this form", post(shopBody), at); signed != nil {
		t.Errorf("got %v with a text that is no secret", signed)
	}
}
