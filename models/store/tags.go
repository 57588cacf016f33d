package store

import (
	"context"
	"strconv"
	"time"

	"campaignlark/models"

	"gorm.io/gorm"
)

// TagUse is a tag with the number of contacts and webhooks that use it.
type TagUse struct {
	models.Tag
	Contacts int64
	Webhooks int64
}

// Tags lists a workspace's tags by name, each with its use. counted has the counters of the workspace's contacts; if it is nil, the contacts are
// counted one by one.
func (d *DB) Tags(ctx context.Context, workspaceID int64, counted models.ContactCounts) ([]TagUse, error) {
	var all []TagUse
	err := d.Read(ctx).Raw(`SELECT t.*,
			CASE WHEN @counted THEN 0 ELSE (SELECT count(*) FROM contact_tags c WHERE c.workspace_id = @ws AND c.tag_id = t.id) END AS contacts,
			(SELECT count(*) FROM webhook_tags w WHERE w.workspace_id = @ws AND w.tag_id = t.id) AS webhooks FROM tags t
		WHERE t.workspace_id = @ws AND t.deleted_at IS NULL ORDER BY t.name_folded`, map[string]any{"ws": workspaceID, "counted": counted != nil}).Scan(&all).Error
	if counted != nil {
		for i := range all {
			all[i].Contacts = max(0, counted[models.TagCount(all[i].ID)])
		}
	}
	return all, err
}

// TagNames lists a workspace's tags by name, without counts.
func (d *DB) TagNames(ctx context.Context, workspaceID int64) ([]models.Tag, error) {
	var all []models.Tag
	err := d.Read(ctx).Where("workspace_id = ? AND deleted_at IS NULL", workspaceID).Order("name_folded").Find(&all).Error
	return all, err
}

// Tag returns one tag of a workspace, or ErrNotFound.
func (d *DB) Tag(ctx context.Context, workspaceID, id int64) (models.Tag, error) {
	return First[models.Tag](d.Read(ctx).Where("workspace_id = ? AND id = ? AND deleted_at IS NULL", workspaceID, id))
}

// TagWebhooks lists the webhooks that add a tag.
func (d *DB) TagWebhooks(ctx context.Context, workspaceID, id int64) ([]models.Webhook, error) {
	var all []models.Webhook
	err := d.Read(ctx).Table("webhooks").Select("webhooks.*").
		Joins("JOIN webhook_tags ON webhook_tags.workspace_id = webhooks.workspace_id AND webhook_tags.webhook_id = webhooks.id").
		Where("webhook_tags.workspace_id = ? AND webhook_tags.tag_id = ? AND webhooks.deleted_at IS NULL", workspaceID, id).
		Order("webhooks.name").Find(&all).Error
	return all, err
}

// TagContacts counts the contacts that have a tag.
func (d *DB) TagContacts(ctx context.Context, workspaceID, id int64) (n int64, err error) {
	err = d.Read(ctx).Model(&models.ContactTag{}).Where("workspace_id = ? AND tag_id = ?", workspaceID, id).Count(&n).Error
	return n, err
}

const errTagExists = "There is a tag with this name already. Choose another name."

// CreateTag stores a new tag. A name that is taken, ignoring case, is a FieldErrors.
func (d *DB) CreateTag(ctx context.Context, workspaceID, userID int64, name string, now time.Time) (models.Tag, models.FieldErrors, error) {
	name, errs := models.ValidateTag(name)
	if errs.Any() {
		return models.Tag{}, errs, nil
	}
	tag := models.Tag{WorkspaceID: workspaceID, Name: name, NameFolded: models.Fold(name), CreatedAt: now}
	err := d.Write(ctx, func(tx *gorm.DB) error {
		tag.ID = 0
		if err := CheckWorkspaceLimit(tx, &models.Tag{}, workspaceID, models.MaxTags, "tags"); err != nil {
			return err
		}
		if err := tx.Create(&tag).Error; err != nil {
			return err
		}
		return auditTag(tx, tag, userID, models.ActionTagCreated, nil, now)
	})
	if IsDuplicate(err) {
		return tag, d.tagTaken(ctx, tag), nil
	}
	return tag, nil, err
}

// RenameTag changes a tag's name; everything that uses the tag keeps it. If the stored name is no longer tag.Name, the error is
// ErrChanged.
func (d *DB) RenameTag(ctx context.Context, tag models.Tag, userID int64, name string, now time.Time) (models.FieldErrors, error) {
	name, errs := models.ValidateTag(name)
	if errs.Any() {
		return errs, nil
	}
	tag.NameFolded = models.Fold(name)
	err := d.Write(ctx, func(tx *gorm.DB) error {
		old, err := tagToChange(tx, tag.WorkspaceID, tag.ID)
		if err != nil {
			return err
		}
		if old.Name != tag.Name {
			return models.ErrChanged
		}
		err = tx.Model(&models.Tag{}).Where("workspace_id = ? AND id = ?", tag.WorkspaceID, tag.ID).
			Updates(map[string]any{"name": name, "name_folded": tag.NameFolded}).Error
		if err != nil {
			return err
		}
		return auditTag(tx, old, userID, models.ActionTagUpdated, []models.AuditChange{{What: "Name", Before: old.Name, After: name}}, now)
	})
	if IsDuplicate(err) {
		return d.tagTaken(ctx, tag), nil
	}
	return nil, err
}

