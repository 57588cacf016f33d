package handlers

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"net/netip"
	"strconv"
	"strings"

	"campaignlark/models"
	"campaignlark/secrets"
	"campaignlark/senders"
	"campaignlark/views"

	"github.com/gofiber/fiber/v2"
)

// signatureForm is what the page of a webhook's signature rests on.
type signatureForm struct {
	webhook models.Webhook
	stored  senders.Settings
	secrets []models.WebhookSecret // the newer one first
	calls   signatureCalls
	in      signatureInput
	secret  string // a new one, as it was typed or made up
	made    bool   // the program made it up
	edit    views.EditState
	errs    models.FieldErrors
	asks    *views.SignatureQuestion
}

// signatureInput is how a webhook checks signatures, as a form writes it, by the name of the field. Its texts may be anything.
type signatureInput map[string]string

// signatureFields are the fields of the form that may be shown, with what people call them.
var signatureFields = []struct{ name, label string }{
	{"form", "How the sender proves itself"}, {"header", "Header"}, {"prefix", "Text before the signature"}, {"algorithm", "Made with"}, {"encoding", "Written as"}, {"tolerance", "Seconds allowed"},
	{"time_header", "Header of the time"}, {"signed_prefix", "Text signed before the time"}, {"member", "Place in the body"}, {"networks", "Addresses"}, {"mode", "When it does not pass"},
}

func signatureInputOf(s senders.SignatureSettings) signatureInput {
	tolerance, networks := "", []string{}
	if s.Scheme.Tolerance != 0 {
		tolerance = strconv.Itoa(s.Scheme.Tolerance)
	}
	for _, n := range s.Scheme.Networks {
		networks = append(networks, networkText(n))
	}
	return signatureInput{
		"form": string(s.Scheme.Form), "header": s.Scheme.Header, "prefix": s.Scheme.Prefix, "algorithm": string(s.Scheme.Algorithm), "encoding": string(s.Scheme.Encoding),
		"tolerance": tolerance, "time_header": s.Scheme.TimeHeader, "signed_prefix": s.Scheme.SignedPrefix, "member": s.Scheme.Member, "networks": strings.Join(networks, "\n"), "mode": string(s.Mode),
	}
}

// networkText writes a network as people do: one address without its length.
func networkText(n netip.Prefix) string {
	if n.IsSingleIP() {
		return n.Addr().String()
	}
	return n.String()
}

// settings reads the form. Its mistakes are told by field.
func (in signatureInput) settings() (senders.SignatureSettings, models.FieldErrors) {
	line := func(name string) string { return models.TrimBlanks(in[name]) }
	scheme := senders.Scheme{
		Form: senders.SignatureForm(in["form"]), Header: line("header"), Prefix: in["prefix"], Algorithm: senders.SignatureAlgorithm(in["algorithm"]), Encoding: senders.SignatureEncoding(in["encoding"]),
		TimeHeader: line("time_header"), SignedPrefix: in["signed_prefix"], Member: line("member"),
	}
	if text := line("tolerance"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n <= 0 {
			n = -1
		}
		scheme.Tolerance = n
	}
	wrong := ""
	if scheme.Form == senders.FormAddresses {
		scheme.Networks, wrong = senders.ReadNetworks(in["networks"])
	}
	scheme = scheme.Completed()
	errs := scheme.Validate()
	if wrong != "" {
		delete(errs, "networks")
		errs.Add("networks", wrong)
	}
	if scheme.Member != "" {
		if _, err := senders.ParsePath(scheme.Member); err != nil {
			errs.Add("member", err.Error())
		}
	}
	s := senders.SignatureSettings{Scheme: scheme, Mode: senders.SignatureMode(in["mode"])}
	switch s.Mode {
	case "":
		s.Mode = senders.SignatureOff
	case senders.SignatureOff:
	case senders.SignatureWatch, senders.SignatureEnforce:
		if scheme.Form == senders.FormNone {
			errs.Add("form", "Please choose how the sender proves that a call comes from it.")
		}
	default:
		errs.Add("mode", "Please choose what happens to a call that does not pass.")
	}
	return s, errs
}

// suggestedSignature returns the stored signature, or that of the webhook's sender if nothing was said about it.
func (f signatureForm) suggestedSignature() senders.SignatureSettings {
	if f.stored.Signature != nil {
		return *f.stored.Signature
	}
	s := senders.SignatureSettings{Scheme: senders.Scheme{Form: senders.FormNone}, Mode: senders.SignatureOff}
	if sender := senders.FindSender(f.stored.Sender); sender != nil && sender.Signature != nil {
		s.Scheme, s.Mode = *sender.Signature, senders.SignatureWatch
	}
	return s
}

// storedSignature returns the stored signature as the form writes it.
func (f signatureForm) storedSignature() signatureInput {
	if f.stored.Signature == nil {
		return signatureInputOf(senders.SignatureSettings{Scheme: senders.Scheme{Form: senders.FormNone}, Mode: senders.SignatureOff})
	}
	return signatureInputOf(*f.stored.Signature)
}

