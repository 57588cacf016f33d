package models

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
)

// NewHash returns the secret part of a webhook's URL: 192 random bits, URL-safe (CONTRACT: at least 160).
func NewHash() string { return randomText(24) }

// NewToken returns a token for a session or a one-time link: 256 random bits, URL-safe, 43 characters. Only the browser
// or the link has it; the database stores TokenHash.
func NewToken() string { return randomText(32) }

// TokenHash returns the SHA-256 of a token. It needs no salt and no slow hash, because tokens are random.
func TokenHash(token string) []byte {
	sum := sha256.Sum256([]byte(token))
	return sum[:]
}

// randomText returns n random bytes as URL-safe text.
func randomText(n int) string {
	b := make([]byte, n)
	rand.Read(b)
	return base64.RawURLEncoding.EncodeToString(b)
}
