package handlers

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"campaignlark/intake"
	"campaignlark/models"
	"campaignlark/senders"

	"gorm.io/gorm"
)

// explained is a call, and what its page says: what came, what is wrong with it, and what to change at the sender.
type explained struct {
	name        string
	hook        string // "" for a webhook of type SUBSCRIBED that is on
	method      string // "" for POST
	query       string
	contentType string // "-" for none, "" for JSON
	prefix      string // of the URL; "" for the endpoint's
	body        string
	headers     []string
	says        []string
	saysNot     []string
	masked      []string // what support staff read
}

const (
	asForm   = "application/x-www-form-urlencoded"
	asParts  = "multipart/form-data; boundary=b"
	partHead = "--b\r\nContent-Disposition: form-data; name=\""
)

func gzipOf(text string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, err := w.Write([]byte(text))
	if err = errors.Join(err, w.Close()); err != nil {
		panic(err)
	}
	return b.String()
}

var explainedCalls = []explained{
	// The address is missing.
	{name: "other name", method: "GET", query: "email=jo%40example.test&first_name=Jo", says: []string{"Refused: no e-mail address was sent", "Rename the sender's field email to email_address.",
		"An address was sent, but under another name: email = jo@example.test", "This one had the fields email, first_name."}},
	{name: "name with a blank", body: `{"email_address ":"jo@example.test"}`, says: []string{"Rename the sender's field email_address‹blank› to email_address.",
		"The field is named email_address followed by a blank.", "It came as: email_address‹blank› = jo@example.test"}},
	{name: "name with a byte-order mark", body: `{"\ufeffemail_address":"jo@example.test"}`, says: []string{"Rename the sender's field ‹byte-order mark›email_address to",
		"The field is named email_address preceded by a byte-order mark."}},
	{name: "a Cyrillic letter", body: `{"email_аddress":"jo@example.test"}`, says: []string{"Rename the sender's field email_аddress to email_address.", "The name only looks like email_address: the а is a Cyrillic letter."}},
	{name: "fullwidth letters", body: `{"ｅmail_address":"jo@example.test"}`, says: []string{"The name only looks like email_address: the ｅ is a fullwidth character."}},
	{name: "no field has an address", body: `{"first_name":"Jo"}`, says: []string{"Let the sender send the person's address in a field named email_address.", "This one had the field first_name."}},
	{name: "blank", body: `{"email_address":" "}`, says: []string{"Let the sender fill in email_address.", "The field was sent, but it was empty."}},
	{name: "null", body: `{"email_address":null}`, says: []string{"Let the sender fill in email_address.", "The field was sent, but it was empty."}},
	{name: "a file", contentType: asParts, body: partHead + "email_address\"; filename=\"blob\"\r\n\r\njo@example.test\r\n--b--\r\n",
		says: []string{"Let the sender send email_address as a text.", "It came as a file. Files are not read.", "it came as a file. Every call has to say"}},
	{name: "only a file", contentType: asParts, body: partHead + "photo\"; filename=\"a.txt\"\r\n\r\nAl\r\n--b--\r\n", says: []string{"This one had nothing but files, which are not read."}, saysNot: []string{"no fields at all"}},
	{name: "one level down", body: `{"event":"x","data":{"person":{"email":"jo@example.test"}}}`, says: []string{"Let the sender send email_address beside the other fields, not inside of one.",
		"It is at: data.person.email"}},
	{name: "in a list of objects", body: `{"people":[{"n":1},{"email_address":"jo@example.test"}]}`, says: []string{"It is at: people[1].email_address"}},
	{name: "inside of a text", contentType: asForm, body: "payload=" + `%7B%22email_address%22%3A%22jo%40example.test%22%7D`, says: []string{"It is at: payload.email_address"}},
	{name: "in the query of a POST", query: "email_address=jo%40example.test", body: `{"first_name":"Jo"}`, says: []string{"Let the sender send email_address in the body.",
		"Of a POST only the body is read.", "The field was: email_address"}},
	{name: "a GET with a body", method: "GET", body: `{"email_address":"jo@example.test"}`, says: []string{"Let the sender call with the method POST.", "The call was a GET with a body."}},
	{name: "a link escaped twice", method: "GET", query: "first_name=Jo&amp;email_address=jo%40example.test", says: []string{"Let the sender write a plain & between the fields.",
		"The link was escaped once too often:", "amp;email_address"}},
	{name: "a link escaped twice, and another name", method: "GET", query: "first_name=Jo&amp;mail=1&email=jo+x%40example.test", says: []string{"Rename the sender's field email to email_address."}},
	{name: "an escaped =", contentType: asForm, body: "email_address%3Djo%40example.test", says: []string{"Let the sender write a plain = between a field's name and its value.", "%3D stands where = belongs."}, saysNot: []string{"plain text"}},
	{name: "an escaped = in a link", method: "GET", query: "email_address%3djo%40example.test", says: []string{"Let the sender write a plain = between a field's name and its value."}},
	{name: "a test call", contentType: asForm, body: "webhook_id=17", says: []string{"Nothing, if the sender only tried whether the URL works.", "This looks like a test call."}},
	{name: "a ping", body: `{"type":"ping","id":"evt_1"}`, says: []string{"This looks like a test call."}},
	{name: "nothing", method: "GET", says: []string{"Nothing, if somebody only opened or tried the URL.", "This call sent nothing at all."}},
	// The body is not what its type says.
	{name: "JSON as a form", contentType: asForm, body: `{"email_address":"jo@example.test"}`, says: []string{"Let the sender send the Content-Type application/json.",
		"The body is JSON, but its Content-Type is application/x-www-form-urlencoded.", "a header that says how the body is written", "No field could be read in this one"}},
	{name: "a JSON list without a type", contentType: "-", body: `[{"email_address":"jo@example.test"}]`, saysNot: []string{"not what its Content-Type says"}, says: []string{"because it has no Content-Type that says how its body is written.", "The body is JSON, but it has no Content-Type.", "one JSON object for each contact, not a list"}},
	{name: "JSON as multipart", contentType: asParts, body: `{"email_address":"jo@example.test"}`, says: []string{"Refused: the body cannot be read", "Let the sender send the Content-Type application/json.",
		"The body is JSON, but its Content-Type is multipart/form-data; boundary=b.", "email_address"}},
	{name: "JSON as text", contentType: "text/plain", body: `{"email_address":"jo@example.test"}`, says: []string{"Let the sender send the Content-Type application/json.", "its Content-Type is text/plain"}},
	{name: "a form as JSON", body: "email_address=jo%40example.test", says: []string{"Let the sender send the Content-Type application/x-www-form-urlencoded.",
		"The body is a form (name=value), but its Content-Type is application/json."}},
	{name: "a form as multipart", contentType: asParts, body: "email_address=jo%40example.test", says: []string{"Let the sender send the Content-Type application/x-www-form-urlencoded.",
		"The body is a form (name=value), but its Content-Type is multipart/form-data"}},
	{name: "multipart as a form", contentType: asForm, body: partHead + "email_address\"\r\n\r\njo@example.test\r\n--b--\r\n", says: []string{"Let the sender's form library set the Content-Type.",
		"The body is a multipart form, but its Content-Type is application/x-www-form-urlencoded.", "multipart/form-data"}},
	{name: "multipart as JSON", body: partHead + "email_address\"\r\n\r\njo@example.test\r\n--b--\r\n", says: []string{"Let the sender's form library set the Content-Type.", "The body is a multipart form"}},
	{name: "XML as a form", contentType: asForm, body: "<person><email>jo@example.test</email></person>", says: []string{"Let the sender send JSON or a form.", "The body is XML, which webhooks do not read."}},
	{name: "XML", contentType: "application/xml", body: "<?xml version='1.0'?><person/>", says: []string{"Let the sender send JSON or a form.", "The body is XML, which webhooks do not read."}},
	{name: "plain text as a form", contentType: asForm, body: "jo@example.test", says: []string{"Let the sender send JSON or a form.", "The body is plain text, which webhooks do not read."}},
	{name: "plain text as JSON", body: "jo@example.test", says: []string{"The body is not valid JSON: line 1, character 1 should be a JSON object"}, saysNot: []string{"Let the sender send JSON or a form."}},
	{name: "gzip as a form", contentType: asForm, body: gzipOf("email_address=jo@example.test"), says: []string{"Let the sender add the header Content-Encoding: gzip", "The body is compressed with gzip, but no header says so."}},
	{name: "gzip as JSON", body: gzipOf(`{"email_address":"jo@example.test"}`), says: []string{"Let the sender add the header Content-Encoding: gzip"}},
	// The body cannot be read.
	{name: "broken JSON", body: `{"email_address":"jo@example.test`, says: []string{"Change how the sender writes the body.", "The body is not valid JSON: line 1, character 34 should be a closing quote, but the body ends there.", "pass this on to the people who run the sender"}},
	{name: "JSON twice", body: `"{\"email_address\":\"jo@example.test\"}"`, says: []string{"JSON was encoded twice. Please send the object itself."}},
	{name: "null as JSON", body: `null`, says: []string{"The body is the JSON value null."}},
	{name: "a number as JSON", body: `17`, says: []string{"The body is only a number. Please send a JSON object"}},
	{name: "broken multipart", contentType: asParts, body: partHead + "email_address\"\r\n\r\njo@example.test", says: []string{"The multipart body cannot be read to its end"}},
	{name: "unknown compression", headers: []string{"Content-Encoding", "br"}, body: "x", says: []string{`The Content-Encoding "br" is not accepted.`}},
	{name: "JSON that is not compressed", headers: []string{"Content-Encoding", "gzip"}, body: `{"email_address":"jo@example.test"}`, says: []string{"Change how the sender writes the body.",
		"The Content-Encoding says gzip, but the body is not gzip data. Please compress it, or leave that header out."}, saysNot: []string{"Let the sender send the Content-Type"}},
	{name: "a form that is not compressed", contentType: asForm, headers: []string{"Content-Encoding", "gzip"}, body: "email_address=jo%40example.test", says: []string{"The Content-Encoding says gzip, but the body is not gzip data."},
		saysNot: []string{"Let the sender send the Content-Type"}},
	{name: "gzip cut off", headers: []string{"Content-Encoding", "gzip"}, body: gzipOf(`{"email_address":"jo@example.test"}`)[:20], says: []string{"The gzip data of the body is damaged: it is cut off,"},
		saysNot: []string{"Let the sender send", "Let the sender add the header"}},
	{name: "gzip cut off after some text", headers: []string{"Content-Encoding", "gzip"}, body: gzipOf(`{"email_address":"jo@example.test"}`)[:40], says: []string{"The gzip data of the body is damaged: it is cut off,"},
		saysNot: []string{"Let the sender send the Content-Type"}},
	{name: "unknown charset", contentType: "application/json; charset=klingon", body: "{\"email_address\":\"\xff\"}", says: []string{`The charset "klingon" is not known. Please send the text in UTF-8.`}},
	{name: "UTF-8 that says it is UTF-16", contentType: "application/json; charset=utf-16", body: `{"email_address":"jo@example.test"}`, says: []string{`The charset says "utf-16", but the body is not written in it. Please name the charset of the body, such as UTF-8.`},
		saysNot: []string{"plain text", "Let the sender send"}},
	{name: "a form that says it is UTF-16", contentType: asForm + "; charset=utf-16le", body: "email_address=jo%40example.test", says: []string{`The charset says "utf-16le", but the body is not written in it.`}},
	{name: "JSON with a comment", body: "// c\n{\"email_address\":\"jo@example.test\"}", says: []string{"line 1, character 1 should be a JSON object", "but it is a comment, which JSON does not have."}, saysNot: []string{"plain text"}},
	{name: "NaN", body: "NaN", says: []string{"but it is NaN, which JSON does not have."}, saysNot: []string{"plain text"}},
	{name: "unknown type", contentType: "text/csv", body: "jo@example.test;Jo", says: []string{`The content type "text/csv" is not accepted. Please send application/json`}},
	{name: "too large", body: strings.Repeat("a", intake.MaxBody+1), says: []string{"Refused: the body is too large", "Let the sender send less than 1 MB.", "(not kept)"}},
	// The address is not valid.
	{name: "not an address", body: `{"email_address":"jo@@example.test"}`, says: []string{"Refused: the address is not valid", "Let the sender check the address before it sends it.", "What came is not one: jo@@example.test"}},
	{name: "a list", body: `{"email_address":["jo@example.test","al@example.test"]}`, says: []string{"Let the sender send one e-mail address as a text.", "A list was sent; one text is needed.", "What came is not a text"}, saysNot: []string{"al@example.test is not"}},
	{name: "an object", body: `{"email_address":{"value":"jo@example.test"}}`, says: []string{"An object, or a list of objects, was sent; one text is needed.", "What came is not a text"}, saysNot: []string{"(nested data)"}},
	{name: "an empty list", body: `{"email_address":[]}`, says: []string{"A list was sent; one text is needed.", "What came is not a text, so it is not an e-mail address."}},
	{name: "a list of null", body: `{"email_address":[null]}`, says: []string{"A list was sent; one text is needed.", "What came is not a text, so it is not an e-mail address."}},
	{name: "a number", body: `{"email_address":17}`, says: []string{"Let the sender send the e-mail address as a text.", "A number, or true or false, was sent: 17"}},
	{name: "a placeholder", body: `{"email_address":"{{ contact.email }}"}`, says: []string{"Let the sender fill in the address.", "It sent a placeholder, or what programs write for a missing value: {{ contact.email }}"}},
	{name: "a zero-width space", body: `{"email_address":"jo@example.test\u200b"}`, says: []string{"Let the sender remove what cannot be seen.", "The address came followed by a zero-width space, which cannot be seen: jo@example.test‹zero-width space›"},
		masked: []string{"The address came followed by a zero-width space, which cannot be seen: •••••"}},
	{name: "a blank inside", body: `{"email_address":"jo\u00a0@example.test"}`, says: []string{"The address came with a no-break space inside, which cannot be seen:"}},
	{name: "escaped twice", contentType: asForm, body: "email_address=jo%2540example.test", says: []string{"Let the sender escape the address only once.", "jo%40example.test"}},
	{name: "several", body: `{"email_address":"jo@example.test, al@example.test"}`, says: []string{"Let the sender send one address in each call.", "Several addresses came in one text:"}},
	{name: "with a name", body: `{"email_address":"Jo <jo@example.test>"}`, says: []string{"Let the sender send the address alone.", "Jo <jo@example.test>"}},
	{name: "no @", body: `{"email_address":"Jo"}`, says: []string{"Let the sender send the e-mail address in this field.", "What came has no @: Jo"}},
	{name: "bytes", body: "{\"email_address\":\"jo\xe9@example.test\"}", says: []string{"Let the sender send the text in UTF-8.", "jo\ufffd@example.test"}},
	{name: "NUL", body: `{"email_address":"jo@example\u0000.test"}`, says: []string{"Let the sender leave out the NUL character.", "jo@example\u2400.test"}, saysNot: []string{"UTF-8."}},
	{name: "NUL, of a form", contentType: asForm, body: "email_address=jo%40example.test%00", says: []string{"Let the sender leave out the NUL character."}},
	// Several addresses came under one name.
	{name: "two, of a form", contentType: asForm, body: "email_address=jo%40example.test&email_address=al%40example.test", says: []string{"Two addresses were sent.", "The last address counts; the other one was not used.",
		"Not used: jo@example.test", "al@example.test is a valid address, kept as al@example.test", "1 other address of this call did not"}, saysNot: []string{"jo@example.test, al@example.test"}},
	{name: "two, in brackets", contentType: asForm, body: "email_address[]=jo%40example.test&email_address[]=al%40example.test", says: []string{"Two addresses were sent.", "Not used: jo@example.test"}},
	{name: "two, of a multipart form", contentType: asParts, body: partHead + "email_address\"\r\n\r\njo@example.test\r\n" + partHead + "email_address\"\r\n\r\nal@example.test\r\n--b--\r\n", says: []string{"Two addresses were sent."}},
	{name: "two, of JSON", body: `{"email_address":"jo@example.test","email_address":"al@example.test"}`, says: []string{"Two addresses were sent.", "Not used: jo@example.test"}},
	{name: "three", method: "GET", query: "email_address=jo%40example.test&email_address=x%40example.test&email_address=al%40example.test", says: []string{"More than one address was sent.", "the others were not used.", "2 other addresses"}},
	{name: "the last is wrong", contentType: asForm, body: "email_address=jo%40example.test&email_address=al", says: []string{"What came has no @: al", "Two addresses were sent."}},
	{name: "the last is empty", contentType: asForm, body: "email_address=jo%40example.test&email_address=", says: []string{"The field was sent, but it was empty.", "Not used: jo@example.test"}},
	{name: "twice the same", contentType: asForm, body: "email_address=al%40example.test&email_address=AL%40example.test", says: []string{"kept as al@example.test"}, saysNot: []string{"addresses were sent", "Not used"}},
	// The other refusals.
	{name: "no such contact", hook: "leave", body: `{"email_address":"nobody@example.test"}`, says: []string{"Refused: no such contact", "Search Contacts for another e-mail address of the person.", "addresses are compared as a whole"}},
	{name: "off", hook: "off", body: `{}`, says: []string{"Refused: the webhook is off", "Switch the webhook on again"}},
	{name: "deleted", hook: "gone", body: `{}`, says: []string{"Refused: the webhook is deleted", "Give the sender the address of another webhook, or stop it."}},
	{name: "old address", hook: "moved", body: `{}`, says: []string{"Refused: the webhook's address was changed", "Give the sender the webhook's new address.", "It was changed on"}},
	{name: "prefetch", method: "GET", query: "email_address=jo%40example.test", headers: []string{"Sec-Purpose", "prefetch"}, says: []string{"Refused: a browser only looked ahead", "Nothing needs to be done.", "before anybody clicked"}},
	{name: "two types", body: `{"email_address":"jo@example.test"}`, headers: []string{"Content-Type", asForm}, says: []string{"Refused: the request was damaged", "Content-Type"}},
	{name: "another URL", prefix: "/V1/inbound-webhooks/", body: `{"email_address":"jo@example.test"}`, says: []string{"Refused: the URL is not exactly the webhook’s", "Copy the webhook’s URL and give it to the sender again."}},
	// The fates of fields, and what to look at in a call that was processed.
	{name: "new", body: `{"email_address":"jo@example.test","first_name":"Jo","birthday":"31/12/1990","shoe ":42,"tier":null,"colors":["red","blue"]}`,
		says: []string{"jo@example.test is a new contact", "Birthday was not stored.", "It was sent as 31/12/1990", "shoe‹blank› was ignored.", "Default used", "Stored", "(a number)", "(a list)", "(null, as if not sent)"}},
	{name: "the same again", body: `{"email_address":"jo@example.test","first_name":"Jo","birthday":"31/12/1990","shoe ":42,"tier":null,"colors":["red","blue"]}`,
		says: []string{"The same call came", "earlier.", "Open that call", "The sender gave the two calls no id that could be compared.", "Senders send a call again if its answer came late.", "Unchanged"}},
	{name: "a delivery with an id", headers: []string{"Svix-Id", "msg_1"}, body: `{"email_address":"jo@example.test","first_name":"Jo","birthday":"31/12/1990","shoe ":42,"tier":null,"colors":["red","blue"]}`, says: []string{"no id that could be compared"}},
	{name: "the same delivery", headers: []string{"Svix-Id", "msg_1"}, body: `{"email_address":"jo@example.test","first_name":"Jo","birthday":"31/12/1990","shoe ":42,"tier":null,"colors":["red","blue"]}`, says: []string{"The sender gave both calls the same id, so it sent one delivery again."}},
	{name: "another delivery", headers: []string{"Svix-Id", "msg_2"}, body: `{"email_address":"jo@example.test","first_name":"Jo","birthday":"31/12/1990","shoe ":42,"tier":null,"colors":["red","blue"]}`,
		says: []string{"earlier, as another delivery.", "The sender gave the two calls different ids.", "Check whether it has this webhook twice."}},
	{name: "an unknown sender", hook: "signed", body: `{"email_address":"jo@example.test"}`, says: []string{"Refused: from another address", "What was sent is hidden.", "The call came from an address that is not on this webhook's list."},
		saysNot: []string{"jo@example.test"}},
	{name: "left as it was", body: `{"email_address":"jo@example.test","first_name":"","Tier":{"a":1}}`, says: []string{"Left as it was", "a blank never erases what is stored", "(an object)", "Nested data cannot be kept in a text field. Let the sender send its parts as separate fields, or choose the part to keep."}},
	{name: "a placeholder in a field", body: `{"email_address":"al@example.test","first_name":"{{first_name}}","birthday":"*|BIRTHDAY|*","tier":"undefined"}`,
		says: []string{"First name needs a look.", "It looks as if the sender did not fill it in", "Check what the sender puts into this field. It was stored as it came: {{first_name}}", "Birthday was not stored.", "Tier needs a look."}},
	{name: "a byte that is no text", body: "{\"email_address\":\"al@example.test\",\"first_name\":\"Zo\xeb\"}", says: []string{"First name needs a look.", "A character of it could not be read, and is lost; \ufffd stands in its place.", "It was stored as it came: Zo\ufffd"}},
	{name: "the same byte, of a form", contentType: asForm, body: "email_address=al%40example.test&tier=Zo%EB", says: []string{"Tier needs a look.", "Let the sender write the text in UTF-8."}},
	{name: "UTF-8 that says it is another charset", contentType: "application/json; charset=iso-8859-1", body: `{"email_address":"al@example.test","first_name":"Zoë","birthday":"3 März"}`, says: []string{"First name needs a look.",
		"It looks like letters with accents that were read in a wrong encoding.", "It was stored as it came: ZoÃ«", "Birthday was not stored."}},
	{name: "UTF-8 in a list of one", body: `{"email_address":"al@example.test","first_name":["ZoÃ«"]}`, says: []string{"First name needs a look."}},
	{name: "letters with accents", body: `{"email_address":"al@example.test","first_name":"Zoë"}`, saysNot: []string{"needs a look", "encoding"}},
	{name: "a Cyrillic letter in a merge tag's name", body: `{"email_address":"al@example.test","first_nаme":"Al"}`, says: []string{"first_nаme was ignored.", "The name only looks like first_name: the а is a Cyrillic letter.", "Let the sender rename it to first_name, or let the webhook read it under this name."}},
	{name: "the trap field", hook: "trap", body: `{"email_address":"al@example.test","website":"","shoe":1}`, says: []string{"Read, not kept", "This is the field that only robots fill in. It was empty.", "shoe was ignored."}, saysNot: []string{"website was ignored"}},
	{name: "two fields", body: `{"email_address":"two@example.test","first_name":"Jo"}`, says: []string{"Both fields, before and after"}},
	{name: "a blank in a merge tag's name", body: `{"email_address":"al@example.test","first_name\u00a0":"Al"}`, says: []string{"first_name‹no-break space› was ignored.", "The field is named first_name followed by a no-break space.", "Let the sender rename it to first_name, or let the webhook read it under this name."}},
	{name: "the name of an export's column", body: `{"email_address":"al@example.test","Status":"gold"}`, says: []string{"Status was ignored.", "because every export has a column of this name. Let the sender name the field customer_status."},
		saysNot: []string{"Create merge tag"}},
	{name: "escaped twice in a field", method: "GET", query: "email_address=al%40example.test&amp;first_name=Al&amp;shoe=1", says: []string{"Let the sender write a plain & between the fields.", "amp;first_name"}},
	{name: "a file in a field", contentType: asParts, body: partHead + "email_address\"\r\n\r\nal@example.test\r\n" + partHead + "first_name\"; filename=\"a.txt\"\r\n\r\nAl\r\n--b--\r\n",
		says: []string{"First name was not stored.", "It came as a file. Send it as a text.", "(a file)"}},
}

