package deliveries_test

import (
	"testing"
	"time"

	"campaignlark/deliveries"
	"campaignlark/models"
)

// TestTheSecretsOfAnEarlierAttemptAreKnown replaces a secret twice and removes the older one in between, one change an hour, and asks which
// secrets signed attempts between the changes.
func TestTheSecretsOfAnEarlierAttemptAreKnown(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		s := deliveries.Store{DB: w.db, Cipher: w.cipher}
		d, _, errs, err := s.Create(t.Context(), w.id, 1, deliveries.Form{Name: "CRM", URL: "https://crm.example.com/hook", Headers: "X-Shop: 1"}, start)
		if err != nil || errs.Any() {
			t.Fatal(err, errs)
		}
		now := func() models.Destination {
			d, err := s.Destination(t.Context(), w.id, d.ID)
			if err != nil {
				t.Fatal(err)
			}
			return d
		}
		endings := []string{d.Ending}
		rotate := func(at time.Time) {
			if _, err := s.RotateSecret(t.Context(), now(), 1, at); err != nil {
				t.Fatal(err)
			}
			endings = append(endings, now().Ending)
		}
		hour := func(n float64) time.Time { return start.Add(time.Duration(n * float64(time.Hour))) }
		rotate(hour(1))
		if err := s.RemoveOlderSecret(t.Context(), now(), 1, hour(2)); err != nil {
			t.Fatal(err)
		}
		rotate(hour(3))
		if errs, err := s.Update(t.Context(), now(), 1, deliveries.Form{Name: "CRM", URL: "https://crm.example.com/other", Headers: "X-Shop: 1"}, hour(4)); err != nil || errs.Any() {
			t.Fatal(err, errs)
		}
		none := time.Time{}
		for _, c := range []struct {
			name string
			at   time.Time
			want deliveries.Signed
		}{
			{"first secret", hour(0.5), deliveries.Signed{Ending: endings[0], Since: hour(0), Replaced: hour(1), HeadersSince: hour(4)}},
			{"both", hour(1.5), deliveries.Signed{Ending: endings[1], Since: hour(1), Older: true, OlderEnding: endings[0], Replaced: hour(3), HeadersSince: hour(4)}},
			{"the older one removed", hour(2.5), deliveries.Signed{Ending: endings[1], Since: hour(1), Replaced: hour(3), HeadersSince: hour(4)}},
			{"both again", hour(3.5), deliveries.Signed{Ending: endings[2], Since: hour(3), Older: true, OlderEnding: endings[1], Replaced: none, HeadersSince: hour(4)}},
			{"now", hour(5), deliveries.Signed{Ending: endings[2], Since: hour(3), Older: true, OlderEnding: endings[1], Replaced: none, HeadersSince: none}},
			{"right after a change", hour(3).Add(10 * time.Second), deliveries.Signed{Unsure: true, Ending: endings[2], Since: hour(3), Older: true, OlderEnding: endings[1], HeadersSince: hour(4)}},
		} {
			got, err := s.SignedAt(t.Context(), now(), c.at, hour(6))
			got.Since, got.Replaced, got.HeadersSince = got.Since.UTC(), got.Replaced.UTC(), got.HeadersSince.UTC()
			if err != nil || got != c.want {
				t.Errorf("%s: got %+v, %v, want %+v", c.name, got, err, c.want)
			}
		}
		if err := s.Delete(t.Context(), now(), 1, hour(6)); err != nil {
			t.Fatal(err)
		}
		gone := w.stored(d)
		if got, err := s.SignedAt(t.Context(), gone, hour(5), hour(6)); err != nil || !got.Older || got.OlderEnding != endings[1] || !got.HeadersSince.Equal(hour(6)) {
			t.Errorf("got %+v, %v for a deleted destination, want both secrets still known", got, err)
		}
	})
}
