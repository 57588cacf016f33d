package handlers

import (
	"slices"
	"time"

	"campaignlark/intake"
	"campaignlark/models"
	"campaignlark/models/store"
	"campaignlark/views"

	"github.com/google/uuid"
)

// replayTried is how many calls a question about a replay is tried with: as many as one transaction may lock.
const replayTried = 200

// replayAsk asks whether to do calls once more, and shows what would come of them.
func (s *Server) replayAsk(v *visit) error {
	ticked := v.queryAll("id")
	if v.Query("ticked") != "" && len(ticked) == 0 { // the list's button without a tick must not mean all calls
		return v.noneTicked()
	}
	f, err := v.replayForm(v.Query, ticked)
	if err != nil {
		return err
	}
	return v.showReplay(f)
}

// noneTicked says that no call was ticked.
func (v *visit) noneTicked() error {
	webhooks, err := v.server.DB.WebhooksEver(v.UserContext(), v.Workspace.ID)
	if err != nil {
		return models.In("replay: webhooks", err)
	}
	m := views.ReplayModel{NoneTicked: true, Back: v.requestsURL(v.requestQuery(v.Query, webhooks).with())}
	if m.Page, err = v.page(views.SectionRequests, "No call is ticked", views.Crumb{Text: "Requests", Href: m.Back}, views.Crumb{Text: "Replay"}); err != nil {
		return err
	}
	return v.show(views.ReplayPage(m))
}

// leftOut says how many of the calls that are meant an earlier replay has done, and are replays; total are those to replay, if all are counted.
func (v *visit) leftOut(f replayForm, total int64, counted bool) (words string, err error) {
	ctx, db := v.UserContext(), v.server.DB
	if len(f.from.IDs) > 0 {
		done, err := db.Replayed(ctx, []int64{v.Workspace.ID}, f.from.IDs, f.at)
		switch n := len(done); {
		case n > 0 && len(f.from.IDs) == 1:
			words = "An earlier replay has done this call already. It is done again, because you chose it."
		case n > 0:
			words = views.Count(n) + " of them an earlier replay has done already. They are done again, because you chose them."
		}
		return words, models.In("replay: ticked calls that were replayed", err)
	}
	all := f.from.Filter
	all.OpenAt = time.Time{}
	found, err := db.CountRequests(ctx, v.Workspace.ID, all)
	if err != nil {
		return "", models.In("replay: calls that match", err)
	}
	all.NoReplays = true
	first, err := db.CountRequests(ctx, v.Workspace.ID, all)
	if err != nil {
		return "", models.In("replay: calls that are no replays", err)
	}
	if !counted || found.Stopped != uuid.Nil || first.Stopped != uuid.Nil || found.Calls > models.ExactCount {
		return "Calls that an earlier replay has done are left out, and so are replays.", nil
	}
	return leftOutSaid(first.Calls-total, found.Calls-first.Calls), nil
}

// leftOutSaid says that calls are left out, because a replay has done them or because they are replays; "" if there are none.
func leftOutSaid(done, replays int64) string {
	text := views.Plural(done+replays, "call that matches is", "calls that match are") + " left out: "
	switch {
	case done+replays <= 0:
		return ""
	case replays == 0 && done == 1:
		return text + "an earlier replay has done it already."
	case replays == 0:
		return text + "an earlier replay has done them already."
	case done == 0 && replays == 1:
		return text + "it is a replay itself."
	case done == 0:
		return text + "they are replays themselves."
	}
	return text + "an earlier replay has done " + views.Count(done) + " of them, and " + views.Plural(replays, "is a replay", "are replays") + "."
}

// showReplay shows the question.
func (v *visit) showReplay(f replayForm) error {
	m := views.ReplayModel{Action: v.path("requests", "replay"), Back: v.requestsURL(f.query.with())}
	m.Hidden = hiddenFields(f.values())
	if len(f.from.IDs) == 0 {
		for _, c := range f.query.chips(m.Back, f.webhooks) {
			m.Filters = append(m.Filters, c.Label)
		}
	}
	total, more, err := v.countReplay(f)
	if err != nil {
		return err
	}
	m.Calls = views.PluralUpTo(total, models.ExactCount, "call", "calls")
	if more {
		m.Calls = "At least " + m.Calls
	}
	m.None = total == 0 && !more
	if m.LeftOut, err = v.leftOut(f, total, !more && total <= models.ExactCount); err != nil {
		return err
	}
	if m.None && m.LeftOut != "" && f.from.Filter.IsFailureGroup() {
		group := store.FailureGroup{WebhookID: f.from.Filter.WebhookID, Outcome: f.from.Filter.Outcome}
		if m.Group, err = v.groupAside(group, webhooksByID(f.webhooks)[group.WebhookID]); err != nil {
			return err
		}
	}
	if err := v.tryReplay(&m, f, total); err != nil {
		return err
	}
	title := "Replay " + m.Calls
	if m.Page, err = v.page(views.SectionRequests, title, views.Crumb{Text: "Requests", Href: m.Back}, views.Crumb{Text: "Replay"}); err != nil {
		return err
	}
	return v.show(views.ReplayPage(m))
}

// groupAside shows a group of failures of which all calls were put right, and whether it was put aside; none if the dashboard has no such group.
func (v *visit) groupAside(g store.FailureGroup, w models.Webhook) (row views.FailureGroup, err error) {
	all, err := v.server.DB.WebhookFailureGroups(v.UserContext(), v.Workspace.ID, g.WebhookID, v.logBegins())
	if i := slices.IndexFunc(all, func(a store.FailureGroup) bool { return a.Outcome == g.Outcome }); i >= 0 {
		row = v.failureGroup(g, w)
		row.Replay, row.Dismissed = "", all[i].Settled()
	}
	return row, models.In("replay: group of failures", err)
}

// tryReplay tries the newest calls, the oldest of them first, and counts what would come of them.
func (v *visit) tryReplay(m *views.ReplayModel, f replayForm, total int64) error {
	ctx, db := v.UserContext(), v.server.DB
	rows, err := v.replayRows(f)
	if err != nil {
		return models.In("replay: newest calls", err)
	}
	webhooks, err := db.WebhooksOf(ctx, rows)
	if err != nil {
		return models.In("replay: webhooks", err)
	}
	var result models.ReplayResult
	var calls []intake.Call
	for _, row := range rows {
		call, left := intake.ReplayCall(row, webhooks[row.WebhookID], 0, v.server.now(), false)
		if left != "" {
			result.Add("", left)
		} else {
			calls = append(calls, call)
		}
	}
	m.Tried = len(rows)
	m.Some = total > int64(len(rows))
	m.Hopeless = len(rows) > 0 && len(calls) == 0 && !m.Some
	if len(calls) > 0 {
		tried, err := v.server.Intake.TryAll(ctx, calls)
		if err != nil {
			m.NotTried = true
			return nil
		}
		for _, t := range tried {
			result.AddDone(t.Row.Outcome, t.Kept)
		}
	}
	m.Outcomes = replayCounts(result)
	return nil
}

// replayRows returns the newest calls of a replay, from old to new.
func (v *visit) replayRows(f replayForm) (rows []models.WebhookRequest, err error) {
	ctx, db, workspace := v.UserContext(), v.server.DB, v.Workspace.ID
	if n := len(f.from.IDs); n > 0 {
		return db.RequestsByID(ctx, workspace, f.from.IDs[max(0, n-replayTried):])
	}
	if rows, _, err = db.NewestRequests(ctx, workspace, f.from.Filter, replayTried); err != nil {
		return nil, err
	}
	slices.Reverse(rows)
	return rows, nil
}
