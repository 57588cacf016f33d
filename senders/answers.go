package senders

import (
	"cmp"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"unicode"

	"campaignlark/models"
)

// Limits of what a webhook may be told about its answers.
const (
	MaxOrigins = 50
	MaxLimit   = 1_000_000 // calls a minute

	maxPageURL   = 2000 // bytes
	maxTrapField = 100
)

// IsZero reports whether nothing was said about the answers.
func (a Answers) IsZero() bool {
	return a.SuccessURL == "" && a.FailureURL == "" && len(a.AllowedOrigins) == 0 && a.TrapField == "" && !a.TestCallsOK && !a.UnknownOK && a.LimitWebhook == 0 && a.LimitNetwork == 0
}

// Validate returns what is wrong with the answers, by setting: success_url, failure_url, allowed_origins, trap_field, limit_webhook,
// limit_network. It expects origins as ReadOrigin returns them.
func (a Answers) Validate() models.FieldErrors {
	errs := models.FieldErrors{}
	errs.Add("success_url", validatePage(a.SuccessURL))
	errs.Add("failure_url", validatePage(a.FailureURL))
	if len(a.AllowedOrigins) > MaxOrigins {
		errs.Add("allowed_origins", fmt.Sprintf("A webhook can list up to %d websites. These are %d.", MaxOrigins, len(a.AllowedOrigins)))
	}
	for _, origin := range a.AllowedOrigins {
		if _, ok := ReadOrigin(origin); !ok {
			errs.Add("allowed_origins", "“"+models.NameInvisible(models.Shorten(origin, 60))+"” is not the address of a website. Please write https:// and its name, such as https://shop.example, without a page.")
		}
	}
	switch {
	case len(a.TrapField) > maxTrapField || strings.ContainsFunc(a.TrapField, unicode.IsControl):
		errs.Add("trap_field", fmt.Sprintf("The name of a field can have up to %d characters, in one line.", maxTrapField))
	case strings.EqualFold(a.TrapField, models.EmailKey):
		errs.Add("trap_field", "People fill in the field of the address. Please choose another name.")
	}
	errs.Add("limit_webhook", validateLimit(a.LimitWebhook))
	errs.Add("limit_network", validateLimit(a.LimitNetwork))
	return errs
}

func validateLimit(calls int) string {
	if calls < 0 || calls > MaxLimit {
		return "Please enter how many calls a minute may have, from 1 to 1,000,000, or leave it empty."
	}
	return ""
}

func validatePage(text string) string {
	if text == "" {
		return ""
	}
	if _, ok := OriginOf(text); !ok {
		return "Please enter the whole address of the page, with https:// at its beginning."
	}
	if len(text) > maxPageURL {
		return fmt.Sprintf("The address of a page can have up to %d characters.", maxPageURL)
	}
	return ""
}

// Lists reports whether a page is on one of the listed websites.
func (a Answers) Lists(page string) bool {
	origin, ok := OriginOf(page)
	return ok && slices.Contains(a.AllowedOrigins, origin)
}

// PageAfter returns the page to which a browser is led after it sent a form, with the result in its query; "" for none. success is whether
// the call was answered with 200, result says why not, and next is the listed page that the form asks for, "" for none.
func (a Answers) PageAfter(success bool, result, next string) string {
	to := cmp.Or(a.FailureURL, next)
	if success {
		to, result = cmp.Or(next, a.SuccessURL), "ok"
	}
	u, err := url.Parse(to)
	if to == "" || err != nil {
		return ""
	}
	query := u.Query()
	query.Set("result", result)
	u.RawQuery = query.Encode()
	return u.String()
}

// OriginOf returns the origin of a web address, in the form of ReadOrigin. ok is false if it is not one that a browser may be led to.
func OriginOf(address string) (origin string, ok bool) {
	u, err := url.Parse(address)
	if err != nil || u.User != nil || u.Opaque != "" || strings.ContainsFunc(address, func(r rune) bool { return r <= ' ' || r == 0x7f || r == '\\' }) {
		return "", false
	}
	return ReadOrigin(u.Scheme + "://" + u.Host)
}

// ReadOrigin reads the origin of a website: http or https, a host in lower case, and a port if it is not the usual one. A slash at the end
// is left out.
func ReadOrigin(text string) (origin string, ok bool) {
	u, err := url.Parse(strings.TrimSuffix(text, "/"))
	if err != nil || u.User != nil || u.Path != "" || u.RawQuery != "" || u.ForceQuery || u.Fragment != "" || strings.ContainsAny(text, "#\\ ") {
		return "", false
	}
	scheme, host, port := strings.ToLower(u.Scheme), strings.ToLower(u.Hostname()), u.Port()
	usual := map[string]string{"https": "443", "http": "80"}[scheme]
	if usual == "" || host == "" || len(host) > 253 {
		return "", false
	}
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	if port != "" && port != usual {
		host += ":" + port
	}
	return scheme + "://" + host, true
}
