package handlers

import (
	"slices"
	"strings"

	"campaignlark/intake"
	"campaignlark/models"
	"campaignlark/views"

	"github.com/google/uuid"
)

// hint returns the call's hint of a kind.
func (t *story) hint(kind hintKind) (hint, bool) {
	i := slices.IndexFunc(t.hints, func(h hint) bool { return h.kind == kind })
	if i < 0 {
		return hint{}, false
	}
	return t.hints[i], true
}

// masked returns the hint with the names that may hold a person's data masked.
func (h hint) masked(b intake.LogBody, names fieldNames) hint {
	path := make([]string, len(h.path))
	for i, name := range h.path {
		escape, rest := cutEscape(name)
		if rest == "" {
			rest = name
		}
		if i == 0 {
			rest = names.inPayload(b, rest, mask)
		} else {
			rest = names.shown(rest, mask)
		}
		path[i] = escape + rest
	}
	h.path = path
	return h
}

// issueOf says a hint in words, with what to change at the sender.
func (t *story) issueOf(h hint) views.RequestIssue {
	issue := views.RequestIssue{Kind: views.KindWarn}
	key := models.NameInvisible(strings.ReplaceAll(strings.Join(h.path, "."), ".[", "["))
	switch h.kind {
	case hintUnfit:
		issue.Before, issue.Text, issue.Advice = unfitWords(h.body, t.row.ContentType)
		if h.list {
			issue.Advice = "The webhook reads one JSON object for each contact, not a list."
		}
	case hintGetBody:
		issue.Before, issue.Text = "Let the sender call with the method POST.", "The call was a GET with a body. Of a GET only the part of the URL behind the question mark is read."
	case hintEscaped:
		issue.Before, issue.Text = "Let the sender write a plain & between the fields.", "The link was escaped once too often: &amp; stands where & belongs. So the next field came under another name:"
		issue.AdviceCode = key
	case hintEquals:
		issue.Before, issue.Text = "Let the sender write a plain = between a field's name and its value.", "It was escaped: %3D stands where = belongs. So name and value came as one name."
	case hintMisnamed:
		issue.Before, issue.Code, issue.After = "Rename the sender's field", key, "to email_address."
		if models.LookLatin(models.TrimInvisible(t.misnamed.key)) == models.EmailKey {
			if words := models.SayLookAlike(t.misnamed.key); words != "" {
				issue.Text = "The name only looks like email_address: " + words + "."
			}
		}
		issue.Advice, issue.AdviceCode = "An address was sent, but under another name:", key+" = "+models.NameInvisible(t.misnamed.value)
		if words := models.SayInvisible(t.misnamed.key); words != "" && strings.EqualFold(models.TrimInvisible(t.misnamed.key), models.EmailKey) {
			issue.Text, issue.Advice = "The field is named email_address "+words+".", "It came as:"
		}
	case hintInside:
		issue.Before, issue.Text = "Let the sender send email_address beside the other fields, not inside of one.", "An address was sent, but inside of other data. It is at:"
		issue.AdviceCode = key
	case hintQuery:
		issue.Before, issue.Text = "Let the sender send email_address in the body.", "An address came behind the question mark of the webhook's URL. Of a POST only the body is read. The field was:"
		issue.AdviceCode = key
	case hintTest:
		issue.Before, issue.Text = "Nothing, if the sender only tried whether the URL works.", "This looks like a test call. Real calls have to send email_address."
	case hintNothing:
		issue.Before, issue.Text = "Nothing, if somebody only opened or tried the URL.", "This call sent nothing at all. Real calls have to send email_address."
	case hintRepeated:
		issue.Before, issue.Text = "The same call came "+views.Took(h.ago)+" earlier.", "The sender gave the two calls no id that could be compared. Senders send a call again if its answer came late. If calls always come twice, check whether the sender has this webhook twice."
	case hintSameID:
		issue.Before, issue.Text = "The same call came "+views.Took(h.ago)+" earlier.", "The sender gave both calls the same id, so it sent one delivery again. Senders do so if the answer came late."
	case hintDelivered:
		issue.Before, issue.Text = "The same data came "+views.Took(h.ago)+" earlier, as another delivery.", "The sender gave the two calls different ids. Check whether it has this webhook twice."
	}
	if h.call != uuid.Nil {
		issue.Link, issue.LinkText = t.pathOf(h.call), "Open that call"
	}
	return issue
}

// unfitWords says what a body is that is not what its Content-Type says, and what to change.
func unfitWords(looks intake.BodyKind, contentType string) (do, what, advice string) {
	what = "The body is " + looks.Name() + ", but it has no Content-Type."
	if contentType != "" {
		what = "The body is " + looks.Name() + ", but its Content-Type is " + models.NameInvisible(contentType) + "."
	}
	fits := looks.ContentType()
	switch {
	case looks == intake.BodyGzip:
		return "Let the sender add the header Content-Encoding: gzip, or send the body as it is.", "The body is compressed with gzip, but no header says so.", ""
	case looks == intake.BodyMultipart:
		return "Let the sender's form library set the Content-Type.", what, "The type that fits is multipart/form-data. It names the boundary between the fields, which only the library knows."
	case fits != "":
		return "Let the sender send the Content-Type " + fits + ".", what, "The Content-Type is a header that says how the body is written. Some senders call it format or body type."
	}
	return "Let the sender send JSON or a form.", "The body is " + looks.Name() + ", which webhooks do not read.", "With JSON the Content-Type is application/json, with a form application/x-www-form-urlencoded."
}