// TestEveryRefusalAndFateIsExplained calls webhooks in every way that ends in a refusal, and with fields of every fate, and reads the
// call's page. It fails if an outcome, a fate, a hint or a fault of an address has no call here.
func TestEveryRefusalAndFateIsExplained(t *testing.T) {
	eachEndpoint(t, func(t *testing.T, s *site) {
		hooks := s.explainedHooks()
		noor := s.as(s.signIn(s.addStaff("noor@support.example")))
		seen := map[string]bool{}
		for _, c := range explainedCalls {
			id := c.call(s, hooks[c.hook])
			page := s.get("/w/books/requests/" + id)
			page.want(t, 200, c.says...)
			page.wantNot(t, c.saysNot...)
			row, body := s.loggedCall(id)
			c.note(seen, row, body)
			if row.Failed() {
				page.want(t, 200, "Nothing was changed.", "What to do")
			}
			masked := noor.get("/support/requests/" + id)
			masked.want(t, 200, append([]string{"Received"}, c.masked...)...)
			masked.wantNot(t, "jo@example.test", "al@example.test", "contact.email", "BIRTHDAY", "31/12/1990")
			if t.Failed() {
				t.Fatalf("the page of %q is wrong", c.name)
			}
		}
		for _, what := range everythingExplained(t) {
			if !seen[what] {
				t.Errorf("no call here shows what a page says of %s: add one to explainedCalls", what)
			}
		}
	})
}

