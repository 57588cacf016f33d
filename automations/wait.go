package automations

import (
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"campaignlark/models"
	"campaignlark/segments/calendar"
)

// Units are the units of a wait, and their minutes.
var Units = []struct {
	Name    string
	Minutes int
}{{"minute", 1}, {"hour", 60}, {"day", 24 * 60}}

// Wait returns the minutes of a wait in the largest unit that fits.
func (s Step) Wait() (amount int, unit string) {
	for _, u := range slices.Backward(Units) {
		if s.Minutes%u.Minutes == 0 && s.Minutes > 0 {
			return s.Minutes / u.Minutes, u.Name
		}
	}
	return s.Minutes, Units[0].Name
}

const tooLongWait = "A wait can take up to 366 days."

// ReadWait reads how long a wait takes, such as "2" and "day", in minutes. A blank text is 0. fault is a sentence about what is wrong, "" for
// nothing.
func ReadWait(text, unit string) (minutes int, fault string) {
	text = strings.NewReplacer(" ", "", "\u00a0", "", "\u202f", "").Replace(models.TrimBlanks(text))
	if thousands.MatchString(text) {
		text = strings.ReplaceAll(text, ",", "")
	}
	if text == "" {
		return 0, ""
	}
	if dotted.MatchString(text) {
		return 0, "“" + models.Shorten(text, 20) + "” can mean two numbers. Please write " + strings.ReplaceAll(text, ".", "") + ", or a number without a point."
	}
	each := 1
	for _, u := range Units {
		if u.Name == unit {
			each = u.Minutes
		}
	}
	n, err := strconv.ParseFloat(strings.Replace(text, ",", ".", 1), 64)
	switch {
	case !decimal.MatchString(text):
		return 0, "“" + models.Shorten(text, 20) + "” is not a number. Please give how long it waits as a whole number, such as 3."
	case strings.HasPrefix(text, "-") || strings.HasPrefix(text, "−"):
		return 0, "A wait cannot be less than nothing. Please give a number without a minus."
	case err != nil || n*float64(each) > MaxWait:
		return 0, tooLongWait
	case n != math.Trunc(n) && each > 1:
		return 0, "Please give a whole number. For a part of " + map[int]string{60: "an hour, choose minutes.", 24 * 60: "a day, choose hours."}[each]
	case n != math.Trunc(n):
		return 0, "Please give a whole number of minutes."
	}
	return int(n) * each, ""
}

var (
	thousands = regexp.MustCompile(`^[0-9]{1,3}(,[0-9]{3})+$`)
	dotted    = regexp.MustCompile(`^[1-9][0-9]{0,2}(\.[0-9]{3})+$`) // thousands in many countries, a fraction in others
	decimal   = regexp.MustCompile(`^[-−]?[0-9]+([.,][0-9]+)?$`)
)

func (s Step) checkWait() (control, message string) {
	switch _, ok := readClock(s.Until); {
	case s.Until != "" && !ok:
		return ControlUntil, "Please give the hour as in 09:00."
	case s.Minutes < 0 || s.Minutes > MaxWait:
		return ControlAmount, tooLongWait
	case s.Minutes == 0 && s.Until == "":
		return ControlAmount, "Please say how long it waits."
	}
	return "", ""
}

// readClock reads an hour of the day such as 09:00, as minutes since midnight.
func readClock(text string) (minutes int, ok bool) {
	if len(text) != 5 || text[2] != ':' {
		return 0, false
	}
	hour, ok1 := calendar.Digits(text[:2])
	minute, ok2 := calendar.Digits(text[3:])
	return hour*60 + minute, ok1 && ok2 && hour < 24 && minute < 60
}
