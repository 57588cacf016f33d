package models

import "time"

// Tag is a word on a contact. Its name is unique in the workspace without case.
type Tag struct {
	WorkspaceID int64
	ID          int64
	Name        string
	NameFolded  string
	CreatedAt   time.Time
	DeletedAt   *time.Time `gorm:"column:deleted_at"` // its removal from contacts is under way
}

// ContactTag is a tag on a contact.
type ContactTag struct {
	WorkspaceID, ContactID, TagID int64
}
