package views

// VerifySnippets returns functions with which the receiver of deliveries checks the signature, by language. Each has two: one for
// webhook-signature and one for X-Webhook-Signature.
func VerifySnippets() []Snippet {
	return []Snippet{{"javascript", "JavaScript", verifyJavaScript}, {"python", "Python", verifyPython}, {"go", "Go", verifyGo}, {"php", "PHP", verifyPHP}}
}

const verifyJavaScript = `const crypto = require("node:crypto");

// Checks webhook-signature. body is the text as it came, before it is parsed.
function isGenuine(headers, body, secret) {
  const id = headers["webhook-id"], time = headers["webhook-timestamp"];
  if (!(Math.abs(Date.now() / 1000 - Number(time)) <= 300)) return false;
  const key = Buffer.from(secret.slice("whsec_".length), "base64");
  const want = crypto.createHmac("sha256", key).update(` + "`${id}.${time}.${body}`" + `).digest();
  return String(headers["webhook-signature"]).split(" ").some((signature) => {
    const got = Buffer.from(signature.slice("v1,".length), "base64");
    return signature.startsWith("v1,") && got.length === want.length && crypto.timingSafeEqual(got, want);
  });
}

// Checks X-Webhook-Signature, which says nothing of the time.
function isSigned(headers, body, secret) {
  const want = Buffer.from(crypto.createHmac("sha256", secret).update(body).digest("hex"));
  const got = Buffer.from(String(headers["x-webhook-signature"]));
  return got.length === want.length && crypto.timingSafeEqual(got, want);
}`

const verifyPython = `import base64, hashlib, hmac, time

# Checks webhook-signature. body has the bytes as they came, before they are parsed.
def is_genuine(headers, body, secret):
    message_id, sent = headers["webhook-id"], headers["webhook-timestamp"]
    if abs(time.time() - int(sent)) > 300:
        return False
    key = base64.b64decode(secret.removeprefix("whsec_"))
    digest = hmac.new(key, f"{message_id}.{sent}.".encode() + body, hashlib.sha256).digest()
    want = "v1," + base64.b64encode(digest).decode()
    return any(hmac.compare_digest(want, got) for got in headers["webhook-signature"].split())

# Checks X-Webhook-Signature, which says nothing of the time.
def is_signed(headers, body, secret):
    want = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return hmac.compare_digest(want, headers["x-webhook-signature"])`

const verifyGo = `import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// isGenuine checks webhook-signature. body has the bytes as they came, before they are parsed.
func isGenuine(h http.Header, body []byte, secret string) bool {
	id, sent := h.Get("webhook-id"), h.Get("webhook-timestamp")
	seconds, err := strconv.ParseInt(sent, 10, 64)
	if err != nil || time.Since(time.Unix(seconds, 0)).Abs() > 5*time.Minute {
		return false
	}
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
	if err != nil {
		return false
	}
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(id + "." + sent + "." + string(body)))
	want := "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
	for _, got := range strings.Fields(h.Get("webhook-signature")) {
		if hmac.Equal([]byte(want), []byte(got)) {
			return true
		}
	}
	return false
}

// isSigned checks X-Webhook-Signature, which says nothing of the time.
func isSigned(h http.Header, body []byte, secret string) bool {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write(body)
	return hmac.Equal([]byte(hex.EncodeToString(mac.Sum(nil))), []byte(h.Get("X-Webhook-Signature")))
}`

const verifyPHP = `// Checks webhook-signature. $body is the text as it came, before it is parsed: file_get_contents('php://input')
function isGenuine(array $headers, string $body, string $secret): bool {
    $id = $headers['webhook-id'];
    $time = $headers['webhook-timestamp'];
    if (abs(time() - (int) $time) > 300) {
        return false;
    }
    $key = base64_decode(substr($secret, strlen('whsec_')));
    $want = 'v1,' . base64_encode(hash_hmac('sha256', "$id.$time.$body", $key, true));
    foreach (explode(' ', $headers['webhook-signature']) as $got) {
        if (hash_equals($want, $got)) {
            return true;
        }
    }
    return false;
}

// Checks X-Webhook-Signature, which says nothing of the time.
function isSigned(array $headers, string $body, string $secret): bool {
    return hash_equals(hash_hmac('sha256', $body, $secret), $headers['x-webhook-signature']);
}`
