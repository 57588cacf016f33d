package handlers

import (
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"unicode"

	"campaignlark/intake"
	"campaignlark/models"
)

// Support staff see what happened to a call, but not the person's data. Before a page is rendered, its data is copied field by
// field: a field that is not named here is never shown. Masked are addresses, values, the client's address and program, header
// values, and sentences that may quote the call. Field names stay if they look like names. privacy_test.go classifies every
// field.

// The masks. If a call changed a value, the mask of the old one is shorter, so that the page still shows the change.
const (
	mask        = "•••••"
	maskBefore  = "•••"
	maskAddress = mask + "@" + mask
)

// mask removes personal data from the story.
func (t *story) mask() {
	names := namesOf(t.mergeTags)
	body := t.body
	t.body = maskedBody(t.row, body, names)
	t.row = masked(t.row)
	t.places, t.unaskedNames = nil, nil // in words of the sender
	if t.tree != nil {
		maskTree(t.tree.nodes, names)
	}
	if t.misnamed.field {
		t.misnamed = sentLine{key: names.inPayload(body, t.misnamed.key, mask), value: mask, field: true}
	}
	for i, h := range t.hints {
		t.hints[i] = h.masked(body, names)
	}
}

// masked removes personal data from a row of the log, except from its body: see maskedBody.
func masked(r models.WebhookRequest) models.WebhookRequest {
	return models.WebhookRequest{
		WorkspaceID: r.WorkspaceID, ID: r.ID, WebhookID: r.WebhookID, ContactID: r.ContactID, ContactVersion: r.ContactVersion, AddressKey: r.AddressKey,
		Method: r.Method, ContentType: mediaType(r.ContentType), Outcome: r.Outcome, Status: r.Status, DurationUs: r.DurationUs, Size: r.Size, Event: r.Event, ReplayOf: r.ReplayOf, Body: r.Body,
		Address: maskIf(r.Address, maskAddress), ClientAddress: maskIf(r.ClientAddress, mask), UserAgent: maskIf(r.UserAgent, mask),
	}
}

// maskIf returns the mask, or nil if there is no text.
func maskIf(text *string, mask string) *string {
	if text == nil {
		return nil
	}
	return &mask
}

// mediaType returns the media type of a Content-Type, masked if it does not look like one.
func mediaType(contentType string) string {
	group, name, _ := strings.Cut(models.MediaType(contentType), "/")
	switch {
	case contentType == "":
		return ""
	case slices.Contains([]string{"application", "text", "multipart"}, group) && isToken(name):
		return group + "/" + name
	}
	return mask
}

// fieldNames are the keys of the workspace's merge tags, which may always be shown.
type fieldNames map[string]bool

func namesOf(mergeTags map[string]models.MergeTag) fieldNames {
	known := fieldNames{models.EmailKey: true}
	for key, m := range mergeTags {
		known[key], known[models.Fold(m.Label)] = true, true
	}
	return known
}

// shown returns the name of a field that came with value. A name that does not look like one, or has no value, may be a misplaced
// value and is masked.
func (known fieldNames) shown(key, value string) string {
	if key == "" || known[models.Fold(intake.ListKey(models.TrimInvisible(key)))] {
		return key
	}
	odd := func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("_-.[]…", r)
	}
	if value == "" || len(key) > 50 || strings.ContainsFunc(key, odd) || strings.ContainsFunc(key[:1], unicode.IsDigit) {
		return mask
	}
	return key
}

// inPayload is shown for a name read from the payload. In the stored text of a multipart form, a line that looks like a field may
// be part of a value, so only known fields are shown.
func (known fieldNames) inPayload(b intake.LogBody, key, value string) string {
	field := func(f intake.FieldFate) bool { return f.Key == key }
	if b.Encoding == intake.EncodingMultipart && !known[models.Fold(key)] && !slices.ContainsFunc(b.Fields, field) {
		return mask
	}
	return known.shown(key, value)
}

// maskedBody returns the logged body without personal data.
func maskedBody(r models.WebhookRequest, b intake.LogBody, names fieldNames) intake.LogBody {
	out := intake.LogBody{
		Payload: maskedPayload(sentLines(r, b), b, names), Truncated: b.Truncated, Encoding: b.Encoding, Unread: b.Unread, WebhookType: b.WebhookType,
		EmailKey: b.EmailKey, EmailShape: b.EmailShape, EmailPlus: b.EmailPlus, QueryKey: names.shown(b.QueryKey, mask), EmailAt: b.EmailAt, MoreNames: b.MoreNames, TagsAdded: b.TagsAdded, Event: b.Event, NoEvent: b.NoEvent,
		Message: b.Message, Shortened: b.Shortened, WaitedUs: b.WaitedUs, GroupSize: b.GroupSize, TriedBy: b.TriedBy,
		Verdict: b.Verdict, RepeatOf: b.RepeatOf, LeftAt: b.LeftAt,
	}
	for _, h := range b.Headers {
		out.Headers = append(out.Headers, intake.Header{Name: h.Name, Value: mask})
	}
	if b.EmailSent != "" {
		out.EmailSent = mask
	}
	if b.Page != "" { // a form can have asked for it
		out.Page = mask
	}
	for range b.EmailUnused {
		out.EmailUnused = append(out.EmailUnused, mask)
	}
	if r.Outcome == models.OutcomeUnreadable {
		out.Message = "(Masked: the sentence that the sender got may quote what was sent.)"
	}
	for _, f := range b.Fields {
		fate := maskedFate(f, names)
		if b.Mapped != nil && f.MergeTag != "" {
			fate.Key = f.Key // a path of the mapping
		}
		out.Fields = append(out.Fields, fate)
	}
	out.Before, out.After = maskedContacts(b.Before, b.After)
	out.Mapped = maskedMapped(b.Mapped)
	return out
}

