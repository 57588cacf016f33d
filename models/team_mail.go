package models

import (
	"time"

	"github.com/google/uuid"
)

// TeamMail is a mail to a member: from an automation, or with AutomationID 0 about destinations that fail. Its row stays after the mail, so
// that the next one does not come too soon. It holds nothing of a contact.
type TeamMail struct {
	WorkspaceID  int64      `gorm:"primaryKey"`
	AutomationID int64      `gorm:"primaryKey"`
	UserID       int64      `gorm:"primaryKey"`
	Words        string     // what happened last
	RunID        *uuid.UUID // the run that tells it; nil for none
	Waiting      int64      // how often it happened since the last mail
	FirstAt      time.Time  // the first of these times
	NextAt       time.Time  // the next mail is not sent earlier; while a sender is at it, the end of its lease
	LastSentAt   *time.Time // nil before the first mail
	Tries        int        // that failed since the last mail
	Problem      string     // why the last try failed, as package mail has it; "" if it did not
}
