package senders

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"campaignlark/models"
)

// Limits of a scheme's settings and of secrets. Lengths are in bytes.
const (
	MinTolerance = 10
	MaxTolerance = 24 * 60 * 60

	MaxNetworks = 100

	maxSchemeText = 100
	maxMember     = 500
	maxSecret     = 500
)

// Validate returns what is wrong with a completed scheme, by setting: form, header, prefix, algorithm, encoding,
// tolerance, time_header, signed_prefix, member, networks. It does not check that Member is a readable place.
func (s Scheme) Validate() models.FieldErrors {
	errs := models.FieldErrors{}
	if !s.Form.known() {
		errs.Add("form", "Please choose how the sender proves that a call comes from it.")
		return errs
	}
	errs.Add("tolerance", s.validateTolerance())
	switch s.Form {
	case FormNone:
	case FormAddresses:
		errs.Add("networks", validateNetworks(s.Networks))
	case FormSharedWord:
		s.validateWord(errs)
	default:
		errs.Add("header", validateHeaderName(s.Header, "the signature, such as X-Signature"))
		errs.Add("algorithm", validateChoice(s.Algorithm, SignatureAlgorithms, s.Form == FormBasic, "Please choose SHA-256 or SHA-1."))
		errs.Add("encoding", validateChoice(s.Encoding, SignatureEncodings, s.Form == FormBasic, "Please choose hex or base64."))
	}
	if _, ok := cutSuffixFold(s.Header, "-signature"); s.Form == FormStandardWebhooks && !ok {
		errs.Add("header", "The header's name must end with -signature, such as webhook-signature. The other two end with -id and -timestamp.")
	}
	if s.Form == FormTimestampApart {
		errs.Add("time_header", validateHeaderName(s.TimeHeader, "the time, such as X-Timestamp"))
		errs.Add("signed_prefix", validateStart(s.SignedPrefix))
	}
	if s.Form != FormBasic {
		errs.Add("prefix", validateStart(s.Prefix))
	}
	return errs
}

func (s Scheme) validateTolerance() string {
	if s.Form.HasTime() && (s.Tolerance < MinTolerance || s.Tolerance > MaxTolerance) {
		return fmt.Sprintf("Please enter for how many seconds a signature is valid: %d to %d. Most senders recommend %d, which is 5 minutes.",
			MinTolerance, MaxTolerance, StandardTolerance)
	}
	return ""
}

// validateWord checks where the shared word stands.
func (s Scheme) validateWord(errs models.FieldErrors) {
	switch {
	case s.Header == "" && s.Member == "":
		errs.Add("header", "Please say where the secret word stands: enter the name of a header, or a place in the body.")
	case s.Header != "" && s.Member != "":
		errs.Add("member", "The secret word can stand in a header or in the body. Please empty one of the two.")
	case s.Member != "" && (len(s.Member) > maxMember || !utf8.ValidString(s.Member)):
		errs.Add("member", fmt.Sprintf("This place is too long: it can have up to %d characters.", maxMember))
	case s.Header != "":
		errs.Add("header", validateHeaderName(s.Header, "the secret word, such as X-Token"))
	}
}

func validateChoice[T comparable](value T, choices []T, fixed bool, sentence string) string {
	if fixed || slices.Contains(choices, value) {
		return ""
	}
	return sentence
}

// validateHeaderName checks a header's name. carries says what is in the header, with an example of a name.
func validateHeaderName(name, carries string) string {
	switch {
	case name == "":
		return "Please enter the name of the header with " + carries + "."
	case len(name) > maxSchemeText:
		return fmt.Sprintf("A header's name can have up to %d characters.", maxSchemeText)
	case strings.ContainsFunc(name, func(r rune) bool { return !isHeaderRune(r) }):
		return "A header's name has letters, digits and signs such as - and _, but no blanks and no colon."
	}
	return ""
}

// isHeaderRune reports whether a header's name may contain r: a token of RFC 9110.
func isHeaderRune(r rune) bool {
	return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || strings.ContainsRune("!#$%&'*+-.^_`|~", r)
}

