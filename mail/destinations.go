package mail

import (
	"context"
	"errors"
	"log/slog"
	"net/url"
	"strconv"
	"strings"
	"time"

	"campaignlark/deliveries"
	"campaignlark/models"
	"campaignlark/models/store"

	"gorm.io/gorm"
)

// Destinations tells the admins of workspaces of destinations that fail for an hour or a day, or that the program has switched off. Mail
// says whether the program can send e-mail; the program's log has a line in any case.
type Destinations struct {
	DB   *store.DB
	Log  *slog.Logger
	Mail bool
}

// toldAtOnce limits the destinations of one call of Tell.
const toldAtOnce = 500

// Tell notes the mails that are due, each once. One destination that cannot be noted does not stop the others.
func (t Destinations) Tell(ctx context.Context, now time.Time) error {
	var rows []models.Destination
	err := t.DB.Read(ctx).Where("deleted_at IS NULL AND (told <> 0 OR enabled AND failing_since <= ? OR NOT enabled AND off_reason <> '')", models.Instant(now.Add(-time.Hour))).
		Order("workspace_id, id").Find(&rows).Error
	if err != nil {
		return models.In("destinations that fail", err)
	}
	var failed []error
	done := 0
	for _, d := range rows {
		if d.Told == deliveries.ToTell(d, now) {
			continue
		}
		if done++; done > toldAtOnce || ctx.Err() != nil {
			break
		}
		failed = append(failed, t.one(ctx, d, now))
	}
	return errors.Join(failed...)
}

// one tells of one destination, unless another replica has done so.
func (t Destinations) one(ctx context.Context, seen models.Destination, now time.Time) error {
	tells := false
	var d models.Destination
	err := t.DB.Write(ctx, func(tx *gorm.DB) (err error) {
		tells = false
		d, err = store.First[models.Destination](store.ForNoKeyUpdate(tx).Where("workspace_id = ? AND id = ? AND deleted_at IS NULL", seen.WorkspaceID, seen.ID))
		if store.ErrorCode(err) == models.CodeNotFound {
			return nil
		}
		if err != nil {
			return err
		}
		told, known := deliveries.ToTell(d, now), d.Told
		if told == known {
			return nil
		}
		tells, d.Told = told > known, told
		if err := tx.Model(&models.Destination{}).Where("workspace_id = ? AND id = ?", d.WorkspaceID, d.ID).UpdateColumn("told", told).Error; err != nil || !tells || !t.Mail {
			return err
		}
		return tellAdmins(tx, d, now)
	})
	if err == nil && tells {
		t.log(d)
	}
	return models.In("tell of a destination", err)
}

func tellAdmins(tx *gorm.DB, d models.Destination, now time.Time) error {
	var waiting int64
	err := tx.Raw("SELECT count(*) FROM (SELECT 1 FROM deliveries WHERE workspace_id = ? AND destination_id = ? AND state = 'pending' LIMIT ?) AS few", d.WorkspaceID, d.ID, models.ExactCount+1).Scan(&waiting).Error
	if err != nil {
		return models.In("messages that wait", err)
	}
	members, err := store.MembersIn(tx, d.WorkspaceID)
	if err != nil {
		return models.In("admins", err)
	}
	var rows []models.TeamMail
	for _, m := range members {
		if m.Role == models.RoleAdmin {
			rows = append(rows, models.TeamMail{WorkspaceID: d.WorkspaceID, UserID: m.UserID, Words: destinationWords(d, waiting), Waiting: 1})
		}
	}
	return Tell(tx, now, rows...)
}

// log writes a line without names and addresses.
func (t Destinations) log(d models.Destination) {
	attrs := []any{"workspace", d.WorkspaceID, "destination", d.ID, "failures", d.Failures}
	if d.FailingSince != nil {
		attrs = append(attrs, "since", d.FailingSince.UTC().Format(time.RFC3339))
	}
	if d.Told == models.ToldOff {
		t.Log.Warn("a destination was switched off", attrs...)
		return
	}
	t.Log.Warn("a destination fails", attrs...)
}

// destinationWords is the last sentence of a mail, without its full stop.
func destinationWords(d models.Destination, waiting int64) string {
	words := "the destination “" + d.Name + "” "
	switch d.Told {
	case models.ToldOff:
		words += "was switched off. " + strings.TrimSuffix(d.OffReason, ".")
	case models.ToldDay:
		words += "has taken no message for a day"
	default:
		words += "has taken no message for an hour"
	}
	switch {
	case waiting > models.ExactCount:
		return words + "; more than 10,000 messages wait"
	case waiting == 1:
		return words + "; 1 message waits"
	case waiting > 0:
		return words + "; " + strconv.FormatInt(waiting, 10) + " messages wait"
	}
	return words
}

// aboutDestinations writes the mail about destinations that need a look.
func (n news) aboutDestinations(public *url.URL, short, story string) Message {
	text := []string{
		"In the workspace " + n.Workspace + ":",
		story,
		"All destinations: " + public.JoinPath("w", n.Slug, "destinations").String(),
		"You get this mail because you are an admin of the workspace. It comes at most once an hour; the rest is summed up in the next one.",
	}
	return Message{ID: n.id(), To: n.Email, Subject: line(n.Workspace + ": " + short), Text: strings.Join(text, "\n\n") + "\n"}
}
