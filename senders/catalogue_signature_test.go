package senders_test

import (
	"net/http"
	"testing"
	"time"

	"campaignlark/senders"
)

// TestCatalogueSignatures checks the signature of every signed sample at the time when it was sent, and that a changed body and a
// late check are noticed.
func TestCatalogueSignatures(t *testing.T) {
	t.Parallel()
	for _, s := range senders.Catalogue() {
		for _, sample := range s.Samples {
			if sample.Secret == "" {
				continue
			}
			scheme := *s.Signature
			headers := http.Header{}
			for name, value := range sample.Headers {
				headers.Set(name, value)
			}
			r := senders.SignedRequest{Method: sample.Method, URL: sample.URL, Body: []byte(sample.Body), Header: func(name string) []string { return headers.Values(name) }}
			secrets := senders.Secrets{Newer: sample.Secret}
			if v := senders.Verify(scheme, secrets, r, sample.SentAt); v.Result != senders.ResultOK {
				t.Errorf("%s, %s: got %+v, want a right signature", s.Key, sample.Name, v)
			}
			if v := senders.Verify(scheme, secrets, r, sample.SentAt.Add(time.Hour)); scheme.Form.HasTime() && v.Result != senders.ResultTooOld {
				t.Errorf("%s, %s, an hour later: got %+v, want it too old", s.Key, sample.Name, v)
			}
			r.Body = append(r.Body, ' ')
			if v := senders.Verify(scheme, secrets, r, sample.SentAt); v.Result != senders.ResultWrong {
				t.Errorf("%s, %s, with a blank added: got %+v, want it wrong", s.Key, sample.Name, v)
			}
		}
	}
}
