package handlers

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"mime/multipart"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"campaignlark/intake"
	"campaignlark/models"
	"campaignlark/models/store"
	"campaignlark/senders"
	"campaignlark/views"

	"github.com/gofiber/fiber/v2"
)

// consoleInput is a call as a form writes it. Its texts may be anything.
type consoleInput struct {
	from                               string // what the form was filled with: a choice of consoleChoices
	method, contentType, headers, body string
	sign                               bool
	again                              bool   // process it although its delivery was processed before
	note                               string // a sentence: which part of the chosen call could not be filled in
	reveal                             string // the address that shows what the chosen call held, "" if it is not hidden
}

// Choices of what the form is filled with, beside examples of the sender and the ids of calls.
const (
	fromPlain = "plain"
	fromEmpty = "empty"
)

// Limits of the form.
const (
	maxConsoleHeaders = 30   // lines
	maxConsoleHeader  = 1000 // bytes of a line
)

func (v *visit) postedConsole() consoleInput {
	return consoleInput{from: v.Form("from"), method: v.Form("method"), contentType: strings.TrimSpace(v.Form("content_type")), headers: models.OneLineEnd(v.Form("headers")),
		body: models.OneLineEnd(v.Form("body")), sign: v.Form("sign") == "1", again: v.Form("again") == "1"}
}

// request builds the request of the form. A GET has its query in the body's field. The fields of a form can stand there one on each line,
// and are encoded then.
func (in consoleInput) request(contentType string) intake.Request {
	r := intake.Request{Method: in.method, ContentType: contentType}
	text := strings.TrimRight(in.body, "\n")
	kind := models.MediaType(contentType)
	switch {
	case in.method == fiber.MethodGet:
		r.Query = strings.TrimPrefix(encodedFields(text), "?")
	case kind == fiber.MIMEApplicationForm:
		r.Body = []byte(encodedFields(text))
	case kind == fiber.MIMEMultipartForm && !strings.Contains(contentType, "boundary"):
		r.Body, r.ContentType = multipartFields(text)
	case kind == fiber.MIMEMultipartForm:
		r.Body = []byte(strings.ReplaceAll(in.body, "\n", "\r\n"))
	default:
		r.Body = []byte(in.body)
	}
	return r
}

// encodedFields encodes fields that stand one on each line. One line is returned as it is.
func encodedFields(text string) string {
	if !strings.Contains(text, "\n") {
		return text
	}
	var pairs []string
	for name, value := range fieldLines(text) {
		pairs = append(pairs, url.QueryEscape(name)+"="+url.QueryEscape(value))
	}
	return strings.Join(pairs, "&")
}

// fieldLines yields the name and the value of each line.
func fieldLines(text string) func(yield func(name, value string) bool) {
	return func(yield func(name, value string) bool) {
		for line := range strings.SplitSeq(text, "\n") {
			name, value, _ := strings.Cut(line, "=")
			if name = strings.TrimSpace(name); name != "" && !yield(name, strings.TrimSpace(value)) {
				return
			}
		}
	}
}

// multipartFields writes fields that stand one on each line as a multipart form.
func multipartFields(text string) (body []byte, contentType string) {
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for name, value := range fieldLines(text) {
		_ = w.WriteField(name, value) // a buffer takes everything
	}
	_ = w.Close()
	return b.Bytes(), w.FormDataContentType()
}

// consoleHeaders are the headers of a call as typed.
type consoleHeaders []intake.Header

// headerLines returns the lines that are not blank.
func headerLines(text string) (lines []string) {
	for line := range strings.SplitSeq(text, "\n") {
		if !models.IsBlank(line) {
			lines = append(lines, line)
		}
	}
	return lines
}

// readHeaders reads the headers, with a sentence about the first line that is none.
func (in consoleInput) readHeaders(errs models.FieldErrors) (headers consoleHeaders) {
	lines := headerLines(in.headers)
	if len(lines) > maxConsoleHeaders {
		errs.Add("headers", fmt.Sprintf("A call can have up to %d headers here. There are %d lines.", maxConsoleHeaders, len(lines)))
		return nil
	}
	for _, line := range lines {
		name, value, colon := strings.Cut(line, ":")
		name, value = strings.TrimSpace(name), strings.TrimSpace(value)
		switch {
		case len(line) > maxConsoleHeader:
			errs.Add("headers", fmt.Sprintf("The header that begins with “%s” is too long: it can have up to %d characters.", models.NameInvisible(models.Shorten(line, 40)), maxConsoleHeader))
		case !colon || !isToken(name) || strings.ContainsFunc(value, isControl):
			errs.Add("headers", "“"+models.NameInvisible(models.Shorten(line, 60))+"” is not a header. Please write a name, a colon and the value, such as X-Test: 1.")
		default:
			headers = append(headers, intake.Header{Name: name, Value: value})
		}
	}
	for _, name := range []string{fiber.HeaderContentType, fiber.HeaderContentEncoding} {
		if len(headers.values(name)) > 1 {
			errs.Add("headers", name+" stands there twice. Please take one out.")
		}
	}
	return headers
}

