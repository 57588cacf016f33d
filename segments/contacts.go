package segments

import (
	"database/sql"
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"campaignlark/models"

	"gorm.io/gorm"
)

// eachSubject calls f for the contacts of the workspace that the condition on c selects, by id. A contact and its tags
// are read in one statement: they belong to one moment.
func eachSubject(tx *gorm.DB, workspace int64, f func(*Subject), condition string, values ...any) error {
	rows, err := tx.Raw(`SELECT c.id, c.status, c.fields, c.email, c.created_at, c.updated_at, c.subscribed_at, c.source_webhook_id, c.touched_webhook_id, c.touched_at, (SELECT string_agg(CAST(t.tag_id AS text), ',')
		FROM contact_tags t WHERE t.workspace_id = c.workspace_id AND t.contact_id = c.id)
		FROM contacts c WHERE c.workspace_id = ? AND `+condition+` ORDER BY c.id`, append([]any{workspace}, values...)...).Rows()
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var id int64
		var status, fields string
		var tags sql.NullString
		var email string
		var created, updated time.Time
		var subscribed, touched *time.Time
		var source, by *int64
		if err := rows.Scan(&id, &status, &fields, &email, &created, &updated, &subscribed, &source, &by, &touched, &tags); err != nil {
			return err
		}
		subject := SubjectOf(models.Contact{ID: id, Email: email, Status: models.Status(status), CreatedAt: created, UpdatedAt: updated, SubscribedAt: subscribed, SourceWebhookID: source, TouchedWebhookID: by, TouchedAt: touched}, tagIDs(tags.String))
		if err := json.Unmarshal([]byte(fields), &subject.Fields); err != nil {
			return err
		}
		f(&subject)
	}
	return rows.Err()
}

func tagIDs(joined string) []int64 {
	if joined == "" {
		return nil
	}
	var ids []int64
	for text := range strings.SplitSeq(joined, ",") {
		id, _ := strconv.ParseInt(text, 10, 64) // the database wrote it
		ids = append(ids, id)
	}
	return ids
}

// padded returns ids, of which there is at least one, with the last repeated until their number is a power of two: lists
// of any length then need a dozen prepared statements instead of a thousand.
func padded(ids []int64) []int64 {
	n := 1
	for n < len(ids) {
		n *= 2
	}
	out := append(make([]int64, 0, n), ids...)
	for len(out) < n {
		out = append(out, ids[len(ids)-1])
	}
	return out
}
