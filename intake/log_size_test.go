package intake

import (
	"encoding/base64"
	"encoding/json"
	"testing"

	"campaignlark/models"

	"github.com/klauspost/compress/zstd"
)

// TestStoredBodiesAreSmall compares stored bodies with the same compressed without the dictionary. No sample is of the shape from
// which the dictionary was written.
func TestStoredBodiesAreSmall(t *testing.T) {
	t.Parallel()
	plain, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, b := range sampleBodies() {
		raw, err := json.Marshal(b)
		if err != nil {
			t.Fatal(err)
		}
		stored := EncodeLogBody(b)
		if without := len(plain.EncodeAll(raw, nil)); len(stored)*10 > without*7 {
			t.Errorf("%s: got %d bytes of %d, want at most 0.7 of the %d without the dictionary", name, len(stored), len(raw), without)
		}
	}
}

// TestBodiesOfEarlierProgramsAreRead reads bodies that were stored before the dictionary, and with each dictionary there was.
func TestBodiesOfEarlierProgramsAreRead(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"no dictionary": "KLUv/QQAwQIAeyJtZXNzYWdlIjoiQWNrbm93bGVkZ2VkLiBUaGUgd2ViaG9vayBoYXMgYmVlbiBwcm9jZXNzZWQuIiwid2FpdGVkX3VzIjowLCJncm91cF9zaXplIjozfd5G8lc=",
		"dictionary 1":  "KLUv/SEBWG0AACB7MDN9AlABBps8Gxo=",
		"S2 with it":    "AUoAe+pYAAFKEQAEM30=",
	} {
		stored, err := base64.StdEncoding.DecodeString(text)
		if err != nil {
			t.Fatal(err)
		}
		if b, err := DecodeLogBody(stored); err != nil || b.Message != MessageDone || b.GroupSize != 3 {
			t.Errorf("%s: got %+v (%v)", name, b, err)
		}
	}
}

func sampleBodies() map[string]LogBody {
	after := &LogContact{Email: "new-8f3ab21c77aa0912@example.com", Status: models.StatusSubscribed, Fields: map[string]string{"first_name": "Cersei", "last_name": "Lannister 512"}, Tags: []string{"shop", "customer"}, Version: 1}
	bench := LogBody{Payload: `{"email_address":"new-8f3ab21c77aa0912@example.com","first_name":"Cersei","last_name":"Lannister 512","source":"bench"}`, Encoding: "json",
		Headers: []Header{{"Content-Length", "121"}, {"Content-Type", "application/json"}, {"Host", "127.0.0.1:34567"}, {"User-Agent", "fasthttp"}}, WebhookType: models.TypeSubscribed,
		EmailKey: "email_address", EmailSent: "new-8f3ab21c77aa0912@example.com", Fields: []FieldFate{{Fate: FateStored, Key: "first_name", Sent: "Cersei", MergeTagID: 1, MergeTag: "first_name", Label: "first_name", After: "Cersei"},
			{Fate: FateStored, Key: "last_name", Sent: "Lannister 512", MergeTagID: 2, MergeTag: "last_name", Label: "last_name", After: "Lannister 512"}, {Fate: FateIgnored, Key: "source", Sent: "bench"}},
		After: after, TagsAdded: []string{"shop", "customer"}, Event: models.EventConfirmed, Message: MessageDone, WaitedUs: 4123, GroupSize: 31}
	shop := LogBody{Payload: "billing_vorname=Annegret&billing_nachname=Wei%C3%9F&E-Mail=annegret.weiss%40posteo.de&bestellnummer=2026-88123&summe=129%2C90&newsletter=ja", Encoding: "form",
		Headers:     []Header{{"Accept", "*/*"}, {"Content-Length", "141"}, {"Content-Type", "application/x-www-form-urlencoded"}, {"Host", "eingang.buchladen-am-markt.de"}, {"User-Agent", "WordPress/6.9; https://buchladen-am-markt.de"}, {"X-Forwarded-For", "203.0.113.77"}, {"X-Forwarded-Proto", "https"}},
		WebhookType: models.TypeUnconfirmed, Message: MessageNoAddress, Fields: nil, WaitedUs: 812, GroupSize: 1}
	return map[string]LogBody{"bench": bench, "shop": shop}
}
