package automations

import (
	"context"
	"errors"
	"strconv"
	"time"

	"campaignlark/models"
	"campaignlark/models/store"
	"campaignlark/segments"
	"campaignlark/segments/rule"

	"gorm.io/gorm"
)

// Store reads and changes automations. Now is the clock. Mail says whether the program can send e-mail.
type Store struct {
	DB   *store.DB
	Now  func() time.Time
	Mail bool
}

// ThingsOf returns what the workspace's definitions can refer to, and the names of deleted things that these definitions refer to.
func (s Store) ThingsOf(ctx context.Context, w models.Workspace, ds ...Definition) (Things, error) {
	schema, err := segments.Store{DB: s.DB, Now: s.Now}.SchemaOf(ctx, w)
	if err != nil {
		return Things{}, err
	}
	things, err := thingsWith(schema, s.DB.Read(ctx), w, s.Mail)
	if err != nil {
		return Things{}, err
	}
	return things, s.NameDeleted(ctx, &things, w.ID, ds...)
}

// NameDeleted adds the names of deleted things that definitions refer to.
func (s Store) NameDeleted(ctx context.Context, things *Things, workspace int64, ds ...Definition) error {
	return models.In("names of what was deleted", segments.NameDeleted(s.DB.Read(ctx), workspace, &things.Schema, things.missing(ds)))
}

// thingsWith adds to a schema what else definitions can refer to.
func thingsWith(schema rule.Schema, db *gorm.DB, w models.Workspace, mail bool) (things Things, err error) {
	things.Schema, things.Mail = schema, mail
	if things.Destinations, err = destinationsOf(db, w.ID); err != nil {
		return things, err
	}
	things.Members, err = store.MembersIn(db, w.ID)
	return things, models.In("members", err)
}

func destinationsOf(db *gorm.DB, workspace int64) (all []models.Destination, err error) {
	err = db.Where("workspace_id = ? AND deleted_at IS NULL", workspace).Order("id").Find(&all).Error
	return all, models.In("destinations", err)
}

// thingsIn is ThingsOf in a transaction, without the names of what is deleted.
func thingsIn(tx *gorm.DB, w models.Workspace, mail bool) (Things, error) {
	schema, err := segments.SchemaIn(tx, w)
	if err != nil {
		return Things{}, models.In("schema", err)
	}
	return thingsWith(schema, tx, w, mail)
}

// ErrNameTaken says that another automation of the workspace has this name, ignoring case.
var ErrNameTaken = &models.Error{Code: models.CodeInvalid, Message: "There is an automation with this name already. Please choose another name."}

// free returns ErrNameTaken if an automation other than id has this name.
func free(tx *gorm.DB, workspace, id int64, name string) error {
	taken, err := store.NameTaken(tx, &models.Automation{}, workspace, id, name)
	if err == nil && taken {
		err = ErrNameTaken
	}
	return err
}

// Copy stores a copy of an automation that is off, under a name that is free: "Welcome (copy)", "Welcome (copy 2)".
func (s Store) Copy(ctx context.Context, a Listed, userID int64) (models.Automation, error) {
	for n := 1; ; n++ {
		mark := " (copy)"
		if n > 1 {
			mark = " (copy " + strconv.Itoa(n) + ")"
		}
		name := models.Shorten(a.Name, models.MaxName-1-len(mark)) + mark // 1 for the ellipsis
		copied, err := s.Create(ctx, a.WorkspaceID, userID, name, a.Definition, false)
		if !errors.Is(err, ErrNameTaken) || n > models.MaxAutomations {
			return copied, err
		}
	}
}

// Create stores a new automation. If its name is taken, the error is ErrNameTaken. name is valid by models.ValidateName, and d by Definition.Check.
func (s Store) Create(ctx context.Context, workspace, userID int64, name string, d Definition, enabled bool) (models.Automation, error) {
	now := models.Instant(s.Now())
	d = d.numbered(Definition{}, 0)
	a := models.Automation{WorkspaceID: workspace, Name: name, Enabled: enabled, Definition: d.String(), Revision: 1, CreatedAt: now, UpdatedAt: now}
	err := s.DB.Write(ctx, func(tx *gorm.DB) error {
		a.ID = 0
		if err := store.CheckWorkspaceLimit(tx, &models.Automation{}, workspace, models.MaxAutomations, "automations"); err != nil {
			return err
		}
		if err := free(tx, workspace, 0, name); err != nil {
			return err
		}
		if err := tx.Create(&a).Error; err != nil {
			return err
		}
		if err := saveVersion(tx, a, now); err != nil {
			return err
		}
		changes, err := s.auditChanges(tx, models.Automation{}, a)
		if err != nil {
			return err
		}
		return s.finish(tx, a, userID, models.ActionAutomationCreated, append(changes, models.AuditChange{What: "State", After: onOff(a)}), now)
	})
	return a, err
}

