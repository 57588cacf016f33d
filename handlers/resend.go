package handlers

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"campaignlark/automations"
	"campaignlark/deliveries"
	"campaignlark/models"
	"campaignlark/views"
)

// resend is a question whether to send messages of a destination again, with what that would do.
type resend struct {
	spec  models.ResendSpec
	again deliveries.Again
	model views.ResendModel
}

// resendAsk asks whether to send ended messages again, with their number.
func (s *Server) resendAsk(v *visit) error {
	r, err := v.resend(v.Query)
	if err != nil {
		return err
	}
	return v.show(views.ResendPage(r.model))
}

// resendStart starts the job that sends the messages again.
func (s *Server) resendStart(v *visit) error {
	r, err := v.resend(func(name string, _ ...string) string { return v.Form(name) })
	if err != nil {
		return err
	}
	if m := r.model; m.Asked.Changed || m.Off || m.Count == 0 && !m.More || v.Form("state") == "" || v.refill {
		r.model.Failed = true
		return v.again(views.ResendPage(r.model))
	}
	total := r.again.Count
	if total > models.ExactCount || r.again.More {
		total = 0 // not known
	}
	r.spec.Until = s.now()
	job, started, err := s.DB.StartResend(v.UserContext(), v.Workspace.ID, v.User.ID, r.spec, total, resendCounted(v, r), s.now())
	if err != nil {
		return models.In("destinations: send again", err)
	}
	if !started {
		return v.done(v.path("jobs", job.ID), "Messages to this destination are being sent again already. This is that work; no second one was started.")
	}
	return v.done(v.path("jobs", job.ID), "This has started. It continues if you leave this page.")
}

// resend reads which messages are meant: those of a destination with a state that match the filters of the list of messages.
func (v *visit) resend(get field) (r resend, err error) {
	d, question, err := v.destinationQuestion("Send again")
	if err != nil {
		return r, err
	}
	by, err := v.automations().Definitions(v.UserContext(), v.Workspace.ID)
	if err != nil {
		return r, models.In("send again: automations", err)
	}
	q, err := v.deliveryQuery(ofDestination(get, d), []models.Destination{d}, by)
	if err != nil {
		return r, err
	}
	if !deliveries.Replayable(q.filter.State) {
		q.state, q.filter.State = string(models.DeliveryDead), models.DeliveryDead
	}
	r.spec = deliveries.ResendOf(d, q.filter)
	r.spec.Which = strings.Join(q.narrowed(by, false), ", ")
	if !q.nothing {
		if r.again, err = v.destinations().CountAgain(v.UserContext(), v.Workspace.ID, r.spec); err != nil {
			return r, err
		}
	}
	if q.time.when != "" && q.time.when != "range" { // a minute later the same messages are sent that the page counted
		q.time.from, q.time.to, q.time.when = r.spec.From.In(v.Workspace.Location()).Format(momentLayout), "", "range"
		if !r.spec.To.IsZero() {
			q.time.to = r.spec.To.In(v.Workspace.Location()).Format(momentLayout)
		}
	}
	r.model = views.ResendModel{Page: question.Page, ID: d.ID, Name: d.Name, Off: question.Off, CanEnable: v.isAdmin(), State: q.state, When: q.time.when, From: q.time.from, To: q.time.to, Wrong: q.said,
		Only: strings.Join(q.narrowed(by, true), ", "), Hidden: q.beside(), Count: r.again.Count, Changed: r.again.Changed, Newer: r.again.Newer, More: r.again.More, Asked: question.Asked}
	r.model.Back = v.path("destinations", d.ID) + "?state=" + q.state + "#deliveries"
	if len(r.model.Hidden) > 0 {
		r.model.Back = withQuery(v.path("deliveries"), q.with())
	}
	return r, nil
}

// ofDestination is get with the destination of the URL's path. A state that cannot be sent again counts as none given.
func ofDestination(get field, d models.Destination) field {
	return func(name string, byDefault ...string) string {
		switch text := get(name, byDefault...); {
		case name == "destination":
			return strconv.FormatInt(d.ID, 10)
		case name == "state" && !deliveries.Replayable(models.DeliveryState(text)), name == "before":
			return ""
		default:
			return text
		}
	}
}

// narrowed says in words which messages the filters leave, beside those for the destination, the state and the time. person says whether the
// address may stand there.
func (q deliveryQuery) narrowed(by []automations.Listed, person bool) (all []string) {
	switch {
	case q.email == "":
	case person:
		all = append(all, "about "+models.NameInvisible(q.email))
	default:
		all = append(all, "about one contact")
	}
	if q.event != "" {
		all = append(all, "for the event “"+eventSaid(q.event)+"”")
	}
	switch {
	case q.filter.Status != 0:
		all = append(all, "last answered "+strings.TrimSpace(q.result+" "+http.StatusText(q.filter.Status)))
	case q.filter.Code != "":
		all = append(all, "last failed with “"+shortAnswers[q.filter.Code]+"”")
	}
	for _, a := range by {
		if a.ID == q.filter.AutomationID {
			all = append(all, "sent by "+a.Name)
		}
	}
	if q.request != "" {
		all = append(all, "because of one call")
	}
	return all
}

// beside lists the filters beside those for the destination, the state and the time, as a form's hidden fields.
func (q deliveryQuery) beside() []views.HiddenField {
	rest := q.with()
	for _, name := range []string{"destination", "state", "when", "from", "to"} {
		rest.Del(name)
	}
	return hiddenFields(rest)
}

// resendWhich names the messages of a resend: "all that were given up, from 24 Nov 2026, 10:00".
func resendWhich(v *visit, spec models.ResendSpec) string {
	which := "that were given up"
	if spec.State == models.DeliveryArrived {
		which = "that had arrived"
	}
	if !spec.From.IsZero() {
		which += ", from " + spec.From.In(v.Workspace.Location()).Format("2 Jan 2006, 15:04")
	}
	if !spec.To.IsZero() {
		which += ", to " + spec.To.In(v.Workspace.Location()).Format("2 Jan 2006, 15:04")
	}
	if spec.Which != "" {
		which += ", " + spec.Which
	}
	return "all " + which
}

// resendCounted is resendWhich with their number, for the audit log: "12 messages, all that were given up".
func resendCounted(v *visit, r resend) string {
	least := ""
	if r.again.More {
		least = "at least "
	}
	return least + views.PluralUpTo(r.again.Count, models.ExactCount, "message", "messages") + ", " + resendWhich(v, r.spec)
}

func init() { jobTexts[models.JobResend] = resendText }

// resendText describes a job that sends messages again, and its result.
func resendText(v *visit, j models.Job) jobText {
	spec := models.ReadJobJSON[models.ResendSpec](j.Spec)
	page := v.path("destinations", spec.DestinationID)
	text := jobText{title: "Send messages to " + spec.Name + " again", unit: "message", units: "messages", stop: "What was sent again until then stays so.",
		back: views.Crumb{Text: spec.Name, Href: page}, section: views.SectionDestinations,
		see: views.Btn{Label: "The messages", Href: withQuery(v.path("deliveries"), url.Values{"destination": {strconv.FormatInt(spec.DestinationID, 10)}})}}
	if j.Finished() {
		text.title = "Sent messages to " + spec.Name + " again"
		text.summary = views.Plural(j.Done, "message was", "messages were") + " sent again to " + spec.Name + "."
	}
	text.facts = []views.JobFact{{Label: "Sent again", Value: views.Count(j.Done)}, {Label: "Which", Value: resendWhich(v, spec)}}
	return text
}
