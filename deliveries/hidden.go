package deliveries

import (
	"net/http"
	"slices"
	"strings"

	"campaignlark/models"
)

// HiddenValue stands for the value of an own header on pages. In a form that is sent back it keeps the stored value.
const HiddenValue = "•••••"

// headerLine is a line of a destination's own headers.
type headerLine struct{ name, value string }

// headerLines splits own headers, which ParseHeaders accepts, into lines.
func headerLines(text string) (all []headerLine) {
	for line := range strings.Lines(models.OneLineEnd(text)) {
		if name, value, found := strings.Cut(line, ":"); found {
			all = append(all, headerLine{http.CanonicalHeaderKey(strings.TrimSpace(name)), strings.TrimSpace(value)})
		}
	}
	return all
}

func headerText(all []headerLine) string {
	lines := make([]string, len(all))
	for i, h := range all {
		lines[i] = h.name + ": " + h.value
	}
	return strings.Join(lines, "\n")
}

// HideHeaders returns own headers without their values, which often are passwords.
func HideHeaders(text string) string {
	all := headerLines(text)
	for i := range all {
		all[i].value = HiddenValue
	}
	return headerText(all)
}

// restoreHeaders puts the stored values in place of the hidden ones: the first hidden value of a name is the first stored one of that
// name, and so on. It returns one sentence if a value is missing, or "".
func restoreHeaders(posted, stored string) (text, wrong string) {
	all, left := headerLines(posted), headerLines(stored)
	for i, h := range all {
		at := slices.IndexFunc(left, func(had headerLine) bool { return had.name == h.name })
		if at >= 0 {
			if h.value == HiddenValue {
				all[i].value = left[at].value
			}
			left = slices.Delete(left, at, at+1)
		}
		if all[i].value == HiddenValue {
			return "", "Please type the value of " + h.name + ": none is stored."
		}
	}
	return headerText(all), ""
}

// headerNames lists the names of own headers, for the audit log.
func headerNames(text string) string {
	var names []string
	for _, h := range headerLines(text) {
		names = append(names, h.name)
	}
	return strings.Join(names, ", ")
}
