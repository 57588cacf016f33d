package migrations_test

import (
	"os"
	"slices"
	"strings"
	"testing"

	"campaignlark/internal/dbtest"
	"campaignlark/models/store"
)

// indexQueries list every index as "table (columns)" with its condition, if it is partial.
var indexQueries = map[store.Dialect]string{
	store.Postgres: `SELECT t.relname || ' (' || (SELECT string_agg(a.attname, ', ' ORDER BY a.attnum) FROM pg_attribute a WHERE a.attrelid = x.indexrelid) || ')'
			|| coalesce(' WHERE ' || replace(replace(replace(trim(pg_get_expr(x.indpred, x.indrelid), '()'), '::text', ''), '::timestamp with time zone', ''), ') AND (', ' AND '), '')
		FROM pg_index x JOIN pg_class t ON t.oid = x.indrelid
		WHERE t.relnamespace = 'public'::regnamespace AND NOT t.relispartition AND t.relname <> 'goose_db_version'`,
	store.SQLite: `SELECT t.name || ' (' || (SELECT group_concat(c.name, ', ') FROM pragma_index_info(i.name) AS c) || ')'
			|| CASE i.partial WHEN 1 THEN ' WHERE ' || (SELECT substr(s.sql, instr(s.sql, ' WHERE ') + 7) FROM sqlite_master s WHERE s.name = i.name) ELSE '' END
		FROM sqlite_master t, pragma_index_list(t.name) AS i WHERE t.type = 'table' AND t.name <> 'goose_db_version'`,
}

// TestEveryIndexNamesWhatNeedsIt compares the indexes of both databases with INDEXES.md.
func TestEveryIndexNamesWhatNeedsIt(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("INDEXES.md")
	if err != nil {
		t.Fatal(err)
	}
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		var want, got []string
		for line := range strings.Lines(string(text)) {
			cells := strings.Split(line, "|")
			if len(cells) != 5 || !strings.Contains(cells[1], "`") {
				continue
			}
			index, on, need := strings.Trim(cells[1], " `"), strings.TrimSpace(cells[2]), strings.TrimSpace(cells[3])
			if need == "" {
				t.Errorf("%s: name the page or the work that needs it", index)
			}
			if on == "both" || strings.EqualFold(on, string(db.Dialect)) {
				want = append(want, index)
			}
		}
		if err := db.Read(t.Context()).Raw(indexQueries[db.Dialect]).Scan(&got).Error; err != nil {
			t.Fatal(err)
		}
		for _, index := range got {
			if !slices.Contains(want, index) {
				t.Errorf("the index %s is not in INDEXES.md: add it with the page or the work that needs it, or drop it", index)
			}
		}
		for _, index := range want {
			if !slices.Contains(got, index) {
				t.Errorf("the database has no index %s: INDEXES.md names it", index)
			}
		}
	})
}
