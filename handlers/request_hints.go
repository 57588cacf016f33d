package handlers

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"campaignlark/intake"
	"campaignlark/models"
	"campaignlark/senders"

	"github.com/google/uuid"
)

// Hints say what a sender probably does wrong. They are found when a call's page is shown, in what the log has of the call,
// before anything is masked. A hint holds no value of the call, so that support staff may read it.

// hintKind is what a call shows about its sender.
type hintKind string

const (
	hintUnfit     hintKind = "unfit"    // the body is not what its Content-Type says
	hintGetBody   hintKind = "get_body" // a GET came with a body
	hintMisnamed  hintKind = "misnamed" // the address is in a field with another name
	hintInside    hintKind = "inside"   // the address is inside of an object or of a JSON text
	hintQuery     hintKind = "query"    // the address is in the query of a POST
	hintEscaped   hintKind = "escaped"  // a link in which & was escaped twice
	hintEquals    hintKind = "equals"   // the = between a name and its value was escaped
	hintTest      hintKind = "test"     // a test call
	hintNothing   hintKind = "nothing"  // nothing was sent
	hintRepeated  hintKind = "repeated" // the same data came shortly before, and no id says whether it is the same delivery
	hintSameID    hintKind = "same_id"  // the same delivery came shortly before
	hintDelivered hintKind = "other_id" // the same data came shortly before, as another delivery
)

// hintKinds lists every kind. Of a call without an address, the first that was found says what to do.
var hintKinds = []hintKind{hintUnfit, hintGetBody, hintEquals, hintEscaped, hintMisnamed, hintInside, hintQuery, hintTest, hintNothing, hintRepeated, hintSameID, hintDelivered}

// hint is one thing that a call shows.
type hint struct {
	kind hintKind
	path []string        // the name of the field, or the names on the way to it, as the sender wrote them
	body intake.BodyKind // of hintUnfit
	list bool            // of hintUnfit: the body is a JSON list
	call uuid.UUID       // of hintRepeated, hintSameID and hintDelivered: the earlier call
	ago  time.Duration   // and how long before
}

// hintsOf finds the hints of a call in its row and its body, in the order of hintKinds.
func hintsOf(r models.WebhookRequest, b intake.LogBody) (found []hint) {
	if looks, unfit := unfitBody(r, b); unfit {
		found = append(found, hint{kind: hintUnfit, body: looks, list: strings.HasPrefix(strings.TrimSpace(b.Payload), "[")})
	}
	lines := sentLines(r, b)
	if key := escapedKey(lines); key != "" && (r.Outcome != models.OutcomeNoAddress || strings.HasSuffix(strings.ToLower(key), ";"+models.EmailKey)) {
		found = append(found, hint{kind: hintEscaped, path: []string{key}})
	}
	if r.Outcome != models.OutcomeNoAddress || b.EmailKey != "" {
		return found
	}
	if r.Method == "GET" && hasBody(b) {
		found = append(found, hint{kind: hintGetBody})
	}
	forms := b.Encoding == intake.EncodingQuery || b.Encoding == intake.EncodingURLEncoded
	if forms && slices.ContainsFunc(lines, func(l sentLine) bool { return l.field && l.value == "" && strings.Contains(l.key, "=") }) {
		found = append(found, hint{kind: hintEquals})
	}
	if line := misnamedAddress(r, b); line.field {
		found = append(found, hint{kind: hintMisnamed, path: []string{line.key}})
	}
	if path := addressInside(lines); len(path) > 0 {
		found = append(found, hint{kind: hintInside, path: path})
	}
	if b.QueryKey != "" {
		found = append(found, hint{kind: hintQuery, path: []string{b.QueryKey}})
	}
	if looksLikeTest(lines) {
		found = append(found, hint{kind: hintTest})
	}
	if models.IsBlank(b.Payload) && (r.Size == 0 || b.Payload != "") {
		found = append(found, hint{kind: hintNothing})
	}
	slices.SortStableFunc(found, func(x, y hint) int { return slices.Index(hintKinds, x.kind) - slices.Index(hintKinds, y.kind) })
	return found
}

// unfitBody reports whether the body of a refused call is not what its Content-Type says, and what it looks like instead.
func unfitBody(r models.WebhookRequest, b intake.LogBody) (looks intake.BodyKind, unfit bool) {
	looks = intake.LooksLike(b.Payload)
	switch {
	case r.Outcome != models.OutcomeNoAddress && r.Outcome != models.OutcomeUnreadable, looks == intake.BodyEmpty, looks == intake.BodyUnknown:
		return looks, false
	case b.Unread == intake.KindCompression && headerOf(b, "Content-Encoding") != "": // what came inside is not known
		return looks, false
	case looks == intake.BodyGzip:
		return looks, b.Encoding != intake.EncodingQuery && headerOf(b, "Content-Encoding") == ""
	}
	switch b.Encoding {
	case intake.EncodingJSON:
		// The error says where a text is not JSON.
		return looks, looks != intake.BodyJSON && looks != intake.BodyText && !json.Valid([]byte(b.Payload))
	case intake.EncodingURLEncoded:
		return looks, looks != intake.BodyForm && (looks != intake.BodyText || !strings.Contains(b.Payload, "=") && !strings.Contains(strings.ToLower(b.Payload), "%3d"))
	case intake.EncodingMultipart: // the log keeps the parts as lines; other text only if there are none
		return looks, r.Outcome == models.OutcomeUnreadable && looks != intake.BodyText && looks != intake.BodyMultipart
	case "":
		return looks, r.Outcome == models.OutcomeUnreadable && looks != intake.BodyText
	}
	return looks, false
}

