package deliveries_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"campaignlark/deliveries"
	"campaignlark/models"
)

// TestTimesOfAMessageHaveOneForm reads what a message says of an event at an instant with zeros at its end, and of a contact as it is stored.
func TestTimesOfAMessageHaveOneForm(t *testing.T) {
	t.Parallel()
	zone := time.FixedZone("UTC+2", 2*60*60)
	contact := models.EventContactOf(models.Contact{ID: 7, Email: "ada@example.org", CreatedAt: time.Date(2026, 11, 30, 10, 15, 4, 151_406_000, zone)}, nil)
	event := models.EventTime{Time: time.Date(2026, 11, 30, 10, 15, 4, 150_000_000, zone)}
	body := string(deliveries.Envelope{CreatedAt: event, Data: deliveries.Data{Contact: &contact}}.JSON())
	for _, want := range []string{`"created_at":"2026-11-30T08:15:04.150Z","data"`, `"created_at":"2026-11-30T08:15:04.151Z"}`} {
		if !strings.Contains(body, want) {
			t.Errorf("got %s, want %s in it", body, want)
		}
	}
	var stored models.EventContact
	if err := json.Unmarshal([]byte(`{"id":7,"created_at":"2026-11-30T08:15:04.151406Z"}`), &stored); err != nil || stored.CreatedAt.Nanosecond() != 151_406_000 {
		t.Errorf("got %+v (%v), want the instant that an earlier version stored", stored, err)
	}
}
