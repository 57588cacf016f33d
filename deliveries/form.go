package deliveries

import (
	"net/netip"
	"net/url"
	"strings"

	"campaignlark/models"
)

// Form is a person's input for a destination. Headers has one a line.
type Form struct{ Name, URL, Headers string }

// clean returns the form as it is stored.
func (f Form) clean() Form {
	return Form{models.CleanName(f.Name), models.TrimBlanks(models.ValidText(f.URL)), models.ValidText(f.Headers)}
}

// Validate returns what is wrong with the form, by field: name, url, headers. allow has the networks of OUTBOUND_ALLOW.
func (f Form) Validate(allow []netip.Prefix) models.FieldErrors {
	f = f.clean()
	errs := models.FieldErrors{}
	errs.Add("name", models.ValidateName(f.Name))
	if err := CheckURL(f.URL, allow...); err != nil {
		errs.Add("url", err.Error())
	}
	if err := checkHeaders(f.Headers); err != nil {
		errs.Add("headers", err.Error())
	}
	return errs
}

// ShownURL returns an address without what may be a password in it: the query and the user. Everybody in the workspace may see it.
func ShownURL(text string) string {
	u, err := url.Parse(text)
	if err != nil {
		return ""
	}
	return (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path, RawPath: u.RawPath}).String()
}

// Host returns the host of an address, with its port if it has one.
func Host(text string) string {
	u, err := url.Parse(text)
	if err != nil {
		return ""
	}
	return strings.ToLower(u.Host)
}
