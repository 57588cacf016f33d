package senders

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"campaignlark/models"
)

// Mapping says where a sender's calls hold what a webhook reads.
type Mapping struct {
	Address    []Path              `json:"address"`   // the first that finds a value that is not blank
	Fields     map[string][]Source `json:"fields"`    // by the key of a merge tag; the first source that finds a value that is not blank
	OnlyWhen   []Condition         `json:"only_when"` // a call that does not meet all of them changes nothing
	AlsoKeys   bool                `json:"also_keys"` // what stands at the top under a merge tag's own key is taken too
	DeliveryID DeliveryID          `json:"delivery_id,omitzero"`

	// SkipNoAddress is one more condition: one of the places of the address has a value that is not blank.
	SkipNoAddress bool `json:"skip_without_address,omitempty"`
}

// Source is one place of a merge tag's value.
type Source struct {
	Path Path `json:"path"`
	As   As   `json:"as,omitempty"`
}

// Condition is met if a path finds a value that is one of In, or with Set any value that is not blank.
type Condition struct {
	Path Path     `json:"path"`
	In   []string `json:"in,omitempty"`
	Set  bool     `json:"set,omitempty"`
}

// DeliveryID is where the text stands that tells a repeated call from a new one: in a header or at a path. The zero DeliveryID is
// nowhere.
type DeliveryID struct {
	Header string `json:"header,omitempty"`
	Path   Path   `json:"path,omitzero"`
}

// As says how a value is read.
type As string

// The readings of a value. Nothing is guessed: a value that does not fit its reading is refused.
const (
	AsIs           As = ""
	AsUnix         As = "unix"            // seconds since 1970
	AsUnixMS       As = "unix_ms"         // milliseconds since 1970
	AsDMY          As = "dmy"             // day/month/year
	AsMDY          As = "mdy"             // month/day/year
	AsDecimalComma As = "decimal_comma"   // 1.234,50
	AsOptionText   As = "option_text"     // the id of an option stands for its text
	AsHTML         As = "html"            // &amp; stands for &
	AsSemicolon    As = "split_semicolon" // a;b
	AsPipe         As = "split_pipe"      // a|b
)

// Readings lists every reading in the order of the menus.
var Readings = []As{AsIs, AsUnix, AsUnixMS, AsDMY, AsMDY, AsDecimalComma, AsOptionText, AsHTML, AsSemicolon, AsPipe}

// Limits of a mapping.
const (
	MaxMappingBytes  = 64 << 10 // of its JSON
	MaxSources       = 10       // paths of one field
	MaxMappedFields  = 500
	MaxConditions    = 10
	maxConditionIn   = 50  // values of a condition
	maxConditionText = 500 // bytes of one
	maxHeaderName    = 100 // bytes
)

// Problem says what is wrong with a part of a mapping, in a sentence that says what to do.
type Problem struct {
	Part     string // "address", "fields", "fields.first_name", "only_when", "delivery_id"
	Sentence string
}

// Validate returns what is wrong with the mapping, in the order of its parts: nothing if it can be saved. hasTag reports whether the
// workspace has a merge tag of that key; nil means that this does not matter.
func (m Mapping) Validate(hasTag func(key string) bool) []Problem {
	var found problems
	switch {
	case len(m.Address) == 0:
		found.add("address", "Please say where the e-mail address is. Without an address, every call is refused.")
	case len(m.Address) > MaxSources:
		found.add("address", "Please name at most %d places for the e-mail address. There are %d.", MaxSources, len(m.Address))
	}
	m.validateFields(&found, hasTag)
	if len(m.OnlyWhen) > MaxConditions {
		found.add("only_when", "Please use at most %d conditions. There are %d.", MaxConditions, len(m.OnlyWhen))
	}
	for _, c := range m.OnlyWhen {
		c.validate(&found)
	}
	if h := m.DeliveryID.Header; h != "" && !isHeaderName(h) {
		found.add("delivery_id", "%s is not the name of a header. A name has letters, digits and hyphens, such as Idempotency-Key.", showText(h))
	}
	return found
}

type problems []Problem

func (p *problems) add(part, sentence string, args ...any) {
	*p = append(*p, Problem{part, fmt.Sprintf(sentence, args...)})
}

func (m Mapping) validateFields(found *problems, hasTag func(key string) bool) {
	if len(m.Fields) > MaxMappedFields {
		found.add("fields", "Please give at most %d fields a place. There are %d.", MaxMappedFields, len(m.Fields))
	}
	for _, key := range slices.Sorted(maps.Keys(m.Fields)) {
		switch part := "fields." + key; {
		case key == models.EmailKey:
			found.add(part, "The e-mail address is set above the fields. Please move its places there.")
		case hasTag != nil && !hasTag(key):
			found.add(part, "There is no merge tag %s. Please create it first, or do not keep this value.", showText(key))
		case len(m.Fields[key]) == 0:
			found.add(part, "Please say where the value of %s is, or do not keep it.", showText(key))
		case len(m.Fields[key]) > MaxSources:
			found.add(part, "Please name at most %d places for %s. There are %d.", MaxSources, showText(key), len(m.Fields[key]))
		}
	}
}

func (c Condition) validate(found *problems) {
	const part = "only_when"
	path := show(c.Path.String())
	if len(c.In) == 0 && !c.Set {
		found.add(part, "Please say what %s must be, or that it only has to be there.", path)
	}
	if len(c.In) > maxConditionIn {
		found.add(part, "The condition on %s has too many values. Please name at most %d; there are %d.", path, maxConditionIn, len(c.In))
	}
	if slices.ContainsFunc(c.In, func(text string) bool { return len(text) > maxConditionText }) {
		found.add(part, "A value of the condition on %s is too long. Please use at most %d bytes.", path, maxConditionText)
	}
	if slices.ContainsFunc(c.In, models.IsBlank) {
		found.add(part, "A value of the condition on %s is empty. Please fill it in or take it out.", path)
	}
}

// isHeaderName reports whether text is a name that HTTP allows for a header.
func isHeaderName(text string) bool {
	const signs = "!#$%&'*+-.^_`|~"
	return text != "" && len(text) <= maxHeaderName && !strings.ContainsFunc(text, func(c rune) bool {
		return !(c < 0x80 && (isDigit(byte(c)) || 'a' <= c|0x20 && c|0x20 <= 'z') || strings.ContainsRune(signs, c))
	})
}

// showText quotes a text for a sentence, shortened.
func showText(text string) string { return show(models.Shorten(text, 60)) }

// String returns the mapping as JSON, which ParseMapping reads back: always the same text for the same mapping.
func (m Mapping) String() string {
	if m.Address == nil {
		m.Address = []Path{}
	}
	if m.Fields == nil {
		m.Fields = map[string][]Source{}
	}
	if m.OnlyWhen == nil {
		m.OnlyWhen = []Condition{}
	}
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(m.plain()) // texts, lists and maps of texts cannot fail
	return strings.TrimSuffix(b.String(), "\n")
}

// plain returns the mapping as encoding/json writes it, without its own methods.
func (m Mapping) plain() any {
	type plain Mapping
	return plain(m)
}

// MarshalJSON returns String.
func (m Mapping) MarshalJSON() ([]byte, error) { return []byte(m.String()), nil }

// UnmarshalJSON reads the mapping as ParseMapping does.
func (m *Mapping) UnmarshalJSON(text []byte) (err error) {
	*m, err = ParseMapping(string(text))
	return err
}
