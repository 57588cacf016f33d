package senders

import (
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/subtle"
	"hash"
	"strings"
	"time"
)

// Verify checks a request that arrived at now. All comparisons take the same time for each signature of the right length.
// A request never causes an error: what cannot be read is a verdict.
func Verify(s Scheme, secrets Secrets, r SignedRequest, now time.Time) Verdict {
	s = s.Completed()
	v := Verdict{Form: s.Form}
	switch {
	case !s.Form.known():
		return v.as(ResultWrong, FaultForm, "")
	case s.Form == FormNone:
		return v.as(ResultNotChecked, "", "")
	case s.Form == FormAddresses:
		return v.checkAddress(s, r)
	case secrets == Secrets{}:
		return v.as(ResultNoSecret, "", "")
	case s.Form == FormSharedWord || s.Form == FormBasic:
		return v.checkWord(s, secrets, r)
	case r.Method == "GET" && s.Form != FormHubSpot:
		return v.as(ResultWrong, FaultQuery, "")
	}
	m, v := s.readMessage(r, v)
	if v.Result != "" {
		return v
	}
	if s.Form.HasTime() {
		at, ok := parseSignedTime(m.time)
		if !ok {
			return v.as(ResultWrong, FaultTime, m.timePlace)
		}
		v.SignedAt, v.ArrivedAt, v.Tolerance = at, now.UTC(), s.Tolerance
	}
	return v.checkMessage(s, secrets, m)
}

// checkMessage compares the signatures of a message with the right ones.
func (v Verdict) checkMessage(s Scheme, secrets Secrets, m signedMessage) Verdict {
	v.Place, v.Signatures = m.place, len(m.signatures)
	size := newHash(s.Algorithm)().Size()
	var sent [][]byte
	fault := FaultNoSignature
	for _, text := range m.signatures {
		signature, ok := decodeSignature(text, s.Encoding)
		switch {
		case !ok:
			fault = FaultUnreadable
		case len(signature) != size:
			fault = FaultLength
		default:
			sent = append(sent, signature)
		}
	}
	if len(sent) == 0 {
		return v.as(ResultWrong, fault, m.place)
	}
	usable := false
	for _, candidate := range secrets.candidates() {
		key, ok := s.Form.key(candidate.text)
		usable = usable || ok
		if ok && containsMAC(sent, sign(s.Algorithm, key, m.parts)) {
			v.Secret = candidate.name
			return v.checkTime()
		}
	}
	if !usable {
		return v.as(ResultNoSecret, "", "")
	}
	return v.as(ResultWrong, FaultMismatch, m.place)
}

// checkWord is the verdict of the forms shared_word and basic: the request carries the secret itself.
func (v Verdict) checkWord(s Scheme, secrets Secrets, r SignedRequest) Verdict {
	read, place := r.Header, s.Header
	if s.Member != "" {
		read, place, v.InBody = r.Member, s.Member, true
	}
	text, v := v.single(read, place)
	if v.Result != "" {
		return v
	}
	word := []byte(text)
	if s.Member == "" {
		rest, ok := cutPrefixFold(text, s.Prefix)
		if !ok {
			return v.as(ResultWrong, FaultNoSignature, place)
		}
		word = []byte(strings.TrimSpace(rest))
	}
	if s.Form == FormBasic {
		decoded, ok := decodeSignature(string(word), Base64)
		if !ok {
			return v.as(ResultWrong, FaultUnreadable, place)
		}
		word = decoded
	}
	v.Place = place
	for _, candidate := range secrets.candidates() {
		if sameWord(word, []byte(candidate.text)) {
			v.Result, v.Secret = ResultOK, candidate.name
			return v
		}
	}
	return v.as(ResultWrong, FaultMismatch, place)
}

// candidate is a secret under its name.
type candidate struct {
	name SecretUsed
	text string
}

func (s Secrets) candidates() (all []candidate) {
	for _, c := range []candidate{{SecretNewer, s.Newer}, {SecretOlder, s.Older}} {
		if c.text != "" {
			all = append(all, c)
		}
	}
	return all
}

// key returns the key of the HMAC. ok is false if the text is not a secret of this form.
func (f SignatureForm) key(secret string) (key []byte, ok bool) {
	if f != FormStandardWebhooks {
		return []byte(secret), secret != ""
	}
	key, ok = decodeSignature(strings.TrimPrefix(secret, standardSecretPrefix), Base64)
	return key, ok && len(key) > 0
}

// standardSecretPrefix starts the secrets of Standard Webhooks. The rest is the key in base64.
const standardSecretPrefix = "whsec_"

func newHash(a SignatureAlgorithm) func() hash.Hash {
	if a == SHA1 {
		return sha1.New
	}
	return sha256.New
}

// sign returns the HMAC of the parts, one after the other.
func sign(a SignatureAlgorithm, key []byte, parts [][]byte) []byte {
	mac := hmac.New(newHash(a), key)
	for _, part := range parts {
		mac.Write(part)
	}
	return mac.Sum(nil)
}

// containsMAC compares all signatures, also after one has matched.
func containsMAC(sent [][]byte, mac []byte) bool {
	found := 0
	for _, signature := range sent {
		found |= subtle.ConstantTimeCompare(signature, mac)
	}
	return found == 1
}

// sameWord compares hashes, so that the time says nothing about the length either.
func sameWord(a, b []byte) bool {
	x, y := sha256.Sum256(a), sha256.Sum256(b)
	return subtle.ConstantTimeCompare(x[:], y[:]) == 1
}
