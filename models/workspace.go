package models

import (
	"slices"
	"time"
)

// Workspace is one audience with everything that belongs to it. Its slug is part of every URL and never changes.
type Workspace struct {
	ID        int64
	Slug      string
	Name      string
	TimeZone  string // IANA name, such as Europe/Vienna
	CreatedAt time.Time
	DeletedAt *time.Time // from then on it is hidden, while a job removes its data

	SegmentsHeldUntil *time.Time // see HoldSegments
	Listens           Listens    `gorm:"->"` // of its automations, which write it
}

// Location returns the workspace's time zone, UTC if its name is unknown.
func (w Workspace) Location() *time.Location { return location(w.TimeZone) }

// Limits. Every batch of calls reads a workspace's merge tags, and many pages all of its tags and webhooks.
const (
	MaxMergeTags  = 500  // of a workspace; an import has a column for each
	MaxTags       = 2000 // likewise
	MaxWebhooks   = 1000 // likewise
	MaxWorkspaces = 100  // of which one person is an admin
)

// Role says what a member may do in one workspace.
type Role string

const (
	RoleAdmin   Role = "admin"   // everything, including members and settings
	RoleManager Role = "manager" // webhooks, contacts, tags, merge tags, segments
	RoleViewer  Role = "viewer"  // reads; webhook URLs masked
)

// Roles lists every role; each may do everything that earlier ones may.
var Roles = []Role{RoleViewer, RoleManager, RoleAdmin}

// Membership gives a user access to a workspace.
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

// Word returns the role as pages show it.
func (r Role) Word() string {
	return map[Role]string{RoleAdmin: "Admin", RoleManager: "Manager", RoleViewer: "Viewer"}[r]
}

// ValidateRole returns one sentence about what is wrong with a chosen role, or "".
func ValidateRole(r Role) string {
	if r.Word() == "" {
		return "Please choose admin, manager or viewer."
	}
	return ""
}

// ValidateWorkspace returns what is wrong with a workspace, by name and time_zone.
func ValidateWorkspace(w Workspace) FieldErrors {
	errs := FieldErrors{}
	errs.Add("name", ValidateName(CleanName(w.Name)))
	if !ValidTimeZone(w.TimeZone) {
		errs.Add("time_zone", "Please choose a time zone from the list.")
	}
	return errs
}
