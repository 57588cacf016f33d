package deliveries

import (
	"time"

	"campaignlark/models"
)

const (
	FailsFor  = 5 * 24 * time.Hour // after which a destination is switched off if no attempt succeeded
	arrivedBy = time.Minute        // how old the time of the last arrival may be

	refusedFor = 10 * time.Minute // after which a destination is switched off if this program may not send to its address
)

// Why the program switches a destination off.
const (
	offGone    = "It answered 410 Gone, which says that it wants no more deliveries."
	offFailing = "Every attempt failed for 5 days."
	offAddress = "Its address leads into a private network or to this machine, where messages may not go. Enter another address, or ask the people who run this program to allow its network with OUTBOUND_ALLOW. Then switch it on."
)

// Failing reports whether a destination that is switched on takes nothing: attempts fail without one that succeeds in between, some times or
// for some time. store.FailingDestination is the same for queries.
func Failing(d models.Destination, now time.Time) bool {
	return d.Enabled && d.FailingSince != nil && (d.Failures >= models.FailsOften || now.Sub(*d.FailingSince) >= models.FailsLong)
}

// ToTell returns what the admins of a destination's workspace should know of it: that it fails for an hour or a day, or that the program has
// switched it off.
func ToTell(d models.Destination, now time.Time) models.DestinationTold {
	switch {
	case !d.Enabled && d.OffReason != "":
		return models.ToldOff
	case !Failing(d, now) || now.Sub(*d.FailingSince) < time.Hour:
		return models.ToldNothing
	case now.Sub(*d.FailingSince) < 24*time.Hour:
		return models.ToldHour
	}
	return models.ToldDay
}

// after returns the destination after an attempt, and whether its row changes. Few arrivals change it, so that a busy destination does not
// write its row for each delivery. A fault of this program does not count against it.
func after(d models.Destination, o outcome) (models.Destination, bool) {
	if o.Code == CodeNone {
		if d.FailingSince == nil && d.Failures == 0 && d.ArrivedAt != nil && o.at.Sub(*d.ArrivedAt).Abs() < arrivedBy {
			return d, false
		}
		d.FailingSince, d.Failures, d.ArrivedAt = nil, 0, &o.at
		return d, true
	}
	if o.Code.Ours() { // the receiver has no part in it
		return d, false
	}
	d.Failures++
	if d.FailingSince == nil || d.FailingSince.After(o.at) { // the clock may have been set back
		d.FailingSince = &o.at
	}
	switch {
	case !d.Enabled:
	case o.Status == 410:
		d.Enabled, d.OffReason = false, offGone
	case o.Code == CodeAddress && !o.refused.IsZero() && o.at.Sub(o.refused) >= refusedFor && o.at.Sub(*d.FailingSince) >= refusedFor:
		d.Enabled, d.OffReason = false, offAddress
	case o.at.Sub(*d.FailingSince) >= FailsFor:
		d.Enabled, d.OffReason = false, offFailing
	}
	return d, true
}
