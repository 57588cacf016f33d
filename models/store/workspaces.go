package store

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"time"

	"campaignlark/models"

	"gorm.io/gorm"
)

// checkLimit returns an error if most rows exist already. sentence has a %s for most.
func checkLimit(rows *gorm.DB, most int64, sentence string) error {
	var n int64
	if err := rows.Count(&n).Error; err != nil || n < most {
		return err
	}
	return &models.Error{Code: models.CodeConflict, Message: fmt.Sprintf(sentence, models.MergeTag{Type: models.MergeTagNumber}.Show(strconv.FormatInt(most, 10), nil))}
}

// CheckWorkspaceLimit is checkLimit for the rows of one kind in a workspace that are not deleted. what names the kind:
// "webhooks".
func CheckWorkspaceLimit(tx *gorm.DB, kind any, workspaceID, most int64, what string) error {
	return checkLimit(tx.Model(kind).Where("workspace_id = ? AND deleted_at IS NULL", workspaceID), most,
		"A workspace can have %s "+what+", and it already has that many. Please delete one that you no longer need.")
}

// CreateWorkspace creates a workspace with the name, time zone and slug of wish, and makes the person its admin. Without a slug it gets
// one made from the name. Invalid input is a FieldErrors under name, time_zone or slug.
func (d *DB) CreateWorkspace(ctx context.Context, userID int64, wish models.Workspace, now time.Time) (models.Workspace, models.FieldErrors, error) {
	w := models.Workspace{Name: models.CleanName(wish.Name), TimeZone: wish.TimeZone, CreatedAt: now}
	errs := models.ValidateWorkspace(w)
	errs.Add("slug", models.ValidateSlug(wish.Slug))
	if errs.Any() {
		return w, errs, nil
	}
	var err error
	for range 3 { // another request may take the same slug at the same moment
		err = d.Write(ctx, func(tx *gorm.DB) error {
			w.ID = 0
			own := tx.Model(&models.Membership{}).Where("user_id = ? AND role = ? AND workspace_id NOT IN "+goneWorkspaces, userID, models.RoleAdmin)
			if err := checkLimit(own, models.MaxWorkspaces, "One person can be an admin of %s workspaces, and you already are. Please delete a workspace that you no longer need."); err != nil {
				return err
			}
			w.Slug = wish.Slug
			if err := createWorkspace(tx, &w); err != nil {
				return err
			}
			if err := tx.Create(&models.Membership{WorkspaceID: w.ID, UserID: userID, Role: models.RoleAdmin, CreatedAt: now}).Error; err != nil {
				return err
			}
			return auditWorkspace(tx, w, userID, models.ActionWorkspaceCreated, []models.AuditChange{{What: "Time zone", Before: "", After: w.TimeZone}}, now)
		})
		if !IsDuplicate(err) {
			break
		}
	}
	if errors.Is(err, errSlugTaken) {
		errs.Add("slug", "Another workspace has this address. Please choose another one.")
		return w, errs, nil
	}
	return w, nil, err
}

// errSlugTaken refuses a slug that a person chose.
var errSlugTaken = errors.New("the slug is taken")

// auditWorkspace records what a person did to a workspace. The entry uses the name from before the change.
func auditWorkspace(tx *gorm.DB, before models.Workspace, userID int64, action string, changes []models.AuditChange, now time.Time) error {
	return Audit(tx, models.AuditEntry{WorkspaceID: before.ID, UserID: userID, Action: action,
		Subject: models.SubjectWorkspace, SubjectID: before.ID, SubjectName: before.Name}, changes, now)
}

