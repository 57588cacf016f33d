// Package secrets encrypts what the program must store but never shows again, such as the secret of a webhook's signature,
// and finds the key for it. It must not know the database, HTTP or pages.
package secrets

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/binary"
	"fmt"

	"campaignlark/models"
)

// Purpose says what a secret is for.
type Purpose string

const (
	WebhookSignature   Purpose = "webhook_signature"   // checks the signature of calls
	DestinationSecret  Purpose = "destination_secret"  // signs deliveries
	DestinationHeaders Purpose = "destination_headers" // own headers of deliveries
)

// Row is the place in the database where a secret belongs. What is encrypted for one row cannot be decrypted for another.
type Row struct {
	WorkspaceID int64
	OwnerID     int64 // the webhook or the destination that the secret belongs to
	Purpose     Purpose
}

// ErrNoKey is the error of Seal and Open if there is no key. Its message is for the person who saves a secret.
var ErrNoKey = &models.Error{
	Code:    models.CodeInvalid,
	Message: "A secret cannot be stored yet: the program has no key to encrypt it with. Set SECRET_KEY to 32 random bytes, as base64 or hex, and start the program again.",
}

// ErrCannotDecrypt is the error of Open if the key is another one, or if what is stored was changed or belongs to another
// row. The three cannot be told apart.
var ErrCannotDecrypt = &models.Error{
	Code:    models.CodeInternal,
	Message: "A stored secret cannot be decrypted: SECRET_KEY or the file secret.key is not the one it was stored with, or the secret was changed in the database. Bring back the key, or enter the secret again.",
}

// KeySize is the size of a key in bytes. The cipher is AES-256-GCM.
const KeySize = 32

// version is the first byte of what is stored. It says how the rest is encrypted.
const version = 1

// Cipher encrypts and decrypts secrets. The zero value has no key. It is safe for concurrent use.
type Cipher struct{ aead cipher.AEAD }

// New returns a cipher with a key of KeySize bytes.
func New(key []byte) (Cipher, error) {
	if len(key) != KeySize {
		return Cipher{}, fmt.Errorf("a key has %d bytes, not %d", KeySize, len(key))
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return Cipher{}, err
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	return Cipher{aead}, err
}

// HasKey reports whether secrets can be stored.
func (c Cipher) HasKey() bool { return c.aead != nil }

// Seal encrypts a secret for a row. The same secret gives other bytes each time. The error is ErrNoKey.
func (c Cipher) Seal(secret string, row Row) ([]byte, error) {
	if c.aead == nil {
		return nil, ErrNoKey
	}
	return c.aead.Seal([]byte{version}, nil, []byte(secret), row.additionalData()), nil
}

// Open decrypts what Seal returned for the same row. The error is ErrNoKey or ErrCannotDecrypt.
func (c Cipher) Open(sealed []byte, row Row) (string, error) {
	if c.aead == nil {
		return "", ErrNoKey
	}
	if len(sealed) == 0 || sealed[0] != version {
		return "", ErrCannotDecrypt
	}
	secret, err := c.aead.Open(nil, nil, sealed[1:], row.additionalData())
	if err != nil {
		return "", ErrCannotDecrypt
	}
	return string(secret), nil
}

// additionalData is what the cipher authenticates with the secret: the version and the row. No two rows have the same.
func (r Row) additionalData() []byte {
	b := binary.BigEndian.AppendUint64([]byte{version}, uint64(r.WorkspaceID))
	b = binary.BigEndian.AppendUint64(b, uint64(r.OwnerID))
	return append(b, r.Purpose...)
}

// Ending returns the end of a secret by which a person recognises it: four characters, and of a secret with fewer than
// twelve a third of them.
func Ending(secret string) string {
	characters := []rune(models.ValidText(secret))
	return string(characters[len(characters)-min(4, len(characters)/3):])
}
