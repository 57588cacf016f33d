package store

import (
	"context"
	"time"

	"campaignlark/models"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"
)

// FormPost is a submitted form. FormKey hashes the form's random value, its URL and its input. Location is where the
// answer redirected to, "" while the request still runs.
type FormPost struct {
	UserID    int64  `gorm:"primaryKey"`
	FormKey   []byte `gorm:"primaryKey"`
	Location  string
	CreatedAt time.Time
}

const (
	formPostsKept = 24 * time.Hour
	formAbandoned = time.Minute // after this a form's first request counts as lost: a request has 20 seconds
)

// ClaimForm records that a form is being processed. claimed is false if another request claimed it before: location is
// then where its answer redirected to, or "" if there is no answer yet.
func (d *DB) ClaimForm(ctx context.Context, userID int64, key []byte, now time.Time) (claimed bool, location string, err error) {
	err = d.Write(ctx, func(tx *gorm.DB) error {
		gone := tx.Where("user_id = ? AND form_key = ? AND location = '' AND created_at < ?", userID, key, now.Add(-formAbandoned)).Delete(&FormPost{})
		if gone.Error != nil {
			return gone.Error
		}
		insert := tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&FormPost{UserID: userID, FormKey: key, CreatedAt: now})
		claimed = insert.RowsAffected == 1
		return insert.Error
	})
	if err != nil || claimed {
		return claimed, "", err
	}
	location, err = d.FormAnswer(ctx, userID, key)
	if ErrorCode(err) == models.CodeNotFound {
		err = nil // the other request released it just now
	}
	return false, location, err
}

// FormAnswer returns where the answer of a form redirected to, "" while it is being processed, or ErrNotFound if it was
// released.
func (d *DB) FormAnswer(ctx context.Context, userID int64, key []byte) (location string, err error) {
	post, err := First[FormPost](d.Read(ctx).Where("user_id = ? AND form_key = ?", userID, key))
	return post.Location, err
}

// FinishForm stores where the answer of a claimed form redirected to. With "" it releases the form, which can then be
// sent again.
func (d *DB) FinishForm(ctx context.Context, userID int64, key []byte, location string) error {
	return d.Write(ctx, func(tx *gorm.DB) error {
		post := tx.Where("user_id = ? AND form_key = ?", userID, key)
		if location == "" {
			return post.Delete(&FormPost{}).Error
		}
		return post.Model(&FormPost{}).Update("location", location).Error
	})
}

// SweepFormPosts deletes forms older than a day.
func (d *DB) SweepFormPosts(ctx context.Context, now time.Time) error {
	return d.Write(ctx, func(tx *gorm.DB) error {
		return tx.Where("created_at < ?", now.Add(-formPostsKept)).Delete(&FormPost{}).Error
	})
}
