package main

import (
	"context"
	"fmt"
	"runtime/debug"
	"slices"

	"campaignlark/models"
	"campaignlark/models/store"
	"campaignlark/segments"
	"campaignlark/segments/rule"

	"gorm.io/gorm"
)

// benchBuild builds all segments together, and compares the members of each with the rows of its hand-written SELECT.
func (b *segmentBench) benchBuild(ctx context.Context) error {
	v, err := readVocabulary(ctx, b.db, segmentWorkspaces[0].slug)
	if err != nil {
		return err
	}
	ids, err := b.createAll(ctx, v)
	if err != nil {
		return err
	}
	built, err := b.meter.of(func() error { return b.settle(ctx) })
	if err != nil {
		return err
	}
	disk, err := b.membershipBytes(ctx)
	if err != nil {
		return err
	}
	if err := b.makeReferenceTable(ctx); err != nil {
		return err
	}
	reference, err := b.meter.of(func() error {
		for i := range ruleCases {
			if err := b.insertReference(ctx, v, i); err != nil {
				return fmt.Errorf("%s: %w", ruleCases[i].name, err)
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	limit := map[store.Dialect]float64{store.Postgres: .1, store.SQLite: .2}[b.db.Dialect]
	b.ratio("all built together, 1,000,000 contacts", built, reference, limit)
	b.limited("membership on disk", fmt.Sprintf("%10.1f MB", float64(disk)/1e6)+fmt.Sprintf("%32s", ""), "", "20 MB", disk <= 20_000_000)
	members := 0
	for i, id := range ids {
		n, err := b.compare(ctx, v, i, id)
		if err != nil {
			return fmt.Errorf("%s: %w", ruleCases[i].name, err)
		}
		members += n
	}
	fmt.Printf("%-58s %d memberships, the same as in the hand-written SELECTs\n", "row sets", members)
	return nil
}

// createAll replaces the segments of a workspace by the 50 of ruleCases and returns their ids.
func (b *segmentBench) createAll(ctx context.Context, v vocabulary) (ids []int64, err error) {
	if err := b.forgetSegments(ctx, v); err != nil {
		return nil, err
	}
	for _, c := range ruleCases {
		rule, problems := rule.Parse(v.ruleText(c.rule, b.now, ids))
		if len(problems) > 0 {
			return nil, fmt.Errorf("%s: %w", c.name, problems)
		}
		segment, err := b.store().Create(ctx, v.workspace.ID, 0, c.name, rule)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", c.name, err)
		}
		ids = append(ids, segment.ID)
	}
	return ids, nil
}

// forgetSegments deletes the segments of a workspace with everything stored about them.
func (b *segmentBench) forgetSegments(ctx context.Context, v vocabulary) error {
	return b.db.Write(ctx, func(tx *gorm.DB) error {
		for _, table := range []string{"segments", "segment_bits", "segment_changes", "segment_bulk_changes", "segment_due", "segment_days", "segment_checks", "dirty_contacts", "call_marks"} {
			if err := tx.Exec("DELETE FROM "+table+" WHERE workspace_id = ?", v.workspace.ID).Error; err != nil {
				return err
			}
		}
		return nil
	})
}

// makeReferenceTable creates an empty table of (segment, contact) rows, with which the stored memberships are compared.
func (b *segmentBench) makeReferenceTable(ctx context.Context) error {
	options := "WITHOUT ROWID"
	if b.db.Dialect == store.Postgres {
		options = "WITH (autovacuum_enabled = false)"
	}
	return b.db.Write(ctx, func(tx *gorm.DB) error {
		if err := tx.Exec("DROP TABLE IF EXISTS bench_members").Error; err != nil {
			return err
		}
		return tx.Exec("CREATE TABLE bench_members (segment_id bigint NOT NULL, contact_id bigint NOT NULL, PRIMARY KEY (segment_id, contact_id)) " + options).Error
	})
}

func (b *segmentBench) insertReference(ctx context.Context, v vocabulary, i int) error {
	where := v.sqlText(b.db.Dialect, ruleCases[i].where, b.now)
	return b.db.Write(ctx, func(tx *gorm.DB) error {
		return tx.Exec(fmt.Sprintf("INSERT INTO bench_members SELECT %d, c.id FROM contacts c WHERE c.workspace_id = %d AND (%s)", i, v.workspace.ID, where)).Error
	})
}

// compare returns the number of the segment's members, or an error if they differ from those in the reference table.
func (b *segmentBench) compare(ctx context.Context, v vocabulary, i int, segment int64) (int, error) {
	want := make([]int64, 0, v.contacts)
	rows, err := b.db.Read(ctx).Raw("SELECT contact_id FROM bench_members WHERE segment_id = ? ORDER BY contact_id", i).Rows()
	if err != nil {
		return 0, err
	}
	defer rows.Close()
	for rows.Next() {
		var id int64
		if err := rows.Scan(&id); err != nil {
			return 0, err
		}
		want = append(want, id)
	}
	if err := rows.Err(); err != nil {
		return 0, err
	}
	got := make([]int64, 0, len(want))
	for page, after := 200_000, int64(0); page == 200_000; {
		ids, err := segments.Members{}.Above(b.db.Read(ctx), v.workspace.ID, segment, after, page)
		if err != nil {
			return 0, err
		}
		got = append(got, ids...)
		if page = len(ids); page > 0 {
			after = ids[page-1]
		}
	}
	if slices.Equal(got, want) {
		return len(got), nil
	}
	at := 0
	for at < min(len(got), len(want)) && got[at] == want[at] {
		at++
	}
	return 0, fmt.Errorf("has %d members, the SELECT finds %d; the first difference is at contact %v against %v", len(got), len(want), got[at:min(at+1, len(got))], want[at:min(at+1, len(want))])
}

// membershipBytes returns the size of segment_bits on disk, with its index and TOAST table.
func (b *segmentBench) membershipBytes(ctx context.Context) (n int64, err error) {
	query := "SELECT pg_total_relation_size('segment_bits')"
	if b.db.Dialect == store.SQLite {
		query = "SELECT sum(pgsize) FROM dbstat WHERE name IN ('segment_bits', 'sqlite_autoindex_segment_bits_1')"
	}
	return n, b.db.Read(ctx).Raw(query).Scan(&n).Error
}

// benchOne builds single segments in a workspace that has 50 already.
func (b *segmentBench) benchOne(ctx context.Context) error {
	v, ids, err := b.built(ctx, segmentWorkspaces[0].slug)
	if err != nil {
		return err
	}
	if err := b.makeReferenceTable(ctx); err != nil {
		return err
	}
	var sum, sumReference cost
	for i, c := range ruleCases {
		if i%oneOf != 3 && c.name != "groups" {
			continue
		}
		rule, _ := rule.Parse(v.ruleText(c.rule, b.now, ids))
		segment, err := b.store().Create(ctx, v.workspace.ID, 0, "one", rule)
		if err != nil {
			return err
		}
		built, err := b.meter.of(func() error { return b.settle(ctx) })
		if err != nil {
			return err
		}
		reference, err := b.meter.of(func() error { return b.insertReference(ctx, v, i) })
		if err != nil {
			return err
		}
		if _, err := b.compare(ctx, v, i, segment.ID); err != nil {
			return fmt.Errorf("%s: %w", c.name, err)
		}
		if err := b.store().Delete(ctx, v.workspace.ID, 0, segment.ID, false); err != nil {
			return err
		}
		fmt.Printf("%-58s %s   %s %7.2fx\n", "  one built: "+c.name, built, reference, float64(built.cpu())/float64(reference.cpu()))
		sum, sumReference = sum.plus(built), sumReference.plus(reference)
	}
	limit := map[store.Dialect]float64{store.Postgres: 2, store.SQLite: 4}[b.db.Dialect]
	b.ratio("one segment built, sum of these", sum, sumReference, limit)
	return nil
}

// oneOf selects the rules that benchOne builds: one in seven, and "groups".
const oneOf = 7

func (c cost) plus(d cost) cost {
	return cost{c.program + d.program, c.database + d.database, c.wall + d.wall}
}

// built returns a workspace whose 50 segments are built. If any is missing, it creates and builds all of them.
func (b *segmentBench) built(ctx context.Context, slug string) (v vocabulary, ids []int64, err error) {
	if v, err = readVocabulary(ctx, b.db, slug); err != nil {
		return v, nil, err
	}
	err = b.db.Read(ctx).Model(&models.Segment{}).Where("workspace_id = ? AND built_at IS NOT NULL", v.workspace.ID).Order("id").Pluck("id", &ids).Error
	if err != nil || len(ids) == len(ruleCases) {
		return v, ids, err
	}
	if ids, err = b.createAll(ctx, v); err != nil {
		return v, nil, err
	}
	return v, ids, b.settle(ctx)
}

// benchMemory builds the segments of 100,000 contacts and of 1,000,000. The memory must not grow with the number of contacts.
func (b *segmentBench) benchMemory(ctx context.Context) error {
	var peaks []int64
	for _, slug := range []string{segmentWorkspaces[1].slug, segmentWorkspaces[0].slug} {
		v, err := readVocabulary(ctx, b.db, slug)
		if err != nil {
			return err
		}
		if _, err := b.createAll(ctx, v); err != nil {
			return err
		}
		debug.FreeOSMemory()
		before := residentMemory()
		peak, err := peakMemory(func() error { return b.settle(ctx) })
		if err != nil {
			return err
		}
		peaks = append(peaks, peak-before)
	}
	b.limited("memory of a build, 1,000,000 and (reference) 100,000", fmt.Sprintf("%10.1f MB%19.1f MB%11s", float64(peaks[1])/1e6, float64(peaks[0])/1e6, ""),
		fmt.Sprintf("%.2fx", float64(peaks[1])/float64(peaks[0])), "1.50x", float64(peaks[1]) <= 1.5*float64(peaks[0])+8e6)
	return nil
}
