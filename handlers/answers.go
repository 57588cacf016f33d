package handlers

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"campaignlark/intake"
	"campaignlark/models"
	"campaignlark/senders"
	"campaignlark/views"
)

// answersForm is what the page of a webhook's answers rests on.
type answersForm struct {
	webhook models.Webhook
	stored  senders.Settings
	in      answersInput
	edit    views.EditState
	errs    models.FieldErrors
}

// answersInput is what a webhook is told about its answers, as a form writes it, by the name of the field. Its texts may be anything.
type answersInput map[string]string

// answersFields are the fields of the form, with what people call them.
var answersFields = []struct{ name, label string }{
	{"success_url", "Page when it worked"}, {"failure_url", "Page when it did not"}, {"allowed_origins", "Your websites"}, {"trap_field", "Field that only robots fill in"},
	{"test_calls_ok", "Answer test calls"}, {"unknown_ok", "Answer “nobody has this address”"}, {"limit_webhook", "All calls together"}, {"limit_network", "Calls from one network"},
}

// answersInputOf writes answers as the form does.
func answersInputOf(a senders.Answers) answersInput {
	limit := func(n int) string {
		if n == 0 {
			return ""
		}
		return strconv.Itoa(n)
	}
	check := func(on bool) string {
		if on {
			return "1"
		}
		return ""
	}
	return answersInput{
		"success_url": a.SuccessURL, "failure_url": a.FailureURL, "allowed_origins": strings.Join(a.AllowedOrigins, "\n"), "trap_field": a.TrapField,
		"test_calls_ok": check(a.TestCallsOK), "unknown_ok": check(a.UnknownOK), "limit_webhook": limit(a.LimitWebhook), "limit_network": limit(a.LimitNetwork),
	}
}

// isOn reports whether the text of a checkbox says yes.
func isOn(text string) bool {
	return !slices.Contains([]string{"", "0", "off", "false", "no"}, strings.ToLower(models.TrimBlanks(text)))
}

// answers reads the form. Its mistakes are told by field.
func (in answersInput) answers() (senders.Answers, models.FieldErrors) {
	line := func(name string) string { return models.TrimBlanks(in[name]) }
	a := senders.Answers{SuccessURL: line("success_url"), FailureURL: line("failure_url"), TrapField: line("trap_field"), TestCallsOK: isOn(in["test_calls_ok"]), UnknownOK: isOn(in["unknown_ok"])}
	for text := range strings.FieldsSeq(in["allowed_origins"]) {
		if origin, ok := senders.ReadOrigin(text); ok {
			text = origin
		}
		if !slices.Contains(a.AllowedOrigins, text) {
			a.AllowedOrigins = append(a.AllowedOrigins, text)
		}
	}
	limit := func(name string) int {
		text := strings.ReplaceAll(line(name), ",", "")
		if text == "" {
			return 0
		}
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 {
			return -1
		}
		return n
	}
	a.LimitWebhook, a.LimitNetwork = limit("limit_webhook"), limit("limit_network")
	return a, a.Validate()
}

// answersShow shows how a webhook answers.
func (s *Server) answersShow(v *visit) error {
	f, err := v.answersForm()
	if err != nil {
		return err
	}
	f.in = answersInputOf(f.stored.Answering())
	f.edit = v.editAnswers(f.in, f.in).state("webhook", nil)
	m, err := v.answersModel(f)
	if err != nil {
		return err
	}
	return v.show(views.AnswersPage(m))
}

// answersUpdate stores how a webhook answers.
func (s *Server) answersUpdate(v *visit) error {
	return untilSeen(func() error { return s.updateAnswers(v) })
}

func (s *Server) updateAnswers(v *visit) error {
	f, err := v.answersForm()
	if err != nil {
		return goneIs(errNoWebhook, err)
	}
	stored, posted := answersInputOf(f.stored.Answering()), answersInput{}
	for _, field := range answersFields {
		posted[field.name] = strings.Join(v.FormAll(field.name), "\n")
	}
	e := v.editAnswers(stored, posted)
	f.in, f.edit = answersInput{}, e.state("webhook", nil)
	for _, field := range answersFields {
		f.in[field.name] = e.text(field.name)
	}
	answers, errs := f.in.answers()
	if f.errs = errs; v.refill || e.clashes() || errs.Any() {
		m, err := v.answersModel(f)
		if err != nil {
			return err
		}
		m.Failed = errs.Any() || f.edit.Changed
		return v.again(views.AnswersPage(m))
	}
	settings := f.stored
	if settings.Answers = &answers; answers.IsZero() {
		settings.Answers = nil
	}
	var changes []models.AuditChange
	after := answersInputOf(answers)
	for _, field := range answersFields {
		if stored[field.name] != after[field.name] {
			changes = append(changes, models.AuditChange{What: field.label, Before: models.Shorten(stored.said(field.name), 200), After: models.Shorten(after.said(field.name), 200)})
		}
	}
	if err := s.DB.SetReading(v.UserContext(), f.webhook, v.User.ID, settings.String(), changes, s.now()); err != nil {
		return models.In("answers: store", err)
	}
	if s.Intake != nil {
		s.Intake.Forget(f.webhook.WorkspaceID)
	}
	return v.done(v.path("webhooks", f.webhook.ID, views.PartAnswers), "Saved. It holds for the next call.")
}