func isControl(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }

// values returns the values of a header.
func (h consoleHeaders) values(name string) (values []string) {
	for _, one := range h {
		if strings.EqualFold(one.Name, name) {
			values = append(values, one.Value)
		}
	}
	return values
}

// first returns the first value of a header, "" if it is not there.
func (h consoleHeaders) first(name string) string {
	if values := h.values(name); len(values) > 0 {
		return values[0]
	}
	return ""
}

// lines writes the headers as a request does.
func (h consoleHeaders) lines() []byte {
	var b bytes.Buffer
	for _, one := range h {
		b.WriteString(one.Name + ": " + one.Value + "\r\n")
	}
	return b.Bytes()
}

// consoleChoices lists what the form can be filled with.
func (v *visit) consoleChoices(f consoleForm) (groups []views.OptionGroup) {
	if s := senders.FindSender(f.settings.Sender); s != nil {
		group := views.OptionGroup{Label: "Examples of " + s.InSentence()}
		for i, example := range s.Samples {
			group.Options = append(group.Options, views.Option{Value: sampleExample + strconv.Itoa(i), Label: example.Name})
		}
		groups = append(groups, group)
	} else if f.settings.Mapping == nil {
		groups = append(groups, views.OptionGroup{Label: "Example", Options: []views.Option{{Value: fromPlain, Label: "A call in the plain format"}}})
	}
	calls := views.OptionGroup{Label: "The last calls"}
	listed := false
	for _, row := range f.calls {
		if v.keepsCall(row) {
			listed = listed || row.ID.String() == f.in.from
			calls.Options = append(calls.Options, v.callChoice(row))
		}
	}
	if _, isCall := requestID(f.in.from); isCall && !listed {
		calls.Options = append(calls.Options, views.Option{Value: f.in.from, Label: "An earlier call"})
	}
	if len(calls.Options) > 0 {
		groups = append(groups, calls)
	}
	return append(groups, views.OptionGroup{Options: []views.Option{{Value: fromEmpty, Label: "An empty call"}}})
}

// keepsCall reports whether the log may show what a call held.
func (v *visit) keepsCall(row models.WebhookRequest) bool {
	hidden := row.Outcome == models.OutcomeUnverified && revealedUntil(v.reveals(), row.ID.String(), v.server.now()).IsZero()
	return !erased(row) && !hidden && !views.OutcomeOf(row.Outcome).NotKept && row.Outcome != models.OutcomeNotCommitted
}

// consoleStart returns the form filled with what from names. Without a name it is the first example, or the newest call.
func (v *visit) consoleStart(f consoleForm, from string) (consoleInput, error) {
	empty := consoleInput{from: fromEmpty, method: fiber.MethodPost, contentType: fiber.MIMEApplicationJSON}
	s := senders.FindSender(f.settings.Sender)
	if id, ok := requestID(from); ok {
		row, err := v.server.DB.Request(v.UserContext(), f.webhook.WorkspaceID, id)
		if store.ErrorCode(err) == models.CodeNotFound || err == nil && row.WebhookID != f.webhook.ID {
			empty.note = "That call is not in the log any more."
			return empty, nil
		}
		return v.loggedCall(row), models.In("console: call", err)
	}
	if from == "" {
		from = v.firstStart(f, s)
		if id, ok := requestID(from); ok {
			row, err := v.server.DB.Request(v.UserContext(), f.webhook.WorkspaceID, id)
			if err == nil {
				return v.loggedCall(row), nil
			}
			return empty, models.In("console: newest call", ignoreNotFound(err))
		}
	}
	if from == fromPlain {
		return consoleInput{from: from, method: fiber.MethodPost, contentType: fiber.MIMEApplicationJSON, body: views.PlainExample(f.webhook.Type, f.tags)}, nil
	}
	if n, err := strconv.Atoi(strings.TrimPrefix(from, sampleExample)); err == nil && s != nil && strings.HasPrefix(from, sampleExample) && 0 <= n && n < len(s.Samples) {
		return exampleCall(s, n), nil
	}
	return empty, nil
}

