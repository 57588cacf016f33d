package handlers

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"

	"campaignlark/intake"
	"campaignlark/models"
	"campaignlark/views"
)

// maxPayloadLines is how many lines of a payload the pretty view shows.
const maxPayloadLines = 500

// maxLineText is how many characters of a line the pretty view shows.
const maxLineText = 1_000

// payload shows the call as received: pretty-printed with each field's fate, raw, or its headers.
func (t *story) payload() *views.CodeBox {
	b := t.body
	if b.Payload == "" && len(b.Headers) == 0 {
		return nil
	}
	show := t.visit.Query("show")
	box := &views.CodeBox{ID: "payload", Label: "Payload", Wrap: true, Copy: true}
	pretty := ""
	switch b.Encoding {
	case intake.EncodingJSON, intake.EncodingQuery, intake.EncodingURLEncoded, intake.EncodingMultipart:
		pretty = "Decoded"
	}
	lines := sentLines(t.row, b)
	_, unfit := t.hint(hintUnfit)
	if b.Payload == "" || unfit || t.row.Failed() && !slices.ContainsFunc(lines, func(l sentLine) bool { return l.field || l.file }) {
		pretty = "" // there is nothing that could be decoded
	}
	switch {
	case t.tree != nil && b.Mapped != nil:
		pretty = "As read"
	case t.tree != nil:
		pretty = "Decoded"
	}
	tab := func(label, name string, current bool) {
		box.Tabs = append(box.Tabs, views.Tab{Label: label, Href: t.here() + "?show=" + name + "#s1", Current: current})
	}
	headers := show == "headers"
	raw := !headers && (show == "raw" || pretty == "")
	if pretty != "" {
		tab(pretty, "pretty", !headers && !raw)
	}
	tab("As received", "raw", raw)
	tab("Headers", "headers", headers)
	switch {
	case headers:
		box.Source = headerText(b.Headers)
		box.Text = views.Visible(box.Source)
	case raw:
		box.Source, box.Text = b.Payload, t.rawText()
	case t.tree != nil:
		box.Copy = false
	default:
		box.Lines, box.Source = t.prettyLines()
	}
	return box
}

func headerText(headers []intake.Header) string {
	var text strings.Builder
	for _, h := range headers {
		text.WriteString(h.Name + ": " + h.Value + "\n")
	}
	return text.String()
}

func (t *story) rawText() string {
	switch {
	case t.body.Payload != "":
		return views.Visible(t.body.Payload)
	case t.outcome().NotKept:
		return "(not kept)"
	case t.row.Size > 0:
		return "(nothing that is text was sent)"
	}
	return "(nothing was sent)"
}

// sentLine is one line of a payload. If it is a field, key and value are its decoded key and value.
type sentLine struct {
	shown, text string // the key as the line writes it, and the rest of the line
	key, value  string
	field       bool
	file        bool // a file of a multipart form, of which nothing but the key is read
}

// sentLines splits a payload into lines. It never fails: parts that cannot be parsed stay text.
func sentLines(r models.WebhookRequest, b intake.LogBody) []sentLine {
	switch b.Encoding {
	case intake.EncodingJSON:
		return jsonLines(b.Payload)
	case intake.EncodingQuery, intake.EncodingURLEncoded:
		return formLines(intake.Decode(intake.LoggedRequest(r, b)))
	case intake.EncodingMultipart:
		return multipartLines(b.Payload)
	}
	return nil
}

func formLines(s intake.Submission) []sentLine {
	fields := slices.Clone(s.Fields)
	if s.Email.Present {
		fields = slices.Insert(fields, min(s.Email.At, len(fields)), intake.Field{Key: s.Email.Key, Value: s.Email.Value})
	}
	var lines []sentLine
	for _, f := range fields {
		for _, text := range f.Value.Texts {
			lines = append(lines, sentLine{shown: f.Key, text: " = " + text, key: f.Key, value: text, field: true})
		}
	}
	return lines
}

// multipartLines reads the lines that intake writes for the parts. Of a value with several lines it reads only the first as the
// field.
func multipartLines(payload string) []sentLine {
	var lines []sentLine
	for line := range strings.Lines(payload) {
		line = strings.TrimRight(line, "\r\n")
		key, value, field := strings.Cut(line, " = ")
		switch file := field && strings.HasPrefix(value, "(file "); {
		case file:
			lines = append(lines, sentLine{shown: key, text: " = " + value, key: key, file: true})
		case field:
			lines = append(lines, sentLine{shown: key, text: " = " + value, key: key, value: value, field: true})
		default:
			lines = append(lines, sentLine{text: line})
		}
	}
	return lines
}

