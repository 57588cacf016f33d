package handlers

import (
	"slices"
	"strconv"

	"campaignlark/intake"
	"campaignlark/models"
	"campaignlark/models/store"
	"campaignlark/senders"
)

// maxChoicesSeen is up to how many values calls have at a place for which people choose from a list. If there are more, people write it
// themselves.
const maxChoicesSeen = 20

// maxChoiceSeen is how many characters such a value has at most.
const maxChoiceSeen = 100

// choicesSeen returns what the last calls have at the place for which the form of a new merge tag was opened, as choices for it. The form
// names the place by ?webhook= and ?path=, or by ?call= and ?key=. It returns none if the values do not look like choices.
func (v *visit) choicesSeen() ([]string, error) {
	ctx, db, workspace := v.UserContext(), v.server.DB, v.Workspace.ID
	id, err := strconv.ParseInt(v.Query("webhook"), 10, 64)
	at := v.Query("path")
	if call, ok := requestID(v.Query("call")); ok && err != nil {
		row, err := db.Request(ctx, workspace, call)
		if ignoreNotFound(err) != nil {
			return nil, models.In("merge tags: the call that sent the field", err)
		}
		id, at = row.WebhookID, v.Query("key")
	}
	path, err := senders.ParsePath(at)
	if id == 0 || err != nil {
		return nil, nil
	}
	rows, err := db.LastRequests(ctx, workspace, store.RequestFilter{WebhookID: id}, lastCalls)
	if err != nil {
		return nil, models.In("merge tags: the last calls", err)
	}
	var seen []string
	for _, row := range rows {
		row, body, known, err := v.wholeCall(row)
		if err != nil {
			return nil, err
		}
		if known && !erased(row) && row.Outcome != models.OutcomeUnverified {
			seen = append(seen, choicesOf(row, body, path)...)
		}
	}
	return choicesAmong(seen), nil
}

// choicesAmong returns each value once, without case. It returns none if there are too many, or if one is too long for a choice.
func choicesAmong(values []string) (choices []string) {
	for _, value := range values {
		value = models.CleanName(value)
		switch same := func(c string) bool { return models.Fold(c) == models.Fold(value) }; {
		case value == "" || slices.ContainsFunc(choices, same):
		case len(choices) == maxChoicesSeen || models.CountCharacters(value) > maxChoiceSeen:
			return nil
		default:
			choices = append(choices, value)
		}
	}
	return choices
}

// choicesOf returns the values of a call at a path. Of ids of options they are the texts of the options.
func choicesOf(row models.WebhookRequest, body intake.LogBody, path senders.Path) []string {
	tree, err := intake.LoggedTree(row, body)
	if err != nil || tree == nil {
		return nil
	}
	for _, as := range []senders.As{senders.AsOptionText, senders.AsIs} {
		source := senders.Source{Path: path, As: as}
		if found := source.Read("choice", tree); found.IsFound() && found.Wrong == "" {
			return found.Value.Texts
		}
	}
	return nil
}
