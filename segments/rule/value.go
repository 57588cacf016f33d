package rule

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"campaignlark/models"
	"campaignlark/segments/calendar"
)

// The highest counts in conditions.
const (
	maxDays        = 36_500
	maxAnniversary = 366
	maxHours       = 876_000
)

// value returns the condition's value in its stored form, or a sentence about its fault.
func (s Schema) value(kind Kind, c Condition) (models.Given, string) {
	given, value := c.Value, kind.Value(c.Operator)
	if given.Shape == models.Nested {
		return given, "Nested data cannot be compared. Please give a plain value."
	}
	switch kind.Takes(c.Operator) {
	case TakesOne:
		return s.oneValue(value, c)
	case TakesTwo:
		return s.twoValues(value, c)
	}
	if value == ValueChoice && kind == kindMultiple {
		return s.choiceValues(c)
	}
	return s.severalValues(value, c)
}

func (s Schema) oneValue(value ValueKind, c Condition) (models.Given, string) {
	if c.Value.Shape == models.List && len(c.Value.Texts) > 1 {
		if value == ValueStatus {
			return c.Value, missing(value)
		}
		return c.Value, "Please give one value only, not a list."
	}
	stored, message := s.readValue(value, c, c.Value.Last())
	if message != "" {
		return c.Value, message
	}
	return models.Text(stored), ""
}

func (s Schema) twoValues(value ValueKind, c Condition) (models.Given, string) {
	wrong := "Please give two numbers, from and to."
	if value == ValueDate {
		wrong = "Please give two days, from and to, such as 1990-01-01 and 1990-12-31."
	}
	if len(c.Value.Texts) != 2 || models.IsBlank(c.Value.Texts[0]) || models.IsBlank(c.Value.Texts[1]) {
		return c.Value, wrong
	}
	from, message := s.readValue(value, c, c.Value.Texts[0])
	if message != "" {
		return c.Value, message
	}
	to, message := s.readValue(value, c, c.Value.Texts[1])
	switch {
	case message != "":
		return c.Value, message
	case value == ValueDate && from > to:
		return c.Value, "Please give the earlier day first."
	case value == ValueNumber && readDecimal(from).compare(readDecimal(to)) > 0:
		return c.Value, "Please give the smaller number first."
	}
	return models.Given{Shape: models.List, Texts: []string{from, to}}, ""
}

// severalValues reads a list and removes duplicates. It sorts ids and choices: their order means nothing, and equal
// rules must be stored as equal text.
func (s Schema) severalValues(value ValueKind, c Condition) (models.Given, string) {
	if message := listTooLong(c.Value.Texts); message != "" {
		return c.Value, message
	}
	list, seen := models.Given{Shape: models.List}, map[string]bool{}
	for i, text := range c.Value.Texts {
		if models.IsBlank(text) {
			continue
		}
		stored, message := s.readValue(value, c, text)
		if message != "" && value.isTyped() && len(c.Value.Texts) > 1 {
			message = s.badLines(value, c, i, message)
		}
		if message != "" {
			return c.Value, message
		}
		if same := essence(value, stored); !seen[same] {
			seen[same] = true
			list.Texts = append(list.Texts, stored)
		}
	}
	if len(list.Texts) == 0 {
		return c.Value, missing(value)
	}
	switch {
	case value.isID():
		slices.SortFunc(list.Texts, func(a, b string) int { return readDecimal(a).compare(readDecimal(b)) })
	case value == ValueChoice:
		options := s.fields[c.FieldID].Options
		slices.SortFunc(list.Texts, func(a, b string) int { return slices.Index(options, a) - slices.Index(options, b) })
	case value == ValueCountry, value == ValueStatus:
		slices.Sort(list.Texts)
	}
	return list, ""
}

// listTooLong returns a sentence if a list of values does not fit in a rule, with its size, and "" otherwise.
func listTooLong(texts []string) string {
	values, bytes := 0, 0
	for _, text := range texts {
		if !models.IsBlank(text) {
			values, bytes = values+1, bytes+len(text)+len(`"",`)
		}
	}
	if bytes <= MaxRuleBytes {
		return ""
	}
	return fmt.Sprintf("This list is too long: it has %s values, which take %s, and %s fit in a rule. %s", showCount(strconv.Itoa(values)), showKB(bytes), showKB(MaxRuleBytes), useATag)
}

// badLines names the first line of a list that cannot be read, and says how many more there are.
func (s Schema) badLines(value ValueKind, c Condition, first int, message string) string {
	more := 0
	for _, text := range c.Value.Texts[first+1:] {
		if models.IsBlank(text) {
			continue
		}
		if _, wrong := s.readValue(value, c, text); wrong != "" {
			more++
		}
	}
	message = fmt.Sprintf("Line %d, “%s”: %s", first+1, models.NameInvisible(models.Shorten(c.Value.Texts[first], 60)), message)
	switch more {
	case 0:
		return message
	case 1:
		return message + " One more line cannot be read."
	}
	return message + fmt.Sprintf(" %s more lines cannot be read.", showCount(strconv.Itoa(more)))
}

// essence returns equal texts for two values of a list that mean the same.
func essence(value ValueKind, stored string) string {
	if value == ValueText {
		return models.Fold(models.TrimBlanks(stored))
	}
	return stored
}

