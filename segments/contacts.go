package segments

import (
	"database/sql"
	"strings"
	"time"

	"campaignlark/models"
	"campaignlark/models/store"
	"campaignlark/segments/calendar"
	"campaignlark/segments/rule"

	"gorm.io/gorm"
)

// selection selects contacts of a workspace: those with the ids, which are sorted, those of the chunks, or those with
// ids from one up to but not including another.
type selection struct {
	ids, chunks []int64 // both nil for a span
	from, to    int64
}

func span(from, to int64) selection     { return selection{from: from, to: to} }
func someOf(contacts []int64) selection { return selection{ids: contacts} }
func inChunks(chunks []int64) selection { return selection{chunks: chunks} }

// most returns the largest number of contacts that it can select.
func (s selection) most() int {
	return max(len(s.ids), len(s.chunks)*chunkSize, int(min(s.to-s.from, 64*chunkSize)))
}

// eachSubject calls f for the selected contacts of the workspace, by id. It fills in what needs names; the rest of the
// Subject is empty. A contact and its tags are from one snapshot, which is not older than the first read of db's transaction.
// f may use the Subject only until it returns; only matchers find its Fields. The tags of all selected contacts are in memory
// together: 16,384 contacts are a good page.
func eachSubject(db *gorm.DB, workspace int64, needs rule.Needs, which selection, f func(*rule.Subject)) error {
	if which.ids != nil && len(which.ids) == 0 {
		return nil
	}
	r := &subjectReader{workspace: workspace, needs: needs, which: which, f: f}
	if needs.Tags { // a guess of the number of tags
		n := 2 * which.most()
		r.owners, r.tags = make([]int64, 0, n), make([]int64, 0, n)
	}
	r.subject.Cache = rule.NewFieldCache(needs.Fields)
	if db.Name() == string(store.Postgres) {
		return r.readPostgres(db)
	}
	if _, inside := db.Statement.ConnPool.(gorm.TxCommitter); inside {
		return r.readSQLite(db)
	}
	return db.Transaction(func(tx *gorm.DB) error { return r.readSQLite(tx) }, &sql.TxOptions{ReadOnly: true})
}

// subjectReader reads all tags first, because they are few, and then the contacts one by one.
type subjectReader struct {
	workspace int64
	needs     rule.Needs
	which     selection
	f         func(*rule.Subject)
	subject   rule.Subject
	owners    []int64 // owners[i] is the contact of tags[i]; both are sorted by contact
	tags      []int64
	at        int // the index of the next contact's first tag
}

// addTag adds the next tag, in the order of contacts.
func (r *subjectReader) addTag(contact, tag int64) {
	r.owners, r.tags = append(r.owners, contact), append(r.tags, tag)
}

// give fills in the subject, whose other columns are read already, and calls f with it.
func (r *subjectReader) give(status, fields string) error {
	s := &r.subject
	s.Status, s.In = models.Status(status), nil
	for r.at < len(r.owners) && r.owners[r.at] < s.ID {
		r.at++
	}
	first := r.at
	for r.at < len(r.owners) && r.owners[r.at] == s.ID {
		r.at++
	}
	s.Tags = r.tags[first:r.at:r.at]
	if err := s.Cache.ReadFields(fields); err != nil {
		return err
	}
	r.f(s)
	return nil
}

// columns lists the columns of contacts to read, in the order in which they are scanned. SQLite reads times as blobs:
// if the driver parses them, that costs as much as everything else together.
func (r *subjectReader) columns(instant func(column string) string) string {
	columns := []string{"c.id", "c.status"}
	if len(r.needs.Fields) > 0 {
		columns = append(columns, "c.fields")
	}
	if r.needs.Email {
		columns = append(columns, "c.email")
	}
	if r.needs.Times {
		columns = append(columns, instant("c.created_at"), instant("c.updated_at"), instant("c.subscribed_at"))
	}
	if r.needs.Sources {
		columns = append(columns, "c.source_webhook_id", "c.touched_webhook_id", instant("c.touched_at"))
	}
	return strings.Join(columns, ", ")
}

