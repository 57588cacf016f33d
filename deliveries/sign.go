package deliveries

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// The headers of a signature.
const (
	headerSignature         = "X-Webhook-Signature"
	headerStandardID        = "Webhook-Id"
	headerStandardTime      = "Webhook-Timestamp"
	headerStandardSignature = "Webhook-Signature"
)

// Sign returns the headers that prove where a message comes from. secrets has the newest secret first, in the form of NewSecret. at is
// when the attempt starts.
//
// X-Webhook-Signature is the HMAC-SHA256 of the body in lower-case hex, keyed with the text of the newest secret as the page shows it.
// The other headers follow Standard Webhooks 1.0, with a signature for each secret, so that a receiver can change over in its own time.
func Sign(secrets []string, messageID string, at time.Time, body []byte) http.Header {
	seconds := strconv.FormatInt(at.Unix(), 10)
	signed := append([]byte(messageID+"."+seconds+"."), body...)
	var signatures []string
	for _, secret := range secrets {
		signatures = append(signatures, "v1,"+base64.StdEncoding.EncodeToString(hmacOf(keyOf(secret), signed)))
	}
	h := http.Header{}
	h.Set(headerStandardID, messageID)
	h.Set(headerStandardTime, seconds)
	h.Set(headerStandardSignature, strings.Join(signatures, " "))
	if len(secrets) > 0 {
		h.Set(headerSignature, hex.EncodeToString(hmacOf([]byte(secrets[0]), body)))
	}
	return h
}

func hmacOf(key, text []byte) []byte {
	mac := hmac.New(sha256.New, key)
	mac.Write(text)
	return mac.Sum(nil)
}

// keyOf returns the key of Standard Webhooks in a secret. A secret in another form is its own key.
func keyOf(secret string) []byte {
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, secretPrefix))
	if err != nil || !strings.HasPrefix(secret, secretPrefix) {
		return []byte(secret)
	}
	return key
}
