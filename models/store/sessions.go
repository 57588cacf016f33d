package store

import (
	"context"
	"time"

	"campaignlark/models"

	"gorm.io/gorm"
)

// Session is what the server knows of one browser. Only the SHA-256 of its token is kept.
type Session struct {
	TokenHash []byte `gorm:"primaryKey"`
	UserID    *int64
	Data      string // JSON of the session's values
	CreatedAt time.Time
	SeenAt    time.Time
	ExpiresAt time.Time
}

// How long a session lives: without being used, and at most.
const (
	SessionIdle     = 14 * 24 * time.Hour
	SessionAbsolute = 60 * 24 * time.Hour
	sessionTouch    = time.Minute // seen_at is written at most this often
)

// SignedSession is a session with the person who is signed in; without one User's ID is 0.
type SignedSession struct {
	Session
	User models.User `gorm:"embedded;embeddedPrefix:person_"`
}

// SessionByHash returns the living session of a token's hash, or ErrNotFound, and notes that it was seen.
func (d *DB) SessionByHash(ctx context.Context, hash []byte, now time.Time) (SignedSession, error) {
	s, err := First[SignedSession](d.Read(ctx).Table("sessions").
		Select("sessions.*, u.id AS person_id, u.email AS person_email, u.password_hash AS person_password_hash, u.support AS person_support, "+
			"u.single_keys AS person_single_keys, u.created_at AS person_created_at").
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

// UpdateSession stores the values of a session. It says false when the session has ended meanwhile: it must not come back.
func (d *DB) UpdateSession(ctx context.Context, hash []byte, data string) (alive bool, err error) {
	err = d.Write(ctx, func(tx *gorm.DB) error {
		done := tx.Model(&Session{}).Where("token_hash = ?", hash).Update("data", data)
		alive = done.RowsAffected == 1
		return done.Error
	})
	return alive, err
}

// DeleteSession ends a session.
func (d *DB) DeleteSession(ctx context.Context, hash []byte) error {
	return d.Write(ctx, func(tx *gorm.DB) error { return tx.Where("token_hash = ?", hash).Delete(&Session{}).Error })
}

// SweepSessions removes the sessions that have expired.
func (d *DB) SweepSessions(ctx context.Context, now time.Time) error {
	return d.Write(ctx, func(tx *gorm.DB) error {
		return tx.Where("expires_at <= ? OR seen_at <= ?", now, now.Add(-SessionIdle)).Delete(&Session{}).Error
	})
}

// IsMember says whether the session of a token's hash lives, is that person's, and the person is a member of the
// workspace.
func (d *DB) IsMember(ctx context.Context, hash []byte, userID, workspaceID int64, now time.Time) (member bool, err error) {
	return member, d.Read(ctx).Raw(`SELECT EXISTS (SELECT 1 FROM sessions
		JOIN memberships ON memberships.user_id = sessions.user_id
		JOIN workspaces ON workspaces.id = memberships.workspace_id AND workspaces.deleted_at IS NULL
		WHERE sessions.token_hash = ? AND sessions.user_id = ? AND sessions.expires_at > ? AND sessions.seen_at > ? AND workspaces.id = ?)`,
		hash, userID, now, now.Add(-SessionIdle), workspaceID).Scan(&member).Error
}
