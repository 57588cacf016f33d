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

	Signature *SignatureSettings `json:"signature,omitempty"` // nil if nothing was said about signatures
	Answers   *Answers           `json:"answers,omitempty"`   // nil for the documented answers
}

// Answers says how a webhook answers, where the documented answer does not do.
type Answers struct {
	SuccessURL     string   `json:"success_url,omitempty"` // where a browser that posted a form goes after it was processed
	FailureURL     string   `json:"failure_url,omitempty"` // and after it was refused
	AllowedOrigins []string `json:"allowed_origins,omitempty"`
	TrapField      string   `json:"trap_field,omitempty"`    // a field that people do not see: a call that fills it in does nothing
	TestCallsOK    bool     `json:"test_calls_ok,omitempty"` // the sender's test calls are answered with 200
	UnknownOK      bool     `json:"unknown_ok,omitempty"`    // "nobody has this address" is answered with 200
	LimitWebhook   int      `json:"limit_webhook,omitempty"` // calls a minute, of all clients; 0 for no limit
	LimitNetwork   int      `json:"limit_network,omitempty"` // calls a minute, of one network of clients; 0 for no limit
}

// SignatureSettings says how a webhook checks the signatures of its calls.
type SignatureSettings struct {
	Scheme Scheme        `json:"scheme"`
	Mode   SignatureMode `json:"mode"`
}

// SignatureMode says what comes of a signature that is not valid.
type SignatureMode string

const (
	SignatureOff     SignatureMode = "off"     // nothing is checked
	SignatureWatch   SignatureMode = "watch"   // the verdict is logged, and the call is processed
	SignatureEnforce SignatureMode = "enforce" // the call is refused
)

// SignatureModes lists every mode.
var SignatureModes = []SignatureMode{SignatureOff, SignatureWatch, SignatureEnforce}

// Answering returns the answers, the documented ones if nothing was said about them.
func (s Settings) Answering() Answers {
	if s.Answers == nil {
		return Answers{}
	}
	return *s.Answers
}

// Checks reports whether signatures are checked.
func (s Settings) Checks() bool { return s.Signature != nil && s.Signature.Mode != SignatureOff }

// Enforces reports whether a call without a valid signature is refused.
func (s Settings) Enforces() bool { return s.Signature != nil && s.Signature.Mode == SignatureEnforce }

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
