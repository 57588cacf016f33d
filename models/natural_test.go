package models_test

import (
	"slices"
	"testing"

	"campaignlark/models"
)

func TestCompareNames(t *testing.T) {
	want := []string{"", "Auto 1", "auto 2", "Auto 010", "Auto 10 b", "Auto 99999999999999999999", "Auto 100000000000000000000", "Welcome", "Über"}
	got := slices.Clone(want)
	slices.Reverse(got)
	slices.SortFunc(got, models.CompareNames)
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
