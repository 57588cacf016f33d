package intake

import (
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"campaignlark/models"
)

func TestLogBodyRoundTrip(t *testing.T) {
	t.Parallel()
	want := LogBody{
		Payload: "email_address=a@example.com", Truncated: true, Encoding: EncodingQuery, Headers: []Header{{"Accept", "*/*"}},
		WebhookType: models.TypeSubscribed, EmailKey: "email_address", EmailSent: "a@example.com", EmailAt: 2,
		Fields:    []FieldFate{{Fate: FateStored, Key: "city", Sent: "<b>", MergeTagID: 3, MergeTag: "city", Label: "City", After: "<b>"}},
		MoreNames: 4, After: &LogContact{Email: "a@example.com", Status: models.StatusSubscribed, Fields: map[string]string{"city": "<b>"}, Tags: []string{"vip"}, Version: 1},
		TagsAdded: []string{"vip"}, Event: models.EventConfirmed, Message: MessageDone, WaitedUs: 12, GroupSize: 3,
	}
	stored := EncodeLogBody(want)
	got, err := DecodeLogBody(stored)
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v (%v), want %+v", got, err, want)
	}
	if got, err := DecodeLogBody(nil); err != nil || !reflect.DeepEqual(got, LogBody{}) {
		t.Errorf("got %+v (%v) of NULL, want nothing", got, err)
	}
}

func TestLogBodyIsBounded(t *testing.T) {
	t.Parallel()
	bomb := bodyEncoder.EncodeAll([]byte(`{"payload":"`+strings.Repeat("x", 64<<20)+`"}`), nil)
	if _, err := DecodeLogBody(bomb); err == nil {
		t.Errorf("%d bytes became 64 MiB without an error", len(bomb))
	}
	for _, bad := range []string{"no zstd", "\x01", "\x01no S2", "\x01\xff\xff\xff\x7f", "\x01\x80\x40\xfe"} {
		if _, err := DecodeLogBody([]byte(bad)); err == nil {
			t.Errorf("got no error for %q, which is not a stored body", bad)
		}
	}
	b := LogBody{Payload: "p", Before: &LogContact{Email: "a@example.com", Fields: map[string]string{}}}
	for range 2000 {
		b.Fields = append(b.Fields, FieldFate{Fate: FateStored, Before: strings.Repeat("x", 500), After: strings.Repeat("y", 500)})
	}
	stored := EncodeLogBody(b)
	got, err := DecodeLogBody(stored)
	if err != nil || !got.Shortened || got.Fields != nil || got.Payload != "p" || got.Before.Email != "a@example.com" {
		t.Errorf("got %+v (%v), want it shortened", got, err)
	}
}

func TestLogContactCutsLongValues(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("ä", 5000)
	p := personWith(models.StatusSubscribed, map[string]string{"first_name": long, "city": "Vienna"})
	c := logContact(p)
	if got := c.Fields["first_name"]; len(got) > maxLoggedValue+3 || !strings.HasSuffix(got, "…") || !utf8.ValidString(got) {
		t.Errorf("got %d bytes, want at most %d and a sign", len(got), maxLoggedValue)
	}
	if c.Fields["city"] != "Vienna" || p.Fields["first_name"] != long {
		t.Error("the contact itself was changed")
	}
}
