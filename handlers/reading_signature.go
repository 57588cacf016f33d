package handlers

import (
	"strings"

	"campaignlark/models"
	"campaignlark/senders"
	"campaignlark/views"

	"github.com/gofiber/fiber/v2"
)

// The answers to the question what becomes of the check of signatures when another sender is chosen.
const (
	signatureKept    = "keep"
	signatureDropped = "drop"
)

// signsOtherwise reports whether the sender of a catalogue key is known to sign in another way than a webhook checks.
func signsOtherwise(key string, scheme senders.Scheme) bool {
	s := senders.FindSender(key)
	return s != nil && s.Signature != nil && !s.Signature.SignsLike(scheme)
}

// questionSignature asks what becomes of the check of signatures before the reading of another sender is stored: its calls may be signed in
// another way. It is nil if there is nothing to ask.
func (f readingForm) questionSignature(sender string) *views.ReadingSignature {
	if sender == f.stored.Sender || !f.stored.Checks() {
		return nil
	}
	before, next, scheme := senders.FindSender(f.stored.Sender), senders.FindSender(sender), f.stored.Signature.Scheme
	fitted := before != nil && before.Signature != nil && before.Signature.SignsLike(scheme)
	fits := next != nil && next.Signature != nil && next.Signature.SignsLike(scheme)
	if fits || next == nil && !fitted {
		return nil
	}
	q := &views.ReadingSignature{Title: "This webhook checks signatures of another sender.", Now: signatureSaid(scheme), Enforces: f.stored.Enforces()}
	if fitted {
		q.Title = "This webhook checks calls as " + before.System() + " signs them."
	}
	switch {
	case next == nil:
		q.Next = "Nobody can say here whether the calls that you choose now are signed so."
	case next.Signature == nil:
		q.Next = "It is not known that " + next.System() + " signs its calls."
	default:
		how := signatureSaid(*next.Signature)
		q.Next = next.System() + " signs in another way: " + lowerFirst(strings.TrimSpace(how.Text+" "+how.Code)) + "."
	}
	return q
}

// storeReadingUnsigned stores the reading of another sender, and takes the check of signatures and its secrets off.
func (v *visit) storeReadingUnsigned(f readingForm, settings senders.Settings, changes []models.AuditChange) error {
	was := f.stored.Signature
	for _, field := range []struct{ name, text string }{{"form", string(was.Scheme.Form)}, {"mode", string(was.Mode)}} {
		label := map[string]string{"form": "How the sender proves itself", "mode": "When it does not pass"}[field.name]
		off := map[string]string{"form": string(senders.FormNone), "mode": string(senders.SignatureOff)}[field.name]
		changes = append(changes, models.AuditChange{What: label, Before: saidSignature(field.name, field.text), After: saidSignature(field.name, off)})
	}
	settings.Signature = nil
	if err := v.server.DB.SetReadingUnsigned(v.UserContext(), f.webhook, v.User.ID, settings.String(), changes, v.server.now()); err != nil {
		return models.In("reading: store without a signature", err)
	}
	said := "Saved. Signatures are not checked now."
	if s := senders.FindSender(settings.Sender); s != nil && s.Signature != nil {
		said += " Enter the secret of " + s.System() + " to check them again."
	}
	if err := v.flash(views.Flash{Kind: views.KindWarn, Text: said}); err != nil {
		return err
	}
	return v.Redirect(v.path("webhooks", f.webhook.ID, views.PartSignature), fiber.StatusSeeOther)
}
