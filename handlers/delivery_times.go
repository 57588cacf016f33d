package handlers

import (
	"strconv"
	"strings"
	"time"

	"campaignlark/deliveries"
)

// nextTrySaid says when a delivery is tried next, to the second and as a time from now: "Next try at 18:13:05, in 4 min."
func (v *visit) nextTrySaid(at time.Time) string {
	if !at.After(v.server.now()) {
		return "It goes out now."
	}
	if _, today := v.exactSaid(at); !today {
		return "Next try on " + v.clockSaid(at) + "."
	}
	return "Next try at " + v.clockSaid(at) + ", " + v.inSaid(at) + "."
}

// inSaid is untilSaid with seconds: "in 20 s", "in 4 min".
func (v *visit) inSaid(at time.Time) string {
	if d := at.Sub(v.server.now()); d < time.Minute {
		return "in " + strconv.Itoa(int(max(d.Round(time.Second), time.Second)/time.Second)) + " s"
	}
	return v.untilSaid(at)
}

// exactSaid writes an instant to the second, with the day if it is not today, and reports whether it is.
func (v *visit) exactSaid(at time.Time) (text string, today bool) {
	zone := v.Workspace.Location()
	if at.In(zone).Format(time.DateOnly) == v.server.now().In(zone).Format(time.DateOnly) {
		return at.In(zone).Format("15:04:05"), true
	}
	return v.dated(at, "2 January, 15:04:05"), false
}

// dated formats an instant in the workspace's time zone, with the year after the month if it is another one than now.
func (v *visit) dated(at time.Time, layout string) string {
	zone := v.Workspace.Location()
	if at.In(zone).Year() != v.server.now().In(zone).Year() {
		layout = strings.Replace(layout, "January", "January 2006", 1)
	}
	return at.In(zone).Format(layout)
}

// clockSaid is the time of day of an instant, with the day if it is not today.
func (v *visit) clockSaid(at time.Time) string {
	text, _ := v.exactSaid(at)
	return text
}

// atSaid writes an instant for the middle of a sentence: "at 18:13:05", "on 24 November, 18:13:05".
func (v *visit) atSaid(at time.Time) string {
	text, today := v.exactSaid(at)
	if today {
		return "at " + text
	}
	return "on " + text
}

func (v *visit) untilEndSaid(at time.Time) string {
	at = at.In(v.Workspace.Location())
	if at.Sub(v.server.now()) < 24*time.Hour {
		return "at about " + at.Format("15:04")
	}
	return at.Format("on Monday 2 January, at about 15:04")
}

// schedule is when failed deliveries are tried again.
func (s *Server) schedule() deliveries.Schedule {
	if s.Config.DeliverySchedule != nil {
		return s.Config.DeliverySchedule
	}
	return deliveries.StandardSchedule
}

// waitsSaid lists times between attempts: "5 and 30 minutes, then 2, 5 and 10 hours".
func waitsSaid(waits []time.Duration) string {
	var groups []string
	for len(waits) > 0 {
		one, length := waitUnit(waits[0])
		var counts []string
		for len(waits) > 0 {
			if other, _ := waitUnit(waits[0]); other != one {
				break
			}
			counts, waits = append(counts, strconv.FormatInt(int64(waits[0]/length), 10)), waits[1:]
		}
		said := counts[0]
		if last := len(counts) - 1; last > 0 {
			said = strings.Join(counts[:last], ", ") + " and " + counts[last]
		}
		if said != "1" {
			one += "s"
		}
		groups = append(groups, said+" "+one)
	}
	return strings.Join(groups, ", then ")
}

// waitUnit returns the largest unit of which a time is a multiple, and its length.
func waitUnit(wait time.Duration) (string, time.Duration) {
	switch {
	case wait%time.Hour == 0:
		return "hour", time.Hour
	case wait%time.Minute == 0:
		return "minute", time.Minute
	}
	return "second", time.Second
}

// waitSaid writes one wait: "20 s", "5 min", "2 h".
func waitSaid(wait time.Duration) string {
	unit, length := waitUnit(wait)
	return strconv.FormatInt(int64(wait/length), 10) + map[string]string{"hour": " h", "minute": " min", "second": " s"}[unit]
}
