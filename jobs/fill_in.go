package jobs

import (
	"context"
	"time"

	"campaignlark/intake"
	"campaignlark/models"
	"campaignlark/models/store"
	"campaignlark/senders"

	"github.com/google/uuid"
	"gorm.io/gorm"
)

// fillCursor is where a JobFill stands.
type fillCursor struct {
	At     uuid.UUID           // the last call or entry that was looked at; zero before the first
	End    bool                // nothing is left to look at
	Key    string              // of the merge tag
	Values map[int64]string    `json:",omitempty"` // by contact: what the next step fills in
	Edits  []models.AuditEntry `json:",omitempty"` // what the next step takes back
}

// FillFilter selects the calls of the log that give a merge tag a value now. webhooks are all of the workspace, by id.
func FillFilter(tag models.MergeTag, tags []models.MergeTag, webhooks map[int64]models.Webhook, zone *time.Location) (filter store.RequestFilter, value func(models.WebhookRequest) string) {
	settings := map[int64]senders.Settings{}
	for id, w := range webhooks {
		settings[id], _ = senders.ParseSettings(w.Reading) // of one that cannot be read: none
	}
	value = func(r models.WebhookRequest) string {
		if r.ContactID == nil || !webhooks[r.WebhookID].Type.HasTags() {
			return ""
		}
		return intake.FilledIn(r, settings[r.WebhookID], tags, tag, zone)
	}
	return store.RequestFilter{Outcome: models.OutcomesProcessed, Field: tag.Key, Matches: func(r models.WebhookRequest) bool { return value(r) != "" }}, value
}

// lookForValues finds what the next step fills in, from the newest calls to the oldest, or takes back.
func lookForValues(ctx context.Context, r *Runner, job *models.Job) error {
	spec, cursor := models.ReadJobJSON[models.FillSpec](job.Spec), models.ReadJobJSON[fillCursor](job.Cursor)
	tag, err := r.db.MergeTag(ctx, job.WorkspaceID, spec.MergeTagID)
	if store.ErrorCode(err) == models.CodeNotFound {
		return &models.Error{Code: models.CodeInvalid, Message: "The merge tag " + spec.Label + " was deleted while this work ran."}
	}
	if err != nil {
		return models.In("fill in: merge tag", err)
	}
	cursor.Key, cursor.Values, cursor.Edits = tag.Key, nil, nil
	if spec.Undo != 0 {
		err = lookForEdits(ctx, r.db, *job, spec, &cursor)
	} else {
		err = lookForCalls(ctx, r.db, *job, tag, &cursor)
	}
	job.Cursor = models.JobJSON(cursor)
	return err
}

func lookForCalls(ctx context.Context, db *store.DB, job models.Job, tag models.MergeTag, cursor *fillCursor) error {
	tags, err := db.MergeTags(ctx, job.WorkspaceID)
	if err != nil {
		return models.In("fill in: merge tags", err)
	}
	all, err := db.WebhooksEver(ctx, job.WorkspaceID)
	if err != nil {
		return models.In("fill in: webhooks", err)
	}
	w, err := store.First[models.Workspace](db.Read(ctx).Where("id = ?", job.WorkspaceID))
	if err != nil {
		return models.In("fill in: workspace", err)
	}
	webhooks := map[int64]models.Webhook{}
	for _, hook := range all {
		webhooks[hook.ID] = hook
	}
	filter, value := FillFilter(tag, tags, webhooks, w.Location())
	filter.To = job.CreatedAt
	rows, next, err := db.NextRequests(ctx, job.WorkspaceID, filter, models.Cursor{Before: cursor.At})
	if err != nil {
		return models.In("fill in: next calls", err)
	}
	cursor.Values = map[int64]string{}
	for _, row := range rows {
		if _, newer := cursor.Values[*row.ContactID]; !newer {
			cursor.Values[*row.ContactID] = value(row)
		}
		if len(cursor.Values) == bulkStep { // the rest comes in the next step
			next = row.ID
			break
		}
	}
	cursor.At, cursor.End = next, next == uuid.Nil
	return nil
}

func lookForEdits(ctx context.Context, db *store.DB, job models.Job, spec models.FillSpec, cursor *fillCursor) error {
	filled, err := db.Job(ctx, job.WorkspaceID, spec.Undo)
	if store.ErrorCode(err) == models.CodeNotFound {
		return &models.Error{Code: models.CodeInvalid, Message: "The work that was to be taken back is not known any more."}
	}
	if err != nil {
		return models.In("take back: job", err)
	}
	var last uuid.UUID
	if cursor.Edits, last, err = db.FilledBy(ctx, filled, cursor.At, bulkStep); err != nil {
		return models.In("take back: next contacts", err)
	}
	cursor.At, cursor.End = last, last == uuid.Nil
	return nil
}

// fillStep fills in or takes back what was found.
func fillStep(_ context.Context, tx *gorm.DB, job *models.Job, now time.Time) error {
	cursor, result := models.ReadJobJSON[fillCursor](job.Cursor), models.ReadJobJSON[models.FillResult](job.Result)
	var did models.FillResult
	var err error
	if len(cursor.Edits) > 0 {
		did, err = store.TakeBack(tx, *job, cursor.Key, cursor.Edits, now)
	} else {
		did, err = store.FillIn(tx, *job, cursor.Key, cursor.Values, now)
	}
	if err != nil {
		return models.In("fill in: contacts", err)
	}
	result.Changed, result.Had, result.Later = result.Changed+did.Changed, result.Had+did.Had, result.Later+did.Later
	if cursor.Values, cursor.Edits = nil, nil; cursor.End {
		job.State = models.JobDone
	}
	job.Done, job.Result, job.Cursor = result.Changed, models.JobJSON(result), models.JobJSON(cursor)
	return nil
}
