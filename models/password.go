package models

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/crypto/argon2"
	"golang.org/x/text/unicode/norm"
)

// Cost is the cost of hashing one password.
type Cost struct {
	Memory uint32 // KiB
	Passes uint32
}

// PasswordCost is the cost of new passwords: above the recommended minimum for Argon2id, about 50 ms. A stored hash contains
// its cost, so this can be raised. Tests lower it.
var PasswordCost = RealCost

// RealCost is the cost outside tests.
var RealCost = Cost{Memory: 32 << 10, Passes: 2}

// newHash returns a hash with the current cost, without salt and key.
func newHash() argonHash {
	return argonHash{memory: PasswordCost.Memory, passes: PasswordCost.Passes, threads: 1}
}

const (
	saltBytes = 16
	keyBytes  = 32
)

// The length of a password, in characters as a person counts.
const (
	MinPassword      = 10
	MaxPassword      = 200
	maxPasswordBytes = 4000 // one character may have any number of code points
)

// argonSlots limits how many passwords are hashed at the same time, and so the memory and processor time this takes.
var argonSlots = make(chan struct{}, 2)

// ValidatePassword returns one sentence about what is wrong with a new password, or "". It does not require kinds of
// characters: such rules make passwords worse.
func ValidatePassword(password string) string {
	if password == "" {
		return "Please choose a password."
	}
	if len(password) > maxPasswordBytes {
		return fmt.Sprintf("Please make the password %d characters or shorter.", MaxPassword)
	}
	switch n := CountCharacters(password); {
	case n < MinPassword:
		return fmt.Sprintf("Please make the password %d characters or longer. It has %d.", MinPassword, n)
	case n > MaxPassword:
		return fmt.Sprintf("Please make the password %d characters or shorter. It has %d.", MaxPassword, n)
	}
	return ""
}

// HashPassword returns the stored form of a password: Argon2id with a random salt, as a PHC string. At most two run at
// the same time; others wait until ctx ends.
func HashPassword(ctx context.Context, password string) (string, error) {
	h := newHash()
	h.salt = make([]byte, saltBytes)
	rand.Read(h.salt)
	key, err := h.compute(ctx, password, keyBytes)
	h.key = key
	return h.String(), err
}

// CheckPassword reports whether hash was made from password. An empty hash means an account that does not exist: the
// result is false and takes the same time.
func CheckPassword(ctx context.Context, hash, password string) (bool, error) {
	nobody := hash == ""
	if nobody {
		hash = nobodysHash()
	}
	h, err := parseArgonHash(hash)
	if err != nil {
		return false, err
	}
	key, err := h.compute(ctx, password, uint32(len(h.key)))
	if err != nil {
		return false, err
	}
	return subtle.ConstantTimeCompare(key, h.key) == 1 && !nobody, nil
}

// nobodysHash returns a hash with the current cost that no account has.
func nobodysHash() string {
	h := newHash()
	h.salt, h.key = make([]byte, saltBytes), make([]byte, keyBytes)
	return h.String()
}

// argonHash is a parsed stored hash.
type argonHash struct {
	memory, passes uint32
	threads        uint8
	salt, key      []byte
}

// compute runs Argon2id as soon as a slot is free. It reads the password as valid text in NFC, because keyboards differ
// in how they send é.
func (h argonHash) compute(ctx context.Context, password string, size uint32) ([]byte, error) {
	select {
	case argonSlots <- struct{}{}:
		defer func() { <-argonSlots }()
	case <-ctx.Done():
		return nil, &Error{Code: CodeBusy, Message: "Many people are signing in at this moment. Please wait a minute and try again.", Err: ctx.Err()}
	}
	return argon2.IDKey(norm.NFC.Bytes([]byte(ValidText(password))), h.salt, h.passes, h.memory, h.threads, size), nil
}

// String returns the PHC form: $argon2id$v=19$m=32768,t=2,p=1$salt$key.
func (h argonHash) String() string {
	b64 := base64.RawStdEncoding.EncodeToString
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, h.memory, h.passes, h.threads, b64(h.salt), b64(h.key))
}

var errPasswordHash = errors.New("a stored password hash cannot be read")

// parseArgonHash parses the PHC form. It refuses costs that this program would never choose.
func parseArgonHash(s string) (argonHash, error) {
	parts := strings.Split(s, "$")
	if len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" || parts[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return argonHash{}, errPasswordHash
	}
	var h argonHash
	if _, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &h.memory, &h.passes, &h.threads); err != nil {
		return argonHash{}, errPasswordHash
	}
	var errs [2]error
	h.salt, errs[0] = base64.RawStdEncoding.DecodeString(parts[4])
	h.key, errs[1] = base64.RawStdEncoding.DecodeString(parts[5])
	if errors.Join(errs[:]...) != nil || h.String() != s || len(h.salt) < 8 || len(h.key) < 16 ||
		h.memory < 8 || h.memory > 1<<20 || h.passes < 1 || h.passes > 20 || h.threads < 1 {
		return argonHash{}, errPasswordHash
	}
	return h, nil
}
