package senders

import (
	"encoding/base64"
	"encoding/hex"
	"strconv"
	"strings"
	"time"
)

// signedMessage is what a request says was signed.
type signedMessage struct {
	parts      [][]byte // what the signature covers, one after the other
	signatures []string // as written, without the prefix
	place      string   // the header with the signatures
	time       string   // as written
	timePlace  string   // the header with the time
}

// readMessage reads the headers of a form with an HMAC. The verdict has a result if a header is missing, empty or doubled.
func (s Scheme) readMessage(r SignedRequest, v Verdict) (signedMessage, Verdict) {
	switch s.Form {
	case FormTimeV1:
		return s.readList(r, v, ",", "t", "v1", ".")
	case FormTimeH1:
		return s.readList(r, v, ";", "ts", "h1", ":")
	case FormStandardWebhooks:
		return s.readStandardWebhooks(r, v)
	}
	m := signedMessage{place: s.Header, timePlace: s.TimeHeader, parts: [][]byte{r.Body}}
	text, v := v.single(r.Header, s.Header)
	if v.Result != "" {
		return m, v
	}
	m.signatures = splitSignatures(text, s.Prefix)
	if !s.Form.HasTime() {
		return m, v
	}
	if m.time, v = v.single(r.Header, s.TimeHeader); v.Result != "" {
		return m, v
	}
	if s.Form == FormHubSpot {
		m.parts = [][]byte{[]byte(r.Method), []byte(hubSpotURL.Replace(r.URL)), r.Body, []byte(m.time)}
	} else {
		m.parts = [][]byte{[]byte(s.SignedPrefix + m.time + ":"), r.Body}
	}
	return m, v
}

// hubSpotURL decodes what HubSpot's page about request validation lists, and nothing else.
var hubSpotURL = strings.NewReplacer(
	"%3A", ":", "%3a", ":", "%2F", "/", "%2f", "/", "%3F", "?", "%3f", "?", "%40", "@", "%21", "!", "%24", "$",
	"%27", "'", "%28", "(", "%29", ")", "%2A", "*", "%2a", "*", "%2C", ",", "%2c", ",", "%3B", ";", "%3b", ";",
)

// readList reads a header such as t=1,v1=a,v1=b: separator ",", timeKey "t", key "v1". What is signed is the time, joint
// and the body. Other keys, such as Stripe's v0, are ignored.
func (s Scheme) readList(r SignedRequest, v Verdict, separator, timeKey, key, joint string) (signedMessage, Verdict) {
	m := signedMessage{place: s.Header, timePlace: s.Header}
	text, v := v.single(r.Header, s.Header)
	if v.Result != "" {
		return m, v
	}
	times := 0
	for part := range strings.SplitSeq(text, separator) {
		name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		switch name {
		case timeKey:
			m.time, times = value, times+1
		case key:
			m.signatures = append(m.signatures, value)
		}
	}
	if times > 1 {
		return m, v.as(ResultWrong, FaultTime, s.Header)
	}
	m.parts = [][]byte{[]byte(m.time + joint), r.Body}
	return m, v
}

// readStandardWebhooks reads the three headers. They start with webhook- or svix-, whichever the request has, or as the
// scheme's header does. Only v1 is an HMAC; v1a and others are ignored.
func (s Scheme) readStandardWebhooks(r SignedRequest, v Verdict) (m signedMessage, _ Verdict) {
	start, _ := cutSuffixFold(s.Header, "-signature")
	for _, other := range []string{"webhook", "svix"} {
		if len(r.values(start+"-signature")) == 0 && len(r.values(other+"-signature")) > 0 {
			start = other
		}
	}
	m.place, m.timePlace = start+"-signature", start+"-timestamp"
	text, v := v.single(r.Header, m.place)
	if v.Result != "" {
		return m, v
	}
	id, v := v.single(r.Header, start+"-id")
	if v.Result != "" {
		return m, v
	}
	if m.time, v = v.single(r.Header, m.timePlace); v.Result != "" {
		return m, v
	}
	for part := range strings.FieldsSeq(text) {
		if signature, ok := strings.CutPrefix(part, "v1,"); ok {
			m.signatures = append(m.signatures, signature)
		}
	}
	m.parts = [][]byte{[]byte(id + "." + m.time + "."), r.Body}
	return m, v
}

func (r SignedRequest) values(name string) []string {
	if r.Header == nil {
		return nil
	}
	return r.Header(name)
}

// single returns the one value at a place. The verdict has a result if there is none, an empty one, or several.
func (v Verdict) single(read func(string) []string, place string) (string, Verdict) {
	var values []string
	if read != nil {
		values = read(place)
	}
	switch {
	case len(values) == 0:
		return "", v.as(ResultNoHeader, "", place)
	case len(values) > 1:
		return "", v.as(ResultWrong, FaultTwice, place)
	case strings.TrimSpace(values[0]) == "":
		return "", v.as(ResultWrong, FaultEmpty, place)
	}
	return strings.TrimSpace(values[0]), v
}

// splitSignatures reads signatures that are separated by commas. Each starts with prefix; others are left out.
func splitSignatures(text, prefix string) (signatures []string) {
	for part := range strings.SplitSeq(text, ",") {
		if signature, ok := cutPrefixFold(strings.TrimSpace(part), prefix); ok {
			signatures = append(signatures, strings.TrimSpace(signature))
		}
	}
	return signatures
}

// decodeSignature reads hex in either case, or base64: standard or URL-safe, with or without padding.
func decodeSignature(text string, encoding SignatureEncoding) ([]byte, bool) {
	if encoding == Hex {
		b, err := hex.DecodeString(text)
		return b, err == nil
	}
	if strings.ContainsAny(text, "\r\n") { // the decoder skips them
		return nil, false
	}
	text = strings.NewReplacer("-", "+", "_", "/").Replace(strings.TrimRight(text, "="))
	b, err := base64.RawStdEncoding.DecodeString(text)
	return b, err == nil
}

// Unix times in seconds reach unixSecondsEnd in the year 5138. In milliseconds that number is a day in 1973, so a number
// says itself which one it is.
const (
	unixSecondsEnd      = 100_000_000_000
	unixMillisecondsEnd = unixSecondsEnd * 1000
)

// parseSignedTime reads a Unix time in seconds or milliseconds, written in digits only.
func parseSignedTime(text string) (time.Time, bool) {
	n, err := strconv.ParseUint(text, 10, 64)
	switch {
	case err != nil || n >= unixMillisecondsEnd:
		return time.Time{}, false
	case n < unixSecondsEnd:
		return time.Unix(int64(n), 0).UTC(), true
	}
	return time.UnixMilli(int64(n)).UTC(), true
}