// said returns the text of a field as people read it.
func (in answersInput) said(name string) string {
	switch text := in[name]; name {
	case "test_calls_ok", "unknown_ok":
		if isOn(text) {
			return "on"
		}
		return "off"
	case "allowed_origins":
		return strings.Join(strings.Fields(text), ", ")
	default:
		return text
	}
}

// editAnswers compares the posted form with what is stored.
func (v *visit) editAnswers(stored, posted answersInput) editForm {
	var fields []editField
	for _, field := range answersFields {
		f := editField{name: field.name, label: field.label, stored: []string{stored[field.name]}, posted: []string{posted[field.name]}}
		if strings.HasSuffix(field.name, "_ok") {
			f.say = func(text string) string { return map[bool]string{true: "on", false: "off"}[isOn(text)] }
		}
		fields = append(fields, f)
	}
	return v.edit(fields...)
}

// answersForm reads what the page rests on.
func (v *visit) answersForm() (f answersForm, err error) {
	if f.webhook, err = v.webhook(); err != nil {
		return f, err
	}
	f.stored, err = senders.ParseSettings(f.webhook.Reading)
	return f, models.In("answers: settings", err)
}

// answersDays is for how many days the page counts.
const answersDays = 30

func (v *visit) answersModel(f answersForm) (views.AnswersModel, error) {
	p, err := v.page(views.SectionWebhooks, f.webhook.Name+": Answers and limits", views.Crumb{Text: "Inbound Webhooks", Href: v.path("webhooks")},
		views.Crumb{Text: f.webhook.Name, Href: v.path("webhooks", f.webhook.ID)}, views.Crumb{Text: "Answers and limits"})
	m := views.AnswersModel{Page: p, Top: v.webhookTop(f.webhook, views.PartAnswers), CanChange: v.canChange(), Values: f.in, Errors: f.errs, Edit: f.edit,
		Leaves: !f.webhook.Type.HasTags(), Days: answersDays, Standard: "200\n" + `{"success":true,"message":"` + intake.MessageDone + `"}`}
	if err != nil {
		return m, err
	}
	m.TestCalls, m.UnknownOK = isOn(f.in["test_calls_ok"]), isOn(f.in["unknown_ok"])
	if m.CanChange && f.webhook.Type.HasTags() {
		tags, err := v.server.DB.MergeTags(v.UserContext(), f.webhook.WorkspaceID)
		if err != nil {
			return m, models.In("answers: merge tags", err)
		}
		m.Form = views.HTMLForm(v.server.webhookURL(f.webhook.Hash), f.webhook.Type, tags, f.stored.Answering().TrapField)
	}
	return m, v.addAnswersCounts(&m, f.webhook)
}

// addAnswersCounts adds what the webhook had in the last days: calls without effect, calls over a limit, and the busiest minutes.
func (v *visit) addAnswersCounts(m *views.AnswersModel, w models.Webhook) error {
	now := v.server.now()
	since := now.AddDate(0, 0, -answersDays)
	counts, err := v.server.DB.OutcomeCounts(v.UserContext(), w.WorkspaceID, w.ID, since)
	if err != nil {
		return models.In("answers: counts", err)
	}
	seen := func(o models.Outcome) views.AnswersCount {
		c := views.AnswersCount{Calls: counts[o]}
		if c.Calls > 0 {
			c.Href = v.requestsURL(requestQuery{webhook: strconv.FormatInt(w.ID, 10), outcome: string(o)}.with())
		}
		return c
	}
	m.HeldBack, m.Tests = seen(models.OutcomeHeldBack), seen(models.OutcomeTestCall)
	hours, err := v.server.DB.WebhookHours(v.UserContext(), w.WorkspaceID, w.ID, since)
	if err != nil {
		return models.In("answers: busiest minutes", err)
	}
	hours = mergedHours(hours, v.server.limits.unstored(w))
	var worst models.WebhookHour
	for _, h := range hours {
		m.BusiestMinute, m.BusiestNetwork = max(m.BusiestMinute, h.BusiestMinute), max(m.BusiestNetwork, h.BusiestNetwork)
		m.TurnedAway += h.TurnedAway
		if now.Sub(h.Hour) < 24*time.Hour {
			m.TurnedAwayToday += h.TurnedAway
		}
		if h.TurnedAway > worst.TurnedAway {
			worst = h
		}
	}
	if worst.TurnedAway > 0 {
		m.WorstHour = fmt.Sprintf("%s in the hour of %s", views.Count(worst.TurnedAway), worst.Hour.In(v.Workspace.Location()).Format("2 January, 15:04"))
	}
	return nil
}

// mergedHours adds hours that are not stored yet to the stored ones, each hour once.
func mergedHours(stored, more []models.WebhookHour) []models.WebhookHour {
	for _, h := range more {
		i := slices.IndexFunc(stored, func(s models.WebhookHour) bool { return s.Hour.Equal(h.Hour) })
		if i < 0 {
			stored = append(stored, h)
			continue
		}
		s := &stored[i]
		s.TurnedAway += h.TurnedAway
		s.BusiestMinute, s.BusiestNetwork = max(s.BusiestMinute, h.BusiestMinute), max(s.BusiestNetwork, h.BusiestNetwork)
	}
	return stored
}
