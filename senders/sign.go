package senders

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"slices"
	"strconv"
	"time"
)

// SignedHeader is a header of a signature.
type SignedHeader struct{ Name, Value string }

// signableForms are the forms that Sign can write.
var signableForms = []SignatureForm{FormBody, FormTimeV1, FormTimeH1, FormStandardWebhooks, FormTimestampApart}

// CanSign reports whether Sign can write this form.
func (f SignatureForm) CanSign() bool { return slices.Contains(signableForms, f) }

// Sign returns the headers with which a sender signs a request at a time, in whole seconds. It reads the request's Body, and for
// standard_webhooks the id in its Header; without one it makes an id from the body and the time. It returns nil if CanSign is false for
// the scheme's form, or if the text is not a secret of that form.
func Sign(s Scheme, secret string, r SignedRequest, at time.Time) []SignedHeader {
	s = s.Completed()
	key, ok := s.Form.key(secret)
	if !ok || !s.Form.CanSign() {
		return nil
	}
	seconds := strconv.FormatInt(at.Unix(), 10)
	mac := func(before string) string {
		sum := sign(s.Algorithm, key, [][]byte{[]byte(before), r.Body})
		if s.Encoding == Hex {
			return hex.EncodeToString(sum)
		}
		return base64.StdEncoding.EncodeToString(sum)
	}
	switch s.Form {
	case FormTimeV1:
		return []SignedHeader{{s.Header, "t=" + seconds + ",v1=" + mac(seconds+".")}}
	case FormTimeH1:
		return []SignedHeader{{s.Header, "ts=" + seconds + ";h1=" + mac(seconds+":")}}
	case FormTimestampApart:
		return []SignedHeader{{s.TimeHeader, seconds}, {s.Header, s.Prefix + mac(s.SignedPrefix+seconds+":")}}
	case FormStandardWebhooks:
		start, _ := cutSuffixFold(s.Header, "-signature")
		id := messageID(r, start+"-id", seconds)
		return []SignedHeader{{start + "-id", id}, {start + "-timestamp", seconds}, {s.Header, "v1," + mac(id+"."+seconds+".")}}
	}
	return []SignedHeader{{s.Header, s.Prefix + mac("")}}
}

// messageID returns the id of a message: the one in the header, else one made from the body and the time.
func messageID(r SignedRequest, header, seconds string) string {
	if values := r.values(header); len(values) == 1 && values[0] != "" {
		return values[0]
	}
	sum := sha256.Sum256(append([]byte(seconds+"."), r.Body...))
	return "msg_" + hex.EncodeToString(sum[:12])
}