// firstStart chooses what the form is filled with if nothing was chosen.
func (v *visit) firstStart(f consoleForm, s *senders.Sender) string {
	switch i := slices.IndexFunc(f.calls, v.keepsCall); {
	case s != nil && len(s.Samples) > 0:
		return sampleExample + "0"
	case f.settings.Mapping == nil:
		return fromPlain
	case i >= 0:
		return f.calls[i].ID.String()
	}
	return fromEmpty
}

// exampleCall fills the form with an example of the catalogue. Its signature is left out, because its time is over.
func exampleCall(s *senders.Sender, n int) consoleInput {
	example := s.Samples[n]
	in := consoleInput{from: sampleExample + strconv.Itoa(n), method: example.Method, body: indented(string(example.Body))}
	if in.method == "" {
		in.method = fiber.MethodPost
	}
	var signed []string
	if s.Signature != nil {
		for _, h := range senders.Sign(*s.Signature, example.Secret, senders.SignedRequest{}, example.SentAt) {
			signed = append(signed, strings.ToLower(h.Name))
		}
		scheme := s.Signature.Completed()
		signed = append(signed, strings.ToLower(scheme.Header), strings.ToLower(scheme.TimeHeader))
	}
	for _, name := range slices.Sorted(maps.Keys(example.Headers)) {
		switch lower := strings.ToLower(name); {
		case lower == "content-type":
			in.contentType = example.Headers[name]
		case !slices.Contains(signed, lower) || strings.HasSuffix(lower, "-id"):
			in.headers += name + ": " + example.Headers[name] + "\n"
		}
	}
	return in
}

// indented returns JSON of one line in many lines, and any other text as it is, but for its line ends.
func indented(text string) string {
	var b bytes.Buffer
	if strings.Contains(text, "\n") || json.Indent(&b, []byte(text), "", "  ") != nil || b.Len() > intake.MaxBody {
		return models.OneLineEnd(text)
	}
	return b.String()
}

// ofTransport are logged headers that belong to the way of a call, and not to the call.
var ofTransport = []string{"Content-Encoding", "Content-Length", "Content-Type", "Host", "X-Forwarded-For", "X-Forwarded-Proto", "X-Request-Id"}

// loggedCall fills the form with a call of the log, as far as the log keeps it.
func (v *visit) loggedCall(row models.WebhookRequest) consoleInput {
	in := consoleInput{from: row.ID.String(), method: fiber.MethodPost, contentType: fiber.MIMEApplicationJSON}
	body, err := intake.DecodeLogBody(row.Body)
	switch {
	case err != nil || erased(row):
		in.note = "The log does not keep what this call held: the person was erased. So the form is empty."
		return in
	case !v.keepsCall(row) && row.Outcome == models.OutcomeUnverified:
		in.note = "What this call held is hidden, because its signature was not valid. So the form is empty."
		in.reveal = v.path("requests", row.ID, "reveal")
		return in
	case !v.keepsCall(row):
		in.note = "The log does not keep what this call held. So the form is empty."
		return in
	case body.SaysSize():
		in.note = "The log does not keep the body of this call, only its size: " + strings.Trim(body.Payload, "()") + ". So the body is empty here."
		body.Payload = ""
	case body.Payload == "" && row.Size > 0:
		in.note = "The log does not keep the body of this call. So the body is empty here."
	case body.Truncated:
		in.note = "The log keeps only the first 64 KB of this call, so it is not whole."
	}
	r := intake.LoggedRequest(row, body)
	in.method, in.contentType, in.body = r.Method, r.ContentType, indented(string(r.Body))
	switch {
	case body.Encoding == intake.EncodingMultipart && body.Unread == "":
		in.contentType, in.body = fiber.MIMEApplicationForm, intake.LoggedForm(body.Payload)
		in.note = strings.TrimSpace(in.note + " It came as a form that can hold files. Here it is a form without files.")
	case in.method == fiber.MethodGet:
		in.body = r.Query
	}
	for _, h := range body.Headers {
		if !slices.Contains(ofTransport, h.Name) && h.Value != signatureNotKept {
			in.headers += h.Name + ": " + h.Value + "\n"
		}
	}
	return in
}
