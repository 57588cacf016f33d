package intake

import (
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"campaignlark/models"
	"campaignlark/senders"
)

// LoggedRequest returns the request of a call in the log, as far as the log keeps it. That of a multipart form cannot be made again:
// see ReadLogged.
func LoggedRequest(r models.WebhookRequest, b LogBody) Request {
	switch b.Encoding {
	case EncodingQuery:
		return Request{Method: "GET", Query: b.Payload}
	case EncodingURLEncoded:
		return Request{Method: "POST", ContentType: formType(r, b), Body: []byte(b.Payload)}
	case EncodingJSON:
		return Request{Method: "POST", ContentType: "application/json", Body: []byte(b.Payload)}
	}
	if r.Method == "GET" { // refused before its query was read
		return Request{Method: "GET", Query: b.Payload}
	}
	return Request{Method: "POST", ContentType: r.ContentType, Body: []byte(b.Payload)}
}

// SaysSize reports whether the payload only says how large the body was, because the log does not keep the body.
func (b LogBody) SaysSize() bool { return keptSize.MatchString(b.Payload) }

// formType returns the content type with which the logged text of a form must be decoded. In that text non-ASCII characters are
// already decoded, percent escapes are not.
func formType(r models.WebhookRequest, b LogBody) string {
	ascii := !strings.ContainsFunc(b.Payload, func(c rune) bool { return c >= utf8.RuneSelf })
	if ascii && !strings.Contains(strings.ToLower(r.ContentType), "utf-16") && strings.Contains(strings.ToLower(r.ContentType), "urlencoded") {
		return r.ContentType
	}
	return "application/x-www-form-urlencoded"
}

// ReadLogged reads a call of the log by the settings of a webhook, as Read does. Of a payload that was cut it reads what the log
// keeps; JSON that was cut cannot be read.
func ReadLogged(r models.WebhookRequest, b LogBody, settings senders.Settings) Submission {
	return readLogged(r, b, bySettings(settings, nil))
}

// LoggedDelivery returns the id that the sender gave the delivery of a call of the log, by the settings with which s was read from the call. It
// is "" if there is none, or if it stood in a header that the log does not keep.
func LoggedDelivery(s Submission, b LogBody, settings senders.Settings) string {
	header := func(names ...string) string {
		for _, name := range names {
			for _, h := range b.Headers {
				if strings.EqualFold(h.Name, name) {
					return strings.ToLower(name) + " " + h.Value
				}
			}
		}
		return ""
	}
	if m := settings.Mapping; m != nil && m.DeliveryID.Header != "" {
		if id := header(m.DeliveryID.Header); id != "" {
			return id
		}
	}
	if s.deliveryID != "" {
		return "place " + s.deliveryID
	}
	return header(senders.AnyDeliveryHeaders...)
}

// LoggedTree decodes the payload of a call of the log as a tree. The error is a *DecodeError.
func LoggedTree(r models.WebhookRequest, b LogBody) (tree *senders.Tree, err error) {
	s := readLogged(r, b, func(_ *Submission, t *senders.Tree) { tree = t })
	return tree, s.Err
}

func readLogged(r models.WebhookRequest, b LogBody, as treeReader) Submission {
	if b.Encoding != EncodingMultipart || b.Unread != "" {
		return LoggedRequest(r, b).read(as)
	}
	s := Submission{Encoding: b.Encoding, Payload: b.Payload, Truncated: b.Truncated}
	c := collector{as: as}
	for _, p := range loggedParts(b.Payload) {
		if p.File {
			c.addFile(p.Name, p.Text, p.Size)
		} else {
			c.add(p.Name, p.Text)
		}
	}
	c.into(&s)
	return s
}

var loggedFile = regexp.MustCompile(`^\(file "(.*)", ([0-9]+) bytes, not kept\)$`)

// loggedParts reads the lines that multipartReader writes for the parts of a body. A line that is no field continues the value before
// it.
func loggedParts(payload string) (parts []senders.Pair) {
	for line := range strings.Lines(payload) {
		line = strings.TrimSuffix(line, "\n")
		name, text, field := strings.Cut(line, " = ")
		file := loggedFile.FindStringSubmatch(text)
		switch last := len(parts) - 1; {
		case field && file != nil:
			size, _ := strconv.ParseInt(file[2], 10, 64)   // the program wrote it
			if name != "" && (file[1] != "" || size > 0) { // as readPart does
				parts = append(parts, senders.Pair{Name: name, Text: file[1], File: true, Size: size})
			}
		case field:
			parts = append(parts, senders.Pair{Name: name, Text: strings.TrimSuffix(text, "\r")})
		case last >= 0 && !parts[last].File && !strings.HasPrefix(line, "(a part without a name, "):
			parts[last].Text += "\n" + line
		}
	}
	return parts
}

// LoggedForm returns the fields of a multipart form in the log as a urlencoded body. The log has no files, and so the body has none.
func LoggedForm(payload string) string {
	var pairs []string
	for _, p := range loggedParts(payload) {
		if !p.File {
			pairs = append(pairs, url.QueryEscape(p.Name)+"="+url.QueryEscape(p.Text))
		}
	}
	return strings.Join(pairs, "&")
}