// validateStart checks the text before a signature or a signed time.
func validateStart(text string) string {
	if len(text) > maxSchemeText || strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r > '~' || r == ',' }) {
		return fmt.Sprintf("This text can have up to %d letters, digits and signs, but no comma and no accents.", maxSchemeText)
	}
	return ""
}

func validateNetworks(networks []netip.Prefix) string {
	switch {
	case len(networks) == 0:
		return "Please enter at least one address or network, such as 203.0.113.7 or 203.0.113.0/24."
	case len(networks) > MaxNetworks:
		return fmt.Sprintf("Please enter at most %d addresses and networks.", MaxNetworks)
	}
	for _, network := range networks {
		if !network.IsValid() {
			return "One of the networks cannot be read. Please enter them again."
		}
		if network.Bits() == 0 {
			return "The network " + network.String() + " holds every address, so it would let everybody in. Please enter the addresses that the sender calls from."
		}
	}
	return ""
}

// ReadNetworks reads addresses and networks, separated by line ends, commas or blanks. wrong is a sentence about the first
// that cannot be read, or "". IPv4 in IPv6 becomes IPv4, a network loses the bits behind its length, and each is there once.
func ReadNetworks(text string) (networks []netip.Prefix, wrong string) {
	for _, part := range strings.FieldsFunc(text, func(r rune) bool { return unicode.IsSpace(r) || r == ',' || r == ';' }) {
		network, ok := readNetwork(part)
		if !ok {
			return nil, "“" + models.NameInvisible(models.Shorten(models.ValidText(part), 50)) + "” is not an address or a network. Please write it as 203.0.113.7 or 203.0.113.0/24."
		}
		if !slices.Contains(networks, network) {
			networks = append(networks, network)
		}
		if len(networks) > MaxNetworks {
			break // Validate says so
		}
	}
	return networks, ""
}

func readNetwork(text string) (netip.Prefix, bool) {
	if addr, err := netip.ParseAddr(text); err == nil && addr.Zone() == "" {
		addr = addr.Unmap()
		return netip.PrefixFrom(addr, addr.BitLen()), true
	}
	network, err := netip.ParsePrefix(text)
	if err != nil {
		return netip.Prefix{}, false
	}
	if network.Addr().Is4In6() {
		if network.Bits() < 96 {
			return netip.Prefix{}, false
		}
		network = netip.PrefixFrom(network.Addr().Unmap(), network.Bits()-96)
	}
	return network.Masked(), true
}

// CleanSecret removes what comes along when a person copies a secret: blanks and line ends around it.
func CleanSecret(text string) string { return models.TrimBlanks(text) }

// ValidateSecret returns one sentence about what is wrong with a secret for this form, or "". It expects the result of
// CleanSecret. No sentence repeats the secret.
func (f SignatureForm) ValidateSecret(secret string) string {
	switch {
	case !f.HasSecret():
		return ""
	case secret == "":
		return "Please enter the secret."
	case len(secret) > maxSecret:
		return fmt.Sprintf("A secret can have up to %d characters.", maxSecret)
	case !utf8.ValidString(secret) || strings.ContainsFunc(secret, unicode.IsControl):
		return "A secret is one line of text. Please copy it again, without line ends."
	case f == FormStandardWebhooks:
		return validateStandardSecret(secret)
	case f == FormBasic:
		if user, password, _ := strings.Cut(secret, ":"); user == "" || password == "" {
			return "Please enter the user name, a colon and the password, such as shop:a-long-password."
		}
	}
	return ""
}

func validateStandardSecret(secret string) string {
	if strings.HasPrefix(secret, "whpk_") || strings.HasPrefix(secret, "whsk_") {
		return "This is a key for signatures with a public key, which cannot be checked here. Please choose a secret that starts with whsec_ at the sender."
	}
	if _, ok := FormStandardWebhooks.key(secret); !ok {
		return "This is not a whole secret. It starts with whsec_, and letters, digits, + and / follow. Please copy all of it."
	}
	return ""
}
