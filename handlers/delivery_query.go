package handlers

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"campaignlark/automations"
	"campaignlark/deliveries"
	"campaignlark/models"
	"campaignlark/models/store"
	"campaignlark/views"

	"github.com/google/uuid"
)

// deliveryQuery holds the state of the list of deliveries, read from its URL.
type deliveryQuery struct {
	email, destination, state, event, result, automation, request string       // as given, "" if it cannot be used
	time                                                          requestQuery // its when, from and to

	nothing bool   // a part cannot be used, so nothing is listed
	said    string // which part
	filter  deliveries.Filter
	before  uuid.UUID
}

// refuse says that a part of the filter cannot be used. The list is empty then: without that part it could show far more than was asked for.
func (q *deliveryQuery) refuse(sentence string) {
	q.nothing = true
	q.said = strings.TrimSpace(q.said + " " + models.WithoutAddresses(sentence) + nothingListed)
}

// deliveryQuery reads the filters of a URL or a form.
func (v *visit) deliveryQuery(get field, to []models.Destination, by []automations.Listed) (q deliveryQuery, err error) {
	text := func(name string) string {
		given := get(name)
		if unreadable(given) {
			q.refuse("What was given for “" + name + "” cannot be read.")
		}
		return models.TrimBlanks(cleanText(given))
	}
	q.time = requestQuery{when: text("when"), from: text("from"), to: text("to")}
	q.time.readTime(v.Workspace.Location(), v.server.now())
	q.filter.From, q.filter.To, q.nothing, q.said = q.time.filter.From, q.time.filter.To, q.time.filter.Nothing, q.time.rangeError
	if id, ok := idIn(text("destination")); ok && slices.ContainsFunc(to, func(d models.Destination) bool { return d.ID == id }) {
		q.destination, q.filter.DestinationID = text("destination"), id
	} else if text("destination") != "" {
		q.refuse("There is no destination “" + shortened(text("destination")) + "”.")
	}
	if id, ok := idIn(text("automation")); ok && slices.ContainsFunc(by, func(a automations.Listed) bool { return a.ID == id }) {
		q.automation, q.filter.AutomationID = text("automation"), id
	} else if text("automation") != "" {
		q.refuse("There is no automation “" + shortened(text("automation")) + "”.")
	}
	if state := models.DeliveryState(text("state")); slices.Contains(models.DeliveryStates, state) {
		q.state, q.filter.State = string(state), state
	} else if state != "" {
		q.refuse("There is no state “" + shortened(string(state)) + "”.")
	}
	if id, ok := requestID(text("request")); ok {
		q.request, q.filter.RequestID = text("request"), id
	} else if text("request") != "" {
		q.refuse("“" + shortened(text("request")) + "” is not the id of a call.")
	}
	q.readEvent(text("event"))
	q.readResult(text("result"))
	if q.before, _ = requestID(text("before")); q.before == uuid.Nil && text("before") != "" {
		q.said = strings.TrimSpace(q.said + " “" + models.WithoutAddresses(shortened(text("before"))) + "” is not a position in this list. The newest are shown.")
	}
	return q, v.readEmail(&q, text("email"))
}

func idIn(text string) (int64, bool) {
	id, err := strconv.ParseInt(text, 10, 64)
	return id, err == nil && id > 0
}

// readEmail reads the address of a contact, which must be whole.
func (v *visit) readEmail(q *deliveryQuery, text string) error {
	if text == "" {
		return nil
	}
	if tooLong := tooLongToSearch("address", text); tooLong != "" {
		q.refuse(tooLong)
		return nil
	}
	q.email = text
	address, err := models.ReadEmail(text)
	if err != nil {
		q.refuse("This is not a whole e-mail address.")
		return nil
	}
	c, err := v.server.DB.ContactByEmail(v.UserContext(), v.Workspace.ID, address)
	if store.ErrorCode(err) == models.CodeNotFound {
		q.refuse("No contact has this address.")
		return nil
	}
	q.filter.ContactID = c.ID
	return models.In("deliveries: contact", err)
}