// escapedKey returns the first name that begins with the rest of an escaped &: "amp;first_name". The name of the address comes
// before all others.
func escapedKey(lines []sentLine) (key string) {
	for _, line := range lines {
		switch _, name := cutEscape(line.key); {
		case !line.field || name == "":
		case strings.EqualFold(name, models.EmailKey):
			return line.key
		case key == "":
			key = line.key
		}
	}
	return key
}

// cutEscape cuts the rest of an escaped & from a name; name is "" if it has none.
func cutEscape(key string) (escape, name string) {
	for _, escape := range []string{"amp;", "#38;", "#038;", "#x26;"} {
		if len(key) > len(escape) && strings.EqualFold(key[:len(escape)], escape) {
			return escape, key[len(escape):]
		}
	}
	return "", ""
}

// hasBody reports whether the headers of a call announce a body.
func hasBody(b intake.LogBody) bool {
	size, err := strconv.Atoi(headerOf(b, "Content-Length"))
	return err == nil && size > 0
}

func headerOf(b intake.LogBody, name string) string {
	for _, h := range b.Headers {
		if strings.EqualFold(h.Name, name) {
			return h.Value
		}
	}
	return ""
}

// misnamedAddress returns the field with the address under a wrong name, if the call failed for lack of an address: one that
// differs from email_address in characters that cannot be seen, else the first that holds an address.
func misnamedAddress(r models.WebhookRequest, b intake.LogBody) sentLine {
	if r.Outcome != models.OutcomeNoAddress || b.EmailKey != "" {
		return sentLine{}
	}
	read := models.ReadEmail
	if b.Encoding == intake.EncodingQuery || b.Encoding == intake.EncodingURLEncoded {
		read = models.ReadFormEmail
	}
	var found sentLine
	for _, line := range sentLines(r, b) {
		if _, name := cutEscape(line.key); !line.field || name != "" {
			continue
		}
		if models.LookLatin(models.TrimInvisible(line.key)) == models.EmailKey {
			return line
		}
		if _, err := read(line.value); err == nil && !found.field {
			found = line
		}
	}
	return found
}

// The most levels and members that are searched for an address.
const (
	maxSearchDepth   = 6
	maxSearchMembers = 2000
)

// addressInside returns the path to an address that is inside of an object, a list, or a text that holds JSON; nil if there is none.
func addressInside(lines []sentLine) (path []string) {
	left := maxSearchMembers
	for _, line := range lines {
		if text := strings.TrimSpace(line.value); line.field && (strings.HasPrefix(text, "{") || strings.HasPrefix(text, "[")) {
			if path := addressIn(json.RawMessage(text), []string{line.key}, &left); path != nil {
				return path
			}
		}
	}
	return nil
}

// addressIn searches a JSON value in the order in which it was written; it looks at no more than left members.
func addressIn(value json.RawMessage, at []string, left *int) []string {
	var text string
	if json.Unmarshal(value, &text) == nil {
		if _, err := models.ReadEmail(text); err == nil {
			return at
		}
		value = json.RawMessage(strings.TrimSpace(text))
	}
	dec := json.NewDecoder(strings.NewReader(string(value)))
	open, err := dec.Token()
	if err != nil || open != json.Delim('{') && open != json.Delim('[') || len(at) > maxSearchDepth {
		return nil
	}
	for n := 0; dec.More() && *left > 0; n++ {
		*left--
		name := "[" + strconv.Itoa(n) + "]"
		if open == json.Delim('{') {
			key, err := dec.Token()
			if name, _ = key.(string); err != nil {
				return nil
			}
		}
		var member json.RawMessage
		if dec.Decode(&member) != nil {
			return nil
		}
		if path := addressIn(member, append(slices.Clone(at), name), left); path != nil {
			return path
		}
	}
	return nil
}

// testWords are the values by which senders mark a test call, in fields such as type or event.
var testWords = []string{"ping", "test", "webhook.test", "webhook.ping", "test_webhook", "url_verification", "verification"}

// looksLikeTest reports whether the fields are those of a test call, with which senders try whether an address works.
func looksLikeTest(lines []sentLine) bool {
	fields := map[string]string{}
	for _, line := range lines {
		if line.field {
			fields[strings.ToLower(line.key)] = strings.ToLower(line.value)
		}
	}
	for _, name := range []string{"type", "event", "event_type", "action", "topic"} {
		if slices.Contains(testWords, fields[name]) {
			return true
		}
	}
	has := func(name string) bool { _, has := fields[name]; return has }
	switch {
	case has("zen") && has("hook_id"), has("challenge"), has("hub.challenge"), has("ping"), fields["test"] == "true", fields["test"] == "1":
		return true
	}
	return len(fields) == 1 && has("webhook_id")
}

// How long before a call, and among how many calls, the same data is looked for.
const (
	repeatSpan = 10 * time.Minute
	maxEarlier = 10
)

// repeated returns the hint that a call repeats one of earlier, which are newest first; false if it does not.
func repeated(r models.WebhookRequest, b intake.LogBody, earlier []models.WebhookRequest) (hint, bool) {
	for _, before := range earlier {
		body, err := intake.DecodeLogBody(before.Body)
		if err != nil || before.WebhookID != r.WebhookID || before.Size != r.Size || body.Payload != b.Payload || body.Encoding != b.Encoding || b.Payload == "" {
			continue
		}
		h := hint{kind: hintRepeated, call: before.ID, ago: models.IDTime(r.ID).Sub(models.IDTime(before.ID))}
		for _, name := range senders.DeliveryHeaders {
			switch now, then := headerOf(b, name), headerOf(body, name); {
			case now == "" || then == "":
			case now != then:
				h.kind = hintDelivered
			case h.kind == hintRepeated:
				h.kind = hintSameID
			}
		}
		return h, true
	}
	return hint{}, false
}
