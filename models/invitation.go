package models

import (
	"time"
)

// Invitation invites a person to a workspace. A person without an account uses its link, which works once; a person with an
// account signs in and accepts. Inviters see no difference, so an invitation does not reveal whether an account exists. The
// link ends at LinkUntil, the invitation at ExpiresAt.
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

// How long an invitation is valid. Its link is a secret, so it ends earlier.
const (
	LinkLife       = 48 * time.Hour
	InvitationLife = 30 * 24 * time.Hour
)

// ErrInvitation says that a link or an invitation is not valid, or no longer.
var ErrInvitation = &Error{Code: CodeNotFound, Message: "This invitation is no longer valid: it was used, cancelled, replaced by a newer one, or it is too old. Ask an admin of the workspace to invite you again."}

// LinkUntil returns when the link ends.
func (i Invitation) LinkUntil() time.Time { return i.CreatedAt.Add(LinkLife) }

// Renew gives the invitation a new period and a new link; the old link stops working. Only the link contains the token.
func (i *Invitation) Renew(now time.Time) (token string) {
	token = NewToken()
	i.TokenHash, i.CreatedAt, i.ExpiresAt = TokenHash(token), now, now.Add(InvitationLife)
	return token
}
