package deliveries

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"campaignlark/models"

	"golang.org/x/net/http/httpguts"
)

// reserved are the headers that every delivery sets, and those that belong to the connection. A destination's own headers cannot be
// among them.
var reserved = []string{
	"Connection", "Content-Encoding", "Content-Length", "Content-Type", "Expect", "Host", "Keep-Alive", "Proxy-Authorization", "Proxy-Connection", "Te",
	"Trailer", "Transfer-Encoding", "Upgrade", "User-Agent", headerSignature, headerStandardID, headerStandardTime, headerStandardSignature,
}

// checkHeaders returns the fault of the own headers in a form. It is stricter than ParseHeaders, which also reads what earlier versions
// stored: receivers read repeated names and values beyond ASCII in different ways.
func checkHeaders(text string) error {
	if _, err := ParseHeaders(text); err != nil {
		return err
	}
	seen := map[string]bool{}
	for _, h := range headerLines(text) {
		switch {
		case seen[h.name]:
			return fmt.Errorf("%s stands here twice. Write each header once.", h.name)
		case h.value != HiddenValue && strings.ContainsFunc(h.value, func(r rune) bool { return r > '~' }):
			return fmt.Errorf("The value of %s has a character that is not a plain letter, digit or sign, such as ü. Systems read it in different ways, so write it without.", h.name)
		}
		seen[h.name] = true
	}
	return nil
}

// ParseHeaders reads a destination's own headers, one "Name: value" a line. Blank lines mean nothing. The error is a sentence for the
// form, and repeats no value.
func ParseHeaders(text string) (http.Header, error) {
	if len(text) > models.MaxDestinationHeader {
		return nil, fmt.Errorf("All headers together have at most %d characters.", models.MaxDestinationHeader)
	}
	h := http.Header{}
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		name, value, found := strings.Cut(line, ":")
		name, value = strings.TrimSpace(name), strings.TrimSpace(value)
		switch {
		case !found:
			return nil, errors.New("Write one header on each line: its name, a colon and its value. Example: Authorization: Bearer abc")
		case !httpguts.ValidHeaderFieldName(name):
			return nil, errors.New("The name of a header has only letters, digits and hyphens.")
		case slices.Contains(reserved, http.CanonicalHeaderKey(name)):
			return nil, fmt.Errorf("Leave %s out: every delivery sets it.", http.CanonicalHeaderKey(name))
		case !httpguts.ValidHeaderFieldValue(value):
			return nil, fmt.Errorf("The value of %s has a character that no header can hold.", http.CanonicalHeaderKey(name))
		}
		h.Add(name, value)
	}
	return h, nil
}
