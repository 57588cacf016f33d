package models

import (
	"time"
)

// Invitation says that somebody is to become a member of a workspace. Somebody without an account opens its link, which
// works once; somebody with one signs in and accepts. After ExpiresAt neither is possible.
type Invitation struct {
	WorkspaceID int64
	ID          int64
	Email       string // in its stored form (ReadEmail)
	Role        Role
	TokenHash   []byte // of the link's token; nil when there is no link, because the person had an account
	InvitedBy   int64
	CreatedAt   time.Time
	ExpiresAt   time.Time
}

// How long an invitation waits: a link, which is a secret on its way, less long than an account.
const (
	LinkLife       = 48 * time.Hour
	InvitationLife = 30 * 24 * time.Hour
)

// ErrInvitation says that a link or an invitation does not count, or no longer.
var ErrInvitation = &Error{Code: CodeNotFound, Message: "This invitation does not count any more: it was used, cancelled, replaced by a newer one, or it is too old. Ask an admin of the workspace to invite you again."}

// Renew gives the invitation a new time to wait and, unless the person has an account, a new link, which ends the one
// before. The token is in the link and nowhere else; it is "" without one.
func (i *Invitation) Renew(hasAccount bool, now time.Time) (token string) {
	i.TokenHash, i.CreatedAt, i.ExpiresAt = nil, now, now.Add(InvitationLife)
	if hasAccount {
		return ""
	}
	token = NewToken()
	i.TokenHash, i.ExpiresAt = TokenHash(token), now.Add(LinkLife)
	return token
}
