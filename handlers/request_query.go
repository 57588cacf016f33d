package handlers

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"campaignlark/intake"
	"campaignlark/models"
	"campaignlark/models/store"
	"campaignlark/views"

	"github.com/gofiber/fiber/v2"
	"github.com/google/uuid"
)

// requestQuery holds the request list's whole state, read from its URL.
type requestQuery struct {
	search, part, webhook, outcome, when, from, to string // as given, "" if invalid
	status, method, field, value                   string // likewise
	workspace, same                                string // for support staff: a slug; the id of a call with the same address
	sent                                           string // likewise: not "" for calls that sent the address in any value
	replays                                        string // "no" leaves replays out, as the figures do that link to the list

	unknownWebhook string // the id in the URL if the workspace has no such webhook
	rangeError     string // says which parts cannot be used
	filter         store.RequestFilter
	cursor         models.Cursor
}

// requestQuery reads the filters of the URL or of a posted form, for the workspace of the page.
func (v *visit) requestQuery(get field, webhooks []models.Webhook) requestQuery {
	return v.requestQueryOf(v.Workspace, get, webhooks)
}

// requestQueryOf is requestQuery for another workspace, in whose time zone the period is. The zero one has UTC.
func (v *visit) requestQueryOf(w models.Workspace, get field, webhooks []models.Webhook) requestQuery {
	var q requestQuery
	text := func(name string) string {
		given := get(name)
		if unreadable(given) {
			q.refuse("What was given for “" + name + "” cannot be read.")
		}
		return cleanText(given)
	}
	q.part, q.when, q.from, q.to = text("part"), text("when"), text("from"), text("to")
	q.readSearch(models.TrimBlanks(text("q")))
	webhook, outcome := text("webhook"), text("outcome")
	if id, err := strconv.ParseInt(webhook, 10, 64); err == nil && webhooksByID(webhooks)[id].ID != 0 {
		q.webhook, q.filter.WebhookID = webhook, id
	} else {
		q.unknownWebhook = webhook
	}
	for _, o := range views.OutcomeOptions() {
		if o.Value == outcome {
			q.outcome, q.filter.Outcome = o.Value, models.Outcome(o.Value)
		}
	}
	if q.outcome != outcome {
		q.refuse("There is no outcome “" + shortened(outcome) + "”.")
	}
	switch replays := text("replays"); replays {
	case "":
	case "no":
		q.replays, q.filter.NoReplays = "no", true
	default:
		q.refuse("“" + shortened(replays) + "” does not say whether to list replays.")
	}
	q.readAnswer(text("status"), text("method"))
	q.readContent(text("field"), text("value"))
	q.readTime(w.Location(), v.server.now())
	q.readPlace(text("before"), text("after"))
	return q
}

// readSearch reads the address or the part of one.
func (q *requestQuery) readSearch(text string) {
	if tooLong := tooLongToSearch("text", text); tooLong != "" {
		q.refuse(tooLong)
		return
	}
	q.search = text
	if address, err := models.ReadEmail(text); err == nil && q.part == "" {
		q.filter.Address = address
	} else {
		q.filter.Containing = text
	}
}

// readAnswer reads the answer's status and the method.
func (q *requestQuery) readAnswer(status, method string) {
	if n, err := strconv.Atoi(status); err == nil && 100 <= n && n <= 599 {
		q.status, q.filter.Status = status, n
	} else if status != "" {
		q.refuse("“" + shortened(status) + "” is not the status of an answer, such as 404.")
	}
	if slices.Contains(callMethods, method) {
		q.method, q.filter.Method = method, method
	} else if method != "" {
		q.refuse("“" + shortened(method) + "” is not a method of calls.")
	}
}

// callMethods are the methods of calls that the list can be narrowed to.
var callMethods = []string{fiber.MethodGet, fiber.MethodPost}

// maxSearched is the longest text to search for, in bytes.
const maxSearched = 500

// tooLongToSearch says that a text is too long to search for, "" if it is not. what names it: "value".
func tooLongToSearch(what, text string) string {
	if len(text) <= maxSearched {
		return ""
	}
	return "The " + what + " is too long: please search for up to " + strconv.Itoa(maxSearched) + " characters."
}

