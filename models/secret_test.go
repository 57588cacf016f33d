package models

import (
	"encoding/hex"
	"regexp"
	"testing"
)

func TestSecretsAreLongAndFitIntoAnAddress(t *testing.T) {
	t.Parallel()
	safe := regexp.MustCompile(`^[A-Za-z0-9_-]+$`)
	for length, make := range map[int]func() string{32: NewHash, 43: NewToken} {
		one, other := make(), make()
		if len(one) != length || !safe.MatchString(one) || one == other {
			t.Errorf("got %q and %q, want two different texts of %d safe characters", one, other, length)
		}
	}
	// the database stores this hash: another one would end every session and every open invitation
	if got, want := hex.EncodeToString(TokenHash("abc")), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
