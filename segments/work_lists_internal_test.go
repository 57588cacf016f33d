package segments

import (
	"database/sql"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"campaignlark/internal/dbtest"
	"campaignlark/models"
	"campaignlark/models/store"

	"gorm.io/gorm"
)

// TestWorkListsCostWhatThereAreWorkspaces lists the workspaces with work while one has a large backlog, and checks how many
// rows the database reads.
func TestWorkListsCostWhatThereAreWorkspaces(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
		var marks []models.DirtyContact
		var calls []models.CallMarks
		var dues []models.SegmentDue
		for i := range 10_000 {
			marks = append(marks, models.DirtyContact{WorkspaceID: 3, ContactID: int64(i), At: now})
			calls = append(calls, models.CallMarks{WorkspaceID: 5, Packed: models.PackCallMarks([]models.CallMark{{ContactID: int64(i)}}), At: now})
		}
		calls = append(calls, models.CallMarks{WorkspaceID: 7, Packed: models.PackCallMarks([]models.CallMark{{ContactID: 1}}), At: now})
		for _, workspace := range []int64{1, 7, 8} {
			marks = append(marks, models.DirtyContact{WorkspaceID: workspace, ContactID: 1, At: now})
			dues = append(dues, models.SegmentDue{WorkspaceID: workspace, DueAt: now.Add(-time.Minute)}, models.SegmentDue{WorkspaceID: workspace, Chunk: 1, DueAt: now})
		}
		for i := range int64(5_000) { // a large workspace with many chunks due, and one with none
			dues = append(dues, models.SegmentDue{WorkspaceID: 8, Chunk: 2 + i, DueAt: now}, models.SegmentDue{WorkspaceID: 9, Chunk: i, DueAt: now.Add(time.Minute)})
		}
		err := db.Write(t.Context(), func(tx *gorm.DB) error {
			if err := tx.CreateInBatches(&marks, 1000).Error; err != nil {
				return err
			}
			if err := tx.CreateInBatches(&calls, 1000).Error; err != nil {
				return err
			}
			return tx.CreateInBatches(&dues, 1000).Error
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, list := range []struct {
			name, query string
			args        []any
			want        []int64
		}{
			{"marks", markedWorkspaces, nil, []int64{1, 3, 5, 7, 8}},
			{"due", dueWorkspaces, []any{sql.Named("now", now)}, []int64{1, 7, 8}},
			{"not due yet", dueWorkspaces, []any{sql.Named("now", now.Add(-time.Hour))}, nil},
		} {
			var got []int64
			if err := db.Read(t.Context()).Raw(list.query, list.args...).Scan(&got).Error; err != nil || !slices.Equal(got, list.want) {
				t.Errorf("%s: got %v (%v), want %v", list.name, got, err, list.want)
			}
			if n := rowsRead(t, db, list.query, list.args); n > 60 {
				t.Errorf("%s: the database reads %v rows, want a few for each workspace", list.name, n)
			}
		}
	})
}

// rowsRead returns how many rows Postgres reads for a query. SQLite does not count rows: a scan of a table, or of all rows
// of a workspace, counts as very many.
func rowsRead(t *testing.T, db *store.DB, query string, args []any) (n float64) {
	t.Helper()
	if db.Dialect == store.SQLite {
		var plan []struct{ Detail string }
		if err := db.Read(t.Context()).Raw("EXPLAIN QUERY PLAN "+query, args...).Scan(&plan).Error; err != nil {
			t.Fatal(err)
		}
		for _, step := range plan {
			whole := strings.HasPrefix(step.Detail, "SCAN dirty_contacts") || strings.HasPrefix(step.Detail, "SCAN call_marks") || strings.HasPrefix(step.Detail, "SCAN segment_due")
			if whole || strings.Contains(step.Detail, "(workspace_id=?)") {
				n += 10_000
			}
		}
		return n
	}
	var text string
	err := db.Write(t.Context(), func(tx *gorm.DB) error {
		if err := tx.Exec("ANALYZE dirty_contacts, call_marks, segment_due").Error; err != nil {
			return err
		}
		return tx.Raw("EXPLAIN (ANALYZE, FORMAT JSON) "+query, args...).Row().Scan(&text)
	})
	if err != nil {
		t.Fatal(err)
	}
	var plan []struct{ Plan planNode }
	if err := json.Unmarshal([]byte(text), &plan); err != nil {
		t.Fatal(err)
	}
	return plan[0].Plan.read()
}

type planNode struct {
	Relation string  `json:"Relation Name"`
	Rows     float64 `json:"Actual Rows"`
	Loops    float64 `json:"Actual Loops"`
	Removed  float64 `json:"Rows Removed by Filter"`
	Plans    []planNode
}

func (p planNode) read() (n float64) {
	if p.Relation != "" {
		n = (p.Rows + p.Removed) * p.Loops
	}
	for _, child := range p.Plans {
		n += child.read()
	}
	return n
}
