package deliveries

import (
	"context"
	"slices"
	"strings"
	"time"

	"campaignlark/models"
)

// Signed says which of a destination's secrets signed an attempt, and whether its headers are still those of the attempt.
type Signed struct {
	Unsure       bool      // the secrets or the destination were changed right before the attempt, or the audit log does not go back so far
	Ending       string    // of the newest secret then
	Since        time.Time // when that was made; zero if not known
	Older        bool      // the one before signed too
	OlderEnding  string    // "" if not known
	Replaced     time.Time // when the newest was replaced; zero if it still signs
	HeadersSince time.Time // the first change of the address or the own headers after the attempt; zero if there was none
}

const (
	signedEntries = 500                  // changes that are read, the newest
	mayBeOld      = time.Minute          // how long before an attempt a sender may have read the destination
	auditLasts    = 364 * 24 * time.Hour // how far back the audit log surely goes
)

// The words of the audit log about secrets, from which earlier secrets are known.
const (
	whatSecret     = "Secret"
	whatAddress    = "Address"
	whatOwnHeaders = "Own headers"
	saidEnding     = "ending in "
	saidOlder      = "the older one"
	saidBoth       = ", the one before still signs"
)

// SignedAt says which secrets signed an attempt at the instant at. It goes back from today's secrets through the audit log, which has every
// change of them.
func (s Store) SignedAt(ctx context.Context, d models.Destination, at, now time.Time) (Signed, error) {
	var entries []models.AuditEntry
	err := s.DB.Read(ctx).Select("action, detail, at").Where("workspace_id = ? AND subject = ? AND subject_id = ? AND action IN ?", d.WorkspaceID, models.SubjectDestination, d.ID,
		[]string{models.ActionDestinationCreated, models.ActionDestinationSecret, models.ActionDestinationUpdated}).Order("id DESC").Limit(signedEntries).Find(&entries).Error
	if err != nil {
		return Signed{}, models.In("destinations: audit log of its secrets", err)
	}
	signed := Signed{Ending: d.Ending, Older: d.OlderSecret != nil, OlderEnding: s.OlderEnding(d)}
	return signed.back(entries, d, at, now), nil
}

// back goes back through entries, the newest first, to the instant at.
func (g Signed) back(entries []models.AuditEntry, d models.Destination, at, now time.Time) Signed {
	olderKnown := d.DeletedAt == nil
	if !olderKnown {
		g.HeadersSince = *d.DeletedAt
	}
	for _, e := range entries {
		after, secret, headers := e.At.After(at), secretChange(e), headersChange(e)
		before := !after && e.At.After(at.Add(-mayBeOld)) // right before it
		g.Unsure = g.Unsure || before && secret != nil
		switch {
		case e.Action == models.ActionDestinationCreated && !after:
			g.Since = e.At
			return g
		case (after || before) && headers:
			g.HeadersSince = e.At
		case secret == nil:
		case secret.Before == saidOlder && after:
			g.Older, g.OlderEnding, olderKnown = true, "", true
		case secret.Before == saidOlder:
			if !olderKnown {
				g.Older, olderKnown = false, true
			}
		case after:
			g.Ending, g.Older, g.OlderEnding, g.Replaced, olderKnown = endingIn(secret.Before), false, "", e.At, false
		default:
			g.Since = e.At
			if strings.HasSuffix(secret.After, saidBoth) && (!olderKnown || g.Older) {
				g.Older, g.OlderEnding = true, endingIn(secret.Before)
			}
			return g
		}
	}
	if now.Sub(d.CreatedAt) < auditLasts && len(entries) < signedEntries {
		g.Since = d.CreatedAt
	} else {
		g.Unsure = g.Unsure || !olderKnown
	}
	return g
}

// secretChange returns the change of the secrets in an entry of the audit log, nil for none.
func secretChange(e models.AuditEntry) *models.AuditChange {
	for _, c := range e.Changes() {
		if e.Action == models.ActionDestinationSecret && c.What == whatSecret {
			return &c
		}
	}
	return nil
}

// headersChange reports whether an entry changes the address or the own headers.
func headersChange(e models.AuditEntry) bool {
	return e.Action == models.ActionDestinationUpdated && slices.ContainsFunc(e.Changes(), func(c models.AuditChange) bool {
		return c.What == whatAddress || c.What == whatOwnHeaders
	})
}

// endingIn reads how a secret ends from the words of the audit log.
func endingIn(said string) string {
	_, rest, _ := strings.Cut(said, saidEnding)
	ending, _, _ := strings.Cut(rest, ",")
	return ending
}
