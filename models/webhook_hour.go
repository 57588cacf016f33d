package models

import "time"

// WebhookHour is what a webhook had in one hour beside the calls of its log.
type WebhookHour struct {
	WorkspaceID    int64
	WebhookID      int64
	Hour           time.Time // its beginning
	TurnedAway     int64     // calls over a limit, which leave no row in the log
	BusiestMinute  int64     // the most calls of a minute that one replica had
	BusiestNetwork int64     // the most calls of a minute from one network
}
