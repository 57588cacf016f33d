package senders

import "encoding/json"

// Keys of a webhook's sender beside those of the catalogue.
const (
	Standard = "standard" // the documented format
	Own      = "own"      // a mapping that was made on the page
)

// Settings is what a webhook was told about the system that calls it. The zero Settings is the documented format.
type Settings struct {
	Sender  string   `json:"sender,omitempty"`  // Own or a key of the catalogue; "" for the documented format
	Mapping *Mapping `json:"mapping,omitempty"` // nil for the documented format
}

// ParseSettings reads what String wrote. An empty text is the zero Settings.
func ParseSettings(text string) (s Settings, err error) {
	if text != "" {
		err = json.Unmarshal([]byte(text), &s)
	}
	return s, err
}

// String returns the settings as they are stored: "" for the zero Settings, else JSON.
func (s Settings) String() string {
	if s == (Settings{}) {
		return ""
	}
	text, err := json.Marshal(s)
	if err != nil {
		panic(err) // texts, lists and maps of texts cannot fail
	}
	return string(text)
}