// explainedHooks returns the webhooks of explainedCalls by name, and adds the merge tags.
func (s *site) explainedHooks() map[string]models.Webhook {
	s.addLogMergeTag("first_name", "First name", models.MergeTagText, "")
	s.addLogMergeTag("birthday", "Birthday", models.MergeTagDate, "")
	s.addLogMergeTag("tier", "Tier", models.MergeTagText, "Basic")
	hooks := map[string]models.Webhook{"leave": s.addWebhook(models.TypeUnsubscribed)}
	for _, name := range []string{"", "off", "gone", "moved", "signed", "trap"} {
		hooks[name] = s.addWebhook(models.TypeSubscribed)
	}
	for name, column := range map[string]string{"off": "enabled", "gone": "deleted_at", "moved": "hash"} {
		value := map[string]any{"off": false, "gone": s.server.now(), "moved": models.NewHash()}[name]
		s.write(func(tx *gorm.DB) error {
			return tx.Model(&models.Webhook{}).Where("workspace_id = ? AND id = ?", s.workspace.ID, hooks[name].ID).Update(column, value).Error
		})
	}
	s.configure(hooks["signed"], senders.Settings{Signature: &senders.SignatureSettings{Mode: senders.SignatureEnforce,
		Scheme: senders.Scheme{Form: senders.FormAddresses, Networks: []netip.Prefix{netip.MustParsePrefix("203.0.113.7/32")}}}}, "")
	s.configure(hooks["trap"], senders.Settings{Answers: &senders.Answers{TrapField: "website"}}, "")
	s.write(func(tx *gorm.DB) error {
		return tx.Model(&models.WebhookHash{}).Where("hash = ?", hooks["moved"].Hash).Update("retired_at", s.server.now()).Error
	})
	return hooks
}

