package models_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"campaignlark/models"
)

func TestValidatePassword(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ password, want string }{
		{"", "Please choose a password."},
		{"winter", "Please make the password 10 characters or longer. It has 6."},
		{"123456789", "Please make the password 10 characters or longer. It has 9."},
		{"1234567890", ""},
		{"          ", ""},
		{"Füße kälte", ""},
		{strings.Repeat("👩‍👩‍👧", 9), "Please make the password 10 characters or longer. It has 9."},
		{strings.Repeat("é", 200), ""},
		{strings.Repeat("é", 201), "Please make the password 200 characters or shorter. It has 201."},
		{"a" + strings.Repeat("\u0301", 3000), "Please make the password 200 characters or shorter."},
	} {
		if got := models.ValidatePassword(c.password); got != c.want {
			t.Errorf("%.30q: got %q, want %q", c.password, got, c.want)
		}
	}
}

func TestPasswordIsCheckedAgainstItsHash(t *testing.T) {
	t.Parallel()
	hash, err := models.HashPassword(t.Context(), "café de flore")
	if err != nil || !strings.HasPrefix(hash, "$argon2id$v=19$m=64,t=1,p=1$") {
		t.Fatalf("got %q (%v), want an Argon2id hash", hash, err)
	}
	for _, c := range []struct {
		what, hash, password string
		want                 bool
	}{
		{"the password", hash, "café de flore", true},
		{"the same, typed with a separate accent", hash, "cafe\u0301 de flore", true},
		{"another password", hash, "cafe de flore", false},
		{"nothing", hash, "", false},
		{"no account", "", "café de flore", false},
		{"a dearer hash of another day", "$argon2id$v=19$m=128,t=2,p=1$MDEyMzQ1Njc4OWFiY2RlZg$5nTgCRx7prLqs6J3q0dQNQ", "x", false},
	} {
		if got, err := models.CheckPassword(t.Context(), c.hash, c.password); got != c.want || err != nil {
			t.Errorf("%s: got %v (%v), want %v", c.what, got, err, c.want)
		}
	}
}

func TestPasswordsAreCostly(t *testing.T) {
	t.Parallel()
	if models.RealCost.Memory < 19<<10 || models.RealCost.Passes < 2 {
		t.Errorf("got %d KiB and %d passes, want at least 19 MiB and 2", models.RealCost.Memory, models.RealCost.Passes)
	}
}

func TestTwoHashesOfOnePasswordDiffer(t *testing.T) {
	t.Parallel()
	a, _ := models.HashPassword(t.Context(), "rains of castamere")
	b, _ := models.HashPassword(t.Context(), "rains of castamere")
	if a == b {
		t.Error("got the same hash twice, want a salt of its own each time")
	}
}

func TestBrokenHashIsAnError(t *testing.T) {
	t.Parallel()
	for _, hash := range []string{
		"x", "$argon2id$", "$argon2i$v=19$m=64,t=1,p=1$MDEyMzQ1Njc4OWFiY2RlZg$5nTgCRx7prLqs6J3q0dQNQ",
		"$argon2id$v=19$m=64,t=0,p=1$MDEyMzQ1Njc4OWFiY2RlZg$5nTgCRx7prLqs6J3q0dQNQ",
		"$argon2id$v=19$m=64,t=1,p=0$MDEyMzQ1Njc4OWFiY2RlZg$5nTgCRx7prLqs6J3q0dQNQ",
		"$argon2id$v=19$m=4294967295,t=1,p=1$MDEyMzQ1Njc4OWFiY2RlZg$5nTgCRx7prLqs6J3q0dQNQ",
		"$argon2id$v=19$m=64,t=1,p=1$$", "$argon2id$v=19$m=64,t=1,p=1$***$***",
	} {
		if ok, err := models.CheckPassword(t.Context(), hash, "x"); ok || err == nil {
			t.Errorf("%q: got %v (%v), want an error", hash, ok, err)
		}
	}
}

func TestPasswordWaitsNoLongerThanItsRequest(t *testing.T) {
	t.Parallel()
	ended, cancel := context.WithTimeout(t.Context(), 0)
	defer cancel()
	for range 20 { // the choice between a free slot and the end is random
		if _, err := models.HashPassword(ended, "x"); err != nil {
			var busy *models.Error
			if !errors.As(err, &busy) || busy.Code != models.CodeBusy || !strings.Contains(busy.Message, "Many people are signing in") {
				t.Errorf("got %v, want that the queue is full, not that the database is away", err)
			}
			return
		}
	}
	t.Error("got a hash every time, want the end of the request to be heard")
}
