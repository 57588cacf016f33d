package handlers

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha256"
	"encoding/base64"
	"strings"
)

// A secret that is shown once has to get from a post to the next page. The session's row stores it encrypted with the session's
// token, which only the person's browser has. So the database never holds it in clear text.

// sessionSeal returns the cipher for the session with a token.
func sessionSeal(token string) cipher.AEAD {
	key := sha256.Sum256([]byte("seal\n" + token))
	block, err := aes.NewCipher(key[:])
	if err != nil {
		panic(err) // impossible: a key has 32 bytes
	}
	seal, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		panic(err)
	}
	return seal
}

// maxSecrets limits a session's unread secrets. One more replaces them all.
const maxSecrets = 8

// secretKey is the session's key for a secret. Each subject has its own, so that two tabs do not overwrite each other's.
func secretKey(about string) string {
	sum := sha256.Sum256([]byte(about))
	return sessionSecret + base64.RawStdEncoding.EncodeToString(sum[:])
}

// leaveSecret stores a text for the next page; about names its subject.
func (v *visit) leaveSecret(about, text string) error {
	var waiting []string
	for key := range sessionValues(v.session) {
		if strings.HasPrefix(key, sessionSecret) {
			waiting = append(waiting, key)
		}
	}
	if len(waiting) >= maxSecrets {
		for _, key := range waiting {
			delete(v.session.Values, key)
		}
	}
	sealed := sessionSeal(v.session.ID).Seal(nil, nil, []byte(text), []byte(about))
	v.session.Values[secretKey(about)] = base64.RawStdEncoding.EncodeToString(sealed)
	return v.saveSession()
}

// takeSecret returns and removes the text that leaveSecret stored about the same subject, or returns "".
func (v *visit) takeSecret(about string) (string, error) {
	kept, _ := v.session.Values[secretKey(about)].(string)
	sealed, err := base64.RawStdEncoding.DecodeString(kept)
	if err != nil {
		return "", nil
	}
	text, err := sessionSeal(v.session.ID).Open(nil, nil, sealed, []byte(about))
	if err != nil {
		return "", nil // none stored
	}
	delete(v.session.Values, secretKey(about))
	return string(text), v.saveSession()
}