// call sends the call and returns its id.
func (c explained) call(s *site, hook models.Webhook) string {
	s.t.Helper()
	prefix, method, headers := c.prefix, c.method, http.Header{}
	if prefix == "" {
		prefix = inboundPrefix
	}
	if method == "" {
		method = "POST"
	}
	if c.contentType != "-" {
		headers.Set("Content-Type", c.declared())
	}
	for i := 0; i < len(c.headers); i += 2 {
		headers.Add(c.headers[i], c.headers[i+1])
	}
	path := prefix + hook.Hash
	if c.query != "" {
		path += "?" + c.query
	}
	return s.as("").do(method, path, strings.NewReader(c.body), headers).requestID()
}

func (c explained) declared() string {
	switch c.contentType {
	case "":
		return "application/json"
	case "-":
		return ""
	}
	return c.contentType
}

// loggedCall returns a call's row of the log.
func (s *site) loggedCall(id string) (models.WebhookRequest, intake.LogBody) {
	s.t.Helper()
	var row models.WebhookRequest
	err := s.db.Read(s.t.Context()).Where("id = ?", id).Take(&row).Error
	body, decodeErr := intake.DecodeLogBody(row.Body)
	if err = errors.Join(err, decodeErr); err != nil {
		s.t.Fatal(err)
	}
	return row, body
}