// signatureShow shows how a webhook checks signatures, and what came out of the last calls.
func (s *Server) signatureShow(v *visit) error {
	f, err := v.signatureForm()
	if err != nil {
		return err
	}
	f.in = signatureInputOf(f.suggestedSignature())
	stored := f.storedSignature()
	f.edit = v.editSignature(stored, stored).state("webhook", nil)
	return v.showSignature(f)
}

// signatureUpdate stores how a webhook checks signatures, with a new secret if one was sent, or removes the older secret.
func (s *Server) signatureUpdate(v *visit) error {
	return untilSeen(func() error { return s.updateSignature(v) })
}

func (s *Server) updateSignature(v *visit) error {
	f, err := v.signatureForm()
	if err != nil {
		return goneIs(errNoWebhook, err)
	}
	stored, posted := f.storedSignature(), signatureInput{}
	for _, field := range signatureFields {
		posted[field.name] = strings.Join(v.FormAll(field.name), "\n")
	}
	if v.Form("do") == "watch" { // the answer to the question whether to refuse
		posted["mode"] = string(senders.SignatureWatch)
	}
	e := v.editSignature(stored, posted)
	f.in, f.edit, f.secret = signatureInput{}, e.state("webhook", nil), senders.CleanSecret(v.Form("secret"))
	for _, field := range signatureFields {
		f.in[field.name] = e.text(field.name)
	}
	switch v.Form("do") {
	case "make":
		if !v.refill {
			f.made, f.secret = true, madeSecret(senders.SignatureForm(f.in["form"]))
			return v.showSignature(f)
		}
	case "remove":
		if !v.refill {
			return v.removeOlder(f)
		}
	}
	settings, errs := f.in.settings()
	f.checkSecret(settings, errs)
	if f.errs = errs; v.refill || e.clashes() || errs.Any() {
		return v.signatureAgain(f)
	}
	if f.asks = f.question(settings); f.asks != nil && v.Form("sure") != "1" {
		return v.signatureAgain(f)
	}
	f.asks = nil
	return v.storeSignature(f, stored, settings)
}

// checkSecret adds what is wrong with the new secret, or that one is missing.
func (f signatureForm) checkSecret(s senders.SignatureSettings, errs models.FieldErrors) {
	switch {
	case f.secret != "":
		errs.Add("secret", s.Scheme.Form.ValidateSecret(f.secret))
	case s.Mode != senders.SignatureOff && s.Scheme.Form.HasSecret() && len(f.secrets) == 0:
		errs.Add("secret", s.Scheme.Form.ValidateSecret(""))
	}
}

// question asks before calls are refused while the last ones did not pass, or before a new secret takes the place of one that calls still
// use; nil if there is nothing to ask.
func (f signatureForm) question(s senders.SignatureSettings) *views.SignatureQuestion {
	q := f.questionRefuse(s)
	if f.secret == "" || !s.Scheme.Form.HasSecret() || len(f.secrets) < 2 || f.calls.used[models.SecretOlder] == 0 {
		return q
	}
	lost := f.withoutOlder("once a new secret takes its place")
	if q == nil {
		return &views.SignatureQuestion{Replaces: true, Title: f.olderUsed(), Lines: []string{lost}}
	}
	q.Lines = append(q.Lines, f.olderUsed()+" "+lost)
	return q
}

// olderUsed says how many of the last calls came with the older secret.
func (f signatureForm) olderUsed() string {
	return f.calls.usedSaid(models.SecretOlder) + " came with the secret " + endingSaid(f.secrets[1].Ending) + "."
}

// withoutOlder says what becomes of calls with the older secret.
func (f signatureForm) withoutOlder(when string) string {
	what := "Such calls do not pass the check any more "
	if f.stored.Enforces() {
		what = "Such calls are refused "
	}
	return what + when + ". Change the secret at the sender first."
}

// questionRefuse asks before calls are refused while the last ones did not pass, or while none was checked.
func (f signatureForm) questionRefuse(s senders.SignatureSettings) *views.SignatureQuestion {
	if s.Mode != senders.SignatureEnforce || f.stored.Enforces() {
		return nil
	}
	if f.calls.failed == 0 {
		if w := f.calls.unproven(senders.Settings{Signature: &s}); w != nil {
			return &views.SignatureQuestion{Unchecked: true, Title: w.Title, Lines: []string{w.Text}}
		}
		return nil
	}
	q := &views.SignatureQuestion{Title: models.Capital(views.OfLast(f.calls.failed, f.calls.checked, "checked call", "checked calls")) + " would have been refused."}
	for _, o := range models.Outcomes {
		if n := f.calls.failedBy[o]; n > 0 {
			q.Lines = append(q.Lines, views.Plural(n, "call", "calls")+" that ended as “"+views.OutcomeShort(o)+"” would have been refused.")
		}
	}
	return q
}