// unreadable reports whether a part of a URL or form holds something, but nothing that can be read: it must not count as empty.
func unreadable(given string) bool {
	read := models.TrimBlanks(strings.ReplaceAll(cleanText(given), "\uFFFD", ""))
	return strings.Trim(given, " \t\r\n") != "" && read == ""
}

// readContent reads what must have been sent.
func (q *requestQuery) readContent(field, value string) {
	for _, part := range []struct {
		text string
		into *string
		what string
	}{{models.TrimBlanks(field), &q.field, "name of a field"}, {models.TrimBlanks(value), &q.value, "value"}} {
		if tooLong := tooLongToSearch(part.what, part.text); tooLong != "" {
			q.refuse(tooLong)
		} else {
			*part.into = part.text
		}
	}
	q.filter.Field, q.filter.Value = q.field, q.value
	q.filter = intake.ByContent(q.filter)
}

// readPlace reads the cursor.
func (q *requestQuery) readPlace(before, after string) {
	var known bool
	if q.cursor.Before, known = requestID(before); !known && before != "" {
		q.say("“" + shortened(before) + "” is not a position in this list. The newest are shown.")
	}
	if q.cursor.Before == uuid.Nil {
		q.cursor.After, _ = requestID(after)
	}
}

// nothingListed follows why a part of the filter cannot be used, in the list.
const nothingListed = " Nothing is listed."

// refuse adds a sentence about a part of the filter that cannot be used. The filter then matches nothing: without that part it could match
// far more than was asked for.
func (q *requestQuery) refuse(sentence string) {
	q.filter.Nothing = true
	q.say(sentence + nothingListed)
}

// say adds a sentence about the URL. It may quote an e-mail address, so it is masked.
func (q *requestQuery) say(sentence string) {
	q.rangeError = strings.TrimSpace(q.rangeError + " " + models.WithoutAddresses(sentence))
}

// shortened cuts a text from a URL so that a sentence can quote it, and names what cannot be seen of it.
func shortened(text string) string { return models.NameInvisible(models.Shorten(text, 100)) }

// unseenWords says of a search what cannot be seen in it, without quoting it; "" if there is nothing.
func unseenWords(search string) string {
	if words := models.SayInvisible(search); words != "" {
		return " What you search for has characters that cannot be seen (" + words + ")."
	}
	return ""
}

// spans are the named periods.
var spans = map[string]time.Duration{"1h": time.Hour, "24h": 24 * time.Hour, "7d": 7 * 24 * time.Hour}

// readTime reads the period, in the workspace's time zone.
func (q *requestQuery) readTime(zone *time.Location, now time.Time) {
	if q.when != "range" {
		q.from, q.to = "", ""
		today := models.DayBegin(now, zone)
		span, ok := spans[q.when]
		switch {
		case ok:
			q.filter.From = now.Add(-span)
		case q.when == "today":
			q.filter.From = today
		case q.when == "yesterday":
			q.filter.From, q.filter.To = models.DayBegin(today.Add(-time.Hour), zone), today
		case q.when != "":
			q.refuse("There is no time “" + shortened(q.when) + "”.")
			q.when = ""
		}
		return
	}
	for _, bound := range []struct {
		text *string
		into *time.Time
	}{{&q.from, &q.filter.From}, {&q.to, &q.filter.To}} {
		if *bound.text == "" {
			continue
		}
		at, ok := readMoment(*bound.text, zone)
		if !ok {
			q.refuse("“" + shortened(*bound.text) + "” is not a time such as 2026-11-24T14:30.")
			*bound.text = ""
			continue
		}
		*bound.into = at
	}
}

// inDates writes today or yesterday with its dates, so that the query means the same calls after midnight.
func (q requestQuery) inDates(zone *time.Location) requestQuery {
	if q.when != "today" && q.when != "yesterday" {
		return q
	}
	q.when, q.from = "range", q.filter.From.In(zone).Format(momentLayout)
	if !q.filter.To.IsZero() {
		q.to = q.filter.To.In(zone).Format(momentLayout)
	}
	return q
}

// momentLayout is the value format of a datetime-local input.
const momentLayout = "2006-01-02T15:04:05"