// note adds what the call shows to seen.
func (c explained) note(seen map[string]bool, row models.WebhookRequest, body intake.LogBody) {
	seen["the outcome "+string(row.Outcome)] = true
	var wrong *intake.DecodeError
	encoding := ""
	if len(c.headers) > 0 && c.headers[0] == "Content-Encoding" {
		encoding = c.headers[1]
	}
	if errors.As(intake.Decode(intake.Request{Method: "POST", ContentType: c.declared(), ContentEncoding: encoding, Body: []byte(c.body)}).Err, &wrong) {
		seen["a body that cannot be read: "+string(wrong.Kind)] = true
	}
	for _, h := range hintsOf(row, body) {
		seen["the hint "+string(h.kind)] = true
		if h.kind == hintUnfit {
			seen["a body that does not fit: "+string(h.body)] = true
		}
	}
	for _, kind := range []hintKind{hintRepeated, hintSameID, hintDelivered} { // which depend on the calls before
		seen["the hint "+string(kind)] = seen["the hint "+string(kind)] || c.name == map[hintKind]string{hintRepeated: "the same again", hintSameID: "the same delivery", hintDelivered: "another delivery"}[kind]
	}
	if row.Outcome == models.OutcomeBadAddress {
		seen["the address "+string(addressFaultOf(body))] = true
	}
	for _, f := range body.Fields {
		seen["the fate "+string(f.Fate)] = true
		seen["the shape "+f.Shape] = true
	}
}

