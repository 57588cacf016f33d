package models

// WebhookMonth counts a webhook's calls in the last 24 hours and in the 29 days before, by the hours of the counters.
type WebhookMonth struct {
	WebhookID                     int64
	Calls, Failures               int64
	EarlierCalls, EarlierFailures int64
	Reasons                       []OutcomeCount // why calls of the last 24 hours failed, the most frequent first
}

// When the dashboard warns: at least oftenFailures in 24 hours, and at least one failure in oftenOneIn calls. A webhook
// with knownCalls earlier calls that now fails unusualTimes as often needs only one failure in unusualOneIn calls.
const (
	oftenFailures = 5
	oftenOneIn    = 5
	unusualOneIn  = 20
	unusualTimes  = 3
	knownCalls    = 50
)

// FailsTooOften reports whether a person should look at the failures of the last 24 hours.
func (m WebhookMonth) FailsTooOften() bool {
	return ManyFail(m.Failures, m.Calls) ||
		m.Failures >= oftenFailures && m.MoreThanUsual() && m.Failures*unusualOneIn >= m.Calls
}

// ManyFail reports whether so many calls failed that a person should look, even if that is usual.
func ManyFail(failures, calls int64) bool {
	return failures >= oftenFailures && failures*oftenOneIn >= calls
}

// MoreThanUsual reports whether many more calls failed in the last 24 hours than before. It needs earlier calls to
// compare with.
func (m WebhookMonth) MoreThanUsual() bool {
	if m.EarlierCalls < knownCalls || m.Failures == 0 {
		return false
	}
	return float64(m.Failures)*float64(m.EarlierCalls) >= unusualTimes*float64(m.EarlierFailures)*float64(m.Calls)
}

// OutcomeCount counts the calls with one outcome.
type OutcomeCount struct {
	Outcome Outcome
	Calls   int64
}
