package models

import (
	"slices"
	"testing"
)

func TestMatchKeys(t *testing.T) {
	t.Parallel()
	names := []string{EmailKey, "first_name", "k"}
	tests := []struct {
		keys []string
		want []int
	}{
		{nil, []int{-1, -1, -1}},
		{[]string{"first_name", "email_address"}, []int{1, 0, -1}},
		{[]string{"First_Name", "EMAIL_ADDRESS"}, []int{1, 0, -1}},
		{[]string{"first_name", "FIRST_NAME", "First_name"}, []int{-1, 0, -1}}, // an exact match wins
		{[]string{"FIRST_NAME", "first_name", "First_name"}, []int{-1, 1, -1}},
		{[]string{"FIRST_NAME", "First_Name", "First_name"}, []int{-1, 2, -1}}, // of several inexact ones the last
		{[]string{"first_name", "first_name"}, []int{-1, 1, -1}},
		{[]string{" first_name", "first name", "Prénom", "firstname", ""}, []int{-1, -1, -1}},
		{[]string{"\u212a"}, []int{-1, -1, -1}}, // the Kelvin sign is no k
		{[]string{"K"}, []int{-1, -1, 0}},
		{[]string{"emaıl_address", "ema\u0130l_address"}, []int{-1, -1, -1}},
	}
	for _, test := range tests {
		if got := MatchKeys(test.keys, names); !slices.Equal(got, test.want) {
			t.Errorf("MatchKeys(%q) = %v, want %v", test.keys, got, test.want)
		}
	}
	if got := MatchKeys([]string{"a"}, nil); len(got) != 0 {
		t.Errorf("without names got %v", got)
	}
}
