package store

import (
	"cmp"
	"context"
	"slices"

	"campaignlark/models"

	"gorm.io/gorm"
)

// ContactRule is a rule that no index serves, such as that of a segment which is not stored; package segments implements it.
type ContactRule interface {
	// Among returns those of the contacts that match the rule. The contacts are sorted, rising or falling, and the answer is in the same order.
	Among(q *gorm.DB, workspaceID int64, contacts []int64) ([]int64, error)
}

// ruleStep is how many contacts one step of a look-up compares with a rule at most.
const ruleStep = 10_000

// matches are the contacts that a look-up found for a filter which no index serves, in its order. It is zero before one.
type matches struct {
	ids    []int64
	from   int64 // the id where the look-up began
	end    int64 // the id where the look-up stopped, 0 if it looked at everything
	looked int64 // the number of contacts it looked at
}

// scanNewest counts the contacts that match a filter without an index, at most ExactCount + 1, among the newest searchSpan. If there are at most
// ExactCount, it returns them: the page then need not look for them again.
func (d *DB) scanNewest(ctx context.Context, workspaceID int64, filter ContactFilter, newest int64) (n int64, m matches, err error) {
	q := filter.rows(d.Read(ctx), workspaceID)
	if newest > searchSpan {
		m.end, m.looked = newest+1-searchSpan, searchSpan
		q = q.Where(filter.id()+" >= ?", m.end)
	}
	if err := q.Limit(models.ExactCount+1).Pluck(filter.id(), &m.ids).Error; err != nil {
		return 0, m, err
	}
	if n = int64(len(m.ids)); n > models.ExactCount {
		return n, matches{looked: m.looked}, nil
	}
	m.from = newest + 1
	slices.SortFunc(m.ids, func(a, b int64) int { return cmp.Compare(b, a) })
	return n, m, nil
}

// matchBelow finds at most wanted contacts of f below an id, the newest first.
func (f ContactFilter) matchBelow(q *gorm.DB, workspaceID, before int64, wanted int, r reach) (matches, error) {
	return f.match(q, workspaceID, before, wanted, r, func(rest ContactFilter, from int64, limit int) (*gorm.DB, int64, int64, error) {
		return rest.below(q, workspaceID, from, limit, r)
	})
}

// matchAbove finds at most wanted contacts of f above an id, the oldest first, up to the newest contact.
func (f ContactFilter) matchAbove(q *gorm.DB, workspaceID, after, newest int64, wanted int, r reach) (matches, error) {
	return f.match(q, workspaceID, after, wanted, r, func(rest ContactFilter, from int64, limit int) (*gorm.DB, int64, int64, error) {
		return rest.above(q, workspaceID, from, newest, limit, r)
	})
}

// match compares contacts from an id on with the rule, until enough match or r is reached. next selects the next contacts of the rest of
// the filter, as below does. The steps grow, so that a rule that most contacts match costs little.
func (f ContactFilter) match(q *gorm.DB, workspaceID, from int64, wanted int, r reach, next func(rest ContactFilter, from int64, limit int) (*gorm.DB, int64, int64, error)) (matches, error) {
	rest := f
	rest.Rule = nil
	m := matches{from: from}
	for limit := min(2*wanted, ruleStep); ; limit = min(2*limit, ruleStep) {
		rows, end, looked, err := next(rest, from, limit)
		if err != nil {
			return m, err
		}
		var some []int64
		if err := rows.Pluck(rest.id(), &some).Error; err != nil {
			return m, err
		}
		stops := rest.narrows() && end > 0 // the rest had to search for these, which is as far as one look-up goes
		if len(some) == limit {
			end, looked = some[limit-1], int64(limit)
		}
		m.looked += max(looked, int64(len(some)))
		matching, err := f.Rule.Among(q, workspaceID, some)
		if err != nil {
			return m, err
		}
		m.ids, m.end = append(m.ids, matching...), end
		if len(m.ids) >= wanted {
			m.ids, m.end = m.ids[:wanted], m.ids[wanted-1]
			return m, nil
		}
		if end == 0 || stops || m.looked >= r.matched {
			return m, nil
		}
		from = end
	}
}

// below returns what a look-up of the newest contacts found below an id, at most wanted. known is false if it did not look that far.
func (m matches) below(before int64, wanted int) (_ matches, known bool) {
	first := slices.IndexFunc(m.ids, func(id int64) bool { return id < before })
	if first < 0 {
		first = len(m.ids)
	}
	ids := m.ids[first:]
	if m.from == 0 || m.from > before && m.end > 0 && len(ids) < wanted {
		return m, false
	}
	if len(ids) > wanted {
		m.end = ids[wanted-1]
	}
	m.ids = ids[:min(len(ids), wanted)]
	return m, true
}

// rows selects the contacts of a look-up in the order of their ids: " DESC" for the newest first.
func (m matches) rows(q *gorm.DB, workspaceID int64, order string) *gorm.DB {
	return amongIDs(q.Table("contacts").Where("contacts.workspace_id = ?", workspaceID), m.ids).Order("contacts.id" + order)
}

// amongListed returns those of the contacts, which are sorted, that are in the segment of f and match its rule.
func (f ContactFilter) amongListed(q *gorm.DB, workspaceID int64, ids []int64) (_ []int64, err error) {
	if f.Segment != 0 {
		if ids, err = f.Members.Among(q, workspaceID, f.Segment, ids); err != nil {
			return nil, models.In("members", err)
		}
		slices.Sort(ids)
	}
	if f.Rule != nil {
		ids, err = f.Rule.Among(q, workspaceID, ids)
	}
	return ids, models.In("rule", err)
}
