package handlers

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"

	"campaignlark"
	"campaignlark/deliveries"
	"campaignlark/models"
	"campaignlark/views"

	"github.com/gofiber/fiber/v2"
)

// deliveryShow shows one delivery: each attempt, what comes next, and what is sent. With ?part=state it returns only what tells an open page
// whether something has happened since; ?seen= is what the page shows.
func (s *Server) deliveryShow(v *visit) error {
	id, ok := requestID(v.Params("id"))
	if !ok {
		return models.ErrNotFound
	}
	t, err := v.destinations().Delivery(v.UserContext(), v.Workspace.ID, id)
	if err != nil {
		return models.In("delivery page: read it", err)
	}
	if v.Query("part") == "state" {
		return campaignlark.Render(v.Ctx, fiber.StatusOK, views.DeliveryWait(v.soon(t) && v.Query("seen") == seenOf(t)))
	}
	m, err := v.deliveryModel(t)
	if err != nil {
		return err
	}
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

// soon reports whether something will happen to a delivery while a person looks at its page.
func (v *visit) soon(t deliveries.Told) bool {
	now := v.server.now()
	return t.State == models.DeliveryPending && t.Destination.Enabled && t.Earlier == 0 && (t.UnderWay(now) || t.NextAt.Before(now.Add(time.Minute)))
}

// seenOf says what a page shows of a delivery, to tell whether it has changed.
func seenOf(t deliveries.Told) string {
	return string(t.State) + "-" + strconv.Itoa(t.Tries)
}

func (v *visit) deliveryModel(t deliveries.Told) (views.DeliveryModel, error) {
	m := views.DeliveryModel{ID: t.ID.String(), MessageID: t.MessageID(), Event: eventSaid(t.EventType), Destination: views.Named{ID: t.DestinationID, Name: t.Destination.Name},
		Gone: t.Destination.DeletedAt != nil, Address: deliveries.ShownURL(t.Destination.URL), Happened: models.IDTime(t.EventID),
		KeptUntil: models.IDTime(t.ID).AddDate(0, 0, v.server.Config.LogRetentionDays), Soon: v.soon(t), Seen: seenOf(t)}
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
	if err := v.tellSent(&m, t); err != nil {
		return m, models.In("delivery page: what was sent", err)
	}
	if err := v.tellState(&m, t); err != nil {
		return m, err
	}
	for i, a := range t.Attempts {
		m.Attempts = append(m.Attempts, v.attempt(i, a, len(t.Body) == 0))
	}
	return m, nil
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

// attempt describes one attempt. Its answer is hostile text. erased says that the person was erased, and the answer with them.
func (v *visit) attempt(i int, a models.DeliveryAttempt, erased bool) views.DeliveryAttempt {
	code := deliveries.Code(a.Error)
	step := views.Step{ID: "attempt-" + strconv.Itoa(i+1), State: views.StateStop, Lead: deliveries.Words(code, a.Status),
		At: v.clockSaid(a.At) + ", " + views.Took(time.Duration(a.DurationUs)*time.Microsecond)}
	if code == deliveries.CodeNone {
		step.State, step.Lead = views.StateDone, ""
	}
	said := answerSaid(code, a.Status)
	if a.Status != 0 {
		said = strings.TrimSpace(strconv.Itoa(a.Status) + " " + http.StatusText(a.Status))
		if code == deliveries.CodeStatus {
			step.Lead = "" // the title says it
		}
	}
	step.Title = "Attempt " + views.Count(a.Number)
	if a.ByHand {
		step.Title += ", by hand"
	}
	step.Title += ": " + said
	if a.RetryAfter > 0 {
		step.Lead = strings.TrimSpace(step.Lead + " The answer asked to wait " + waitSaid(time.Duration(a.RetryAfter)*time.Second) + ".")
	}
	if a.CutOff {
		step.Lead = strings.TrimSpace(step.Lead + " The answer broke off after its status.")
	}
	shown := views.DeliveryAttempt{Step: step}
	if text, err := deliveries.Unpack(a.Answer); err == nil {
		shown.Answer = views.Visible(models.ValidText(string(text)))
	}
	switch {
	case a.Status == 0 || len(a.Answer) > 0:
	case erased:
		shown.NoAnswer = "What it answered was erased with the person."
	case !a.CutOff:
		shown.NoAnswer = "The answer had no text."
	}
	return shown
}