// everythingExplained names what must have a call in explainedCalls.
func everythingExplained(t *testing.T) (all []string) {
	t.Helper()
	for _, o := range models.Outcomes {
		if o.Failed() && o != models.OutcomeNotCommitted { // which TestStoryWithoutALoggedBody shows
			all = append(all, "the outcome "+string(o))
		}
	}
	for _, k := range intake.DecodeKinds {
		all = append(all, "a body that cannot be read: "+string(k))
	}
	for _, k := range intake.BodyKinds {
		if k != intake.BodyEmpty && k != intake.BodyUnknown {
			all = append(all, "a body that does not fit: "+string(k))
		}
	}
	for _, f := range intake.Fates {
		all = append(all, "the fate "+string(f))
	}
	for shape := range shapeWords {
		if shape != intake.ShapeBoolean {
			all = append(all, "the shape "+shape)
		}
	}
	for fault := range addressFaults {
		all = append(all, "the address "+string(fault))
	}
	for _, k := range hintKinds {
		all = append(all, "the hint "+string(k))
	}
	source, err := os.ReadFile("request_hints.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, constant := range regexp.MustCompile(`hintKind += "(\w+)"`).FindAllStringSubmatch(string(source), -1) {
		if !slices.Contains(hintKinds, hintKind(constant[1])) {
			t.Errorf("the hint %q is not in hintKinds", constant[1])
		}
	}
	if source, err = os.ReadFile("request_address.go"); err != nil {
		t.Fatal(err)
	}
	for _, constant := range regexp.MustCompile(`addressFault += "(\w*)"`).FindAllStringSubmatch(string(source), -1) {
		if _, known := addressFaults[addressFault(constant[1])]; !known {
			t.Errorf("the fault %q has no words in addressFaults", constant[1])
		}
	}
	return all
}

