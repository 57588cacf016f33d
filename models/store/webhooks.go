package store

import (
	"context"
	"slices"
	"strings"
	"time"

	"campaignlark/models"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"
)

// Webhook returns one webhook of a workspace, or ErrNotFound if there is none or it is deleted.
func (d *DB) Webhook(ctx context.Context, workspaceID, id int64) (models.Webhook, error) {
	return First[models.Webhook](d.Read(ctx).Where("workspace_id = ? AND id = ? AND deleted_at IS NULL", workspaceID, id))
}

// WebhookTags lists the tags that a webhook adds, by name.
func (d *DB) WebhookTags(ctx context.Context, workspaceID, id int64) ([]models.Tag, error) {
	tags, err := d.tagsByWebhook(ctx, workspaceID, "AND wt.webhook_id = ?", id)
	return tags[id], err
}

// tagsByWebhook lists tags by the webhooks that add them.
func (d *DB) tagsByWebhook(ctx context.Context, workspaceID int64, condition string, args ...any) (map[int64][]models.Tag, error) {
	var rows []struct {
		WebhookID int64
		models.Tag
	}
	err := d.Read(ctx).Raw(`SELECT wt.webhook_id, t.* FROM webhook_tags wt
		JOIN tags t ON t.workspace_id = wt.workspace_id AND t.id = wt.tag_id
		WHERE wt.workspace_id = ? AND t.deleted_at IS NULL `+condition+` ORDER BY t.name_folded`,
		append([]any{workspaceID}, args...)...).Scan(&rows).Error
	tags := map[int64][]models.Tag{}
	for _, r := range rows {
		tags[r.WebhookID] = append(tags[r.WebhookID], r.Tag)
	}
	return tags, err
}

// CreateWebhook stores a new, enabled webhook with a new hash; f is valid. Invalid tags are a FieldErrors.
func (d *DB) CreateWebhook(ctx context.Context, workspaceID, userID int64, f models.WebhookForm, now time.Time) (models.Webhook, models.FieldErrors, error) {
	tags, errs, err := d.formTags(ctx, workspaceID, userID, f, now)
	if err != nil || errs.Any() {
		return models.Webhook{}, errs, err
	}
	w := models.Webhook{WorkspaceID: workspaceID, Name: models.CleanName(f.Name), Type: f.Type, Hash: models.NewHash(), Enabled: true, CreatedAt: now, UpdatedAt: now}
	err = d.Write(ctx, func(tx *gorm.DB) error {
		w.ID = 0
		if err := CheckWorkspaceLimit(tx, &models.Webhook{}, workspaceID, models.MaxWebhooks, "webhooks"); err != nil {
			return err
		}
		if err := tx.Create(&w).Error; err != nil {
			return err
		}
		if err := createHash(tx, w, now); err != nil {
			return err
		}
		if err := createWebhookTags(tx, w, tags); err != nil {
			return err
		}
		return auditWebhook(tx, w, userID, models.ActionWebhookCreated, webhookChanges(models.Webhook{}, w, nil, tags), now)
	})
	return w, nil, err
}

// formTags returns the tags of a valid form and creates new ones. It returns none for a type without tags.
func (d *DB) formTags(ctx context.Context, workspaceID, userID int64, f models.WebhookForm, now time.Time) ([]models.Tag, models.FieldErrors, error) {
	if !f.Type.HasTags() {
		return nil, nil, nil
	}
	return d.FormTags(ctx, workspaceID, userID, f.Tags, f.NewTags, now)
}

func createHash(tx *gorm.DB, w models.Webhook, now time.Time) error {
	return tx.Create(&models.WebhookHash{Hash: w.Hash, WorkspaceID: w.WorkspaceID, WebhookID: w.ID, CreatedAt: now}).Error
}

func createWebhookTags(tx *gorm.DB, w models.Webhook, tags []models.Tag) error {
	rows := make([]models.WebhookTag, len(tags))
	for i, t := range tags {
		rows[i] = models.WebhookTag{WorkspaceID: w.WorkspaceID, WebhookID: w.ID, TagID: t.ID}
	}
	if len(rows) == 0 {
		return nil
	}
	return tx.CreateInBatches(&rows, 100).Error
}

