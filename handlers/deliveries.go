package handlers

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"

	"campaignlark/deliveries"
	"campaignlark/models"
	"campaignlark/views"

	"github.com/google/uuid"
)

// eventSaid names the event of a delivery: "Contact updated". A type that is not known is shown as it is.
func eventSaid(outgoing string) string {
	if outgoing == deliveries.TestType {
		return "Test"
	}
	for _, t := range models.EventTypes {
		if t.Outgoing() == outgoing {
			return views.Sentence(strings.ToLower(t.Name()))
		}
	}
	return outgoing
}

// shortAnswers says in a few words why an attempt got no answer.
var shortAnswers = map[deliveries.Code]string{
	deliveries.CodeDNS: "name not found", deliveries.CodeRefused: "no connection", deliveries.CodeTLS: "no secure connection", deliveries.CodeTimeout: "no answer in time",
	deliveries.CodeReset: "connection closed", deliveries.CodeAddress: "address not allowed", deliveries.CodeUnreadable: "not HTTP", deliveries.CodeSecret: "could not be signed",
	deliveries.CodeFault: "a fault of this program",
}

// answerSaid says in a few words what came out of an attempt, without the number of the status.
func answerSaid(code deliveries.Code, status int) string {
	if short := shortAnswers[code]; short != "" {
		return short
	}
	if text := http.StatusText(status); text != "" {
		return strings.ToLower(text)
	}
	return "answered"
}

// deliveryRows describes deliveries for a list.
func (v *visit) deliveryRows(rows []deliveries.Row) (all []views.DeliveryRow) {
	for _, r := range rows {
		row := views.DeliveryRow{ID: r.ID.String(), Event: eventSaid(r.EventType), Destination: r.Destination, Health: v.deliveryHealth(r.Delivery, r.Off), Tries: r.Tries}
		if r.Email != "" {
			row.Email = models.ShowEmail(r.Email)
		}
		if r.Tries > 0 {
			row.Status, row.Answer = r.Status, answerSaid(deliveries.Code(r.Error), r.Status)
		}
		all = append(all, row)
	}
	return all
}

// deliveryHealth says what became of a delivery. off says that its destination is switched off.
func (v *visit) deliveryHealth(d models.Delivery, off bool) views.Health {
	switch {
	case d.State == models.DeliveryArrived && d.EndedAt != nil:
		return views.Health{Kind: "good", Word: "Arrived", Note: v.daySaidOf(*d.EndedAt)}
	case d.State == models.DeliveryArrived:
		return views.Health{Kind: "good", Word: "Arrived"}
	case d.State == models.DeliveryDead:
		return views.Health{Kind: "bad", Word: "Given up", Note: d.Reason}
	case d.State == models.DeliveryDropped:
		return views.Health{Kind: "idle", Word: "Dropped", Note: d.Reason}
	case off:
		return views.Health{Kind: "warn", Word: "Waiting", Note: "until the destination is on again"}
	case d.Held:
		return views.Health{Kind: "warn", Word: "Waiting", Note: "for an earlier message about this contact"}
	case d.ArrivedAt != nil:
		return views.Health{Kind: "live", Word: "Sent again", Note: "it had arrived " + v.daySaidOf(*d.ArrivedAt)}
	case d.Tries == 0:
		return views.Health{Kind: "live", Word: "On its way"}
	case d.UnderWay(v.server.now()):
		return views.Health{Kind: "warn", Word: "Retrying", Note: "right now"}
	}
	return views.Health{Kind: "warn", Word: "Retrying", Note: "next try " + v.untilSaid(d.NextAt)}
}

// deliveryShow shows one delivery: each attempt, what comes next, and what is sent.
func (s *Server) deliveryShow(v *visit) error {
	id, ok := requestID(v.Params("id"))
	if !ok {
		return models.ErrNotFound
	}
	t, err := v.destinations().Delivery(v.UserContext(), v.Workspace.ID, id)
	if err != nil {
		return models.In("delivery page: read it", err)
	}
	m := v.deliveryModel(t)
	at := models.IDTime(t.ID).In(v.Workspace.Location()).Format("15:04:05")
	crumbs := []views.Crumb{v.destinationsCrumb(), {Text: t.Destination.Name, Href: v.path("destinations", t.DestinationID)}, {Text: m.Event + ", " + at}}
	if m.Gone {
		crumbs = append(crumbs[:1], crumbs[2])
	}
	if m.Page, err = v.page(views.SectionDestinations, m.Event+" to "+t.Destination.Name, crumbs...); err != nil {
		return err
	}
	return v.show(views.DeliveryPage(m))
}

