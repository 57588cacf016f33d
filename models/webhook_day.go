package models

// WebhookDay counts a webhook's calls in the last 24 hours, by the hours of the counters.
type WebhookDay struct {
	WebhookID       int64
	Calls, Failures int64
	Reasons         []OutcomeCount // why calls failed, the most frequent first
}

// Many calls fail if at least oftenFailures do, and one in oftenOneIn.
const (
	oftenFailures = 5
	oftenOneIn    = 5
)

// ManyFail reports whether so many calls failed that a person should look, even if that is usual.
func ManyFail(failures, calls int64) bool {
	return failures >= oftenFailures && failures*oftenOneIn >= calls
}

// OutcomeCount counts the calls with one outcome.
type OutcomeCount struct {
	Outcome Outcome
	Calls   int64
}
