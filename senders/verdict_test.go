package senders_test

import (
	"strings"
	"testing"
	"time"

	"campaignlark/senders"
)

func TestVerdictWords(t *testing.T) {
	t.Parallel()
	plus2 := time.FixedZone("", 2*3600)
	at := func(clock string) time.Time {
		moment, err := time.Parse("2 Jan 15:04:05", clock)
		if err != nil {
			t.Fatal(err)
		}
		return moment.AddDate(2026, 0, 0)
	}
	for _, c := range []struct {
		verdict         senders.Verdict
		title, sentence string
	}{
		{senders.Verdict{Result: "ok", Form: "body", Secret: "newer"}, "Signed with the secret", "So the call comes from a sender that knows the secret, and its body was not changed on the way."},
		{senders.Verdict{Result: "ok", Form: "t_v1", Secret: "older"}, "Signed with the older secret", "So the call comes from a sender that knows the secret, and its body was not changed on the way. It used the older secret, which is still valid."},
		{senders.Verdict{Result: "ok", Form: "basic", Secret: "newer"}, "Came with the secret", "So the call comes from a sender that knows the secret."},
		{senders.Verdict{Result: "ok", Form: "shared_word", Secret: "older"}, "Came with the older secret", "So the call comes from a sender that knows the secret. It used the older secret, which is still valid."},
		{senders.Verdict{Result: "ok", Form: "addresses"}, "From one of the known addresses", "The call came from an address on this webhook's list."},
		{senders.Verdict{Result: "no_header", Form: "body", Place: "X-Signature"}, "No signature at all", "The call had no header X-Signature."},
		{senders.Verdict{Result: "no_header", Form: "shared_word", Place: "data.key", InBody: true}, "No secret word at all", "The call had no value data.key in the body."},
		{senders.Verdict{Result: "wrong", Fault: "mismatch", Form: "basic", Place: "Authorization"}, "The user name or password is wrong",
			"The user name or password in the header Authorization is not the one of this webhook."},
		{senders.Verdict{Result: "wrong", Fault: "mismatch", Form: "body", Place: "X-Signature"}, "The signature is wrong",
			"The signature was made with another secret, or the body was changed on its way."},
		{senders.Verdict{Result: "too_old", Form: "t_v1", Tolerance: 300, SignedAt: at("24 Nov 13:59:50"), ArrivedAt: at("24 Nov 14:07:02")}, "The signature is too old",
			"It was signed 7 minutes 12 seconds before it arrived. This webhook takes 5 minutes."},
		{senders.Verdict{Result: "too_new", Form: "t_v1", Tolerance: 180, SignedAt: at("24 Nov 12:02:00"), ArrivedAt: at("24 Nov 10:01:00")}, "The signature is from the future",
			"It was signed 2 hours 1 minute after it arrived, by the sender's clock. This webhook takes 3 minutes. The sender's clock says 14:02, ours 12:01."},
		{senders.Verdict{Result: "too_new", Form: "t_v1", Tolerance: 180, SignedAt: at("24 Nov 12:00:00"), ArrivedAt: at("24 Nov 10:00:00").Add(400 * time.Millisecond)}, "The signature is from the future",
			"It was signed 2 hours after it arrived, by the sender's clock. This webhook takes 3 minutes. The sender's clock says 14:00, ours 12:00."},
		{senders.Verdict{Result: "too_old", Form: "t_v1", Tolerance: 300, SignedAt: at("24 Nov 21:30:00"), ArrivedAt: at("24 Nov 22:30:00")}, "The signature is too old",
			"It was signed 1 hour before it arrived. This webhook takes 5 minutes. The sender's clock says 24 November 2026, 23:30, ours 25 November 2026, 00:30." +
				" One of them is wrong, or the call was held up or sent again."},
		{senders.Verdict{Result: "too_old", Form: "t_v1", Tolerance: 90, SignedAt: time.Unix(0, 0), ArrivedAt: time.Unix(3*86400+59, 0)}, "The signature is too old",
			"It was signed 3 days before it arrived. This webhook takes 1 minute 30 seconds. The sender's clock says 1 January 1970, 02:00, ours 4 January 1970, 02:00." +
				" One of them is wrong, or the call was held up or sent again."},
	} {
		if got := c.verdict.Title(); got != c.title {
			t.Errorf("%+v: got %q, want %q", c.verdict, got, c.title)
		}
		if got := c.verdict.Sentence(plus2); got != c.sentence {
			t.Errorf("%+v: got %q, want %q", c.verdict, got, c.sentence)
		}
	}
}

// TestEveryVerdictHasWords looks for a result or a fault that the words do not know.
func TestEveryVerdictHasWords(t *testing.T) {
	t.Parallel()
	titles := map[string]senders.SignatureResult{}
	for _, result := range senders.SignatureResults {
		title := senders.Verdict{Result: result, Form: "body", Place: "X-Signature"}.Title()
		if other, taken := titles[title]; taken || title == "" {
			t.Errorf("%s has the title %q, as %s has", result, title, other)
		}
		titles[title] = result
		if sentence := (senders.Verdict{Result: result, Form: "body", Place: "X-Signature"}).Sentence(time.UTC); !strings.HasSuffix(sentence, ".") {
			t.Errorf("%s: got %q, want a sentence", result, sentence)
		}
	}
	sentences := map[string]senders.SignatureFault{}
	for _, fault := range senders.SignatureFaults {
		sentence := senders.Verdict{Result: "wrong", Fault: fault, Form: "body", Place: "X-Signature"}.Sentence(time.UTC)
		if other, taken := sentences[sentence]; taken || !strings.HasSuffix(sentence, ".") {
			t.Errorf("%s: got %q, want a sentence unlike that of %s", fault, sentence, other)
		}
		sentences[sentence] = fault
	}
}
