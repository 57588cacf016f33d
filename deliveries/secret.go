package deliveries

import (
	"crypto/rand"
	"encoding/base64"
)

// secretPrefix begins every secret, as Standard Webhooks 1.0 asks for.
const secretPrefix = "whsec_"

// NewSecret returns a random secret that signs deliveries, in the form of Standard Webhooks 1.0: whsec_ and 32 bytes as base64.
func NewSecret() string {
	key := make([]byte, 32)
	rand.Read(key)
	return secretPrefix + base64.StdEncoding.EncodeToString(key)
}
