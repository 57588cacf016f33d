package models

import "time"

// Workspace is one audience with everything that belongs to it. Its slug stands in every URL and never changes.
type Workspace struct {
	ID        int64
	Slug      string
	Name      string
	TimeZone  string // IANA name, such as Europe/Vienna
	CreatedAt time.Time
	DeletedAt *time.Time // from then on it is not there for anybody, while a job removes what is in it

	SegmentsHeldUntil *time.Time // see HoldSegments
}

// Location is the workspace's time zone, UTC when its name is not known here.
func (w Workspace) Location() *time.Location {
	if loc, err := time.LoadLocation(w.TimeZone); err == nil {
		return loc
	}
	return time.UTC
}

// User is a person who signs in.
type User struct {
	ID           int64
	Email        string
	PasswordHash string
	SingleKeys   bool `gorm:"default:true"` // single keys, such as J and K, do something on the pages
	Support      bool // staff: reads the request logs of every workspace and changes nothing
	CreatedAt    time.Time
}

// Role is what a member may do in one workspace.
type Role string

const (
	RoleAdmin   Role = "admin"   // everything, members and settings included
	RoleManager Role = "manager" // webhooks, contacts, tags, merge tags, segments
	RoleViewer  Role = "viewer"  // reads; webhook URLs masked
)

// Membership lets a user into a workspace.
type Membership struct {
	WorkspaceID int64 `gorm:"primaryKey"`
	UserID      int64 `gorm:"primaryKey"`
	Role        Role
	CreatedAt   time.Time
	SeenAt      *time.Time // see Member
}

// Includes says whether r may do everything that least may.
func (r Role) Includes(least Role) bool {
	rank := map[Role]int{RoleViewer: 1, RoleManager: 2, RoleAdmin: 3}
	return rank[r] >= rank[least] && rank[r] > 0
}

// Word is the role as people read it.
func (r Role) Word() string {
	return map[Role]string{RoleAdmin: "Admin", RoleManager: "Manager", RoleViewer: "Viewer"}[r]
}

// ValidateRole returns what is wrong with a role that somebody chose, as one sentence, or "".
func ValidateRole(r Role) string {
	if r.Word() == "" {
		return "Please choose admin, manager or viewer."
	}
	return ""
}