func (v *visit) deliveryModel(t deliveries.Told) views.DeliveryModel {
	m := views.DeliveryModel{ID: t.ID.String(), MessageID: t.MessageID(), Event: eventSaid(t.EventType), Destination: views.Named{ID: t.DestinationID, Name: t.Destination.Name},
		Gone: t.Destination.DeletedAt != nil, Address: deliveries.ShownURL(t.Destination.URL), Happened: models.IDTime(t.EventID),
		KeptUntil: models.IDTime(t.ID).AddDate(0, 0, v.server.Config.LogRetentionDays)}
	if t.Email != "" {
		m.Email, m.ContactHref = models.ShowEmail(t.Email), v.path("contacts", t.ContactID)
	}
	if t.RequestID != nil {
		m.RequestHref = v.path("requests", *t.RequestID)
	}
	if t.RunID != nil {
		m.RunHref = v.path("runs", *t.RunID)
	}
	v.tellBody(&m, t)
	v.tellState(&m, t)
	for i, a := range t.Attempts {
		m.Attempts = append(m.Attempts, v.attempt(i, a, t.Destination.Name))
	}
	return m
}

// tellBody adds what is sent, and what led to it.
func (v *visit) tellBody(m *views.DeliveryModel, t deliveries.Told) {
	body, err := deliveries.Unpack(t.Body)
	var pretty bytes.Buffer
	switch {
	case len(t.Body) == 0:
		m.NoBody = "The person was erased, and with them what was sent."
		return
	case err != nil || json.Indent(&pretty, body, "", "  ") != nil:
		m.NoBody = "What was sent cannot be read any more."
		return
	}
	m.Body = views.Visible(pretty.String())
	var e deliveries.Envelope
	if json.Unmarshal(body, &e) != nil || e.Data.Cause == nil {
		return
	}
	switch c := e.Data.Cause; {
	case c.Automation != nil:
		m.Cause, m.CauseHref = c.Automation.Name, v.path("automations", c.Automation.ID)
	case c.Webhook != nil:
		m.Cause, m.CauseHref = c.Webhook.Name, v.path("webhooks", c.Webhook.ID)
	}
}

// tellState adds the verdict, what can be done, and what comes next.
func (v *visit) tellState(m *views.DeliveryModel, t deliveries.Told) {
	to, may := t.Destination.Name, v.canChange() && t.Destination.Enabled && !m.Gone && len(t.Body) > 0
	m.ReplayLabel, m.CanReplay = "Send again", may
	switch t.State {
	case models.DeliveryArrived:
		m.Kind, m.Verdict = views.KindGood, "Delivered to "+to
	case models.DeliveryDead:
		m.Kind, m.Verdict, m.Next = views.KindBad, "Given up: "+to+" did not take it", t.Reason
	case models.DeliveryDropped:
		m.Kind, m.Verdict, m.Next, m.CanReplay = views.KindIdle, "Dropped: it is not sent", t.Reason, false
	case models.DeliveryPending:
		v.tellWaiting(m, t)
	}
}

func (v *visit) tellWaiting(m *views.DeliveryModel, t deliveries.Told) {
	to := t.Destination.Name
	m.Kind, m.Verdict, m.ReplayLabel, m.CanGive = views.KindWarn, "Not delivered yet: "+to+" did not take it", "Try now", v.canChange()
	m.CanReplay = m.CanReplay && !t.UnderWay(v.server.now())
	switch {
	case t.ArrivedAt != nil:
		m.Verdict = "Being sent again: " + to + " had taken it " + v.daySaidOf(*t.ArrivedAt)
	case t.Earlier > 0:
		m.Verdict = "It waits for an earlier message to " + to
	case t.Tries == 0:
		m.Verdict = "On its way to " + to
	}
	switch {
	case t.Earlier > 0:
		m.Order = "it waits for " + views.Plural(t.Earlier, "earlier message", "earlier messages") + " about this contact"
	case t.Later == 1:
		m.Order = "1 later message about this contact waits behind it"
	case t.Later > 1:
		m.Order = views.Count(t.Later) + " later messages about this contact wait behind it"
	}
	if !t.Destination.Enabled {
		m.Next = to + " is switched off. It goes out when it is on again."
		return
	}
	switch {
	case t.UnderWay(v.server.now()):
		m.Next = "It is being tried right now."
		return
	case t.Earlier > 0:
		m.Next, m.CanReplay = "It goes out as soon as the earlier message has arrived or was given up.", false
		return
	}
	m.Next = "Next try " + v.untilSaid(t.NextAt) + "."
	v.tellAhead(m, t)
}

