package models

import (
	"math"
	"slices"
	"time"
)

// UsualDays is the period from which a webhook's usual calls are learned.
const UsualDays = 14

// A webhook fails more than usual if at least oftenFailures calls fail in 24 hours, and one in unusualOneIn, unusualTimes as often as in at
// least knownCalls earlier calls.
const (
	unusualOneIn = 20
	unusualTimes = 3
	knownCalls   = 50
)

// When a webhook is silent: its calls came in at least knownHours hours of at least knownDays days, and none has come for silentTimes the longest
// pause between two of them, and for leastSilence.
const (
	knownHours   = 10
	knownDays    = 3
	silentTimes  = 2
	leastSilence = 3 * time.Hour
)

// WebhookUsual is what the counters know of one webhook.
type WebhookUsual struct {
	WebhookID       int64
	Calls, Failures int64 // of the last 24 hours
	EarlierCalls    int64 // of the UsualDays days before
	EarlierFailures int64 // likewise
	LastCall        time.Time
	Hours           []time.Time // in which calls came, in the UsualDays days before the last call, the oldest first
}

// Unusual says how a webhook differs from its usual. An automation can start on Failing and on Silent.
type Unusual struct {
	Failing               bool
	Percent, UsualPercent float64 // of calls that failed, in the last 24 hours and in the UsualDays days before

	Silent       bool
	For          time.Duration // since the last call
	Gap, Longest time.Duration // the usual and the longest pause between two hours with calls
}

// Any reports whether anything is unusual.
func (u Unusual) Any() bool { return u.Failing || u.Silent }

// Unusual compares the webhook with its usual. Without enough earlier calls nothing is unusual.
func (u WebhookUsual) Unusual(now time.Time) (is Unusual) {
	if u.failsMore() {
		is.Failing, is.Percent, is.UsualPercent = true, percent(u.Failures, u.Calls), percent(u.EarlierFailures, u.EarlierCalls)
	}
	if len(u.Hours) < knownHours || u.Hours[len(u.Hours)-1].Sub(u.Hours[0]) < (knownDays-1)*24*time.Hour {
		return is
	}
	gaps := make([]time.Duration, len(u.Hours)-1)
	for i := range gaps {
		gaps[i] = u.Hours[i+1].Sub(u.Hours[i])
	}
	slices.Sort(gaps)
	is.For, is.Gap, is.Longest = now.Sub(u.LastCall), gaps[len(gaps)/2], gaps[len(gaps)-1]
	is.Silent = is.For >= leastSilence && is.For > silentTimes*is.Longest
	return is
}

// failsMore reports whether the webhook fails more than usual.
func (u WebhookUsual) failsMore() bool {
	return u.EarlierCalls >= knownCalls && u.Failures >= oftenFailures && u.Failures*unusualOneIn >= u.Calls &&
		float64(u.Failures)*float64(u.EarlierCalls) >= unusualTimes*float64(u.EarlierFailures)*float64(u.Calls)
}

func percent(part, all int64) float64 {
	return math.Round(1000*float64(part)/float64(max(all, 1))) / 10
}
