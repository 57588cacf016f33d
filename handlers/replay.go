package handlers

import (
	"cmp"
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"

	"campaignlark/intake"
	"campaignlark/models"
	"campaignlark/models/store"
	"campaignlark/views"

	"github.com/google/uuid"
)

// maxReplays is how many replays of a call its page counts.
const maxReplays = 100

// replayHref returns the page that asks whether to do the call once more; "" if the person may not, or it cannot be done.
func (t *story) replayHref() string {
	if t.support || t.tried || !t.visit.canChange() {
		return ""
	}
	if _, left := intake.ReplayCall(t.row, t.webhook, 0, t.visit.server.now(), false); left != "" {
		return ""
	}
	return t.page("requests", "replay") + "?id=" + t.row.ID.String()
}

// replayFacts lead from a replay to its call, and from a call to its last replay.
func (t *story) replayFacts() (of, last views.RequestNear) {
	if t.row.ReplayOf != nil {
		of = views.RequestNear{Text: "This is a replay: the first call", Href: t.pathOf(*t.row.ReplayOf)}
	}
	if n := len(t.replays); n > 0 {
		last = views.RequestNear{Text: "Replayed " + times(int64(n)) + ": the last replay", Href: t.pathOf(t.replays[0])}
	}
	return of, last
}

// replayForm is a replay before its job starts: which calls, and what would come of them.
type replayForm struct {
	query    requestQuery
	webhooks []models.Webhook
	spec     models.ReplaySpec
	from     store.ReplayCursor
	at       time.Time // of the question
}

// replayForm reads which calls are meant: those that match the list's filters, or ticked ones.
func (v *visit) replayForm(get field, ticked []string) (f replayForm, err error) {
	if f.webhooks, err = v.server.DB.WebhooksEver(v.UserContext(), v.Workspace.ID); err != nil {
		return f, models.In("replay: webhooks", err)
	}
	f.query = v.requestQuery(get, f.webhooks).inDates(v.Workspace.Location())
	f.spec, f.from = models.ReplaySpec{Which: f.query.wordsKept(f.webhooks)}, store.ReplayCursor{Filter: f.query.filter}
	for _, text := range ticked {
		if id, ok := requestID(text); ok && len(f.from.IDs) < maxPicked {
			f.from.IDs = append(f.from.IDs, id)
		}
	}
	if len(ticked) > 0 {
		slices.SortFunc(f.from.IDs, models.CompareIDs)
		f.from.IDs = slices.Compact(f.from.IDs)
		f.from.Filter, f.spec.Which = store.RequestFilter{}, "ticked in the list"
		if f.from.IDs, err = v.server.DB.RequestsThere(v.UserContext(), v.Workspace.ID, f.from.IDs); err != nil {
			return f, models.In("replay: ticked calls", err)
		}
		if len(f.from.IDs) == 0 {
			return f, &models.Error{Code: models.CodeInvalid, Message: "There is no such call in this workspace. Please tick the calls to replay, or replay all that match the filters."}
		}
	} else if err := f.query.usable(); err != nil {
		return f, err
	}
	f.at = v.server.now()
	if f.from.Filter.To.IsZero() || f.from.Filter.To.After(f.at) {
		f.from.Filter.To = f.at // calls that come later were not meant
	}
	if len(ticked) == 0 {
		f.from.Filter.OpenAt = f.at
	}
	return f, nil
}

// values returns the form's parameters for a URL.
func (f replayForm) values() url.Values {
	if len(f.from.IDs) == 0 {
		return f.query.with()
	}
	values := url.Values{}
	for _, id := range f.from.IDs {
		values.Add("id", id.String())
	}
	return values
}

// hiddenFields returns a form's hidden fields for the parameters of a URL, in a fixed order.
func hiddenFields(values url.Values) (fields []views.HiddenField) {
	for name, all := range values {
		for _, value := range all {
			fields = append(fields, views.HiddenField{Name: name, Value: value})
		}
	}
	slices.SortFunc(fields, func(a, b views.HiddenField) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Value, b.Value))
	})
	return fields
}

