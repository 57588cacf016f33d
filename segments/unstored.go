package segments

import (
	"slices"
	"time"

	"campaignlark/models"
	"campaignlark/models/store"
	"campaignlark/segments/rule"

	"gorm.io/gorm"
)

// Unstored is a rule that belongs to no segment. It compares contacts with the rule as they are now, without stored bits, and implements
// store.ContactRule.
type Unstored struct {
	matcher rule.Matcher
	at      rule.Moment
	asked   []int64 // the segments that the rule refers to
}

// Unstored prepares a rule from Check for the contacts of a workspace with this schema. The error is a sentence, as that of rule.Compile.
func (s Store) Unstored(schema rule.Schema, root rule.Group) (Unstored, error) {
	return unstored(schema, root, s.Now())
}

func unstored(schema rule.Schema, root rule.Group, now time.Time) (Unstored, error) {
	matcher, err := rule.Compile(root, schema)
	if err != nil {
		return Unstored{}, err
	}
	return Unstored{matcher: matcher, at: schema.At(now), asked: root.Segments()}, nil
}

// ReadUnstored prepares a rule that was stored as JSON, for contacts of a workspace at an instant. If something that it names is gone, the error
// has the code CodeInvalid.
func ReadUnstored(tx *gorm.DB, workspace int64, text string, at time.Time) (Unstored, error) {
	schema, err := loadSchema(tx, workspace)
	if err != nil {
		return Unstored{}, models.In("what rules need", err)
	}
	root, problems := rule.Parse(text)
	if len(problems) == 0 {
		root, problems = root.Check(schema)
	}
	var u Unstored
	if len(problems) == 0 {
		u, err = unstored(schema, root, at)
	}
	if len(problems) > 0 || err != nil {
		return u, &models.Error{Code: models.CodeInvalid, Message: "The conditions of “More filters” name something that was deleted while this work ran, so no more contacts were changed."}
	}
	return u, nil
}

// Among implements store.ContactRule.
func (u Unstored) Among(q *gorm.DB, workspace int64, contacts []int64) (found []int64, err error) {
	if len(contacts) == 0 {
		return nil, nil
	}
	rising := slices.Sorted(slices.Values(contacts))
	var members map[[2]int64]chunkBits
	if len(u.asked) > 0 {
		if members, err = membersIn(q, workspace, u.asked, chunksOf(rising)); err != nil {
			return nil, models.In("members of segments", err)
		}
	}
	in := make(map[int64]bool, len(rising))
	err = eachSubject(q, workspace, u.matcher.Needs(), closeTogether(rising), func(subject *rule.Subject) {
		subject.In = func(segment int64) bool { return members[[2]int64{segment, subject.ID / chunkSize}].has(0, subject.ID) }
		if u.matcher.Match(subject, u.at) {
			in[subject.ID] = true
		}
	})
	for _, id := range contacts {
		if in[id] {
			found = append(found, id)
		}
	}
	return found, models.In("compare contacts", err)
}

// closeTogether selects contacts, and others between them if these are few: a span is read faster than a list.
func closeTogether(rising []int64) selection {
	first, last := rising[0], rising[len(rising)-1]
	if last-first < 2*int64(len(rising)) {
		return span(first, last+1)
	}
	return someOf(rising)
}

// membersIn reads the members of segments in some chunks, by segment and chunk.
func membersIn(db *gorm.DB, workspace int64, segments, chunks []int64) (map[[2]int64]chunkBits, error) {
	rows, err := store.Among(store.Among(joinBits(db, workspace), "s.id", segments), "b.chunk", chunks).
		Select("s.id, b.chunk, " + slotOfRow).Rows()
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	members := map[[2]int64]chunkBits{}
	for rows.Next() {
		var key [2]int64
		var bits []byte
		if err := rows.Scan(&key[0], &key[1], &bits); err != nil {
			return nil, err
		}
		members[key] = bits
	}
	return members, rows.Err()
}