// tellAhead adds the next attempt, the ones after it, and when the delivery is given up.
func (v *visit) tellAhead(m *views.DeliveryModel, t deliveries.Told) {
	schedule := v.server.schedule()
	m.Ahead = append(m.Ahead, views.Step{ID: "next", Title: "Attempt " + views.Count(t.Tries+1) + " " + v.untilSaid(t.NextAt), At: v.daySaidOf(t.NextAt), State: views.StatePending})
	last := t.NextAt
	if left := schedule[min(t.Tries, len(schedule)):]; len(left) > 0 {
		m.Ahead = append(m.Ahead, views.Step{ID: "then", Title: "Then after " + waitsSaid(left), State: views.StateSkip})
		for _, wait := range left {
			last = last.Add(wait)
		}
	}
	m.Ahead = append(m.Ahead, views.Step{ID: "end", Title: "Given up " + v.untilEndSaid(last) + ", if none arrives", State: views.StateSkip,
		Lead: "It then stands under “Given up” and can be sent again by hand."})
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

// waitUnit returns the unit in which a time is said, and its length.
func waitUnit(wait time.Duration) (string, time.Duration) {
	switch {
	case wait >= time.Hour:
		return "hour", time.Hour
	case wait >= time.Minute:
		return "minute", time.Minute
	}
	return "second", time.Second
}

// attempt describes one attempt. Its answer is hostile text.
func (v *visit) attempt(i int, a models.DeliveryAttempt, to string) views.DeliveryAttempt {
	code := deliveries.Code(a.Error)
	step := views.Step{ID: "attempt-" + strconv.Itoa(i+1), State: views.StateStop, Lead: deliveries.Words(code, a.Status),
		At: v.clockSaid(a.At) + ", " + views.Took(time.Duration(a.DurationUs)*time.Microsecond)}
	if code == deliveries.CodeNone {
		step.State, step.Lead = views.StateDone, ""
	}
	step.Title = "Attempt " + views.Count(a.Number) + ": " + answerSaid(code, a.Status)
	if a.Status != 0 {
		step.Title = "Attempt " + views.Count(a.Number) + ": " + strings.TrimSpace(strconv.Itoa(a.Status)+" "+http.StatusText(a.Status))
		if code == deliveries.CodeStatus {
			step.Lead = "" // the title says it
		}
	}
	shown := views.DeliveryAttempt{Step: step, Empty: a.Status != 0 && len(a.Answer) == 0}
	if text, err := deliveries.Unpack(a.Answer); err == nil {
		shown.Answer = views.Visible(models.ValidText(string(text)))
	}
	return shown
}

// clockSaid is the time of day of an instant, with the day if it is not today.
func (v *visit) clockSaid(at time.Time) string {
	zone := v.Workspace.Location()
	if at.In(zone).Format(time.DateOnly) == v.server.now().In(zone).Format(time.DateOnly) {
		return at.In(zone).Format("15:04:05")
	}
	return at.In(zone).Format("2 January, 15:04:05")
}

// deliveryReplay sends one delivery again, or tries it now.
func (s *Server) deliveryReplay(v *visit) error {
	return v.changeDelivery("It is being sent now. Reload this page in a moment to see what came back.", func(id uuid.UUID) error {
		return models.In("delivery: send again", v.destinations().Replay(v.UserContext(), v.Workspace.ID, v.User.ID, id, s.now()))
	})
}

// deliveryGiveUp ends a delivery that waits.
func (s *Server) deliveryGiveUp(v *visit) error {
	return v.changeDelivery("It was given up and is not tried any more. You can send it again later.", func(id uuid.UUID) error {
		return models.In("delivery: give it up", v.destinations().GiveUp(v.UserContext(), v.Workspace.ID, v.User.ID, id, s.now()))
	})
}

// changeDelivery changes the delivery in the URL and shows its page, with what was done or why it could not be.
func (v *visit) changeDelivery(done string, change func(id uuid.UUID) error) error {
	id, ok := requestID(v.Params("id"))
	if !ok {
		return models.ErrNotFound
	}
	to := v.path("deliveries", id)
	if err := change(id); err != nil {
		return v.refusedAt(to, err)
	}
	return v.done(to, "%s", done)
}