// replayStart starts the job that does the calls once more.
func (s *Server) replayStart(v *visit) error {
	f, err := v.replayForm(func(name string, _ ...string) string { return v.Form(name) }, v.FormAll("id"))
	if err != nil {
		return err
	}
	if v.refill {
		return v.showReplay(f)
	}
	ctx := v.UserContext()
	f.spec.Events = v.Form("events") == "1"
	total, more, err := v.countReplay(f)
	if err != nil {
		return err
	}
	if total == 0 && !more {
		return v.showReplay(f)
	}
	if total > models.ExactCount || more {
		total = 0 // not known
	}
	job, started, err := s.DB.StartReplay(ctx, v.Workspace.ID, v.User.ID, f.spec, f.from, total, s.now())
	if err != nil {
		return models.In("replay: start it", err)
	}
	if !started {
		text := "These calls are being replayed already. This is that replay; no second one was started."
		if job.Paused() {
			text += " It is paused: resume it to go on."
		}
		return v.done(v.path("jobs", job.ID), "%s", text)
	}
	return v.done(v.path("jobs", job.ID), "The replay has started. It continues if you leave this page.")
}

// countReplay counts the calls, up to ExactCount + 1. more says that the search for them did not come to the end of the log.
func (v *visit) countReplay(f replayForm) (total int64, more bool, err error) {
	if n := len(f.from.IDs); n > 0 {
		return int64(n), false, nil
	}
	found, err := v.server.DB.CountRequests(v.UserContext(), v.Workspace.ID, f.from.Filter)
	return found.Calls, found.Stopped != uuid.Nil, models.In("replay: count calls", err)
}

// replayCounts lists what came or would come of calls, the most frequent first.
func replayCounts(result models.ReplayResult) (all []views.ReplayCount) {
	for kept, n := range result.Kept {
		all = append(all, views.ReplayCount{Text: views.KeptShort(kept), Calls: n, Idle: true})
		result.Outcomes = maps.Clone(result.Outcomes)
		if result.Outcomes[models.OutcomeKeptOut] -= n; result.Outcomes[models.OutcomeKeptOut] <= 0 {
			delete(result.Outcomes, models.OutcomeKeptOut)
		}
	}
	for o, n := range result.Outcomes {
		all = append(all, views.ReplayCount{Text: views.OutcomeShort(o), Calls: n, Bad: o.Failed(), Idle: o.Idle()})
	}
	for why, n := range result.Left {
		all = append(all, views.ReplayCount{Text: "Cannot be replayed: " + why, Calls: n, Bad: true})
	}
	slices.SortFunc(all, func(a, b views.ReplayCount) int {
		return cmp.Or(cmp.Compare(b.Calls, a.Calls), cmp.Compare(a.Text, b.Text))
	})
	return all
}

func init() { jobTexts[models.JobReplay] = replayText }

// replaySummary says in one or two sentences what came of the calls.
func replaySummary(done int64, r models.ReplayResult) string {
	if done == 0 {
		return "No call was replayed."
	}
	var worked, idle, failed, left int64
	for o, n := range r.Outcomes {
		switch {
		case o.Failed():
			failed += n
		case o.Idle():
			idle += n
		default:
			worked += n
		}
	}
	for _, n := range r.Left {
		left += n
	}
	text := views.Plural(done-left, "call was", "calls were") + " replayed."
	var parts []string
	for _, part := range []struct {
		n    int64
		what string
	}{{worked, "did what the webhook is for"}, {idle, "changed nothing"}, {failed, "failed again"}, {left, "could not be replayed"}} {
		if part.n > 0 {
			parts = append(parts, views.Count(part.n)+" "+part.what)
		}
	}
	return text + " " + strings.Join(parts, ", ") + "."
}

// replayText describes a replay and its result.
func replayText(v *visit, j models.Job) jobText {
	spec, r := models.ReadJobJSON[models.ReplaySpec](j.Spec), models.ReadJobJSON[models.ReplayResult](j.Result)
	text := jobText{title: "Replay calls", unit: "call", units: "calls", stop: "Calls that were replayed until then stay replayed.", section: views.SectionRequests, back: views.Crumb{Text: "Requests", Href: v.path("requests")}}
	if j.Total > 0 {
		text.title = "Replay " + views.Plural(j.Total, "call", "calls")
	}
	text.summary = replaySummary(j.Done, r)
	if reached := store.ReadReplay(j).After; reached != uuid.Nil && j.Total == 0 {
		text.facts = append(text.facts, views.JobFact{Label: "Reached", Value: "the calls of " + models.IDTime(reached).In(v.Workspace.Location()).Format("2 Jan 2006, 15:04")})
	}
	for _, c := range replayCounts(r) {
		text.facts = append(text.facts, views.JobFact{Label: c.Text, Value: views.Count(c.Calls)})
	}
	events := "Not fired"
	if spec.Events {
		events = "Fired"
	}
	text.facts = append(text.facts, views.JobFact{Label: "Events", Value: events}, views.JobFact{Label: "Which calls", Value: spec.Which})
	return text
}
