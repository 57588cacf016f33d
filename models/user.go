package models

import (
	"slices"
	"time"
)

// FirstAdmin is the input of the set-up page: the first workspace and its admin.
type FirstAdmin struct {
	WorkspaceName, TimeZone, Email, Password string
	Slug                                     string // of the workspace; "" for one made from its name
}

// Validate returns what is wrong, by the form's field names.
func (f FirstAdmin) Validate() FieldErrors {
	errs := FieldErrors{}
	errs.Add("workspace", ValidateName(CleanName(f.WorkspaceName)))
	errs.Add("slug", ValidateSlug(f.Slug))
	if !ValidTimeZone(f.TimeZone) {
		errs.Add("time_zone", "Please choose a time zone from the list.")
	}
	errs.Add("email", ValidateEmail(f.Email))
	errs.Add("password", ValidatePassword(f.Password))
	return errs
}

// NewUser is an account to create: for support staff, for a member of a workspace, both or neither.
type NewUser struct {
	Email, Password string
	Support         bool
	WorkspaceID     int64 // 0 for none
	Role            Role  // in the workspace
}

// Validate returns what is wrong, by "email", "password" and "role".
func (n NewUser) Validate() FieldErrors {
	errs := FieldErrors{}
	errs.Add("email", ValidateEmail(n.Email))
	errs.Add("password", ValidatePassword(n.Password))
	if n.WorkspaceID != 0 {
		errs.Add("role", ValidateRole(n.Role))
	}
	return errs
}

// ValidateEmail returns one sentence about what is wrong with an address as typed, or "".
func ValidateEmail(email string) string {
	switch _, err := ReadEmail(email); err {
	case nil:
		return ""
	case ErrEmailMissing:
		return "Please give an e-mail address."
	}
	return "This is not an e-mail address. Please check it; it looks like name@example.com."
}

// ErrEmailTaken refuses a second account with the same address.
var ErrEmailTaken = &Error{Code: CodeConflict, Message: "There is an account with this e-mail address already."}

// Themes are the values of User.Theme.
var Themes = []string{"", "light", "dark"}

// Profile is what people say about themselves: User.Name and User.Theme.
type Profile struct{ Name, Theme string }

// Validate returns what is wrong, by the form's field names. The name is clean (CleanName).
func (p Profile) Validate() FieldErrors {
	errs := FieldErrors{}
	if p.Name != "" {
		errs.Add("name", ValidateName(p.Name))
	}
	if !slices.Contains(Themes, p.Theme) {
		errs.Add("theme", "Please choose one of these.")
	}
	return errs
}

// User is a person who signs in.
type User struct {
	ID           int64
	Email        string
	Name         string // shown to other members; "" if the person gave none
	Theme        string // "light", "dark", or "" as their system has it
	PasswordHash string
	SingleKeys   bool `gorm:"default:true"` // single-key shortcuts, such as J and K, are on
	Support      bool // staff: reads the request logs of every workspace and changes nothing
	CreatedAt    time.Time
}
