package deliveries

import (
	"context"
	"strings"
	"time"

	"campaignlark/models"
)

// Person is a person in the audit log of a destination. Name is "" if the account no longer exists.
type Person struct {
	Name string
	At   time.Time
}

// GivenUpByHand reports whether a person gave a delivery up.
func GivenUpByHand(v models.Delivery) bool {
	return v.State == models.DeliveryDead && v.Reason == reasonByHand
}

// GivenUpBy returns the person who gave a delivery up, or nil if the audit log does not know.
func (s Store) GivenUpBy(ctx context.Context, v models.Delivery) (*Person, error) {
	if !GivenUpByHand(v) || v.EndedAt == nil {
		return nil, nil
	}
	return s.lastEntry(ctx, v.WorkspaceID, v.DestinationID, models.ActionDestinationGivenUp, v.EndedAt.Add(-time.Second), v.EndedAt.Add(time.Second), v.MessageID())
}

// SwitchedOffBy returns the person who switched a destination off last, or nil if the audit log does not know.
func (s Store) SwitchedOffBy(ctx context.Context, d models.Destination, now time.Time) (*Person, error) {
	return s.lastEntry(ctx, d.WorkspaceID, d.ID, models.ActionDestinationDisabled, d.CreatedAt, now.Add(time.Minute), "")
}

// fewEntries bounds how many entries of the audit log lastEntry looks at.
const fewEntries = 200

// lastEntry returns the person of the newest entry about an action on a destination, of those in a time with a text in their details.
func (s Store) lastEntry(ctx context.Context, workspaceID, destinationID int64, action string, from, to time.Time, detail string) (*Person, error) {
	var entries []struct {
		Action, Detail, Name string
		At                   time.Time
	}
	err := s.DB.Read(ctx).Raw(`SELECT a.action, a.detail, a.at, coalesce(nullif(u.name, ''), u.email, '') AS name
		FROM (SELECT * FROM audit_log WHERE workspace_id = ? AND subject = ? AND subject_id = ? AND id >= ? AND id < ? ORDER BY id DESC LIMIT ?) AS a
		LEFT JOIN users u ON u.id = a.user_id ORDER BY a.id DESC`,
		workspaceID, models.SubjectDestination, destinationID, models.IDAt(from), models.IDAt(to), fewEntries).Scan(&entries).Error
	for _, e := range entries {
		if e.Action == action && strings.Contains(e.Detail, detail) {
			return &Person{Name: e.Name, At: e.At}, nil
		}
	}
	return nil, models.In("destinations: audit log", err)
}