// choiceValues reads the options of a multiple choice; one text may contain several names, separated by commas.
func (s Schema) choiceValues(c Condition) (models.Given, string) {
	stored, err := s.fields[c.FieldID].Read(c.Value, s.Location)
	switch {
	case err != nil:
		return c.Value, err.Error()
	case stored == "":
		return c.Value, missing(ValueChoice)
	}
	return models.Given{Shape: models.List, Texts: strings.Split(stored, "\n")}, ""
}

// readValue returns one value in its stored form, or a sentence about its fault.
func (s Schema) readValue(value ValueKind, c Condition, text string) (stored, message string) {
	if models.IsBlank(models.ValidText(text)) {
		return "", missing(value)
	}
	switch value {
	case ValueStatus:
		status := models.Status(strings.ToUpper(models.TrimBlanks(text)))
		if !status.Valid() {
			return "", missing(value)
		}
		return string(status), ""
	case ValueEmail, ValueDomain:
		return readAddress(value, text)
	case ValueTag, ValueSegment, ValueWebhook:
		return s.readID(value, text)
	case ValueDays, ValueHours:
		return readCount(c.Operator, text)
	case ValueDate:
		return s.readDate(text)
	case ValueText:
		return read(models.MergeTag{Type: models.MergeTagText}, text, nil)
	}
	return read(s.fields[c.FieldID], text, s.Location)
}

func read(m models.MergeTag, text string, where *time.Location) (stored, message string) {
	stored, err := m.Read(models.Text(text), where)
	if err != nil {
		return "", err.Error()
	}
	return stored, ""
}

// missing returns the sentence that asks for a value.
func missing(value ValueKind) string {
	switch value {
	case ValueStatus:
		return "Please choose one status: SUBSCRIBED, UNCONFIRMED or UNSUBSCRIBED."
	case ValueTag:
		return "Please choose at least one tag."
	case ValueSegment:
		return "Please choose a segment."
	case ValueWebhook:
		return "Please choose a webhook."
	}
	return "Please give a value to compare with."
}

func readAddress(value ValueKind, text string) (stored, message string) {
	if value == ValueDomain {
		domain, ok := models.ReadDomain(text)
		if !ok {
			return "", "This is not a domain. Please give the part after the @, such as example.com."
		}
		return domain, ""
	}
	stored, err := models.ReadEmail(models.ValidText(text))
	if err != nil {
		return "", "This is not a whole e-mail address, such as ana@example.com. To look for a part of one, please choose “contains”."
	}
	return stored, ""
}

func (s Schema) readID(value ValueKind, text string) (stored, message string) {
	id, err := strconv.ParseInt(models.TrimBlanks(text), 10, 64)
	if err != nil {
		return "", missing(value)
	}
	there := false
	switch value {
	case ValueTag:
		_, there = s.tags[id]
		message = s.goneMessage(TypeTags, id, "One of these tags does not exist any more. Please choose again.")
	case ValueSegment:
		g, ok := s.segments[id]
		there = ok && g.BrokenReason == ""
		message = s.goneMessage(TypeSegment, id, "This segment does not exist any more. Please choose another.")
		if ok {
			message = "The rule of “" + g.Name + "” is broken. Please repair that first, or choose another segment."
		}
	case ValueWebhook:
		w, ok := s.webhooks[id]
		there = ok && w.DeletedAt == nil
		message = "This webhook does not exist any more. Please choose another."
		if ok {
			message = "The webhook “" + shorten(w.Name) + "” was deleted. Please choose another."
		}
	}
	if !there {
		return "", message
	}
	return strconv.FormatInt(id, 10), ""
}

// readCount reads a whole number of days or hours.
func readCount(o Operator, text string) (stored, message string) {
	number, wrong := read(models.MergeTag{Type: models.MergeTagNumber}, text, nil)
	whole, fraction, _ := strings.Cut(number, ".")
	n, err := strconv.Atoi(whole)
	least, most := countRange(o)
	if wrong != "" || err != nil || strings.Trim(fraction, "0") != "" || n < least || n > most {
		return "", countProblem(o)
	}
	return strconv.Itoa(n), ""
}

func countRange(o Operator) (least, most int) {
	switch o {
	case InLastHours:
		return 1, maxHours
	case AnniversaryWithinDays:
		return 0, maxAnniversary
	}
	return 0, maxDays
}

func countProblem(o Operator) string {
	unit := "days"
	if o == InLastHours {
		unit = "hours"
	}
	least, most := countRange(o)
	return fmt.Sprintf("Please give a whole number of %s from %d to %s.", unit, least, showCount(strconv.Itoa(most)))
}

// showCount formats a whole number for people.
func showCount(n string) string { return models.MergeTag{Type: models.MergeTagNumber}.Show(n, nil) }

// readDate reads a day, or an instant, which counts as its day.
func (s Schema) readDate(text string) (stored, message string) {
	stored, message = read(models.MergeTag{Type: models.MergeTagDate}, text, s.Location)
	if message != "" {
		return "", message
	}
	if day, ok := s.zone.DayOf(stored); ok {
		stored, ok = calendar.DayText(day)
		if ok {
			return stored, ""
		}
	}
	return "", "There is no such day. Dates look like 1990-12-31."
}