// maskedMapped returns what a mapping made of a call, with its paths and without the values of the call. A member managed the paths
// and the values that may stand there.
func maskedMapped(m *intake.Mapped) *intake.Mapped {
	if m == nil {
		return nil
	}
	out := &intake.Mapped{Sender: m.Sender, TooLarge: m.TooLarge}
	if m.DeliveryID != "" {
		out.DeliveryID = mask
	}
	for _, c := range m.Conditions {
		test := intake.MappedTest{Path: c.Path, Or: c.Or, In: c.In, Met: c.Met}
		for range c.Stood {
			test.Stood = append(test.Stood, mask)
		}
		out.Conditions = append(out.Conditions, test)
	}
	for _, miss := range m.Missed {
		masked := intake.MappedMiss{Key: miss.Key, Path: miss.Path}
		for range miss.Nearest { // names of the call, and texts that choose an item
			masked.Nearest = append(masked.Nearest, mask)
		}
		out.Missed = append(out.Missed, masked)
	}
	return out
}

// maskedFate returns a field's fate without its value.
func maskedFate(f intake.FieldFate, names fieldNames) intake.FieldFate {
	out := intake.FieldFate{Fate: f.Fate, Key: names.shown(f.Key, f.Sent), MergeTagID: f.MergeTagID, MergeTag: f.MergeTag, Label: f.Label, Sent: f.Sent, Shape: f.Shape, Reason: f.Reason}
	out.Before, out.After = maskedChange(f.Before, f.After)
	if f.Sent != "" && f.Sent != nested {
		out.Sent = mask
	}
	if f.Fate == intake.FateRefused && f.Shape != intake.ShapeFile && f.Shape != intake.ShapeObject { // other reasons may quote the value
		out.Reason = "It is not a value that this field can keep."
		if strings.Contains(f.Reason, models.NotAChoice) {
			out.Reason = "It is " + models.NotAChoice + "."
		}
	}
	return out
}

// maskedChange masks a value before and after.
func maskedChange(before, after string) (string, string) {
	short := before != after
	if before != "" && short {
		before = maskBefore
	} else if before != "" {
		before = mask
	}
	if after != "" {
		after = mask
	}
	return before, after
}

// maskedContacts masks a contact's address and values before and after.
func maskedContacts(before, after *intake.LogContact) (*intake.LogContact, *intake.LogContact) {
	masked := func(c *intake.LogContact) *intake.LogContact {
		if c == nil {
			return nil
		}
		out := intake.LogContact{Email: maskAddress, Status: c.Status, Fields: map[string]string{}, Tags: c.Tags, Version: c.Version}
		for key := range c.Fields {
			out.Fields[key] = mask
		}
		return &out
	}
	b, a := masked(before), masked(after)
	if b != nil && a != nil {
		for key, value := range before.Fields {
			b.Fields[key], _ = maskedChange(value, after.Fields[key])
		}
	}
	return b, a
}

// maskedPayload writes a payload from its lines, with the names of its fields and a mask for each value.
func maskedPayload(lines []sentLine, b intake.LogBody, names fieldNames) string {
	if b.Payload == "" {
		return ""
	}
	sep, fields, other := separators[b.Encoding], []string(nil), len(lines) == 0
	for _, l := range lines {
		if !l.field {
			other = other || b.Encoding != intake.EncodingJSON || l.text != "{" && l.text != "}"
			continue
		}
		key, value := names.inPayload(b, l.key, l.value), l.value
		if value != "" {
			value = mask
		}
		switch b.Encoding {
		case intake.EncodingJSON:
			name, _ := json.Marshal(key) // strings always encode
			text, _ := json.Marshal(value)
			key, value = string(name), string(text)
		case intake.EncodingQuery, intake.EncodingURLEncoded:
			key = url.QueryEscape(key)
		}
		fields = append(fields, key+sep.value+value)
	}
	text := sep.open + strings.Join(fields, sep.field)
	switch {
	case other && len(fields) == 0:
		return mask
	case other: // a line that is not a field is masked whole
		return text + sep.other + mask
	}
	return text + sep.shut
}

// separators says how each encoding writes fields.
var separators = map[string]struct{ open, value, field, shut, other string }{
	intake.EncodingJSON:       {"{", ":", ",", "}", "\n"},
	intake.EncodingQuery:      {"", "=", "&", "", "&"},
	intake.EncodingURLEncoded: {"", "=", "&", "", "&"},
	intake.EncodingMultipart:  {"", " = ", "\n", "\n", "\n"},
}
