package senders

import (
	"net/netip"
	"slices"
	"strings"
)

// SignatureForm says how a sender proves that a request comes from it.
type SignatureForm string

const (
	FormNone             SignatureForm = "none"
	FormBody             SignatureForm = "body"              // HMAC over the body: GitHub, Shopify, Typeform
	FormTimeV1           SignatureForm = "t_v1"              // t=…,v1=… over time.body: Stripe, Calendly
	FormTimeH1           SignatureForm = "ts_h1"             // ts=…;h1=… over time:body: Paddle
	FormStandardWebhooks SignatureForm = "standard_webhooks" // three headers, over id.time.body: Svix, Resend, Clerk
	FormTimestampApart   SignatureForm = "timestamp_apart"   // the time in another header, over time:body: Webflow, Slack
	FormHubSpot          SignatureForm = "hubspot_v3"        // over method, URL, body and time: HubSpot
	FormSharedWord       SignatureForm = "shared_word"       // the secret itself, in a header or in the body
	FormBasic            SignatureForm = "basic"             // user name and password: Chargebee, Postmark
	FormAddresses        SignatureForm = "addresses"         // the client's address is in a list of networks
)

// SignatureForms lists every form, in the order in which a page offers them.
var SignatureForms = []SignatureForm{
	FormNone, FormBody, FormTimeV1, FormTimeH1, FormStandardWebhooks, FormTimestampApart, FormHubSpot, FormSharedWord, FormBasic, FormAddresses,
}

// SignsHeader reports whether the scheme signs the value of a header beside the body.
func (s Scheme) SignsHeader(name string) bool {
	return s.Form == FormStandardWebhooks && (strings.EqualFold(name, "Webhook-Id") || strings.EqualFold(name, "Svix-Id"))
}

// SignsLike reports whether two schemes look for the same signature in the same place. How old it may be does not count.
func (s Scheme) SignsLike(other Scheme) bool {
	a, b := s.Completed(), other.Completed()
	return a.Form == b.Form && strings.EqualFold(a.Header, b.Header) && strings.EqualFold(a.Prefix, b.Prefix) && a.Algorithm == b.Algorithm && a.Encoding == b.Encoding &&
		strings.EqualFold(a.TimeHeader, b.TimeHeader) && a.SignedPrefix == b.SignedPrefix && a.Member == b.Member && slices.Equal(a.Networks, b.Networks)
}

// known reports whether the form exists.
func (f SignatureForm) known() bool { return slices.Contains(SignatureForms, f) }

// HasSecret reports whether the form needs a secret.
func (f SignatureForm) HasSecret() bool { return f.known() && f != FormNone && f != FormAddresses }

// Signs reports whether the sender makes a signature, so not if it sends the secret itself or is known by its address.
func (f SignatureForm) Signs() bool { return f.HasSecret() && !f.carriesSecret() }

// HasTime reports whether the sender signs the time, so that the tolerance applies.
func (f SignatureForm) HasTime() bool {
	switch f {
	case FormTimeV1, FormTimeH1, FormStandardWebhooks, FormTimestampApart, FormHubSpot:
		return true
	}
	return false
}

// SignatureAlgorithm is the hash function of an HMAC.
type SignatureAlgorithm string

const (
	SHA256 SignatureAlgorithm = "sha256"
	SHA1   SignatureAlgorithm = "sha1"
)

// SignatureAlgorithms lists every algorithm.
var SignatureAlgorithms = []SignatureAlgorithm{SHA256, SHA1}

// SignatureEncoding says how the bytes of a signature are written in a header.
type SignatureEncoding string

const (
	Hex    SignatureEncoding = "hex"
	Base64 SignatureEncoding = "base64"
)

// SignatureEncodings lists every encoding.
var SignatureEncodings = []SignatureEncoding{Hex, Base64}

// Scheme says where a signature stands and what it covers. Its JSON is part of a webhook's settings and of the catalogue.
// An empty setting means the standard of the form, see Completed.
type Scheme struct {
	Form      SignatureForm      `json:"form"`
	Header    string             `json:"header,omitempty"`    // of the signature or of the shared word
	Prefix    string             `json:"prefix,omitempty"`    // text before a signature or word in the header: sha256=
	Algorithm SignatureAlgorithm `json:"algorithm,omitempty"` // body and timestamp_apart
	Encoding  SignatureEncoding  `json:"encoding,omitempty"`  // body and timestamp_apart
	Tolerance int                `json:"tolerance,omitempty"` // seconds between the signed time and ours, both ways

	TimeHeader   string `json:"time_header,omitempty"`   // timestamp_apart: the header with the time
	SignedPrefix string `json:"signed_prefix,omitempty"` // timestamp_apart: text that is signed before the time: v0: for Slack

	Member   string         `json:"member,omitempty"`   // shared_word: its place in the body, instead of a header
	Networks []netip.Prefix `json:"networks,omitempty"` // addresses
}

