package deliveries

import (
	"bytes"
	"context"
	"errors"
	"time"

	"campaignlark/models"
	"campaignlark/models/store"
	"campaignlark/secrets"

	"gorm.io/gorm"
)

// Destination returns one destination of a workspace, or ErrNotFound.
func (s Store) Destination(ctx context.Context, workspaceID, id int64) (models.Destination, error) {
	return store.First[models.Destination](s.DB.Read(ctx).Where("workspace_id = ? AND id = ? AND deleted_at IS NULL", workspaceID, id))
}

// Headers returns a destination's own headers, one a line.
func (s Store) Headers(d models.Destination) (string, error) {
	if len(d.Headers) == 0 {
		return "", nil
	}
	return s.Cipher.Open(d.Headers, rowOf(d, secrets.DestinationHeaders))
}

// Lost reports whether an error says that what is stored cannot be decrypted.
func Lost(err error) bool {
	return errors.Is(err, secrets.ErrNoKey) || errors.Is(err, secrets.ErrCannotDecrypt)
}

// OlderEnding returns the last characters of a destination's older secret, "" if it has none or it cannot be read.
func (s Store) OlderEnding(d models.Destination) string {
	if len(d.OlderSecret) == 0 {
		return ""
	}
	secret, err := s.Cipher.Open(d.OlderSecret, rowOf(d, secrets.DestinationSecret))
	if err != nil {
		return ""
	}
	return secrets.Ending(secret)
}

func rowOf(d models.Destination, purpose secrets.Purpose) secrets.Row {
	return secrets.Row{WorkspaceID: d.WorkspaceID, OwnerID: d.ID, Purpose: purpose}
}

// seal encrypts own headers for a destination; nil for none.
func (s Store) seal(d models.Destination, headers string) ([]byte, error) {
	if headers == "" {
		return nil, nil
	}
	return s.Cipher.Seal(headers, rowOf(d, secrets.DestinationHeaders))
}

// Create stores a new, enabled destination. It returns the secret that signs its deliveries, which cannot be read again. Invalid input is
// a FieldErrors.
func (s Store) Create(ctx context.Context, workspaceID, userID int64, f Form, now time.Time) (d models.Destination, secret string, errs models.FieldErrors, err error) {
	f = f.clean()
	if errs = f.Validate(s.Allow); errs.Any() {
		return d, "", errs, nil
	}
	headers, wrong := restoreHeaders(f.Headers, "")
	if wrong != "" {
		return d, "", models.FieldErrors{"headers": wrong}, nil
	}
	secret = NewSecret()
	d = models.Destination{WorkspaceID: workspaceID, Name: f.Name, URL: f.URL, Secret: []byte{}, Ending: secrets.Ending(secret), Enabled: true, CreatedAt: now, UpdatedAt: now}
	err = s.DB.Write(ctx, func(tx *gorm.DB) error {
		d.ID, d.Secret = 0, []byte{}
		if err := store.CheckWorkspaceLimit(tx, &models.Destination{}, workspaceID, models.MaxDestinations, "destinations"); err != nil {
			return err
		}
		if err := free(tx, d); err != nil {
			return err
		}
		if err := tx.Create(&d).Error; err != nil {
			return err
		}
		if d.Secret, err = s.Cipher.Seal(secret, rowOf(d, secrets.DestinationSecret)); err != nil {
			return err
		}
		if d.Headers, err = s.seal(d, headers); err != nil {
			return err
		}
		if err := change(tx, d, map[string]any{"secret": d.Secret, "headers": d.Headers}); err != nil {
			return err
		}
		changes := []models.AuditChange{{What: whatAddress, After: ShownURL(d.URL)}, {What: whatOwnHeaders, After: headerNames(headers)}}
		return audit(tx, d, userID, models.ActionDestinationCreated, changes, now)
	})
	if errors.Is(err, errNameTaken) {
		return d, "", nameTakenErrors(), nil
	}
	return d, secret, nil, err
}

// errNameTaken ends the transaction of a form with the name of another destination.
var errNameTaken = errors.New("another destination has this name")

func nameTakenErrors() models.FieldErrors {
	return models.FieldErrors{"name": "There is a destination with this name already. Choose another name."}
}

// free returns errNameTaken if another destination of the workspace has d's name.
func free(tx *gorm.DB, d models.Destination) error {
	taken, err := store.NameTaken(tx, &models.Destination{}, d.WorkspaceID, d.ID, d.Name)
	if err == nil && taken {
		err = errNameTaken
	}
	return err
}