// tagTaken explains why a name is not free: a tag has it, or a deleted one is still being purged.
func (d *DB) tagTaken(ctx context.Context, tag models.Tag) models.FieldErrors {
	other, err := First[models.Tag](d.Read(ctx).Where("workspace_id = ? AND name_folded = ?", tag.WorkspaceID, tag.NameFolded))
	if err == nil && other.DeletedAt != nil {
		return models.FieldErrors{"name": "A deleted tag with this name is still being removed from its contacts. Try again in a minute."}
	}
	return models.FieldErrors{"name": errTagExists}
}

// DeleteTag removes a tag from its webhooks immediately; PurgeTags removes it from contacts in steps. users runs in the same
// transaction and may refuse, for rules that use the tag; nil skips it.
func (d *DB) DeleteTag(ctx context.Context, workspaceID, userID, id int64, users func(tx *gorm.DB) error, now time.Time) error {
	return d.Write(ctx, func(tx *gorm.DB) error {
		if err := before(tx, users); err != nil {
			return err
		}
		tag, err := tagToChange(tx, workspaceID, id)
		if err != nil {
			return err
		}
		if err := tx.Where("workspace_id = ? AND tag_id = ?", workspaceID, id).Delete(&models.WebhookTag{}).Error; err != nil {
			return err
		}
		if err := tx.Model(&models.Tag{}).Where("workspace_id = ? AND id = ?", workspaceID, id).Update("deleted_at", now).Error; err != nil {
			return err
		}
		return auditTag(tx, tag, userID, models.ActionTagDeleted, nil, now)
	})
}

// before runs do as the first step of a transaction, if there is one.
func before(tx *gorm.DB, do func(tx *gorm.DB) error) error {
	if do == nil {
		return nil
	}
	return do(tx)
}

// tagToChange reads and locks a tag that tx will change, or returns ErrNotFound if it was deleted.
func tagToChange(tx *gorm.DB, workspaceID, id int64) (models.Tag, error) {
	return First[models.Tag](ForChange(tx).Where("workspace_id = ? AND id = ? AND deleted_at IS NULL", workspaceID, id))
}

// auditTag records what a person did to a tag. The entry uses the tag's name from before the change.
func auditTag(tx *gorm.DB, before models.Tag, userID int64, action string, changes []models.AuditChange, now time.Time) error {
	return Audit(tx, models.AuditEntry{WorkspaceID: before.WorkspaceID, UserID: userID, Action: action,
		Subject: models.SubjectTag, SubjectID: before.ID, SubjectName: before.Name}, changes, now)
}

// maxNewTags is how many new tag names one form may contain.
const maxNewTags = 100

// FormTags returns the distinct tags of a form: chosen by id or name, and typed by name. It creates tags for new names.
// Invalid names are a FieldErrors under "tags".
func (d *DB) FormTags(ctx context.Context, workspaceID, userID int64, chosen, typed []string, now time.Time) ([]models.Tag, models.FieldErrors, error) {
	if len(typed) > maxNewTags {
		return nil, models.FieldErrors{"tags": "Please add at most 100 new tags at a time."}, nil
	}
	tags, errs, err := d.ResolveTags(ctx, workspaceID, userID, chosen, now)
	if err != nil || errs.Any() {
		return nil, errs, err
	}
	named, errs, err := d.ResolveTagNames(ctx, workspaceID, userID, typed, now)
	if err != nil || errs.Any() {
		return nil, errs, err
	}
	return models.DistinctTags(append(tags, named...)), nil, nil
}

// ResolveTags turns ids or names from a form into distinct tags of the workspace, and creates tags for new names. An
// invalid name, or an id that no longer exists, is a FieldErrors under "tags".
func (d *DB) ResolveTags(ctx context.Context, workspaceID, userID int64, named []string, now time.Time) ([]models.Tag, models.FieldErrors, error) {
	return d.resolveTags(ctx, workspaceID, userID, named, true, now)
}

// ResolveTagNames is ResolveTags for names only: "5" is the tag with that name, not with that id.
func (d *DB) ResolveTagNames(ctx context.Context, workspaceID, userID int64, names []string, now time.Time) ([]models.Tag, models.FieldErrors, error) {
	return d.resolveTags(ctx, workspaceID, userID, names, false, now)
}

func (d *DB) resolveTags(ctx context.Context, workspaceID, userID int64, named []string, ids bool, now time.Time) ([]models.Tag, models.FieldErrors, error) {
	known, err := d.TagNames(ctx, workspaceID)
	if err != nil {
		return nil, nil, err
	}
	var tags []models.Tag
	for _, text := range named {
		if models.IsBlank(text) {
			continue
		}
		tag, found := models.FindTagByName(known, text, ids)
		if _, err := strconv.ParseInt(text, 10, 64); !found && ids && err == nil {
			return nil, models.FieldErrors{"tags": "A tag that you chose was deleted. Please check the tags again."}, nil
		}
		if !found {
			var errs models.FieldErrors
			if tag, errs, err = d.createOrFindTag(ctx, workspaceID, userID, text, now); err != nil || errs.Any() {
				return nil, errs, err
			}
			known = append(known, tag)
		}
		tags = append(tags, tag)
	}
	return models.DistinctTags(tags), nil, nil
}

// createOrFindTag creates a tag, unless another request just created it. Errors are under "tags".
func (d *DB) createOrFindTag(ctx context.Context, workspaceID, userID int64, name string, now time.Time) (models.Tag, models.FieldErrors, error) {
	tag, errs, err := d.CreateTag(ctx, workspaceID, userID, name, now)
	if err != nil || !errs.Any() {
		return tag, nil, err
	}
	known, err := d.TagNames(ctx, workspaceID)
	if tag, found := models.FindTagByName(known, name, false); found {
		return tag, nil, err
	}
	return tag, models.FieldErrors{"tags": errs["name"]}, err
}
