package deliveries

import (
	"strconv"
	"strings"
	"time"
)

// Reached reports whether an attempt that ended so sent anything to the receiver.
func Reached(code Code, status int) bool {
	return status != 0 || code == CodeTimeout || code == CodeReset || code == CodeUnreadable
}

// SentHeaders lists what an attempt sends above the message, one header a line. What proves the sender or may be a
// password is hidden, and so is what is not known: the version of this program, and the time if at is zero. own are the destination's own
// headers.
func SentHeaders(messageID string, at time.Time, signatures int, own string) string {
	when := unknownValue
	if !at.IsZero() {
		when = strconv.FormatInt(at.Unix(), 10)
	}
	lines := []string{
		"Content-Type: application/json", "User-Agent: " + agentName + unknownValue,
		headerStandardID + ": " + messageID, headerStandardTime + ": " + when,
		headerStandardSignature + ": " + strings.TrimSuffix(strings.Repeat("v1,"+HiddenValue+" ", max(signatures, 1)), " "),
		headerSignature + ": " + HiddenValue,
	}
	if own != "" {
		lines = append(lines, HideHeaders(own))
	}
	return strings.Join(lines, "\n")
}

// unknownValue stands for the part of a header that nobody knows any more, or not yet.
const unknownValue = "…"
