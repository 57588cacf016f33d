package deliveries

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Schedule is how long to wait after the first, the second and each further failed attempt. When it ends, the delivery is dead.
type Schedule []time.Duration

// StandardSchedule ends three days after the first attempt. A destination that comes back after a weekend misses nothing.
var StandardSchedule = Schedule{
	5 * time.Second, 5 * time.Minute, 30 * time.Minute, 2 * time.Hour, 5 * time.Hour, 10 * time.Hour, 14 * time.Hour, 20 * time.Hour, 24 * time.Hour,
}

// maxRetryAfter is the longest wait that a receiver can ask for.
const maxRetryAfter = 24 * time.Hour

// Next returns when to try again after a failed attempt at the instant now, and false if there is no further attempt. tries counts the
// failed attempts. retryAfter is the wait that the answer asks for, 0 for none; it only makes the wait longer. random, from 0 to 1, moves
// the wait by up to a tenth in either direction, so that deliveries that failed together do not come back together.
func (s Schedule) Next(tries int, now time.Time, retryAfter time.Duration, random float64) (time.Time, bool) {
	if tries < 1 || tries > len(s) {
		return time.Time{}, false
	}
	wait := time.Duration(float64(s[tries-1]) * (0.9 + 0.2*random))
	return now.Add(max(wait, min(retryAfter, maxRetryAfter))), true
}

// refusedWait is how long a delivery to an address that is not allowed waits: what a name leads to may have changed by then.
const refusedWait = 5 * time.Minute

// Refused returns when to try again after an attempt at the instant now to an address that is not allowed.
func (s Schedule) Refused(now time.Time) time.Time {
	wait := refusedWait
	if len(s) > 0 {
		wait = min(wait, slices.Max(s))
	}
	return now.Add(wait)
}

// Whole is the time from the first attempt to the last one.
func (s Schedule) Whole() (whole time.Duration) {
	for _, wait := range s {
		whole += wait
	}
	return whole
}

// String returns the text that ParseSchedule reads.
func (s Schedule) String() string {
	var waits []string
	for _, wait := range s {
		text := wait.String()
		if short, ok := strings.CutSuffix(text, "m0s"); ok {
			text = short + "m"
		}
		if short, ok := strings.CutSuffix(text, "h0m"); ok {
			text = short + "h"
		}
		waits = append(waits, text)
	}
	return strings.Join(waits, ",")
}

// Limits of a schedule.
const (
	maxWaits = 30
	maxWait  = 7 * 24 * time.Hour
)

// ParseSchedule reads durations with commas between them, such as 5s,5m,2h. The error is the end of a sentence about the setting.
func ParseSchedule(text string) (Schedule, error) {
	var s Schedule
	for part := range strings.SplitSeq(text, ",") {
		wait, err := time.ParseDuration(strings.TrimSpace(part))
		if err != nil {
			return nil, fmt.Errorf("%q is no time; write times with commas between them, such as 5s,5m,2h", strings.TrimSpace(part))
		}
		if wait <= 0 || wait > maxWait {
			return nil, fmt.Errorf("%s is out of range; each time must be longer than 0s and not longer than %s", wait, Schedule{maxWait})
		}
		s = append(s, wait)
	}
	if len(s) > maxWaits {
		return nil, errors.New("there are too many times; at most " + strconv.Itoa(maxWaits) + " are possible")
	}
	return s, nil
}

// readRetryAfter reads the header Retry-After: seconds, or a date. It returns 0 for nothing that makes sense.
func readRetryAfter(text string, now time.Time) time.Duration {
	text = strings.TrimSpace(text)
	if seconds, err := strconv.ParseUint(text, 10, 64); err == nil {
		return time.Duration(min(seconds, uint64(maxRetryAfter/time.Second))) * time.Second
	}
	if strings.Trim(text, "0123456789") == "" && text != "" { // more digits than a number holds
		return maxRetryAfter
	}
	at, err := http.ParseTime(text)
	if err != nil {
		return 0
	}
	return max(0, min(at.Sub(now), maxRetryAfter))
}
