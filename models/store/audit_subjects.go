package store

import (
	"context"
	"strings"

	"campaignlark/models"
)

// AuditSubject names something that an entry of the audit log is about.
type AuditSubject struct {
	Subject   string // one of the models.Subject constants
	SubjectID int64
}

// subjectsSQL has, for each subject with a page, the query that finds those of its ids that are still there.
var subjectsSQL = map[string]string{
	models.SubjectWebhook:     "SELECT id FROM webhooks WHERE workspace_id = ? AND id IN ? AND deleted_at IS NULL",
	models.SubjectTag:         "SELECT id FROM tags WHERE workspace_id = ? AND id IN ? AND deleted_at IS NULL",
	models.SubjectMergeTag:    "SELECT id FROM merge_tags WHERE workspace_id = ? AND id IN ? AND deleted_at IS NULL",
	models.SubjectSegment:     "SELECT id FROM segments WHERE workspace_id = ? AND id IN ?",
	models.SubjectAutomation:  "SELECT id FROM automations WHERE workspace_id = ? AND id IN ? AND deleted_at IS NULL",
	models.SubjectDestination: "SELECT id FROM destinations WHERE workspace_id = ? AND id IN ? AND deleted_at IS NULL",
	models.SubjectMember:      "SELECT user_id AS id FROM memberships WHERE workspace_id = ? AND user_id IN ?",
	models.SubjectImport:      "SELECT id FROM jobs WHERE workspace_id = ? AND id IN ?",
	models.SubjectContacts:    "SELECT id FROM jobs WHERE workspace_id = ? AND id IN ?",
	models.SubjectRequests:    "SELECT id FROM jobs WHERE workspace_id = ? AND id IN ?",
}

// SubjectsThere returns which of the subjects of entries still exist. It asks with one query.
func (d *DB) SubjectsThere(ctx context.Context, workspaceID int64, entries []AuditLine) (map[AuditSubject]bool, error) {
	ids := map[string][]int64{}
	for _, e := range entries {
		if e.SubjectID != 0 && subjectsSQL[e.Subject] != "" {
			ids[e.Subject] = append(ids[e.Subject], e.SubjectID)
		}
	}
	if len(ids) == 0 {
		return nil, nil
	}
	var parts []string
	var args []any
	for subject, of := range ids {
		parts = append(parts, "SELECT '"+subject+"' AS subject, id AS subject_id FROM ("+subjectsSQL[subject]+") AS those")
		args = append(args, workspaceID, of)
	}
	var found []AuditSubject
	err := d.Read(ctx).Raw(strings.Join(parts, " UNION ALL "), args...).Scan(&found).Error
	there := map[AuditSubject]bool{}
	for _, s := range found {
		there[s] = true
	}
	return there, err
}
