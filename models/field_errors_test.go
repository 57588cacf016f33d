package models

import "testing"

func TestFieldErrors(t *testing.T) {
	t.Parallel()
	errs := FieldErrors{}
	errs.Add("name", "")
	if errs.Any() {
		t.Errorf("an empty sentence was noted: %v", errs)
	}
	errs.Add("name", "Please give it a name.")
	errs.Add("name", "Please make it shorter.")
	if got, want := errs["name"], "Please give it a name."; got != want || !errs.Any() {
		t.Errorf("got %q, want %q", got, want)
	}
	if FieldErrors(nil).Any() {
		t.Error("nil says that something is wrong")
	}
}
