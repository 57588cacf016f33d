package senders

import (
	"fmt"
	"html"
	"regexp"
	"strconv"
	"strings"
	"time"

	"campaignlark/models"
)

// Name returns the reading as a menu shows it.
func (as As) Name() string {
	return map[As]string{
		AsIs: "As it is", AsUnix: "Seconds since 1970", AsUnixMS: "Milliseconds since 1970", AsDMY: "Day/month/year", AsMDY: "Month/day/year",
		AsDecimalComma: "Decimal comma", AsOptionText: "Text of the option with this id", AsHTML: "HTML signs such as &amp;",
		AsSemicolon: "Several, with a semicolon between them", AsPipe: "Several, with a | between them",
	}[as]
}

// Read returns a text of one value as the reading says: a day as 1990-12-31, a number with a decimal point. Blank texts stay. The error is a
// *models.ValueError that says why the text does not fit.
func (as As) Read(text string) (string, error) {
	texts, err := as.read(text)
	if err != nil || len(texts) == 0 {
		return "", err
	}
	return texts[0], nil
}

// read does Read, and returns several texts if the reading splits.
func (as As) read(text string) ([]string, error) {
	if models.IsBlank(text) {
		return []string{text}, nil
	}
	trimmed, err := models.TrimBlanks(text), error(nil)
	switch as {
	case AsUnix:
		trimmed, err = readUnix(trimmed, time.Second)
	case AsUnixMS:
		trimmed, err = readUnix(trimmed, time.Millisecond)
	case AsDMY:
		trimmed, err = readDay(trimmed, "day", "month")
	case AsMDY:
		trimmed, err = readDay(trimmed, "month", "day")
	case AsDecimalComma:
		trimmed, err = readDecimalComma(trimmed)
	case AsHTML:
		return []string{html.UnescapeString(text)}, nil
	case AsSemicolon:
		return split(text, ";"), nil
	case AsPipe:
		return split(text, "|"), nil
	default:
		return []string{text}, nil
	}
	return []string{trimmed}, err
}

// misfit is the error of a value that does not fit its reading.
func misfit(code, sentence string, args ...any) error {
	return &models.ValueError{Code: code, Message: fmt.Sprintf(sentence, args...)}
}

// split returns the parts of a text that are not blank.
func split(text, separator string) (parts []string) {
	for part := range strings.SplitSeq(text, separator) {
		if part = models.TrimBlanks(part); part != "" {
			parts = append(parts, part)
		}
	}
	return parts
}

var unixShape = regexp.MustCompile(`^(-?[0-9]{1,15})(?:\.([0-9]{1,9})[0-9]*)?$`)

// readUnix reads a count of units since 1970 as an instant in UTC.
func readUnix(text string, unit time.Duration) (string, error) {
	parts := unixShape.FindStringSubmatch(text)
	if parts == nil {
		return "", misfit("not_unix", "This is not a count of %ss since 1970.", unitName(unit))
	}
	n, _ := strconv.ParseInt(parts[1], 10, 64) // fifteen digits always fit
	fraction, _ := strconv.ParseInt((parts[2] + "000000000")[:9], 10, 64)
	if strings.HasPrefix(text, "-") {
		fraction = -fraction
	}
	perSecond := int64(time.Second / unit)
	at := time.Unix(n/perSecond, n%perSecond*int64(unit)+fraction/perSecond).UTC()
	if at.Year() < 1 || at.Year() > 9999 {
		return "", misfit("not_unix", "So many %ss after 1970 there is no year of four digits.", unitName(unit))
	}
	return at.Format(time.RFC3339Nano), nil
}

func unitName(unit time.Duration) string {
	if unit == time.Second {
		return "second"
	}
	return "millisecond"
}

// dayTimeShape finds two numbers, the year, and after a blank, comma or T the hour, minute, second and half of the day.
var dayTimeShape = regexp.MustCompile(`(?i)^([0-9]{1,2})([./-])([0-9]{1,2})([./-])([0-9]{4})(?:(?:,? +|T)([0-9]{1,2}):([0-9]{2})(?::([0-9]{2}))?(?: ?([ap]m))?)?$`)

// readDay reads a day with the year last, and the time of day after it, if there is one. It says which of the first two numbers is
// which.
func readDay(text, first, second string) (string, error) {
	parts := dayTimeShape.FindStringSubmatch(text)
	if parts == nil || parts[2] != parts[4] {
		return "", misfit("not_a_day", "This is not a %s, a %s and a year of four digits, with / . or - between them.", first, second)
	}
	number := func(i int) int { n, _ := strconv.Atoi(parts[i]); return n }
	day, month := number(1), number(3)
	if first == "month" {
		day, month = month, day
	}
	date := time.Date(number(5), time.Month(month), day, 0, 0, 0, 0, time.UTC)
	if date.Day() != day || int(date.Month()) != month {
		return "", misfit("no_such_day", "There is no such day, read as %s, %s, year.", first, second)
	}
	if parts[6] == "" {
		return date.Format(time.DateOnly), nil
	}
	hour, minute, second60 := number(6), number(7), number(8)
	if half := strings.ToLower(parts[9]); half != "" {
		if hour < 1 || hour > 12 {
			return "", misfit("no_such_time", "There is no such time of day.")
		}
		hour %= 12
		if half == "pm" {
			hour += 12
		}
	}
	if hour > 23 || minute > 59 || second60 > 59 {
		return "", misfit("no_such_time", "There is no such time of day.")
	}
	return fmt.Sprintf("%sT%02d:%02d:%02d", date.Format(time.DateOnly), hour, minute, second60), nil
}

// groupedNumber finds a number whose thousands may stand apart, and whose decimals follow a comma.
var groupedNumber = regexp.MustCompile(`^[+-]?(?:[0-9]+|[0-9]{1,3}(?:\.[0-9]{3})+|[0-9]{1,3}(?:[ \x{00A0}\x{202F}'’][0-9]{3})+)(?:,[0-9]+)?$`)

var ungrouped = strings.NewReplacer(".", "", " ", "", "\u00A0", "", "\u202F", "", "'", "", "’", "", ",", ".")

// readDecimalComma reads a number with a decimal comma as a number of JSON, which has no + and no zeros in front.
func readDecimalComma(text string) (string, error) {
	if !groupedNumber.MatchString(text) {
		return "", misfit("no_decimal_comma", "This is not a number with a decimal comma, such as 1.234,50.")
	}
	number := ungrouped.Replace(text)
	digits := strings.TrimLeft(number, "+-0")
	if digits == "" || digits[0] == '.' {
		digits = "0" + digits
	}
	if number[0] == '-' {
		return "-" + digits, nil
	}
	return digits, nil
}

// optionText returns the text of the option with an id. The options stand beside the value, or beside what holds it: objects with
// "id" and "text".
func (f *finder) optionText(id string, at Place) (string, error) {
	above := f.above(at)
	for i := len(above) - 1; i >= 0; i-- {
		options := f.member("options", above[i])
		if options < 0 {
			continue
		}
		for option := range f.Children(options) {
			if f.spent() {
				break
			}
			if f.memberText([]string{"id"}, option) != text(id) {
				continue
			}
			if name := f.memberText([]string{"text"}, option); name.given {
				return name.text, nil
			}
		}
		return "", misfit("no_option", "None of the options in this call has the id %s.", showText(id))
	}
	return "", misfit("no_option", "This call has no list of options beside this value.")
}
