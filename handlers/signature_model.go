package handlers

import (
	"strconv"
	"strings"
	"time"

	"campaignlark/intake"
	"campaignlark/models"
	"campaignlark/secrets"
	"campaignlark/senders"
	"campaignlark/views"
)

// passed is how many of the checked calls passed.
func (c signatureCalls) passed() int { return c.checked - c.failed }

// unproven warns that calls are refused although none has passed, so that nobody knows whether the settings of the signature fit. It is nil
// if a webhook with these settings refuses nothing, or if one of its last calls has passed.
func (c signatureCalls) unproven(s senders.Settings) *views.SignatureWarning {
	proven := c.passed()
	if s.Enforces() && s.Signature.Scheme.Form.HasSecret() {
		proven = c.used[models.SecretNewer] + c.used[models.SecretOlder]
	}
	if !s.Enforces() || proven > 0 {
		return nil
	}
	fits := "these settings fit"
	if s.Signature.Scheme.Form.HasSecret() {
		fits = "the secret fits"
	}
	w := &views.SignatureWarning{Title: "No call was ever checked, so nobody knows whether " + fits + ".",
		Text: "If not, all calls of the sender are refused, and what they say is lost. Choose Watch first: calls are checked, and none is refused. When a call has passed, choose Refuse."}
	switch {
	case c.passed() > 0:
		w.Title = "No call came with the secret that is set up now, so nobody knows whether it fits."
	case c.checked == 1:
		w.Title = "The only checked call did not pass, so nobody knows whether " + fits + "."
	case c.checked > 1:
		w.Title = "None of the last " + views.Count(c.checked) + " checked calls passed, so nobody knows whether " + fits + "."
	}
	return w
}

func (v *visit) showSignature(f signatureForm) error {
	m, err := v.signatureModel(f)
	if err != nil {
		return err
	}
	return v.show(views.SignaturePage(m))
}

func (v *visit) signatureAgain(f signatureForm) error {
	m, err := v.signatureModel(f)
	if err != nil {
		return err
	}
	m.Failed = f.errs.Any() || f.edit.Changed || f.asks != nil
	return v.again(views.SignaturePage(m))
}

func (v *visit) signatureModel(f signatureForm) (views.SignatureModel, error) {
	p, err := v.page(views.SectionWebhooks, f.webhook.Name+": Signature", views.Crumb{Text: "Inbound Webhooks", Href: v.path("webhooks")},
		views.Crumb{Text: f.webhook.Name, Href: v.path("webhooks", f.webhook.ID)}, views.Crumb{Text: "Signature"})
	if err != nil {
		return views.SignatureModel{}, err
	}
	m := views.SignatureModel{
		Page: p, Top: v.webhookTop(f.webhook, views.PartSignature), CanChange: v.Role.Includes(models.RoleAdmin), Values: f.in, Errors: f.errs, Edit: f.edit, Ask: f.asks,
		Sender: "the sender", Secret: f.secret, Made: f.made, Forms: signatureFormOptions(), Enforces: f.stored.Enforces(), Checks: f.stored.Checks(), Refusal: intake.MessageUnverified,
	}
	if s := senders.FindSender(f.stored.Sender); s != nil {
		m.Sender, m.Signs, m.GivesSecret = s.System(), s.Signature != nil, s.GivesSecret && f.in["form"] == string(s.Signature.Form)
	}
	if !v.server.Cipher.HasKey() {
		m.NoKey = secrets.ErrNoKey.Message
	}
	shown := f.suggestedSignature()
	if s, errs := f.in.settings(); !errs.Any() {
		shown = s
	}
	if signsOtherwise(f.stored.Sender, shown.Scheme) && shown.Scheme.Form.Signs() {
		how := signatureSaid(*senders.FindSender(f.stored.Sender).Signature)
		m.Other, m.Signs = &how, false
	}
	m.Unproven = f.calls.unproven(f.stored)
	m.How, m.HasSecret = signatureSaid(shown.Scheme), shown.Scheme.Form.HasSecret()
	m.Kind, m.Title, m.Text = f.verdict()
	v.addSignatureCalls(&m, f)
	for _, secret := range f.secrets {
		m.Secrets = append(m.Secrets, f.secretRow(secret, v.Workspace.Location()))
	}
	return m, nil
}

// verdict is the headline of the page: its kind, its title and a sentence.
func (f signatureForm) verdict() (kind, title, text string) {
	passed := f.calls.passed()
	watching := "Watching: " + lowerFirst(strings.TrimSuffix(checkedSaid(passed, f.calls.checked, "would pass", "would not pass"), "."))
	switch {
	case !f.stored.Checks():
		return views.KindIdle, "Not checked: anyone who knows the address can call it", "A signature shows that a call comes from its sender. Enter the secret and watch for a while. Nothing is refused until you say so."
	case f.stored.Enforces():
		text = "No call has come since."
		if f.calls.checked > 0 {
			text = checkedSaid(passed, f.calls.checked, "passed", "did not pass")
		}
		if kind = views.KindGood; passed == 0 {
			kind = views.KindWarn
		}
		return kind, "Checked: calls without a valid signature are refused", text
	case f.calls.checked == 0:
		return views.KindWarn, "Watching: no call has come yet", "Nothing is refused. Each call is checked, and the log says what came out."
	case f.calls.failed == 0:
		return views.KindGood, watching, "Nothing is refused yet. If this goes on, refuse what does not pass."
	}
	return views.KindWarn, watching, "Nothing is refused yet: calls that would not pass are handled like all others. Look at them before you decide."
}

