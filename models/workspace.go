package models

import (
	"slices"
	"time"
)

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

// Location is the workspace's time zone, UTC if its name is not known here.
func (w Workspace) Location() *time.Location { return location(w.TimeZone) }

// How many there can be. Every batch of calls reads a workspace's merge tags, and many pages all of its tags and webhooks.
const (
	MaxMergeTags  = 500  // of a workspace, as many as an import can have columns
	MaxTags       = 2000 // likewise
	MaxWebhooks   = 1000 // likewise
	MaxWorkspaces = 100  // of which one person is an admin
)

// Role is what a member may do in one workspace.
type Role string

const (
	RoleAdmin   Role = "admin"   // everything, members and settings included
	RoleManager Role = "manager" // webhooks, contacts, tags, merge tags, segments
	RoleViewer  Role = "viewer"  // reads; webhook URLs masked
)

// Roles lists every role; each may do everything that those before it may.
var Roles = []Role{RoleViewer, RoleManager, RoleAdmin}

// Membership lets a user into a workspace.
type Membership struct {
	WorkspaceID int64 `gorm:"primaryKey"`
	UserID      int64 `gorm:"primaryKey"`
	Role        Role
	CreatedAt   time.Time
	SeenAt      *time.Time // see Member
}

// Includes reports whether r may do everything that least may.
func (r Role) Includes(least Role) bool {
	rank := slices.Index(Roles, r)
	return rank >= 0 && rank >= slices.Index(Roles, least)
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

// ValidateWorkspace returns what is wrong with a workspace's name and time zone, by name and time_zone.
func ValidateWorkspace(w Workspace) FieldErrors {
	errs := FieldErrors{}
	errs.Add("name", ValidateName(CleanName(w.Name)))
	if !ValidTimeZone(w.TimeZone) {
		errs.Add("time_zone", "Please choose a time zone from the list.")
	}
	return errs
}
