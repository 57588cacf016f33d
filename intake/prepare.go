package intake

import (
	"bytes"
	"crypto/sha256"
	"net/http"
	"net/netip"
	"slices"
	"strings"

	"campaignlark/models"
	"campaignlark/senders"
)

// RedirectKey is the field of a form that asks for the page to go to after a success.
const RedirectKey = "redirect_to"

// MessageUnverified is the answer to a call without a valid signature, at a webhook that enforces one.
const MessageUnverified = "The signature of this request is not valid."

// deliveryKey is the key of a delivery. A call without an id of its delivery has the zero deliveryKey.
type deliveryKey struct {
	webhookKey
	key [32]byte
}

// Prepare reads a call as its webhook reads its calls, as far as that is known: see Call.ReadAs.
func (p *Pipeline) Prepare(c *Call) {
	c.prepare(p.store.known().webhook(c.Hash.WorkspaceID, c.Hash.WebhookID))
}

// prepare reads the call as the webhook w reads its calls: first the signature, then the payload, then the id of the delivery.
func (c *Call) prepare(w Webhook) {
	c.Verdict, c.Submission, c.delivery, c.ReadAs, c.signature = nil, Submission{}, deliveryKey{}, w.ReadingRevision, nil
	c.next = c.nextPage(w.Reading.Answering())
	if c.Replay != nil {
		c.prepareReplay(w)
		return
	}
	if w.Reading.Checks() {
		if c.Sign {
			c.signature = senders.Sign(w.Reading.Signature.Scheme, w.Secrets.Newer, c.signed(), c.ArrivedAt)
		}
		verdict := senders.Verify(w.Reading.Signature.Scheme, w.Secrets, c.signed(), c.ArrivedAt)
		c.Verdict = &verdict
		if !verdict.Passes() && w.Reading.Enforces() {
			if !c.readTestCall(w) {
				c.Submission.keepSent(c.Request)
			}
			return
		}
	}
	c.Submission = Read(c.Request, w.Reading, c.oneHeader)
	if kind, id := c.deliveryID(w.Reading); id != "" {
		c.delivery = deliveryKey{webhookKey{c.Hash.WorkspaceID, c.Hash.WebhookID}, models.DeliveryKey(kind, id)}
	}
}

// readTestCall reads a call without any signature if it is a test call of the sender, and reports whether it is. Some senders do not sign
// theirs, and a test call does nothing.
func (c *Call) readTestCall(w Webhook) bool {
	if s := senders.FindSender(w.Reading.Sender); c.Verdict.Result != senders.ResultNoHeader || s == nil || len(s.TestCalls) == 0 || !w.Reading.Answering().TestCallsOK {
		return false
	}
	if s := Read(c.Request, w.Reading, c.oneHeader); s.Err == nil && s.TestCall != "" {
		c.Submission, c.Verdict = s, nil
	}
	return c.Submission.TestCall != ""
}

// keepSent keeps what was sent for the log, unread.
func (s *Submission) keepSent(r Request) {
	if r.Method == http.MethodGet {
		s.keep(r.Query)
		return
	}
	kind, _ := parseHeader(r.ContentType)
	s.keepUnread(r.Body, kind)
}

// nextPage returns the page that a form asks for, "" for none. Only pages of listed websites count: anything else would let everybody lead
// visitors anywhere by a link to this program.
func (c *Call) nextPage(answers senders.Answers) string {
	if !c.Form || len(answers.AllowedOrigins) == 0 {
		return ""
	}
	fields := Decode(c.Request).Fields
	i := slices.IndexFunc(fields, func(f Field) bool { return f.Key == RedirectKey })
	if i < 0 || !answers.Lists(fields[i].Value.Last()) {
		return ""
	}
	return fields[i].Value.Last()
}

// page returns the page to which the browser that sent the call is led after its answer, "" if the answer is the documented one.
func (c *Call) page(w Webhook, a Answer, outcome models.Outcome) string {
	if !c.Form {
		return ""
	}
	return w.Reading.Answering().PageAfter(a.Success(), string(outcome), c.next)
}

// signed returns the request for the check of its signature.
func (c *Call) signed() senders.SignedRequest {
	client, _ := netip.ParseAddr(c.ClientAddress)
	return senders.SignedRequest{
		Method: c.Method, URL: c.URL, Body: c.Request.Body, Client: client, Header: c.header,
		Member: func(place string) []string {
			path, err := senders.ParsePath(place)
			if err != nil {
				return nil
			}
			const word = "word"
			s := Read(c.Request, senders.Settings{Mapping: &senders.Mapping{Fields: map[string][]senders.Source{word: {{Path: path}}}}}, nil)
			for _, f := range s.Fields {
				if f.Key == word {
					return f.Value.Texts
				}
			}
			return nil
		},
	}
}

// header returns all values of a header.
func (c *Call) header(name string) (values []string) {
	for _, h := range c.signature {
		if strings.EqualFold(h.Name, name) {
			return []string{h.Value}
		}
	}
	for line := range bytes.Lines(c.Head) {
		key, value, _ := bytes.Cut(line, []byte(":"))
		if strings.EqualFold(string(bytes.TrimSpace(key)), name) {
			values = append(values, models.ValidText(string(bytes.TrimSpace(value))))
		}
	}
	return values
}

// oneHeader returns the first value of a header, "" if it is not there.
func (c *Call) oneHeader(name string) string {
	if values := c.header(name); len(values) > 0 {
		return values[0]
	}
	return ""
}

// deliveryID returns the id that the sender gave this delivery, and where it stood; "" for none. Where a signature is enforced, the id
// of a header that is not signed counts together with the body: a call that somebody recorded and sent again with another id must not
// make a call to come look repeated.
func (c *Call) deliveryID(settings senders.Settings) (kind, id string) {
	header := func(name string) (string, string) {
		values := c.header(name)
		switch {
		case len(values) != 1 || values[0] == "" || len(values[0]) > maxHeaderValue:
			return "", ""
		case settings.Enforces() && !settings.Signature.Scheme.SignsHeader(name):
			body := sha256.Sum256(c.Request.Body)
			return "header and body " + strings.ToLower(name), values[0] + string(body[:])
		}
		return "header " + strings.ToLower(name), values[0]
	}
	if m := settings.Mapping; m != nil && m.DeliveryID.Header != "" {
		if kind, id = header(m.DeliveryID.Header); id != "" {
			return kind, id
		}
	}
	if c.Submission.deliveryID != "" {
		return "place", c.Submission.deliveryID
	}
	for _, name := range senders.AnyDeliveryHeaders {
		if !slices.ContainsFunc(c.Headers, func(h Header) bool { return h.Name == name }) {
			continue
		}
		if kind, id = header(name); id != "" {
			return kind, id
		}
	}
	return "", ""
}