func readMoment(text string, zone *time.Location) (time.Time, bool) {
	for _, layout := range []string{momentLayout, "2006-01-02T15:04"} {
		if at, err := time.ParseInLocation(layout, text, zone); err == nil && at.Year() > 1970 && at.Year() < 3000 {
			return at, true
		}
	}
	return time.Time{}, false
}

// with returns the query's URL parameters without the cursor; parts are name-value pairs to add.
func (q requestQuery) with(parts ...string) url.Values {
	values := url.Values{}
	for _, part := range [][2]string{{"q", q.search}, {"part", q.part}, {"same", q.same}, {"sent", q.sent}, {"workspace", q.workspace}, {"webhook", q.webhook}, {"outcome", q.outcome}, {"status", q.status}, {"method", q.method}, {"field", q.field}, {"value", q.value}, {"replays", q.replays}, {"when", q.when}, {"from", q.from}, {"to", q.to}} {
		if part[1] != "" {
			values.Set(part[0], part[1])
		}
	}
	for i := 0; i < len(parts); i += 2 {
		values.Set(parts[i], parts[i+1])
	}
	return values
}

// plain reports whether the query has no filter.
func (q requestQuery) plain() bool { return q.search == "" && !q.others() }

// others reports whether the query has a filter besides the search.
func (q requestQuery) others() bool {
	return q.webhook+q.outcome+q.status+q.method+q.field+q.value+q.replays+q.when != ""
}

// chips lists the active filters.
func (q requestQuery) chips(list string, webhooks []models.Webhook) []views.Chip {
	var chips []views.Chip
	add := func(label string, names ...string) {
		rest := q.with()
		for _, name := range names {
			rest.Del(name)
		}
		chips = append(chips, views.Chip{Label: label, Href: withQuery(list, rest)})
	}
	switch {
	case q.search != "" && list == supportPath: // an address, shown only in its own input
		add("The address you searched for", "q", "part")
	case q.search != "":
		add(models.NameInvisible(q.search), "q", "part")
	}
	if q.webhook != "" {
		add(webhookName(webhooksByID(webhooks)[q.filter.WebhookID]), "webhook")
	}
	if q.outcome != "" {
		add(views.OutcomeShort(q.filter.Outcome), "outcome")
	}
	if q.status != "" {
		add("Answer "+q.status, "status")
	}
	if q.method != "" {
		add("Sent by "+q.method, "method")
	}
	if q.field != "" {
		add("Field "+models.NameInvisible(models.Shorten(q.field, 60)), "field")
	}
	if q.value != "" {
		add("Value contains “"+models.NameInvisible(models.Shorten(q.value, 60))+"”", "value")
	}
	if q.replays != "" {
		add("Without replays", "replays")
	}
	switch {
	case q.when == "range" && q.from+q.to == "":
	case q.when == "range":
		add(rangeSaid(q.from, q.to), "when", "from", "to")
	case q.when != "":
		add(views.WhenLabel(q.when), "when")
	}
	return chips
}

// rangeSaid writes a period: "from 24 Nov 2026, 14:30 to 25 Nov 2026, 09:00". One of its ends may be open.
func rangeSaid(from, to string) string {
	switch {
	case to == "":
		return "since " + momentSaid(from)
	case from == "":
		return "until " + momentSaid(to)
	}
	return "from " + momentSaid(from) + " to " + momentSaid(to)
}

// momentSaid writes a moment of the filter as the pages write moments: "24 Nov 2026, 14:30".
func momentSaid(text string) string {
	if at, err := time.Parse(momentLayout, text); err == nil && at.Second() != 0 {
		return at.Format("2 Jan 2006, 15:04:05")
	} else if err == nil {
		return at.Format("2 Jan 2006, 15:04")
	}
	if at, err := time.Parse("2006-01-02T15:04", text); err == nil {
		return at.Format("2 Jan 2006, 15:04")
	}
	return text
}

// requestsURL links to the request list with these parameters.
func (v *visit) requestsURL(values url.Values) string {
	return withQuery(v.path("requests"), values)
}

func withQuery(path string, values url.Values) string {
	if len(values) == 0 {
		return path
	}
	return path + "?" + values.Encode()
}