// UpdateWebhook changes a webhook's name, type and tags; f is valid. The URL stays. A type without tags loses them. If the stored
// name and type are no longer those of w, or its tags no longer those of seen, the error is ErrChanged. Invalid tags are a
// FieldErrors.
func (d *DB) UpdateWebhook(ctx context.Context, w models.Webhook, seen []models.Tag, userID int64, f models.WebhookForm, now time.Time) (models.FieldErrors, error) {
	tags, errs, err := d.formTags(ctx, w.WorkspaceID, userID, f, now)
	if err != nil || errs.Any() {
		return errs, err
	}
	return nil, d.Write(ctx, func(tx *gorm.DB) error {
		old, err := webhookToChange(tx, w)
		if err != nil {
			return err
		}
		had, err := tagsOfWebhook(tx, w)
		if err != nil {
			return err
		}
		if old.Name != w.Name || old.Type != w.Type || !sameTags(had, seen) {
			return models.ErrChanged
		}
		changed := old
		changed.Name, changed.Type = models.CleanName(f.Name), f.Type
		err = changeWebhook(tx, w, map[string]any{"name": changed.Name, "type": changed.Type, "updated_at": now})
		if err != nil {
			return err
		}
		if err := deleteWebhookTags(tx, w); err != nil {
			return err
		}
		if err := createWebhookTags(tx, w, tags); err != nil {
			return err
		}
		return auditWebhook(tx, old, userID, models.ActionWebhookUpdated, webhookChanges(old, changed, had, tags), now)
	})
}

// sameTags reports whether two lists of distinct tags have the same ids.
func sameTags(a, b []models.Tag) bool {
	inB := func(x models.Tag) bool {
		return slices.ContainsFunc(b, func(y models.Tag) bool { return x.ID == y.ID })
	}
	return len(a) == len(b) && !slices.ContainsFunc(a, func(x models.Tag) bool { return !inB(x) })
}

// EnableWebhook turns a webhook on or off. CONTRACT: calls to a disabled webhook get 404.
func (d *DB) EnableWebhook(ctx context.Context, w models.Webhook, userID int64, on bool, now time.Time) error {
	return d.Write(ctx, func(tx *gorm.DB) error {
		old, err := webhookToChange(tx, w)
		if err != nil || old.Enabled == on {
			return err
		}
		if err := changeWebhook(tx, w, map[string]any{"enabled": on, "updated_at": now}); err != nil {
			return err
		}
		action := models.ActionWebhookDisabled
		if on {
			action = models.ActionWebhookEnabled
		}
		return auditWebhook(tx, old, userID, action, nil, now)
	})
}

// RotateWebhook gives a webhook a new hash and returns it. It keeps the old hash, to explain late calls. If the stored hash is no
// longer w.Hash, the error is ErrChanged.
func (d *DB) RotateWebhook(ctx context.Context, w models.Webhook, userID int64, now time.Time) (hash string, err error) {
	seen := w.Hash
	w.Hash = models.NewHash()
	return w.Hash, d.Write(ctx, func(tx *gorm.DB) error {
		old, err := webhookToChange(tx, w)
		if err != nil {
			return err
		}
		if old.Hash != seen {
			return models.ErrChanged
		}
		if err := changeWebhook(tx, w, map[string]any{"hash": w.Hash, "updated_at": now}); err != nil {
			return err
		}
		if err := retireHashes(tx, w, now); err != nil {
			return err
		}
		if err := createHash(tx, w, now); err != nil {
			return err
		}
		return auditWebhook(tx, old, userID, models.ActionWebhookRotated, nil, now)
	})
}

// DeleteWebhook deletes a webhook. Its row and hashes stay, to explain past and late calls. users runs in the same
// transaction and may refuse, for rules that use the webhook; nil skips it.
func (d *DB) DeleteWebhook(ctx context.Context, w models.Webhook, userID int64, users func(tx *gorm.DB) error, now time.Time) error {
	return d.Write(ctx, func(tx *gorm.DB) error {
		if err := before(tx, users); err != nil {
			return err
		}
		old, err := webhookToChange(tx, w)
		if err != nil {
			return err
		}
		had, err := tagsOfWebhook(tx, w)
		if err != nil {
			return err
		}
		if err := changeWebhook(tx, w, map[string]any{"deleted_at": now, "updated_at": now}); err != nil {
			return err
		}
		if err := retireHashes(tx, w, now); err != nil {
			return err
		}
		if err := deleteWebhookTags(tx, w); err != nil {
			return err
		}
		if err := deleteFineFields(tx, w); err != nil {
			return err
		}
		return auditWebhook(tx, old, userID, models.ActionWebhookDeleted, webhookChanges(old, models.Webhook{}, had, nil), now)
	})
}

// webhookToChange reads and locks a webhook that tx will change, or returns ErrNotFound if it was deleted.
func webhookToChange(tx *gorm.DB, w models.Webhook) (models.Webhook, error) {
	return First[models.Webhook](ForChange(tx).Where("workspace_id = ? AND id = ? AND deleted_at IS NULL", w.WorkspaceID, w.ID))
}

