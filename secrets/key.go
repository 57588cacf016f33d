package secrets

import (
	"encoding/base64"
	"encoding/hex"
	"errors"
	"strings"
)

var errKeyText = errors.New("it must be 32 random bytes, as base64 or hex; `openssl rand -base64 32` makes such a key")

// ReadKey reads a key of KeySize bytes: hex in either case, or base64, standard or URL-safe, with or without padding. The
// error never repeats the text.
func ReadKey(text string) ([]byte, error) {
	text = strings.TrimSpace(text)
	if key, err := hex.DecodeString(text); err == nil && len(key) == KeySize {
		return key, nil
	}
	text = strings.NewReplacer("-", "+", "_", "/").Replace(strings.TrimRight(text, "="))
	if key, err := base64.RawStdEncoding.DecodeString(text); err == nil && len(key) == KeySize {
		return key, nil
	}
	return nil, errKeyText
}