// jsonLines writes each field of a JSON object on its own line. After the first error the text stays unchanged.
func jsonLines(payload string) []sentLine {
	dec := json.NewDecoder(strings.NewReader(payload))
	if start, err := dec.Token(); err != nil || start != json.Delim('{') {
		return textLines(payload)
	}
	lines, read := []sentLine{{text: "{"}}, dec.InputOffset()
	for dec.More() {
		key, err := dec.Token()
		name, isName := key.(string)
		var value json.RawMessage
		if err != nil || !isName || dec.Decode(&value) != nil {
			break
		}
		lines, read = append(lines, jsonLine(name, value)), dec.InputOffset()
	}
	if end, err := dec.Token(); err == nil && end == json.Delim('}') {
		read = dec.InputOffset()
		for i := 1; i < len(lines)-1; i++ {
			lines[i].text += ","
		}
		lines = append(lines, sentLine{text: "}"})
	}
	return append(lines, textLines(payload[min(int(read), len(payload)):])...)
}

func jsonLine(name string, value json.RawMessage) sentLine {
	var key, short bytes.Buffer
	encoder := json.NewEncoder(&key)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(name) // a string always encodes
	if json.Compact(&short, value) != nil {
		short.Reset()
		short.Write(value)
	}
	line := sentLine{shown: "  " + strings.TrimSpace(key.String()), text: ": " + short.String(), key: name, field: true}
	if json.Unmarshal(value, &line.value) != nil {
		line.value = short.String()
	}
	return line
}

func textLines(text string) []sentLine {
	var lines []sentLine
	for line := range strings.Lines(text) {
		if line = strings.TrimRight(line, "\r\n"); line != "" {
			lines = append(lines, sentLine{text: line})
		}
	}
	return lines
}

// prettyLines returns the payload's lines, each marked with its fate, and their text without the marks.
func (t *story) prettyLines() (lines []views.CodeLine, source string) {
	sent := sentLines(t.row, t.body)
	marks := t.marks(sent)
	var text strings.Builder
	for i, line := range sent {
		if i == maxPayloadLines {
			lines = append(lines, views.CodeLine{Text: "… and " + views.Plural(len(sent)-i, "more line", "more lines") + ": see As received"})
			break
		}
		shown := models.Shorten(line.text, maxLineText)
		if shown != line.text {
			shown += " (see As received)"
		}
		lines = append(lines, views.CodeLine{Key: views.Visible(line.shown), Text: views.Visible(shown), Fate: marks[i]})
		text.WriteString(line.shown + line.text + "\n")
	}
	return lines, text.String()
}

// marks returns the fate of the field on each line. In JSON only the last line of a repeated key has one.
func (t *story) marks(lines []sentLine) map[int]string {
	if t.row.Idle() {
		return nil // nothing was stored or ignored
	}
	fates := map[string]string{}
	for _, f := range t.body.Fields {
		if f.Key != "" {
			if fates[f.Key] = fateName(f.Fate); t.isFine(f) {
				fates[f.Key] = "unasked"
			}
		}
	}
	if key := t.body.EmailKey; key != "" {
		fates[key] = "stored"
		if t.outcome().Reached == views.ReachedAddress {
			fates[key] = "refused"
		}
	}
	marks, last := map[int]string{}, map[string]int{}
	forms := t.body.Encoding != intake.EncodingJSON // forms use every value of a repeated key
	for i, line := range lines {
		if line.file && fates[line.key] == "refused" {
			marks[i] = "refused"
		}
		if !line.field {
			continue
		}
		if earlier, twice := last[line.key]; twice && !forms {
			delete(marks, earlier)
		}
		last[line.key] = i
		fate := fates[line.key]
		if list := intake.ListKey(line.key); fate == "" && list != line.key {
			fate = fates[list+intake.ManyKeys]
		}
		switch {
		case fate != "":
			marks[i] = fate
		case !t.row.Failed() && !t.body.Shortened:
			marks[i] = "ignored" // the log counted this name without storing it
		}
	}
	for _, h := range t.hints {
		if h.kind != hintMisnamed && h.kind != hintEscaped && h.kind != hintInside {
			continue
		}
		if i := slices.IndexFunc(lines, func(l sentLine) bool { return l.field && l.key == h.path[0] }); i >= 0 && marks[i] == "" {
			marks[i] = "ignored"
		}
	}
	return marks
}

// keysOf lists the keys of a call without duplicates.
func keysOf(r models.WebhookRequest, b intake.LogBody) []string {
	var keys []string
	for _, line := range sentLines(r, b) {
		if line.field && !slices.Contains(keys, models.NameInvisible(line.key)) && len(keys) < maxPayloadLines {
			keys = append(keys, models.NameInvisible(line.key))
		}
	}
	return keys
}
