package store

import (
	"context"
	"encoding/json"
	"time"

	"campaignlark/models"

	"gorm.io/gorm"
)

// Session is the session of one browser. Only the SHA-256 of its token is stored.
type Session struct {
	TokenHash []byte `gorm:"primaryKey"`
	UserID    *int64
	Data      string // JSON of the session's values
	CreatedAt time.Time
	SeenAt    time.Time
	ExpiresAt time.Time
}

// How long a session lives: unused, and at most.
const (
	SessionIdle     = 14 * 24 * time.Hour
	SessionAbsolute = 60 * 24 * time.Hour
	sessionTouch    = time.Minute // seen_at is written at most this often
)

// SignedSession is a session with the signed-in person; User.ID is 0 if there is none.
type SignedSession struct {
	Session
	User models.User `gorm:"embedded;embeddedPrefix:person_"`
}

// SessionByHash returns the live session with this token hash, or ErrNotFound, and updates SeenAt.
func (d *DB) SessionByHash(ctx context.Context, hash []byte, now time.Time) (SignedSession, error) {
	s, err := First[SignedSession](d.Read(ctx).Table("sessions").
		Select("sessions.*, u.id AS person_id, u.email AS person_email, u.password_hash AS person_password_hash, u.support AS person_support, "+
			"u.name AS person_name, u.theme AS person_theme, u.single_keys AS person_single_keys, u.created_at AS person_created_at").
		Joins("LEFT JOIN users u ON u.id = sessions.user_id").
		Where("token_hash = ? AND expires_at > ? AND seen_at > ?", hash, now, now.Add(-SessionIdle)))
	if err != nil || now.Sub(s.SeenAt) < sessionTouch {
		return s, err
	}
	err = d.Write(ctx, func(tx *gorm.DB) error {
		return tx.Model(&Session{}).Where("token_hash = ? AND seen_at = ?", hash, s.SeenAt).Update("seen_at", now).Error
	})
	return s, err
}

// CreateSession stores a new session.
func (d *DB) CreateSession(ctx context.Context, s Session) error {
	return d.Write(ctx, func(tx *gorm.DB) error { return tx.Create(&s).Error })
}

// UpdateSession sets values of a session by key; "" deletes a value. It keeps values that another tab stored. alive is
// false if the session has ended: it must not be created again.
func (d *DB) UpdateSession(ctx context.Context, hash []byte, changed map[string]string) (alive bool, err error) {
	err = d.Write(ctx, func(tx *gorm.DB) error {
		alive = true
		err := mergeSession(tx.Where("token_hash = ?", hash), changed)
		if ErrorCode(err) == models.CodeNotFound {
			alive, err = false, nil
		}
		return err
	})
	return alive, err
}

// mergeSession sets values of the session that which finds, or returns ErrNotFound.
func mergeSession(which *gorm.DB, changed map[string]string) error {
	which = which.Session(&gorm.Session{})
	s, err := First[Session](ForChange(which))
	if err != nil {
		return err
	}
	values := SessionValues(s.Data)
	for key, value := range changed {
		if values[key] = value; value == "" {
			delete(values, key)
		}
	}
	text, err := json.Marshal(values)
	if err != nil {
		return err
	}
	return which.Model(&Session{}).Update("data", string(text)).Error
}

// SessionValues reads the values of a session. Unreadable data counts as no values.
func SessionValues(data string) map[string]string {
	values := map[string]string{}
	if json.Unmarshal([]byte(data), &values) != nil || values == nil {
		return map[string]string{}
	}
	return values
}

// DeleteSession ends a session.
func (d *DB) DeleteSession(ctx context.Context, hash []byte) error {
	return d.Write(ctx, func(tx *gorm.DB) error { return tx.Where("token_hash = ?", hash).Delete(&Session{}).Error })
}

// SweepSessions deletes expired sessions.
func (d *DB) SweepSessions(ctx context.Context, now time.Time) error {
	return d.Write(ctx, func(tx *gorm.DB) error {
		return tx.Where("expires_at <= ? OR seen_at <= ?", now, now.Add(-SessionIdle)).Delete(&Session{}).Error
	})
}

// RoleAt returns the person of a live session and their role in the workspace with a slug. userID is 0 if there is no such
// session, role is "" if the person is not a member.
func (d *DB) RoleAt(ctx context.Context, hash []byte, slug string, now time.Time) (userID int64, role models.Role, err error) {
	var row struct {
		UserID int64
		Role   models.Role
	}
	err = d.Read(ctx).Raw(`SELECT sessions.user_id, coalesce((SELECT memberships.role FROM memberships
			JOIN workspaces ON workspaces.id = memberships.workspace_id AND workspaces.deleted_at IS NULL
			WHERE memberships.user_id = sessions.user_id AND workspaces.slug = ?), '') AS role
		FROM sessions WHERE token_hash = ? AND user_id IS NOT NULL AND expires_at > ? AND seen_at > ?`,
		slug, hash, now, now.Add(-SessionIdle)).Scan(&row).Error
	return row.UserID, row.Role, err
}

// StaffNow reports whether a person is one of the support staff and the session with this token hash is the person's and has not ended.
func (d *DB) StaffNow(ctx context.Context, hash []byte, userID int64, now time.Time) (staff bool, err error) {
	return staff, d.Read(ctx).Raw(`SELECT users.support FROM sessions JOIN users ON users.id = sessions.user_id
		WHERE sessions.token_hash = ? AND sessions.user_id = ? AND sessions.expires_at > ? AND sessions.seen_at > ?`, hash, userID, now, now.Add(-SessionIdle)).Scan(&staff).Error
}

// RoleNow returns a person's role in a workspace. It is "" if the session with this token hash has ended or belongs to
// another person, or if the person is not a member any more.
func (d *DB) RoleNow(ctx context.Context, hash []byte, userID, workspaceID int64, now time.Time) (role models.Role, err error) {
	return role, d.Read(ctx).Raw(`SELECT memberships.role FROM sessions
		JOIN memberships ON memberships.user_id = sessions.user_id
		JOIN workspaces ON workspaces.id = memberships.workspace_id AND workspaces.deleted_at IS NULL
		WHERE sessions.token_hash = ? AND sessions.user_id = ? AND sessions.expires_at > ? AND sessions.seen_at > ? AND workspaces.id = ?`,
		hash, userID, now, now.Add(-SessionIdle), workspaceID).Scan(&role).Error
}
