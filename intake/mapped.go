package intake

import (
	"strings"

	"campaignlark/models"
	"campaignlark/senders"
)

// Mapped is what a mapping made of a call, for the log. Its texts are cut to what the log keeps.
type Mapped struct {
	Sender     string       `json:"sender,omitempty"` // as senders.Settings.Sender
	Conditions []MappedTest `json:"conditions,omitempty"`
	Missed     []MappedMiss `json:"missed,omitempty"`
	DeliveryID string       `json:"delivery_id,omitempty"`
	TooLarge   bool         `json:"too_large,omitempty"` // some paths were not followed to their end
}

// MappedTest is a condition of the mapping and whether the call met it.
type MappedTest struct {
	Path  string   `json:"path"`
	Or    []string `json:"or,omitempty"` // other places that do as well: of the condition that the call has an address
	In    []string `json:"in,omitempty"` // what may stand there; none for any value
	Met   bool     `json:"met,omitempty"`
	Stood []string `json:"stood,omitempty"`
}

// MappedMiss is a path that found nothing, with the paths of the call that are most like it.
type MappedMiss struct {
	Key     string   `json:"key"` // of the merge tag, or email_address
	Path    string   `json:"path"`
	Nearest []string `json:"nearest,omitempty"`
}

// Limits of what the log keeps of a mapping.
const (
	maxLoggedMisses = 50
	maxLoggedStood  = 5
)

// apply fills the submission with what the mapping finds in the call. Values that no path asked for are not listed: the page finds them
// in the payload.
func (s *Submission) apply(m *senders.Mapping, t *senders.Tree) {
	r := m.Apply(t)
	s.Mapped = &Mapped{DeliveryID: shortenBytes(r.DeliveryID, maxLoggedValue), TooLarge: r.TooLarge}
	for _, c := range r.Conditions {
		test := MappedTest{Path: c.Path.String(), In: c.In, Met: c.Met}
		for _, p := range c.Or {
			test.Or = append(test.Or, p.String())
		}
		for _, text := range c.Stood[:min(len(c.Stood), maxLoggedStood)] {
			test.Stood = append(test.Stood, shortenBytes(text, maxLoggedName))
		}
		s.Mapped.Conditions = append(s.Mapped.Conditions, test)
	}
	for _, missed := range r.Missed[:min(len(r.Missed), maxLoggedMisses)] {
		miss := MappedMiss{Key: missed.Key, Path: missed.Path.String()}
		for _, near := range missed.Nearest {
			miss.Nearest = append(miss.Nearest, near.String())
		}
		s.Mapped.Missed = append(s.Mapped.Missed, miss)
	}
	s.deliveryID = r.DeliveryID
	s.Skipped = r.Unmet()
	if r.Address.IsFound() {
		value := r.Address.One()
		markNUL(value.Texts)
		s.Email = Email{Key: r.Address.Path.String(), Value: value, Present: true, FromForm: s.Encoding == EncodingQuery || s.Encoding == EncodingURLEncoded}
	}
	for _, f := range r.Fields {
		s.Fields = append(s.Fields, Field{Key: f.Key, Value: f.Value, place: f.Path.String(), sent: f.Sent, as: f.As, wrong: f.Wrong})
	}
	for _, own := range r.Own {
		if !strings.EqualFold(own.Key, models.EmailKey) {
			s.Fields = append(s.Fields, Field{Key: own.Key, Value: own.Value})
		}
	}
}