// readSQLite reads in one transaction, which is one snapshot.
func (r *subjectReader) readSQLite(tx *gorm.DB) error {
	values := []any{r.workspace, r.which.from, r.which.to}
	from, where := "", "c.workspace_id = ? AND %id >= ? AND %id < ?"
	switch {
	case r.which.ids != nil:
		values, where = []any{r.workspace, store.JSONList(r.which.ids)}, "c.workspace_id = ? AND %id IN (SELECT value FROM json_each(?))"
	case r.which.chunks != nil: // CROSS JOIN makes SQLite read chunk by chunk, and not compare all contacts with the list
		values, from = []any{store.JSONList(r.which.chunks), r.workspace, chunkSize, chunkSize, chunkSize}, "json_each(?) k CROSS JOIN "
		where = "c.workspace_id = ? AND %id >= k.value * ? AND %id < k.value * ? + ?"
	}
	if r.needs.Tags {
		query := "SELECT c.contact_id, c.tag_id FROM " + from + "contact_tags c WHERE " + strings.ReplaceAll(where, "%id", "c.contact_id") + " ORDER BY c.contact_id, c.tag_id"
		err := eachRow(tx, query, values, 2, func(row []any) error {
			r.addTag(integer(row[0]), integer(row[1]))
			return nil
		})
		if err != nil {
			return err
		}
	}
	columns := r.columns(func(column string) string { return "CAST(" + column + " AS blob)" })
	query := "SELECT " + columns + " FROM " + from + "contacts c WHERE " + strings.ReplaceAll(where, "%id", "c.id") + " ORDER BY c.id"
	return eachRow(tx, query, values, strings.Count(columns, ", ")+1, r.takeSQLite)
}

// eachRow calls f with the values of each row in the driver's own types. If they are scanned into other types,
// database/sql converts numbers to text and back.
func eachRow(tx *gorm.DB, query string, values []any, columns int, f func(row []any) error) error {
	rows, err := tx.Raw(query, values...).Rows()
	if err != nil {
		return err
	}
	defer rows.Close()
	row, into := make([]any, columns), make([]any, columns)
	for i := range row {
		into[i] = &row[i]
	}
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			return err
		}
		if err := f(row); err != nil {
			return err
		}
	}
	return rows.Err()
}

// takeSQLite reads the next contact.
func (r *subjectReader) takeSQLite(row []any) (err error) {
	next := func() any {
		value := row[0]
		row = row[1:]
		return value
	}
	s, fields := &r.subject, ""
	s.ID = integer(next())
	status, _ := next().(string)
	if len(r.needs.Fields) > 0 {
		fields, _ = next().(string)
	}
	if r.needs.Email {
		s.Email, _ = next().(string)
	}
	if r.needs.Times {
		for _, into := range []*time.Time{&s.CreatedAt, &s.ChangedAt, &s.SubscribedAt} {
			if *into, err = sqliteInstant(next()); err != nil {
				return err
			}
		}
	}
	if r.needs.Sources {
		s.CreatedBy, s.TouchedBy = integer(next()), integer(next())
		if s.TouchedAt, err = sqliteInstant(next()); err != nil {
			return err
		}
	}
	return r.give(status, fields)
}

// integer returns the number in a row's value, 0 for NULL.
func integer(value any) int64 {
	n, _ := value.(int64)
	return n
}

// sqliteForm is how the driver writes a time (store.Open, _time_format=sqlite); the program writes UTC.
const sqliteForm = "2006-01-02 15:04:05.999999999-07:00"

// sqliteInstant returns a stored time, zero for NULL.
func sqliteInstant(value any) (time.Time, error) {
	text, ok := value.([]byte)
	if !ok {
		return time.Time{}, nil
	}
	if t, ok := readSQLiteInstant(string(text)); ok {
		return t, nil
	}
	return time.Parse(sqliteForm, string(text))
}

// readSQLiteInstant reads a UTC time in sqliteForm, much faster than package time. It returns false for any other text.
func readSQLiteInstant(text string) (time.Time, bool) {
	text, ok := strings.CutSuffix(text, "+00:00")
	const shortest = len("2006-01-02 15:04:05")
	if !ok || len(text) < shortest || text[10] != ' ' || text[13] != ':' || text[16] != ':' {
		return time.Time{}, false
	}
	day, ok := calendar.ReadDay(text[:10])
	hour, ok1 := calendar.Digits(text[11:13])
	minute, ok2 := calendar.Digits(text[14:16])
	second, ok3 := calendar.Digits(text[17:19])
	nanosecond, ok4 := 0, true
	if fraction := text[shortest:]; fraction != "" {
		nanosecond, ok4 = calendar.Digits(fraction[1:])
		ok4 = ok4 && fraction[0] == '.' && len(fraction) > 1 && len(fraction) <= 10
		for range 10 - len(fraction) {
			nanosecond *= 10
		}
	}
	unix := day*calendar.DaySeconds + int64(hour*3600+minute*60+second)
	return time.Unix(unix, int64(nanosecond)).UTC(), ok && ok1 && ok2 && ok3 && ok4
}
