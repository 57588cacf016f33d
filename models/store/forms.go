package store

import (
	"context"
	"time"

	"campaignlark/models"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"
)

// FormPost is a form that a person sent. FormKey is the hash of the form's own random value, its address and what was
// filled in; Location is the page that the answer led to, "" while the form is being worked on.
type FormPost struct {
	UserID    int64  `gorm:"primaryKey"`
	FormKey   []byte `gorm:"primaryKey"`
	Location  string
	CreatedAt time.Time
}

const (
	formPostsKept = 24 * time.Hour
	formAbandoned = time.Minute // after this a form's first post counts as lost: a request has 20 seconds
)

// ClaimForm notes that a form is being worked on. It says false when somebody did that before: then location is where
// the answer led, or "" as long as there is none.
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
		err = nil // it was given back in this moment
	}
	return false, location, err
}

// FormAnswer returns where the answer of a form led, "" while it is being worked on, or ErrNotFound when it was given back.
func (d *DB) FormAnswer(ctx context.Context, userID int64, key []byte) (location string, err error) {
	post, err := First[FormPost](d.Read(ctx).Where("user_id = ? AND form_key = ?", userID, key))
	return post.Location, err
}

// FinishForm notes where the answer of a claimed form led; with "" the form is given back and can be sent again.
func (d *DB) FinishForm(ctx context.Context, userID int64, key []byte, location string) error {
	return d.Write(ctx, func(tx *gorm.DB) error {
		post := tx.Where("user_id = ? AND form_key = ?", userID, key)
		if location == "" {
			return post.Delete(&FormPost{}).Error
		}
		return post.Model(&FormPost{}).Update("location", location).Error
	})
}

// SweepFormPosts forgets the forms of more than a day ago.
func (d *DB) SweepFormPosts(ctx context.Context, now time.Time) error {
	return d.Write(ctx, func(tx *gorm.DB) error {
		return tx.Where("created_at < ?", now.Add(-formPostsKept)).Delete(&FormPost{}).Error
	})
}
