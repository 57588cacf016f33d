package demo

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"campaignlark/intake"
	"campaignlark/models"
	"campaignlark/secrets"
	"campaignlark/senders"
)

// settings returns how a webhook reads the calls of its sender: into the merge tags that the shop has.
func (w *workshop) settings(hook int) senders.Settings {
	sender := senders.FindSender(hooks[hook].sender)
	m := sender.MappingFor(false)
	m.Fields = maps.Clone(m.Fields)
	maps.DeleteFunc(m.Fields, func(key string, _ []senders.Source) bool { return w.fields[key] == 0 })
	if hook == hookClub {
		m.Fields = clubFields()
	}
	s := senders.Settings{Sender: sender.Key, Mapping: &m}
	if len(sender.TestCalls) > 0 {
		s.Answers = &senders.Answers{TestCallsOK: true}
	}
	return s
}

// read tells a webhook how to read the calls of its sender, and with which secret they are signed.
func (w *workshop) read(ctx context.Context, hook int, at time.Time) error {
	h, made, settings := hooks[hook], &w.hooks[hook], w.settings(hook)
	changes := []models.AuditChange{{What: "Who calls", Before: "the plain format", After: senders.FindSender(h.sender).Name}}
	if err := w.db.SetReading(ctx, *made, w.user, settings.String(), changes, at); err != nil {
		return err
	}
	made.Reading, made.ReadingRevision = settings.String(), made.ReadingRevision+1
	sealed, err := w.cipher.Seal(h.secret, secrets.Row{WorkspaceID: made.WorkspaceID, OwnerID: made.ID, Purpose: secrets.WebhookSignature})
	if errors.Is(err, secrets.ErrNoKey) {
		return nil // such a program keeps no secrets, so nothing is signed in its demo
	} else if err != nil {
		return err
	}
	settings.Signature = &senders.SignatureSettings{Scheme: *senders.FindSender(h.sender).Signature, Mode: h.mode}
	said := map[senders.SignatureMode]string{senders.SignatureWatch: "watched", senders.SignatureEnforce: "refused"}
	changes = []models.AuditChange{{What: "When it does not pass", Before: "not checked", After: said[h.mode]}}
	secret := &models.WebhookSecret{Sealed: sealed, Ending: h.secret[len(h.secret)-4:]}
	if err := w.db.SetSignature(ctx, *made, w.user, settings.String(), changes, secret, at.Add(20*time.Minute)); err != nil {
		return err
	}
	made.Reading, made.ReadingRevision = settings.String(), made.ReadingRevision+1
	return nil
}

// checks reports whether the calls of a webhook are signed.
func (w *workshop) checks(hook int) bool { return hooks[hook].secret != "" && w.cipher.HasKey() }

// signature returns the headers with which the sender of a call signs its body. A forged call is signed with another secret.
func (w *workshop) signature(v visit, body []byte) []senders.SignedHeader {
	if !w.checks(v.hook) {
		return nil
	}
	secret := hooks[v.hook].secret
	if v.trouble == forged {
		secret = "a secret that somebody made up"
	}
	return senders.Sign(*senders.FindSender(hooks[v.hook].sender).Signature, secret, senders.SignedRequest{Body: body}, v.at)
}

// extraHeaders returns the headers by which a sender names its calls.
func (v visit) extraHeaders() (all []intake.Header) {
	if v.hook == hookShopify {
		n := v.at.UnixMicro()
		all = []intake.Header{{Name: "X-Shopify-Topic", Value: "customers/update"}, {Name: "X-Shopify-Webhook-Id", Value: fmt.Sprintf("%08x-4b1d-4f7d-90bc-%012x", n%(1<<31), n)}}
		if v.trouble == testCall {
			all = append(all, intake.Header{Name: "X-Shopify-Test", Value: "true"})
		}
	}
	return all
}

// keptHeader returns a header as the log keeps it; false for one that it does not keep.
func keptHeader(h intake.Header) (intake.Header, bool) {
	if slices.Contains(signatures, h.Name) {
		h.Value = "(not kept)"
	}
	return h, slices.Contains(signatures, h.Name) || !slices.Contains([]string{"X-Shopify-Test", "X-Shopify-Hmac-SHA256"}, h.Name)
}

// signatures are the headers of signatures that the log names.
var signatures = []string{"Typeform-Signature", "Stripe-Signature"}

// shopifyFields returns a customer as Shopify sends it.
func (v visit) shopifyFields(p Person) []field {
	if v.trouble == testCall {
		p = Person{Email: "bob.biller@example.com", First: "Bob", Last: "Biller", City: p.City, Country: p.Country}
	}
	id := 7421900000000 + int64(v.person)
	home := map[string]any{"id": id + 2000000000, "customer_id": id, "first_name": p.First, "last_name": p.Last, "city": p.City, "country_code": p.Country, "phone": nil, "default": true}
	return []field{
		{"id", id}, {"created_at", v.at.AddDate(0, 0, -v.person%400).Format(time.RFC3339)}, {"updated_at", v.at.Format(time.RFC3339)}, {"first_name", p.First}, {"last_name", p.Last},
		{"state", "enabled"}, {"note", nil}, {"verified_email", true}, {"email", p.Email}, {"phone", nil}, {"currency", "EUR"}, {"addresses", []any{home}},
		{"admin_graphql_api_id", fmt.Sprintf("gid://shopify/Customer/%d", id)}, {"default_address", home},
	}
}

// stripeFields returns the event of a checkout as Stripe sends it. A repeated event is the same one again.
func (v visit) stripeFields(p Person) []field {
	at := v.at
	if !v.first.IsZero() {
		at = v.first
	}
	kind, status := "checkout.session.completed", "complete"
	if v.trouble == notCounted {
		kind, status = "checkout.session.expired", "expired"
	}
	session := map[string]any{
		"id": fmt.Sprintf("cs_live_b1%016x", at.UnixMicro()), "object": "checkout.session", "amount_total": 1200 + 600*(v.person%4), "currency": "eur", "mode": "payment", "status": status,
		"customer_details": map[string]any{"email": p.Email, "name": p.First + " " + p.Last, "phone": nil, "address": map[string]any{"city": p.City, "country": p.Country, "line1": nil, "postal_code": nil}},
		"customer_email":   nil, "metadata": map[string]any{"evening": "Reading by candlelight"}, "created": at.Unix() - 90,
	}
	return []field{
		{"id", fmt.Sprintf("evt_1S%016x", at.UnixMicro())}, {"object", "event"}, {"api_version", "2026-10-29.clover"}, {"created", at.Unix()}, {"data", map[string]any{"object": session}},
		{"livemode", true}, {"pending_webhooks", 1}, {"type", kind},
	}
}