// tagsOfWebhook lists the tags that a webhook adds, by name.
func tagsOfWebhook(tx *gorm.DB, w models.Webhook) (tags []models.Tag, err error) {
	err = tx.Joins("JOIN webhook_tags wt ON wt.workspace_id = tags.workspace_id AND wt.tag_id = tags.id").
		Where("wt.workspace_id = ? AND wt.webhook_id = ? AND tags.deleted_at IS NULL", w.WorkspaceID, w.ID).
		Order("tags.name_folded").Find(&tags).Error
	return tags, err
}

// auditWebhook records what a person did to a webhook. The entry uses the name from before the change and never
// contains a hash.
func auditWebhook(tx *gorm.DB, before models.Webhook, userID int64, action string, changes []models.AuditChange, now time.Time) error {
	return Audit(tx, models.AuditEntry{WorkspaceID: before.WorkspaceID, UserID: userID, Action: action,
		Subject: models.SubjectWebhook, SubjectID: before.ID, SubjectName: before.Name}, changes, now)
}

func webhookChanges(before, after models.Webhook, had, has []models.Tag) []models.AuditChange {
	return []models.AuditChange{
		{What: "Name", Before: before.Name, After: after.Name},
		{What: "Type", Before: string(before.Type), After: string(after.Type)},
		{What: "Tags", Before: tagWords(had), After: tagWords(has)},
	}
}

// tagWords lists tag names as one text.
func tagWords(tags []models.Tag) string {
	names := make([]string, len(tags))
	for i, t := range tags {
		names[i] = t.Name
	}
	slices.SortFunc(names, func(a, b string) int { return strings.Compare(models.Fold(a), models.Fold(b)) })
	return models.JoinTags(names)
}

// changeWebhook updates a webhook, or returns ErrNotFound if it was deleted.
func changeWebhook(tx *gorm.DB, w models.Webhook, columns map[string]any) error {
	update := tx.Model(&models.Webhook{}).Where("workspace_id = ? AND id = ? AND deleted_at IS NULL", w.WorkspaceID, w.ID).Updates(columns)
	if update.Error == nil && update.RowsAffected == 0 {
		return models.ErrNotFound
	}
	return update.Error
}

func retireHashes(tx *gorm.DB, w models.Webhook, now time.Time) error {
	return tx.Model(&models.WebhookHash{}).Where("workspace_id = ? AND webhook_id = ? AND retired_at IS NULL", w.WorkspaceID, w.ID).
		Update("retired_at", now).Error
}

func deleteWebhookTags(tx *gorm.DB, w models.Webhook) error {
	return tx.Where("workspace_id = ? AND webhook_id = ?", w.WorkspaceID, w.ID).Delete(&models.WebhookTag{}).Error
}

// ExampleWebhook returns the webhook that examples use: the newest enabled one that adds contacts, or else the newest.
// The error is ErrNotFound if the workspace has none.
func (d *DB) ExampleWebhook(ctx context.Context, workspaceID int64) (models.Webhook, error) {
	return First[models.Webhook](d.Read(ctx).Where("workspace_id = ? AND deleted_at IS NULL", workspaceID).
		Order(clause.OrderBy{Expression: clause.Expr{SQL: "CASE WHEN type IN ? AND enabled THEN 0 ELSE 1 END, id DESC", Vars: []any{models.TypesWithTags}}}))
}

// WebhooksEver lists a workspace's webhooks by name, deleted ones last, because the log still refers to them.
func (d *DB) WebhooksEver(ctx context.Context, workspaceID int64) ([]models.Webhook, error) {
	var all []models.Webhook
	err := d.Read(ctx).Where("workspace_id = ?", workspaceID).
		Order("CASE WHEN deleted_at IS NULL THEN 0 ELSE 1 END, name, id").Find(&all).Error
	return all, err
}

// DeletedWebhooks returns the deleted webhooks of a workspace, the latest first, at most most.
func (d *DB) DeletedWebhooks(ctx context.Context, workspaceID int64, most int) (all []models.Webhook, err error) {
	err = d.Read(ctx).Where("workspace_id = ? AND deleted_at IS NOT NULL", workspaceID).Order("deleted_at DESC, id DESC").Limit(most).Find(&all).Error
	return all, err
}

// WebhookEver returns a webhook of a workspace, deleted or not, or ErrNotFound.
func (d *DB) WebhookEver(ctx context.Context, workspaceID, id int64) (models.Webhook, error) {
	return First[models.Webhook](d.Read(ctx).Where("workspace_id = ? AND id = ?", workspaceID, id))
}