// checkedSaid says how many of the last calls passed: "3 of the last 4 calls passed." not is the verb for the last call if it is the only one
// and did not pass.
func checkedSaid(n, of int, passed, not string) string {
	if n == 0 && of == 1 {
		passed = not
	}
	return models.Capital(views.OfLast(n, of, "call", "calls")) + " " + passed + "."
}

// addSignatureCalls adds what came out of the last calls. Refused calls lead to all of their kind in the log, others to the newest one.
func (v *visit) addSignatureCalls(m *views.SignatureModel, f signatureForm) {
	m.Checked = f.calls.checked
	if f.calls.checked > 0 {
		m.Since = models.Capital(views.LastOf(f.calls.checked, "checked call", "checked calls")) + ", since " + f.calls.since.In(v.Workspace.Location()).Format("2 January, 15:04")
		if f.calls.erased > 0 {
			m.Since += ". Without " + views.Plural(f.calls.erased, "call", "calls") + " of people who were erased since"
		}
	}
	refused := v.requestsURL(requestQuery{webhook: strconv.FormatInt(f.webhook.ID, 10), outcome: string(models.OutcomeUnverified)}.with())
	for _, g := range f.calls.groups {
		row := views.SignatureTally{Title: g.title, Passes: g.passes, Calls: g.calls, Share: strconv.FormatFloat(float64(g.calls)*100/float64(f.calls.checked), 'f', 1, 64)}
		if !g.passes {
			row.Lines, row.Href = g.said(), v.path("requests", g.newest.ID)
			if g.newest.Outcome == models.OutcomeUnverified {
				row.Href = refused
			}
		}
		m.Tallies = append(m.Tallies, row)
	}
	m.Failed200 = f.calls.failed
	watched := 0
	for _, n := range f.calls.failedBy {
		watched += n
	}
	if f.stored.Enforces() || f.calls.failed > watched {
		m.RefusedHref = refused
	}
	m.Watched = f.stored.Checks() && !f.stored.Enforces() && watched > 0
}

// secretRow is what may be known of a secret.
func (f signatureForm) secretRow(s models.WebhookSecret, zone *time.Location) views.SignatureSecret {
	row := views.SignatureSecret{Ending: s.Ending, Older: s.Slot == models.SecretOlder, Text: "Since " + s.CreatedAt.In(zone).Format("2 January 2006, 15:04") + "."}
	if at, known := f.calls.lastUsed[s.Slot]; known {
		row.Text += " Last used on " + at.In(zone).Format("2 January, 15:04") + "."
	} else {
		row.Text += " None of the last calls came with it."
	}
	if row.Older && f.calls.used[s.Slot] > 0 {
		row.Still = f.calls.usedSaid(s.Slot) + " came with it."
	}
	return row
}

// signatureFormOptions lists the forms for the list of the page.
func signatureFormOptions() []views.OptionGroup {
	groups := []views.OptionGroup{{}, {Label: "A signature"}, {Label: "Something simpler"}}
	for _, form := range senders.SignatureForms {
		at := 1
		switch form {
		case senders.FormNone:
			at = 0
		case senders.FormSharedWord, senders.FormBasic, senders.FormAddresses:
			at = 2
		}
		groups[at].Options = append(groups[at].Options, views.Option{Value: string(form), Label: signatureFormName(form)})
	}
	return groups
}

// signatureFormNames are what people call the forms of signatures.
var signatureFormNames = map[senders.SignatureForm]string{
	senders.FormNone:             "It does not",
	senders.FormBody:             "Over the body (Typeform, Shopify, GitHub …)",
	senders.FormTimeV1:           "With the time, t=…,v1=… (Stripe, Calendly)",
	senders.FormTimeH1:           "With the time, ts=…;h1=… (Paddle)",
	senders.FormStandardWebhooks: "Standard Webhooks (webhook-id, svix-id …)",
	senders.FormTimestampApart:   "With the time in another header (Webflow, Slack)",
	senders.FormHubSpot:          "With the web address (HubSpot)",
	senders.FormSharedWord:       "A secret word in a header or in the body",
	senders.FormBasic:            "User name and password",
	senders.FormAddresses:        "It calls from known addresses",
}

// signatureFormName returns what people call a form; the form itself if it is not known.
func signatureFormName(form senders.SignatureForm) string {
	if name := signatureFormNames[form]; name != "" {
		return name
	}
	return models.Shorten(string(form), 60)
}

// signatureSaid says how a completed scheme signs: the text, and the header or place at its end, "" for none.
func signatureSaid(s senders.Scheme) views.SignatureHow {
	s = s.Completed()
	algorithm := map[senders.SignatureAlgorithm]string{senders.SHA256: "SHA-256", senders.SHA1: "SHA-1"}[s.Algorithm]
	switch s.Form {
	case senders.FormBody:
		return views.SignatureHow{Text: "The body, with " + algorithm + ", in the header", Code: s.Header}
	case senders.FormTimeV1, senders.FormTimeH1, senders.FormStandardWebhooks, senders.FormTimestampApart:
		return views.SignatureHow{Text: "The body and the time, with " + algorithm + ", in the header", Code: s.Header}
	case senders.FormHubSpot:
		return views.SignatureHow{Text: "The web address, the body and the time, with " + algorithm + ", in the header", Code: s.Header}
	case senders.FormSharedWord:
		if s.Member != "" {
			return views.SignatureHow{Text: "A secret word in the body, at", Code: s.Member}
		}
		return views.SignatureHow{Text: "A secret word in the header", Code: s.Header}
	case senders.FormBasic:
		return views.SignatureHow{Text: "User name and password, in the header", Code: "Authorization"}
	case senders.FormAddresses:
		return views.SignatureHow{Text: "Calls from " + views.Plural(len(s.Networks), "known address or network", "known addresses and networks")}
	}
	return views.SignatureHow{Text: "Nothing says who calls."}
}
