package handlers

import (
	"net/url"
	"strconv"

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
	if m := r.model; m.Asked.Changed || m.Off || m.Count == 0 || v.Form("state") == "" || v.refill {
		r.model.Failed = true
		return v.again(views.ResendPage(r.model))
	}
	total := r.again.Count
	if total > models.ExactCount {
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

// resend reads which messages are meant: those of a destination with a state, in a time.
func (v *visit) resend(get field) (r resend, err error) {
	d, q, err := v.destinationQuestion("Send again")
	if err != nil {
		return r, err
	}
	text := func(name string) string { return models.TrimBlanks(cleanText(get(name))) }
	state := models.DeliveryState(text("state"))
	if !deliveries.Replayable(state) {
		state = models.DeliveryDead
	}
	t := requestQuery{when: text("when"), from: text("from"), to: text("to")}
	t.readTime(v.Workspace.Location(), v.server.now())
	r.spec = models.ResendSpec{DestinationID: d.ID, Name: d.Name, State: state, From: t.filter.From, To: t.filter.To}
	if !t.filter.Nothing {
		if r.again, err = v.destinations().CountAgain(v.UserContext(), v.Workspace.ID, r.spec); err != nil {
			return r, err
		}
	}
	if t.when != "" && t.when != "range" { // a minute later the same messages are sent that the page counted
		t.from, t.to, t.when = r.spec.From.In(v.Workspace.Location()).Format(momentLayout), "", "range"
	}
	r.model = views.ResendModel{Page: q.Page, ID: d.ID, Name: d.Name, Off: q.Off, CanEnable: v.isAdmin(), State: string(state), When: t.when, From: t.from, To: t.to, Wrong: t.rangeError,
		Count: r.again.Count, Changed: r.again.Changed, Newer: r.again.Newer, Asked: q.Asked}
	return r, nil
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
	return "all " + which
}

// resendCounted is resendWhich with their number, for the audit log: "12 messages, all that were given up".
func resendCounted(v *visit, r resend) string {
	return views.PluralUpTo(r.again.Count, models.ExactCount, "message", "messages") + ", " + resendWhich(v, r.spec)
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
