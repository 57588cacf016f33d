package models

import (
	"slices"
	"testing"

	"github.com/google/uuid"
)

func TestPackedMarksComeBack(t *testing.T) {
	t.Parallel()
	marks := []CallMark{{1, uuid.Max}, {1 << 62, uuid.Nil}, {1, uuid.MustParse("01a2261d-c942-7172-8214-4d46504dc561")}}
	row := CallMarks{Packed: PackCallMarks(marks)}
	if got := slices.Collect(row.All()); !slices.Equal(got, marks) || row.Len() != len(marks) {
		t.Errorf("got %d marks %v, want %v", row.Len(), got, marks)
	}
	row.Packed = row.Packed[:len(row.Packed)-1]
	if got := slices.Collect(row.All()); !slices.Equal(got, marks[:2]) {
		t.Errorf("got %v of a row that was cut off, want the two whole marks", got)
	}
}