// Update changes a destination's name, address and own headers. If these are no longer those of seen, the error is ErrChanged. Invalid
// input is a FieldErrors.
func (s Store) Update(ctx context.Context, seen models.Destination, userID int64, f Form, now time.Time) (models.FieldErrors, error) {
	f = f.clean()
	if errs := f.Validate(s.Allow); errs.Any() {
		return errs, nil
	}
	had, err := s.Headers(seen)
	lost := Lost(err)
	if err != nil && !lost {
		return nil, models.In("own headers", err)
	}
	headers, wrong := restoreHeaders(f.Headers, had)
	if wrong != "" {
		return models.FieldErrors{"headers": wrong}, nil
	}
	set := map[string]any{"name": f.Name, "url": f.URL, "updated_at": now}
	if headers != had || lost {
		if set["headers"], err = s.seal(seen, headers); err != nil {
			return nil, err
		}
	}
	if f.URL != seen.URL { // what failed was the other address
		set["failing_since"], set["failures"] = nil, 0
	}
	err = s.DB.Write(ctx, func(tx *gorm.DB) error {
		if f.Name != seen.Name {
			if err := free(tx, models.Destination{WorkspaceID: seen.WorkspaceID, ID: seen.ID, Name: f.Name}); err != nil {
				return err
			}
		}
		old, err := toChange(tx, seen)
		if err != nil {
			return err
		}
		if old.Name != seen.Name || old.URL != seen.URL || !bytes.Equal(old.Headers, seen.Headers) {
			return models.ErrChanged
		}
		if err := change(tx, old, set); err != nil {
			return err
		}
		changes := updates(old, f, had, headers)
		if lost {
			changes = append(changes, models.AuditChange{What: whatOwnHeaders, Before: "could not be decrypted", After: "replaced"})
		}
		return audit(tx, old, userID, models.ActionDestinationUpdated, changes, now)
	})
	if errors.Is(err, errNameTaken) {
		return nameTakenErrors(), nil
	}
	return nil, err
}

// updates says what an update changes, without secrets.
func updates(old models.Destination, f Form, had, headers string) []models.AuditChange {
	changes := []models.AuditChange{{What: "Name", Before: old.Name, After: f.Name}, {What: whatAddress, Before: ShownURL(old.URL), After: ShownURL(f.URL)},
		{What: whatOwnHeaders, Before: headerNames(had), After: headerNames(headers)}}
	if changes[1].Before == changes[1].After && old.URL != f.URL {
		changes[1].After += " with other parameters"
	}
	if changes[2].Before == changes[2].After && had != headers {
		changes[2].After += " with other values"
	}
	return changes
}

// Enable switches a destination on or off. Switched on, it begins without failures.
func (s Store) Enable(ctx context.Context, d models.Destination, userID int64, on bool, now time.Time) error {
	return s.DB.Write(ctx, func(tx *gorm.DB) error {
		old, err := toChange(tx, d)
		if err != nil || old.Enabled == on {
			return err
		}
		set, action := map[string]any{"enabled": on, "off_reason": "", "updated_at": now}, models.ActionDestinationDisabled
		if on {
			set["failing_since"], set["failures"], action = nil, 0, models.ActionDestinationEnabled
		}
		if err := change(tx, old, set); err != nil {
			return err
		}
		return audit(tx, old, userID, action, nil, now)
	})
}

// RotateSecret gives a destination a new secret and returns it. The one that it has signs beside it until RemoveOlderSecret, unless it cannot
// be decrypted: then nothing could be signed any more. If the
// secrets are no longer those of seen, the error is ErrChanged.
func (s Store) RotateSecret(ctx context.Context, seen models.Destination, userID int64, now time.Time) (secret string, err error) {
	secret = NewSecret()
	sealed, err := s.Cipher.Seal(secret, rowOf(seen, secrets.DestinationSecret))
	if err != nil {
		return "", err
	}
	said, older := models.AuditChange{What: whatSecret, Before: saidEnding + seen.Ending, After: saidEnding + secrets.Ending(secret) + saidBoth}, seen.Secret
	if _, err := s.Cipher.Open(seen.Secret, rowOf(seen, secrets.DestinationSecret)); Lost(err) {
		said.After, older = saidEnding+secrets.Ending(secret)+", the one before could not be decrypted", nil
	} else if err != nil {
		return "", err
	}
	return secret, s.changeSecrets(ctx, seen, userID, map[string]any{"secret": sealed, "older_secret": older, "ending": secrets.Ending(secret), "updated_at": now}, said, now)
}