// UpdateWorkspace stores a workspace's name and time zone as typed. If they are no longer those of seen, the error is ErrChanged.
// zoneChanged runs in the same transaction if the time zone changes. Invalid input is a FieldErrors under name or time_zone.
func (d *DB) UpdateWorkspace(ctx context.Context, seen, w models.Workspace, userID int64, zoneChanged func(tx *gorm.DB, workspaceID, userID int64, now time.Time) error, now time.Time) (models.FieldErrors, error) {
	w.Name = models.CleanName(w.Name)
	if errs := models.ValidateWorkspace(w); errs.Any() {
		return errs, nil
	}
	return nil, d.Write(ctx, func(tx *gorm.DB) error {
		old, err := First[models.Workspace](ForNoKeyUpdate(tx).Where("id = ? AND deleted_at IS NULL", w.ID)) // does not block calls that add contacts
		if err != nil {
			return err
		}
		if old.Name != seen.Name || old.TimeZone != seen.TimeZone {
			return models.ErrChanged
		}
		err = tx.Model(&models.Workspace{}).Where("id = ?", w.ID).Updates(map[string]any{"name": w.Name, "time_zone": w.TimeZone}).Error
		if err != nil {
			return err
		}
		err = auditWorkspace(tx, old, userID, models.ActionWorkspaceUpdated, []models.AuditChange{{What: "Name", Before: old.Name, After: w.Name}, {What: "Time zone", Before: old.TimeZone, After: w.TimeZone}}, now)
		if err != nil || old.TimeZone == w.TimeZone {
			return err
		}
		return zoneChanged(tx, w.ID, userID, now)
	})
}

// OwnWorkspace is a workspace with one person's role in it.
type OwnWorkspace struct {
	models.Workspace
	Role   models.Role
	SeenAt *time.Time // when the person last opened a page of it, to memberTouch

	ContactColumns string // that the person has chosen for the list of contacts, for models.ReadColumns
}

// WorkspacesOf lists the workspaces that a person is a member of, by name.
func (d *DB) WorkspacesOf(ctx context.Context, userID int64) ([]OwnWorkspace, error) {
	var all []OwnWorkspace
	err := d.Read(ctx).Table("workspaces").Select("workspaces.*, memberships.role, memberships.seen_at, memberships.contact_columns").
		Joins("JOIN memberships ON memberships.workspace_id = workspaces.id").
		Where("memberships.user_id = ? AND workspaces.deleted_at IS NULL", userID).Order("workspaces.name, workspaces.id").Find(&all).Error
	return all, err
}

// createWorkspace stores a workspace with its counter of contact ids, under its slug or, without one, under a free slug.
func createWorkspace(tx *gorm.DB, w *models.Workspace) error {
	wishes := []string{w.Slug}
	if w.Slug == "" {
		wishes = slugWishes(models.Slug(w.Name))
	}
	var taken []string
	if err := tx.Raw("SELECT slug FROM workspaces WHERE slug IN ?", wishes).Scan(&taken).Error; err != nil {
		return err
	}
	if w.Slug != "" && len(taken) > 0 {
		return errSlugTaken
	}
	w.Slug = wishes[len(wishes)-1]
	if free := slices.IndexFunc(wishes, func(slug string) bool { return !slices.Contains(taken, slug) }); free >= 0 {
		w.Slug = wishes[free]
	}
	if err := tx.Create(w).Error; err != nil {
		return err
	}
	return tx.Exec("INSERT INTO workspace_counters (workspace_id, next_contact_id) VALUES (?, 1)", w.ID).Error
}

// slugsTried is the highest number tried after a slug before a random one.
const slugsTried = 50

// slugWishes returns slugs for a workspace in order of preference: acme, acme-2, acme-3, and finally one with a random
// number. A name without Latin letters has no base; it gets workspace-1 and so on.
func slugWishes(base string) []string {
	wishes := []string{base}
	if base == "" {
		base, wishes = "workspace", []string{"workspace-1"}
	}
	for n := 2; n <= slugsTried; n++ {
		wishes = append(wishes, fmt.Sprintf("%s-%d", base, n))
	}
	return append(wishes, fmt.Sprintf("%s-%d", base, slugsTried+1+rand.IntN(1_000_000_000)))
}

// Workspaces lists every workspace that is not deleted, by name.
func (d *DB) Workspaces(ctx context.Context) (all []models.Workspace, err error) {
	return all, d.Read(ctx).Where("deleted_at IS NULL").Order("name, id").Find(&all).Error
}

// WorkspaceEmpty reports whether a workspace has no contacts, webhooks or merge tags yet.
func (d *DB) WorkspaceEmpty(ctx context.Context, workspaceID int64) (empty bool, err error) {
	err = d.Read(ctx).Raw(`SELECT NOT EXISTS (SELECT 1 FROM contacts WHERE workspace_id = @ws)
		AND NOT EXISTS (SELECT 1 FROM webhooks WHERE workspace_id = @ws)
		AND NOT EXISTS (SELECT 1 FROM merge_tags WHERE workspace_id = @ws)`, map[string]any{"ws": workspaceID}).Scan(&empty).Error
	return empty, err
}