// storeSignature stores the form.
func (v *visit) storeSignature(f signatureForm, stored signatureInput, s senders.SignatureSettings) error {
	settings := f.stored
	if settings.Signature = &s; s.Scheme.Form == senders.FormNone {
		settings.Signature = nil
	}
	after := signatureInputOf(s)
	var changes []models.AuditChange
	for _, field := range signatureFields {
		if stored[field.name] != after[field.name] {
			changes = append(changes, models.AuditChange{What: field.label, Before: saidSignature(field.name, stored[field.name]), After: saidSignature(field.name, after[field.name])})
		}
	}
	var secret *models.WebhookSecret
	if f.secret != "" && s.Scheme.Form.HasSecret() {
		sealed, err := v.server.Cipher.Seal(f.secret, secrets.Row{WorkspaceID: f.webhook.WorkspaceID, OwnerID: f.webhook.ID, Purpose: secrets.WebhookSignature})
		if errors.Is(err, secrets.ErrNoKey) {
			f.errs = models.FieldErrors{"secret": secrets.ErrNoKey.Message}
			return v.signatureAgain(f)
		}
		if err != nil {
			return models.In("signature: encrypt the secret", err)
		}
		secret = &models.WebhookSecret{Sealed: sealed, Ending: endingOf(f.secret)}
	}
	if err := v.server.DB.SetSignature(v.UserContext(), f.webhook, v.User.ID, settings.String(), changes, secret, v.server.now()); err != nil {
		return models.In("signature: store", err)
	}
	said := views.Flash{Text: map[senders.SignatureMode]string{senders.SignatureOff: "Saved. Signatures are not checked.", senders.SignatureWatch: "Saved. Calls are checked from now on, and none is refused.",
		senders.SignatureEnforce: "Saved. Calls that do not pass are refused from now on."}[s.Mode]}
	if f.calls.unproven(settings) != nil {
		said.Kind = views.KindWarn
		said.Text += " No call has passed the check so far."
	}
	if err := v.flash(said); err != nil {
		return err
	}
	return v.Redirect(v.path("webhooks", f.webhook.ID, views.PartSignature), fiber.StatusSeeOther)
}

// removeOlder removes the older secret. If recent calls still used it, it asks first.
func (v *visit) removeOlder(f signatureForm) error {
	if len(f.secrets) < 2 {
		return v.done(v.path("webhooks", f.webhook.ID, views.PartSignature), "The older secret is gone already.")
	}
	if f.calls.used[models.SecretOlder] > 0 && v.Form("sure") != "remove" {
		f.asks = &views.SignatureQuestion{Removes: true, Title: f.olderUsed(), Lines: []string{f.withoutOlder("once it is removed")}}
		return v.signatureAgain(f)
	}
	if err := v.server.DB.RemoveWebhookSecret(v.UserContext(), f.webhook, v.User.ID, models.SecretOlder, v.server.now()); err != nil {
		return models.In("signature: remove the secret", err)
	}
	return v.done(v.path("webhooks", f.webhook.ID, views.PartSignature), "The older secret was removed. Only the newer one counts.")
}

// madeSecret makes up a secret for a form.
func madeSecret(form senders.SignatureForm) string {
	key := make([]byte, 24)
	rand.Read(key)
	switch form {
	case senders.FormStandardWebhooks:
		return "whsec_" + base64.StdEncoding.EncodeToString(key)
	case senders.FormBasic:
		return "webhook:" + base64.RawURLEncoding.EncodeToString(key)
	}
	return base64.RawURLEncoding.EncodeToString(key)
}

// endingOf returns the last characters of a secret, so that people know which one it is. Of a short one it returns none.
func endingOf(secret string) string {
	if characters := []rune(secret); len(characters) >= 12 {
		return string(characters[len(characters)-4:])
	}
	return ""
}

func endingSaid(ending string) string {
	if ending == "" {
		return "that is short"
	}
	return "ending in " + ending
}

// saidSignature says the text of a field as people read it, for the audit log.
func saidSignature(name, text string) string {
	switch name {
	case "form":
		return signatureFormName(senders.SignatureForm(text))
	case "networks":
		return models.Shorten(strings.Join(strings.Fields(text), ", "), 200)
	case "mode":
		return map[string]string{"off": "not checked", "watch": "watched", "enforce": "refused"}[text]
	}
	return models.Shorten(text, 200)
}

// editSignature compares the posted form with what is stored.
func (v *visit) editSignature(stored, posted signatureInput) editForm {
	var fields []editField
	for _, field := range signatureFields {
		f := editField{name: field.name, label: field.label, stored: []string{stored[field.name]}, posted: []string{posted[field.name]}}
		if field.name == "form" || field.name == "mode" {
			f.say = func(text string) string { return saidSignature(field.name, text) }
		}
		fields = append(fields, f)
	}
	return v.edit(fields...)
}

// signatureForm reads what the page rests on.
func (v *visit) signatureForm() (f signatureForm, err error) {
	if f.webhook, err = v.webhook(); err != nil {
		return f, err
	}
	if f.stored, err = senders.ParseSettings(f.webhook.Reading); err != nil {
		return f, models.In("signature: settings", err)
	}
	if f.secrets, err = v.server.DB.WebhookSecrets(v.UserContext(), f.webhook.WorkspaceID, f.webhook.ID); err != nil {
		return f, models.In("signature: secrets", err)
	}
	f.calls, err = v.signatureCalls(f.webhook, f.secrets)
	return f, err
}