// StandardTolerance is the tolerance in seconds if a scheme names none. Stripe, HubSpot, Slack and Standard Webhooks
// recommend it.
const StandardTolerance = 300

// Completed returns the scheme with its empty settings filled in, and with the settings that a form does not leave open
// set to what the form prescribes.
func (s Scheme) Completed() Scheme {
	if s.Form == "" {
		s.Form = FormNone
	}
	if s.Form.HasTime() && s.Tolerance == 0 {
		s.Tolerance = StandardTolerance
	}
	if s.Form != FormSharedWord {
		s.Member = ""
	}
	switch s.Form {
	case FormBody:
		s = s.withAlgorithm()
	case FormTimeV1:
		s = s.fixed("Stripe-Signature", Hex)
	case FormTimeH1:
		s = s.fixed("Paddle-Signature", Hex)
	case FormStandardWebhooks:
		s = s.fixed("webhook-signature", Base64)
	case FormHubSpot:
		s = s.fixed("X-HubSpot-Signature-v3", Base64)
		s.TimeHeader = "X-HubSpot-Request-Timestamp"
	case FormTimestampApart:
		s = s.withAlgorithm().withTimeHeader()
	case FormBasic:
		s.Header, s.Prefix = "Authorization", "Basic "
	}
	return s
}

// withAlgorithm fills in SHA-256 and hex.
func (s Scheme) withAlgorithm() Scheme {
	if s.Algorithm == "" {
		s.Algorithm = SHA256
	}
	if s.Encoding == "" {
		s.Encoding = Hex
	}
	return s
}

// fixed sets what the form prescribes, and the header if the scheme names none.
func (s Scheme) fixed(header string, encoding SignatureEncoding) Scheme {
	if s.Header == "" {
		s.Header = header
	}
	s.Prefix, s.Algorithm, s.Encoding = "", SHA256, encoding
	return s
}

// withTimeHeader fills in the header of the time and the text that is signed before it. Webflow's names differ in their
// last word, X-Webflow-Signature and X-Webflow-Timestamp. Slack has X-Slack-Request-Timestamp and signs v0: before the
// time, where v0= stands before the signature.
func (s Scheme) withTimeHeader() Scheme {
	slack := strings.EqualFold(s.Header, "X-Slack-Signature")
	if name, ok := cutSuffixFold(s.Header, "-Signature"); ok && s.TimeHeader == "" && slack {
		s.TimeHeader = name + "-Request-Timestamp"
	} else if ok && s.TimeHeader == "" {
		s.TimeHeader = name + "-Timestamp"
	}
	if slack && s.Prefix == "" {
		s.Prefix = "v0="
	}
	if slack && s.SignedPrefix == "" {
		s.SignedPrefix = "v0:"
	}
	return s
}

// SignedRequest is what Verify reads of a request. A caller may leave out what the scheme's form does not need.
type SignedRequest struct {
	Method string
	// URL is the public one with its query, as the sender knows it: the program's PUBLIC_URL, not the Host header.
	// Only hubspot_v3 needs it.
	URL string
	// Body is as received, before gzip is opened.
	Body []byte
	// Header returns all values of a header. Letter case does not matter in the name.
	Header func(name string) []string
	// Member returns the plain values at a place in the decoded body. Only a shared word in the body needs it.
	Member func(place string) []string
	// Client is the address that the request comes from, behind trusted proxies. Only addresses needs it.
	Client netip.Addr
}

// Secrets are the one or two secrets of a webhook. While a secret is replaced, both are valid.
type Secrets struct {
	Newer string
	Older string // "" if there is no second one
}

func cutSuffixFold(s, suffix string) (string, bool) {
	n := len(s) - len(suffix)
	if n < 0 || !strings.EqualFold(s[n:], suffix) {
		return s, false
	}
	return s[:n], true
}

func cutPrefixFold(s, prefix string) (string, bool) {
	if len(s) < len(prefix) || !strings.EqualFold(s[:len(prefix)], prefix) {
		return s, false
	}
	return s[len(prefix):], true
}
