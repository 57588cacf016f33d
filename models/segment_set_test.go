package models_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"campaignlark/models"
)

func TestSegmentSetHoldsItsIDs(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	for _, share := range []float64{0, 0.001, 0.06, 0.0625, 0.07, 0.5, 1} {
		const span = 7
		var ids []int64
		for id := int64(span * models.SegmentSpan); id < (span+1)*models.SegmentSpan; id++ {
			if random.Float64() < share {
				ids = append(ids, id)
			}
		}
		set := models.NewSegmentSet(ids)
		if got := set.IDs(span, models.SegmentSpan); !slices.Equal(got, ids) || set.Len() != len(ids) || len(set) > models.SegmentSpan/8 {
			t.Fatalf("a share of %v: got %d contacts, length %d in %d bytes, want %d", share, len(got), set.Len(), len(set), len(ids))
		}
		if got := set.IDs(span, 3); !slices.Equal(got, ids[:min(3, len(ids))]) {
			t.Errorf("a share of %v: got %v, want the first three", share, got)
		}
		for id := int64(span * models.SegmentSpan); id < (span+1)*models.SegmentSpan; id++ {
			if _, want := slices.BinarySearch(ids, id); set.Has(id) != want {
				t.Fatalf("a share of %v: got %v for contact %d, want %v", share, !want, id, want)
			}
		}
	}
}