// RemoveOlderSecret removes the older of a destination's two secrets.
func (s Store) RemoveOlderSecret(ctx context.Context, seen models.Destination, userID int64, now time.Time) error {
	said := models.AuditChange{What: whatSecret, Before: saidOlder}
	return s.changeSecrets(ctx, seen, userID, map[string]any{"older_secret": nil, "updated_at": now}, said, now)
}

func (s Store) changeSecrets(ctx context.Context, seen models.Destination, userID int64, set map[string]any, said models.AuditChange, now time.Time) error {
	return s.DB.Write(ctx, func(tx *gorm.DB) error {
		old, err := toChange(tx, seen)
		if err != nil {
			return err
		}
		if !bytes.Equal(old.Secret, seen.Secret) || !bytes.Equal(old.OlderSecret, seen.OlderSecret) {
			return models.ErrChanged
		}
		if err := change(tx, old, set); err != nil {
			return err
		}
		return audit(tx, old, userID, models.ActionDestinationSecret, []models.AuditChange{said}, now)
	})
}

// ErrCalled refuses the deletion of a destination that an automation calls.
var ErrCalled = &models.Error{Code: models.CodeConflict, Message: "An automation calls this destination, so it was not deleted. Take the step out of the automation first."}

// Delete deletes a destination and drops what waits for it; Sender.DropDeleted drops what is too much for one transaction. Its ended
// deliveries stay readable. If an automation calls it, the error is ErrCalled.
func (s Store) Delete(ctx context.Context, d models.Destination, userID int64, now time.Time) error {
	return s.DB.Write(ctx, func(tx *gorm.DB) error {
		old, err := toChange(tx, d)
		if err != nil {
			return err
		}
		callers, err := s.CalledBy(tx, d.WorkspaceID, d.ID)
		if err != nil {
			return err
		}
		if len(callers) > 0 {
			return ErrCalled
		}
		if _, err := changeSome(tx, d, "", nil, dropped(now)); err != nil {
			return models.In("drop what waits", err)
		}
		if err := change(tx, old, map[string]any{"deleted_at": now, "updated_at": now, "enabled": false, "headers": nil, "older_secret": nil}); err != nil {
			return err
		}
		return audit(tx, old, userID, models.ActionDestinationDeleted, nil, now)
	})
}

// CalledBy lists the automations that call a destination, by name.
func (s Store) CalledBy(tx *gorm.DB, workspaceID, destinationID int64) ([]Thing, error) {
	if s.Callers == nil {
		return nil, nil
	}
	all, err := s.Callers(tx, workspaceID, destinationID)
	return all, models.In("automations that call it", err)
}

// toChange reads and locks a destination that tx will change, or returns ErrNotFound if it was deleted.
func toChange(tx *gorm.DB, d models.Destination) (models.Destination, error) {
	return store.First[models.Destination](store.ForChange(tx).Where("workspace_id = ? AND id = ? AND deleted_at IS NULL", d.WorkspaceID, d.ID))
}

func change(tx *gorm.DB, d models.Destination, set map[string]any) error {
	return tx.Model(&models.Destination{}).Where("workspace_id = ? AND id = ?", d.WorkspaceID, d.ID).Updates(set).Error
}

// audit records what a person did to a destination. The entry has the name from before the change.
func audit(tx *gorm.DB, d models.Destination, userID int64, action string, changes []models.AuditChange, now time.Time) error {
	return store.Audit(tx, models.AuditEntry{WorkspaceID: d.WorkspaceID, UserID: userID, Action: action, Subject: models.SubjectDestination, SubjectID: d.ID, SubjectName: d.Name}, changes, now)
}

// Ever lists the destinations of a workspace, also those that were deleted, by name. Only their ids, names and times of deletion are read.
func (s Store) Ever(ctx context.Context, workspaceID int64) (all []models.Destination, err error) {
	return all, s.DB.Read(ctx).Select("workspace_id, id, name, deleted_at").Where("workspace_id = ?", workspaceID).Order("deleted_at IS NOT NULL, name, id").Limit(10 * models.MaxDestinations).Find(&all).Error
}
