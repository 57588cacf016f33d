package models

// WebhookMonth is how a webhook was called in the last 24 hours and in the 29 days before, by the hours of the counters.
type WebhookMonth struct {
	WebhookID                     int64
	Calls, Failures               int64
	EarlierCalls, EarlierFailures int64
	Reasons                       []OutcomeCount // why calls of the last 24 hours failed, the most frequent first
}

// What is worth a word on the dashboard: so many failures in 24 hours, and at least one in so many calls; of a webhook
// that is known for so many calls and fails this many times as often as before, fewer will do.
const (
	oftenFailures = 5
	oftenOneIn    = 5
	unusualOneIn  = 20
	unusualTimes  = 3
	knownCalls    = 50
)

// FailsTooOften reports whether somebody should look at the failures of the last 24 hours.
func (m WebhookMonth) FailsTooOften() bool {
	return ManyFail(m.Failures, m.Calls) ||
		m.Failures >= oftenFailures && m.MoreThanUsual() && m.Failures*unusualOneIn >= m.Calls
}

// ManyFail reports whether so many of calls failed that somebody should look, whatever is usual.
func ManyFail(failures, calls int64) bool {
	return failures >= oftenFailures && failures*oftenOneIn >= calls
}

// MoreThanUsual reports whether much more calls failed in the last 24 hours than before. It needs a past to compare with.
func (m WebhookMonth) MoreThanUsual() bool {
	if m.EarlierCalls < knownCalls || m.Failures == 0 {
		return false
	}
	return float64(m.Failures)*float64(m.EarlierCalls) >= unusualTimes*float64(m.EarlierFailures)*float64(m.Calls)
}

// OutcomeCount is how many calls ended in one way.
type OutcomeCount struct {
	Outcome Outcome
	Calls   int64
}
