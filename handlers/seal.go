package handlers

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha256"
	"encoding/base64"
	"strings"
)

// A secret that is shown once is on its way from a post to the page after it. In the session's row it is sealed with the
// session's own token, which only the person's browser has: the database never holds it in the clear.

// sessionSeal is what seals for the session with a token.
func sessionSeal(token string) cipher.AEAD {
	key := sha256.Sum256([]byte("seal\n" + token))
	block, err := aes.NewCipher(key[:])
	if err != nil {
		panic(err) // 32 bytes are a key
	}
	seal, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		panic(err)
	}
	return seal
}

// maxSecrets is how many secrets of a session wait for their pages. One more replaces them all.
const maxSecrets = 8

// secretKey is where a session keeps the secret about something: each has its own, so that two tabs keep theirs.
func secretKey(about string) string {
	sum := sha256.Sum256([]byte(about))
	return sessionSecret + base64.RawStdEncoding.EncodeToString(sum[:])
}

// leaveSecret keeps a text for the next page; about says what it is about.
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

// takeSecret returns the text that leaveSecret kept about the same thing, once, and then "".
func (v *visit) takeSecret(about string) (string, error) {
	kept, _ := v.session.Values[secretKey(about)].(string)
	sealed, err := base64.RawStdEncoding.DecodeString(kept)
	if err != nil {
		return "", nil
	}
	text, err := sessionSeal(v.session.ID).Open(nil, nil, sealed, []byte(about))
	if err != nil {
		return "", nil // there is none
	}
	delete(v.session.Values, secretKey(about))
	return string(text), v.saveSession()
}
