package store_test

import (
	"slices"
	"testing"

	"campaignlark/internal/dbtest"
	"campaignlark/models"
	"campaignlark/models/store"

	"gorm.io/gorm"
)

func TestAmongFindsListsOfAnyLength(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		ws := newWorkspace(t, db, "books").ID
		if err := db.Write(t.Context(), func(tx *gorm.DB) error {
			return tx.Exec("INSERT INTO dirty_contacts (workspace_id, contact_id, at) VALUES (?, 3, ?), (?, 5, ?), (?, 7, ?)", ws, noon, ws, noon, ws, noon).Error
		}); err != nil {
			t.Fatal(err)
		}
		long := make([]int64, 100_000) // more than the number of parameters that either database allows
		for i := range long {
			long[i] = int64(i) + 4
		}
		for name, c := range map[string]struct{ ids, want []int64 }{
			"none": {nil, nil}, "one": {[]int64{5}, []int64{5}}, "several, one twice": {[]int64{7, 3, 7, -1}, []int64{3, 7}}, "many": {long, []int64{5, 7}},
		} {
			var got []int64
			err := store.Among(db.Read(t.Context()).Model(&models.DirtyContact{}).Where("workspace_id = ?", ws), "contact_id", c.ids).Order("contact_id").Pluck("contact_id", &got).Error
			if err != nil || !slices.Equal(got, c.want) {
				t.Errorf("%s: got %v %v, want %v", name, got, err, c.want)
			}
		}
	})
}
