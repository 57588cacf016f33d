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

// Cost is what one password costs.
type Cost struct {
	Memory uint32 // KiB
	Passes uint32
}

// PasswordCost is the cost of new passwords: above the least that is recommended for Argon2id, and some 50 ms. A stored hash
// names its own cost, so this can be raised. Tests lower it.
var PasswordCost = RealCost

// RealCost is the cost outside tests.
var RealCost = Cost{Memory: 32 << 10, Passes: 2}

// newHash is a hash of today's cost, without salt and key.
func newHash() argonHash {
	return argonHash{memory: PasswordCost.Memory, passes: PasswordCost.Passes, threads: 1}
}

const (
	saltBytes = 16
	keyBytes  = 32
)

// How long a password may be, in characters as a person counts.
const (
	MinPassword      = 10
	MaxPassword      = 200
	maxPasswordBytes = 4000 // one character may be made of any number of code points
)

// argonSlots bounds how many passwords are computed at the same time, and with it the memory and the processor they take from
// everything else.
var argonSlots = make(chan struct{}, 2)

// ValidatePassword returns what is wrong with a new password, as one sentence, or "" when nothing is. There are no rules
// about which characters it holds: they make passwords worse.
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

// HashPassword returns what is stored of a password: Argon2id with a random salt, as a PHC string. At most two are
// computed at the same time; it waits for its turn until ctx ends.
func HashPassword(ctx context.Context, password string) (string, error) {
	h := newHash()
	h.salt = make([]byte, saltBytes)
	rand.Read(h.salt)
	key, err := h.compute(ctx, password, keyBytes)
	h.key = key
	return h.String(), err
}

// CheckPassword reports whether password is the one that hash was made of. An empty hash stands for an account that does
// not exist: the answer is no, and costs the same time.
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

// nobodysHash has today's cost; no account has it.
func nobodysHash() string {
	h := newHash()
	h.salt, h.key = make([]byte, saltBytes), make([]byte, keyBytes)
	return h.String()
}

// argonHash is a stored hash, taken apart.
type argonHash struct {
	memory, passes uint32
	threads        uint8
	salt, key      []byte
}

// compute runs Argon2id when there is a free slot. The password is read as valid
// text in NFC: keyboards differ in how they send é.
func (h argonHash) compute(ctx context.Context, password string, size uint32) ([]byte, error) {
	select {
	case argonSlots <- struct{}{}:
		defer func() { <-argonSlots }()
	case <-ctx.Done():
		return nil, &Error{Code: CodeBusy, Message: "Many people are signing in at this moment. Please wait a minute and try again.", Err: ctx.Err()}
	}
	return argon2.IDKey(norm.NFC.Bytes([]byte(ValidText(password))), h.salt, h.passes, h.memory, h.threads, size), nil
}

// String is the PHC form: $argon2id$v=19$m=32768,t=2,p=1$salt$key.
func (h argonHash) String() string {
	b64 := base64.RawStdEncoding.EncodeToString
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, h.memory, h.passes, h.threads, b64(h.salt), b64(h.key))
}

var errPasswordHash = errors.New("a stored password hash cannot be read")

// parseArgonHash reads the PHC form. Costs beyond what this program would ever choose are refused.
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
