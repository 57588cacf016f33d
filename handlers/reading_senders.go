package handlers

import (
	"strings"

	"campaignlark/intake"
	"campaignlark/models"
	"campaignlark/models/store"
	"campaignlark/senders"
	"campaignlark/views"
)

// showSenders shows the list of senders, with the one of the key chosen explained. wrong says why nothing was saved, or is "".
func (v *visit) showSenders(f readingForm, chosen, wrong string) error {
	m, err := v.readingPage(f)
	if err != nil {
		return err
	}
	c := &views.SenderChoice{Now: senderName(f.stored.Sender), Plain: f.stored.Mapping == nil, Error: wrong, Reach: reachSaid(v.server.Config.PublicURL)}
	if name := v.Query("sample"); name != "" {
		if _, ok := requestID(name); ok {
			c.Sample = name
		}
	}
	c.Filled = v.editReading(readingInputOf(f.stored), readingInputOf(f.stored), nil).state("webhook", nil).Filled
	c.Looks = f.looks()
	if chosen == "" && c.Looks != nil {
		chosen = c.Looks.Key
	}
	for _, g := range senders.Groups {
		group := views.SenderGroup{Name: g.Name}
		for _, s := range senders.Catalogue() {
			if s.Group == g.Key {
				group.Senders = append(group.Senders, views.SenderName{Key: s.Key, Name: s.System(), Calls: s.Calls, Current: s.Key == chosen})
			}
		}
		if len(group.Senders) > 0 {
			c.Groups = append(c.Groups, group)
		}
	}
	if s := senders.FindSender(chosen); s != nil {
		url := v.server.webhookURL(f.webhook.Hash)
		c.Chosen = &views.SenderShown{Key: s.Key, Name: s.Name, InSentence: s.InSentence(), System: s.System(), Does: s.Does, Cannot: s.Cannot, SetUp: s.SetUp, LeaveOut: leaveOut(s, f.webhook.Type), Script: scriptFor(s, url), URL: url}
		if len(s.Samples) > 0 {
			c.Chosen.Example = string(s.Samples[0].Body)
		}
	}
	m.Choose, m.Failed = c, wrong != ""
	if wrong != "" {
		return v.again(views.ReadingPage(m))
	}
	return v.show(views.ReadingPage(m))
}

// leaveOut says what not to choose at a sender whose calls change the status of people that a webhook adds; "" for nothing.
func leaveOut(s *senders.Sender, kind models.WebhookType) string {
	if !kind.HasTags() {
		return ""
	}
	return s.LeaveOut
}

// scriptFor returns the script that a person has to paste at a sender, with the URL of the webhook; "" if the sender needs none.
func scriptFor(s *senders.Sender, url string) string {
	return strings.ReplaceAll(strings.Join(s.Script, "\n"), "WEBHOOK_URL", url)
}

// looks says which sender the newest calls look like, nil if it is none or if the webhook reads this sender already.
func (f readingForm) looks() *views.SenderLooks {
	var looks *views.SenderLooks
	for _, row := range f.calls {
		s, refused := recognised(row), row.Outcome == models.OutcomeNoAddress
		if s == nil || looks != nil && s.Key != looks.Key {
			break
		}
		if looks == nil {
			looks = &views.SenderLooks{Key: s.Key, Name: s.InSentence()}
		}
		looks.Calls++
		if refused {
			looks.Refused++
		}
	}
	if looks != nil && looks.Key == f.stored.Sender {
		return nil
	}
	return looks
}

// recognised returns the sender whose marks a call of the log has, or nil.
func recognised(row models.WebhookRequest) *senders.Sender {
	if len(row.Body) > store.ListedBody {
		return nil
	}
	body, err := intake.DecodeLogBody(row.Body)
	if err != nil || body.Payload == "" {
		return nil
	}
	tree, err := intake.LoggedTree(row, body)
	if err != nil || tree == nil {
		return nil
	}
	return senders.Recognise(func(name string) string { return headerIn(row, body, name) }, body.Encoding, tree)
}

// headerIn returns a header of a call of the log, as far as the log keeps it.
func headerIn(row models.WebhookRequest, body intake.LogBody, name string) string {
	switch {
	case strings.EqualFold(name, "User-Agent") && row.UserAgent != nil:
		return *row.UserAgent
	case strings.EqualFold(name, "Content-Type"):
		return row.ContentType
	}
	return headerOf(body, name)
}
