package models

import (
	"time"
)

// Invitation says that somebody is to become a member of a workspace. It has a link, which works once, for a person without an
// account; a person with one signs in and accepts. Both are the same to who invites: nobody learns from an invitation
// whether there is an account. After ExpiresAt neither is possible, and the link ends at LinkUntil.
type Invitation struct {
	WorkspaceID int64
	ID          int64
	Email       string // in its stored form (ReadEmail)
	Role        Role
	TokenHash   []byte // of the link's token
	InvitedBy   int64
	CreatedAt   time.Time // of the latest link
	ExpiresAt   time.Time
}

// How long an invitation waits: its link, which is a secret on its way, less long than the invitation itself.
const (
	LinkLife       = 48 * time.Hour
	InvitationLife = 30 * 24 * time.Hour
)

// ErrInvitation says that a link or an invitation does not count, or no longer.
var ErrInvitation = &Error{Code: CodeNotFound, Message: "This invitation is no longer valid: it was used, cancelled, replaced by a newer one, or it is too old. Ask an admin of the workspace to invite you again."}

// LinkUntil is when the link ends.
func (i Invitation) LinkUntil() time.Time { return i.CreatedAt.Add(LinkLife) }

// Renew gives the invitation a new time to wait and a new link, which ends the one before. The token is in the link and
// nowhere else.
func (i *Invitation) Renew(now time.Time) (token string) {
	token = NewToken()
	i.TokenHash, i.CreatedAt, i.ExpiresAt = TokenHash(token), now, now.Add(InvitationLife)
	return token
}
