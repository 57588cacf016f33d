package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"campaignlark/models"
	"campaignlark/models/store"
	"campaignlark/segments"
	"campaignlark/segments/rule"

	"gorm.io/gorm"
)

const (
	marksOfATick = 1000
	tickRounds   = 11
)

// benchTicks measures the ticker on the marks of 1,000 changed contacts, several times.
func (b *segmentBench) benchTicks(ctx context.Context) error {
	for _, at := range []struct {
		slug  string
		limit time.Duration
	}{{segmentWorkspaces[2].slug, 50 * time.Millisecond}, {segmentWorkspaces[0].slug, 120 * time.Millisecond}} {
		v, _, err := b.built(ctx, at.slug)
		if err != nil {
			return err
		}
		ticker, random := b.ticker(), rand.New(rand.NewPCG(3, 4))
		var costs, references []cost
		for range tickRounds {
			contacts := someContacts(random, v.contacts)
			if err := b.earn(ctx, v, contacts); err != nil {
				return err
			}
			c, err := b.meter.of(func() error { return settleWith(ctx, ticker) })
			if err != nil {
				return err
			}
			costs = append(costs, c)
		}
		if err := b.makeReferenceTable(ctx); err != nil {
			return err
		}
		for range 3 {
			contacts := someContacts(random, v.contacts)
			c, err := b.meter.of(func() error { return b.askAll(ctx, v, contacts) })
			if err != nil {
				return err
			}
			references = append(references, c)
		}
		b.atMost(fmt.Sprintf("1,000 marks, 50 segments, %d contacts (median)", v.contacts), median(costs), median(references), at.limit)
	}
	return nil
}

func settleWith(ctx context.Context, ticker *segments.Ticker) error {
	for {
		if busy, err := ticker.Tick(ctx); err != nil || !busy {
			return err
		}
	}
}

func someContacts(random *rand.Rand, of int64) []int64 {
	chosen := map[int64]bool{}
	var contacts []int64
	for len(contacts) < marksOfATick {
		if id := 1 + random.Int64N(of); !chosen[id] {
			chosen[id] = true
			contacts = append(contacts, id)
		}
	}
	return contacts
}

func median(costs []cost) cost {
	slices.SortFunc(costs, func(a, b cost) int { return int(a.cpu() - b.cpu()) })
	return costs[len(costs)/2]
}

// earn adds ten points to each contact and marks it, as a call does.
func (b *segmentBench) earn(ctx context.Context, v vocabulary, contacts []int64) error {
	set := "json_set(fields, '$.points', CAST(CAST(coalesce(fields ->> 'points', '0') AS REAL) + 10 AS text))"
	if b.db.Dialect == store.Postgres {
		set = "jsonb_set(fields::jsonb, '{points}', to_jsonb((coalesce(fields::jsonb ->> 'points', '0')::numeric + 10)::text))::text"
	}
	return b.db.Write(ctx, func(tx *gorm.DB) error {
		err := tx.Exec("UPDATE contacts SET fields = "+set+", version = version + 1, updated_at = ? WHERE workspace_id = ? AND id IN ?", b.now, v.workspace.ID, contacts).Error
		if err != nil {
			return err
		}
		marks := make([]models.DirtyContact, len(contacts))
		for i, contact := range contacts {
			marks[i] = models.DirtyContact{WorkspaceID: v.workspace.ID, ContactID: contact, At: b.now}
		}
		return tx.CreateInBatches(&marks, 500).Error
	})
}

// askAll asks the database which of the contacts match each rule, with the hand-written SELECTs.
func (b *segmentBench) askAll(ctx context.Context, v vocabulary, contacts []int64) error {
	for _, c := range ruleCases {
		var in []int64
		where := v.sqlText(b.db.Dialect, c.where, b.now)
		err := b.db.Read(ctx).Raw(fmt.Sprintf("SELECT c.id FROM contacts c WHERE c.workspace_id = ? AND c.id IN ? AND (%s)", where), v.workspace.ID, contacts).Scan(&in).Error
		if err != nil {
			return fmt.Errorf("%s: %w", c.name, err)
		}
	}
	return nil
}

// benchPreview measures the preview of a rule before it is saved.
func (b *segmentBench) benchPreview(ctx context.Context) error {
	v, ids, err := b.built(ctx, segmentWorkspaces[0].slug)
	if err != nil {
		return err
	}
	for _, c := range ruleCases {
		if c.name != "groups" && c.name != "text contains" {
			continue
		}
		rule, problems := rule.Parse(v.ruleText(c.rule, b.now, ids))
		if len(problems) > 0 {
			return problems
		}
		var counted, exact int64
		reference, err := b.meter.of(func() error {
			return b.db.Read(ctx).Raw(fmt.Sprintf("SELECT count(*) FROM contacts c WHERE c.workspace_id = ? AND (%s)", v.sqlText(b.db.Dialect, c.where, b.now)), v.workspace.ID).Scan(&counted).Error
		})
		if err != nil {
			return err
		}
		for _, exactly := range []bool{false, true} {
			took, err := b.meter.of(func() error {
				schema, err := b.store().SchemaOf(ctx, v.workspace)
				if err != nil {
					return err
				}
				p, err := b.store().Preview(ctx, v.workspace.ID, schema, 0, rule, exactly)
				exact = p.In
				return err
			})
			if err != nil {
				return err
			}
			kind, limit := "estimated", 300*time.Millisecond
			if exactly {
				kind, limit = "exact", 5*time.Second
			}
			b.atMost(fmt.Sprintf("preview of %q, %s: %d of %d", c.name, kind, exact, counted), took, reference, limit)
		}
		if exact != counted {
			return fmt.Errorf("%s: the preview counts %d, the SELECT %d", c.name, exact, counted)
		}
	}
	return nil
}

// benchMidnight measures the start of a day on which every contact leaves a segment.
func (b *segmentBench) benchMidnight(ctx context.Context) error {
	v, err := readVocabulary(ctx, b.db, segmentWorkspaces[0].slug)
	if err != nil {
		return err
	}
	midnight := v.today(b.now, 1)
	day := v.today(b.now, -30).Format(time.DateOnly) // until midnight this day is one of the last 30
	set := "json_set(fields, '$.renewal', '" + day + "')"
	if b.db.Dialect == store.Postgres {
		set = `jsonb_set(fields::jsonb, '{renewal}', '"` + day + `"')::text`
	}
	err = b.db.Write(ctx, func(tx *gorm.DB) error {
		return tx.Exec("UPDATE contacts SET fields = "+set+" WHERE workspace_id = ?", v.workspace.ID).Error
	})
	if err != nil {
		return err
	}
	ids, err := b.createAll(ctx, v)
	if err != nil {
		return err
	}
	if err := b.settle(ctx); err != nil {
		return err
	}
	b.now = models.Instant(midnight.Add(time.Second))
	passed, err := b.meter.of(func() error { return b.settle(ctx) })
	if err != nil {
		return err
	}
	if err := b.makeReferenceTable(ctx); err != nil {
		return err
	}
	var reference cost
	for i, c := range ruleCases {
		if c.name != "date in the last days" && c.name != "date not in the last days" && c.name != "created in the last days" {
			continue
		}
		inserted, err := b.meter.of(func() error { return b.insertReference(ctx, v, i) })
		if err != nil {
			return err
		}
		reference = reference.plus(inserted)
		if _, err := b.compare(ctx, v, i, ids[i]); err != nil {
			return fmt.Errorf("%s: %w", c.name, err)
		}
	}
	b.atMost("a midnight at which all 1,000,000 contacts are due", passed, reference, 10*time.Second)
	return nil
}