// readEvent reads the type of an event.
func (q *deliveryQuery) readEvent(text string) {
	if text != "" && !slices.ContainsFunc(eventOptions(), func(o views.Option) bool { return o.Value == text }) {
		q.refuse("There is no event “" + shortened(text) + "”.")
		return
	}
	q.event, q.filter.EventType = text, text
}

// readResult reads what came out of the last attempt: the status of an answer, or why there was none.
func (q *deliveryQuery) readResult(text string) {
	if status, err := strconv.Atoi(text); err == nil && 100 <= status && status <= 599 {
		q.result, q.filter.Status = text, status
		return
	}
	if code := deliveries.Code(text); slices.Contains(deliveries.Codes, code) && shortAnswers[code] != "" {
		q.result, q.filter.Code = text, code
	} else if text != "" {
		q.refuse("“" + shortened(text) + "” is neither the status of an answer, such as 404, nor a reason why there was none.")
	}
}

// with returns the URL parameters without the position; parts are name-value pairs to add.
func (q deliveryQuery) with(parts ...string) url.Values {
	values := url.Values{}
	for _, part := range [][2]string{{"email", q.email}, {"destination", q.destination}, {"state", q.state}, {"event", q.event}, {"result", q.result}, {"automation", q.automation},
		{"request", q.request}, {"when", q.time.when}, {"from", q.time.from}, {"to", q.time.to}} {
		if part[1] != "" {
			values.Set(part[0], part[1])
		}
	}
	for i := 0; i < len(parts); i += 2 {
		values.Set(parts[i], parts[i+1])
	}
	return values
}

// chips lists the active filters. Labels come from the options of the form.
func (q deliveryQuery) chips(list string, m views.DeliveriesModel) (chips []views.Chip) {
	add := func(label string, names ...string) {
		rest := q.with()
		for _, name := range names {
			rest.Del(name)
		}
		chips = append(chips, views.Chip{Label: label, Href: withQuery(list, rest)})
	}
	if q.email != "" {
		add(models.NameInvisible(q.email), "email")
	}
	for _, of := range []struct {
		name, value string
		options     []views.Option
	}{{"destination", q.destination, m.Destinations}, {"state", q.state, m.States}, {"event", q.event, m.Events}, {"result", q.result, m.Results}, {"automation", q.automation, m.Automations}} {
		for _, o := range of.options {
			if of.value != "" && o.Value == of.value {
				add(o.Label, of.name)
			}
		}
	}
	if q.request != "" {
		add("Because of one call", "request")
	}
	for _, chip := range q.time.chips(list, nil) {
		add(chip.Label, "when", "from", "to")
	}
	return chips
}

func eventOptions() []views.Option {
	options := []views.Option{{Label: "Any event"}}
	for _, t := range models.EventTypes {
		if o := (views.Option{Value: t.Outgoing(), Label: eventSaid(t.Outgoing())}); !slices.Contains(options, o) {
			options = append(options, o)
		}
	}
	return append(options, views.Option{Value: deliveries.TestType, Label: eventSaid(deliveries.TestType)})
}

func stateOptions() []views.Option {
	options := []views.Option{{Label: "Any state"}}
	for _, t := range deliveryTabs {
		options = append(options, views.Option{Value: string(t.state), Label: t.label})
	}
	return options
}

// commonStatuses are offered in the filter; any other status can be in the URL.
var commonStatuses = []int{200, 400, 401, 403, 404, 410, 422, 429, 500, 502, 503, 504}

// resultOptions are the results of a last attempt, and the chosen one.
func resultOptions(chosen string) []views.Option {
	options := []views.Option{{Label: "Any answer"}}
	for _, status := range commonStatuses {
		options = append(options, views.Option{Value: strconv.Itoa(status), Label: strconv.Itoa(status) + " " + http.StatusText(status)})
	}
	for _, code := range deliveries.Codes {
		if short := shortAnswers[code]; short != "" {
			options = append(options, views.Option{Value: string(code), Label: models.Capital(short)})
		}
	}
	if chosen != "" && !slices.ContainsFunc(options, func(o views.Option) bool { return o.Value == chosen }) {
		options = append(options, views.Option{Value: chosen, Label: chosen})
	}
	return options
}