// Update gives an automation another name and definition. Runs under way finish the revision that they began with. If what is stored is no
// longer seen, the error is ErrChanged, and if another one has the new name, ErrNameTaken.
func (s Store) Update(ctx context.Context, seen models.Automation, userID int64, name string, d Definition) error {
	now := models.Instant(s.Now())
	return s.DB.Write(ctx, func(tx *gorm.DB) error {
		a, err := toChange(tx, seen)
		if err != nil {
			return err
		}
		if a.Name != seen.Name || a.Revision != seen.Revision {
			return models.ErrChanged
		}
		before := a
		if a.Name != name {
			if err := free(tx, a.WorkspaceID, a.ID, name); err != nil {
				return err
			}
		}
		last, err := lastStep(tx, a)
		if err != nil {
			return models.In("earlier versions", err)
		}
		text := d.numbered(stored(a.Definition), last).String()
		if text != a.Definition {
			a.Definition, a.Revision = text, a.Revision+1
			if err := saveVersion(tx, a, now); err != nil {
				return err
			}
		}
		if a.Name == name && a.Revision == before.Revision {
			return nil
		}
		a.Name, a.UpdatedAt = name, now
		changes, err := s.auditChanges(tx, before, a)
		if err != nil {
			return err
		}
		if err := save(tx, a); err != nil {
			return err
		}
		return s.finish(tx, a, userID, models.ActionAutomationUpdated, changes, now)
	})
}

// Enable switches an automation on or off. Runs under way go on in any case.
func (s Store) Enable(ctx context.Context, seen models.Automation, userID int64, on bool) error {
	now := models.Instant(s.Now())
	return s.DB.Write(ctx, func(tx *gorm.DB) error {
		a, err := toChange(tx, seen)
		if err != nil || a.Enabled == on {
			return err
		}
		a.Enabled, a.UpdatedAt = on, now
		if err := save(tx, a); err != nil {
			return err
		}
		action := models.ActionAutomationDisabled
		if on {
			action = models.ActionAutomationEnabled
		}
		return s.finish(tx, a, userID, action, nil, now)
	})
}

// Delete deletes an automation. Its runs under way end.
func (s Store) Delete(ctx context.Context, seen models.Automation, userID int64) error {
	now := models.Instant(s.Now())
	return s.DB.Write(ctx, func(tx *gorm.DB) error {
		a, err := toChange(tx, seen)
		if err != nil {
			return err
		}
		changes, err := s.auditChanges(tx, a, models.Automation{})
		if err != nil {
			return err
		}
		open, err := openRuns(tx, a)
		if err != nil {
			return err
		}
		changes = append(changes, models.AuditChange{What: "State", Before: onOff(a)}, models.AuditChange{What: "Runs that ended", After: strconv.FormatInt(open, 10)})
		a.Enabled, a.UpdatedAt, a.DeletedAt = false, now, &now
		if err := save(tx, a); err != nil {
			return err
		}
		if err := s.finish(tx, a, userID, models.ActionAutomationDeleted, changes, now); err != nil {
			return err
		}
		// after the lock on the workspace, which the removal of a member takes first too
		return models.In("mails to the team", tx.Where("workspace_id = ? AND automation_id = ?", a.WorkspaceID, a.ID).Delete(&models.TeamMail{}).Error)
	})
}

func toChange(tx *gorm.DB, seen models.Automation) (models.Automation, error) {
	return store.First[models.Automation](store.ForChange(tx).Where("workspace_id = ? AND id = ? AND deleted_at IS NULL", seen.WorkspaceID, seen.ID))
}

func save(tx *gorm.DB, a models.Automation) error {
	return tx.Model(&models.Automation{}).Where("workspace_id = ? AND id = ?", a.WorkspaceID, a.ID).
		Select("name", "enabled", "definition", "revision", "updated_at", "deleted_at").Updates(&a).Error
}

func saveVersion(tx *gorm.DB, a models.Automation, now time.Time) error {
	return tx.Create(&models.AutomationVersion{WorkspaceID: a.WorkspaceID, AutomationID: a.ID, Revision: a.Revision, Definition: a.Definition, CreatedAt: now}).Error
}

// lastStep returns the highest id that a step of an automation has had in any version. It reads one version at a time.
func lastStep(tx *gorm.DB, a models.Automation) (last int64, err error) {
	rows, err := tx.Model(&models.AutomationVersion{}).Select("definition").Where("workspace_id = ? AND automation_id = ?", a.WorkspaceID, a.ID).Rows()
	if err != nil {
		return 0, err
	}
	defer rows.Close()
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			return 0, err
		}
		for _, s := range stored(text).Steps {
			last = max(last, s.ID)
		}
	}
	return last, rows.Err()
}

// finish tells the workspace what its automations listen for now, and records the change.
func (s Store) finish(tx *gorm.DB, a models.Automation, userID int64, action string, changes []models.AuditChange, now time.Time) error {
	if err := listen(tx, a.WorkspaceID); err != nil {
		return models.In("events to listen for", err)
	}
	return store.Audit(tx, models.AuditEntry{WorkspaceID: a.WorkspaceID, UserID: userID, Action: action, Subject: models.SubjectAutomation, SubjectID: a.ID, SubjectName: a.Name}, changes, now)
}

// listen stores for which events the enabled automations of a workspace listen. The lock on the workspace's row makes two changes of
// automations see each other.
func listen(tx *gorm.DB, workspace int64) error {
	if _, err := store.First[models.Workspace](store.ForNoKeyUpdate(tx).Where("id = ?", workspace)); err != nil {
		return err
	}
	var definitions []string
	if err := tx.Model(&models.Automation{}).Where("workspace_id = ? AND enabled AND deleted_at IS NULL", workspace).Pluck("definition", &definitions).Error; err != nil {
		return err
	}
	var all models.Listens
	for _, text := range definitions {
		all |= stored(text).Listens()
	}
	return tx.Exec("UPDATE workspaces SET listens = ? WHERE id = ?", all, workspace).Error
}