// Copy gives the sender's own text: the names of characters that cannot be seen belong to what is shown.
func TestCopyGivesTheSendersText(t *testing.T) {
	eachEndpoint(t, func(t *testing.T, s *site) {
		w := s.addWebhook(models.TypeSubscribed)
		call := s.callJSON(w, "{\r\n\"email_address\": \"jo@example.test\u200b\"\r\n}")
		raw := s.get("/w/books/requests/" + call.requestID() + "?show=raw")
		raw.want(t, 200, `"email_address": "jo@example.test‹zero-width space›"`)
		raw.wantNot(t, `\u000d`, "carriage return")
		for show, want := range map[string]string{
			"raw":    `{\r\n\"email_address\": \"jo@example.test\u200b\"\r\n}`,
			"pretty": `{\n  \"email_address\": \"jo@example.test\u200b\"\n}\n`,
		} {
			page := s.get("/w/books/requests/" + call.requestID() + "?show=" + show)
			if attribute := fmt.Sprintf(`data-copy-text="&#34;%s&#34;"`, strings.ReplaceAll(want, `"`, `&#34;`)); !strings.Contains(page.body, attribute) {
				t.Errorf("%s: the button has not the text %s", show, attribute)
			}
		}
		noor := s.as(s.signIn(s.addStaff("noor@support.example")))
		noor.get("/support/requests/"+call.requestID()+"?show=raw").wantNot(t, "jo@example.test", "200b")
	})
}
