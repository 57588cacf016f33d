package intake

import (
	"context"
	"errors"

	"campaignlark/models"
	"campaignlark/models/store"
	"campaignlark/senders"
)

// Answers returns what a webhook was told about its answers, as the last batch has read it. If this process has no batch of the webhook
// yet, it reads the database once. An error comes from the database.
func (p *Pipeline) Answers(ctx context.Context, hash models.WebhookHash) (senders.Answers, error) {
	of := webhookKey{hash.WorkspaceID, hash.WebhookID}
	if a, known := p.store.known().answers(of); known {
		return a, nil
	}
	a, err := p.ReadAnswers(ctx, hash)
	if err == nil {
		p.store.known().putEarly(of, a)
	}
	return a, err
}

// ReadAnswers reads from the database what a webhook was told about its answers, at most as long as a call may wait for its batch. Settings
// that cannot be read count as none: the batch refuses such calls.
func (p *Pipeline) ReadAnswers(ctx context.Context, hash models.WebhookHash) (senders.Answers, error) {
	ctx, cancel := context.WithTimeout(ctx, p.opts.Wait)
	defer cancel()
	w, err := store.First[models.Webhook](p.db.Calls(ctx).Select("reading").Where("workspace_id = ? AND id = ?", hash.WorkspaceID, hash.WebhookID))
	if err != nil && !errors.Is(err, models.ErrNotFound) {
		return senders.Answers{}, models.In("intake: read the answers of the webhook", err)
	}
	settings, err := senders.ParseSettings(w.Reading)
	if err != nil {
		return senders.Answers{}, nil
	}
	return settings.Answering(), nil
}
