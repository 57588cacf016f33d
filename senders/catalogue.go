package senders

import (
	"bytes"
	"embed"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"
)

//go:embed catalogue/*.json
var catalogueFiles embed.FS

// Sender is an entry of the catalogue: a system whose calls can be read without further settings. A new one is one new file.
type Sender struct {
	Key   string `json:"-"`     // the name of its file
	Name  string `json:"name"`  // what its vendor calls it
	Calls string `json:"calls"` // what it calls about: "form responses"
	Group string `json:"group"` // one of Groups

	Does     []string `json:"does"`                // sentences that say what is set up when a person chooses this sender
	Cannot   []string `json:"cannot,omitempty"`    // what it cannot do
	SetUp    []string `json:"set_up"`              // three sentences that say what to do in the sender's own settings
	LeaveOut string   `json:"leave_out,omitempty"` // of a webhook that adds people: a sentence that says what not to choose there, and why
	Script   []string `json:"script,omitempty"`    // lines of a script that a person has to paste there, with WEBHOOK_URL for the address

	Marks       []Mark      `json:"marks,omitempty"`   // a call with one of these marks comes from this sender
	Mapping     Mapping     `json:"mapping"`           // its fields have the keys that merge tags usually have
	Leaving     []Condition `json:"leaving,omitempty"` // in place of the mapping's conditions for webhooks of type UNSUBSCRIBED and DELETE
	Titles      []Title     `json:"titles,omitempty"`
	TestCalls   []TestCall  `json:"test_calls,omitempty"`
	Signature   *Scheme     `json:"signature,omitempty"`    // nil if it signs nothing
	GivesSecret bool        `json:"gives_secret,omitempty"` // it makes the secret and shows it; else a person chooses one
	SignedWith  string      `json:"signed_with,omitempty"`  // the command that made the signatures of the samples
	Samples     []Sample    `json:"samples"`                // invented calls that look like the real ones
	Sources     []string    `json:"sources"`                // titles of the pages that say so, the vendor's if they were found, else a sentence that says what the samples follow
}

// Groups lists the groups of the catalogue in the order of the page, with their names.
var Groups = []struct{ Key, Name string }{
	{"forms", "Forms"}, {"shops", "Shops"}, {"payments", "Payments"}, {"more", "Websites, calendars, mail"},
}

// Mark is what calls of a sender have and others do not: all that it names.
type Mark struct {
	Header   string      `json:"header,omitempty"`   // it is there
	Begins   string      `json:"begins,omitempty"`   // the header begins so, in any case
	Encoding string      `json:"encoding,omitempty"` // json, urlencoded, multipart or query
	OnlyWhen []Condition `json:"only_when,omitempty"`
}

// TestCall is a call by which a sender asks whether the address works.
type TestCall struct {
	Mark
	Says string `json:"says"` // a sentence that names the kind of test call
}

// Sample is an invented call that looks like a real one.
type Sample struct {
	Name    string              `json:"name"`
	Method  string              `json:"method"`
	URL     string              `json:"url,omitempty"` // the full URL of the call; set only if the signature covers it
	Headers map[string]string   `json:"headers"`
	Body    Body                `json:"body"`
	SentAt  time.Time           `json:"sent_at"`          // when its signature was made
	Secret  string              `json:"secret,omitempty"` // with which it is signed
	Fields  map[string][]Source `json:"fields,omitempty"` // added to the mapping, as a person would who has these merge tags
	Result  SampleResult        `json:"result"`
}

// Body is the exact body of a sample, written in pieces.
type Body string

// UnmarshalJSON joins the pieces.
func (b *Body) UnmarshalJSON(text []byte) error {
	var pieces []string
	err := json.Unmarshal(text, &pieces)
	*b = Body(strings.Join(pieces, ""))
	return err
}

// SampleResult is what comes out of a sample.
type SampleResult struct {
	Outcome    string            `json:"outcome"` // read, skipped, test_call or no_address
	Address    string            `json:"address,omitempty"`
	Fields     map[string]string `json:"fields,omitempty"` // several texts are joined by a line feed
	DeliveryID string            `json:"delivery_id,omitempty"`
}

// Outcomes of a sample.
const (
	SampleRead      = "read"
	SampleSkipped   = "skipped"
	SampleTestCall  = "test_call"
	SampleNoAddress = "no_address"
)

// MappingFor returns the mapping for a webhook: leaves is set for those of type UNSUBSCRIBED and DELETE, which may count other calls.
func (s *Sender) MappingFor(leaves bool) Mapping {
	m := s.Mapping
	if leaves && len(s.Leaving) > 0 {
		m.OnlyWhen = s.Leaving
	}
	return m
}

// Catalogue returns the senders by group and name. They must not be changed.
func Catalogue() []Sender { return catalogue().sorted }

// FindSender returns the sender of that key, or nil.
func FindSender(key string) *Sender { return catalogue().byKey[key] }

type senderList struct {
	sorted []Sender
	byKey  map[string]*Sender
}

// catalogue reads the files once. A test reads them before the program does, so that none is broken.
var catalogue = sync.OnceValue(func() senderList {
	list := senderList{byKey: map[string]*Sender{}}
	files, err := catalogueFiles.ReadDir("catalogue")
	for _, file := range files {
		s, readErr := readSender(file.Name())
		if readErr != nil {
			err = readErr
			break
		}
		list.sorted = append(list.sorted, s)
	}
	if err != nil {
		panic(err)
	}
	group := func(s Sender) int {
		return slices.IndexFunc(Groups, func(g struct{ Key, Name string }) bool { return g.Key == s.Group })
	}
	slices.SortStableFunc(list.sorted, func(a, b Sender) int { return group(a) - group(b) })
	for i := range list.sorted {
		list.byKey[list.sorted[i].Key] = &list.sorted[i]
	}
	return list
})

// readSender reads one file of the catalogue. A member that is not known is an error.
func readSender(file string) (Sender, error) {
	s := Sender{Key: strings.TrimSuffix(file, ".json")}
	text, err := catalogueFiles.ReadFile("catalogue/" + file)
	if err != nil {
		return s, err
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&s); err != nil {
		return s, fmt.Errorf("catalogue/%s: %w", file, err)
	}
	if _, err := d.Token(); err != io.EOF {
		return s, fmt.Errorf("catalogue/%s: something follows the object", file)
	}
	return s, nil
}

// Fits reports whether a call has the mark. header returns the value of a header, "" if it is not there.
func (m Mark) Fits(header func(name string) string, encoding string, t *Tree) bool {
	if m.Header != "" {
		value := header(m.Header)
		if value == "" || len(value) < len(m.Begins) || !strings.EqualFold(value[:len(m.Begins)], m.Begins) {
			return false
		}
	}
	if m.Encoding != "" && m.Encoding != encoding {
		return false
	}
	f := newFinder(t)
	return !slices.ContainsFunc(m.OnlyWhen, func(c Condition) bool { return !f.check(c, f.find(c.Path)).Met })
}

// Recognise returns the sender whose mark a call has, or nil.
func Recognise(header func(name string) string, encoding string, t *Tree) *Sender {
	for i, s := range Catalogue() {
		if slices.ContainsFunc(s.Marks, func(m Mark) bool { return m.Fits(header, encoding, t) }) {
			return &Catalogue()[i]
		}
	}
	return nil
}

// MarkHeaders returns the names of the headers by which senders are recognised, each once.
func MarkHeaders() (names []string) {
	for _, s := range Catalogue() {
		for _, m := range s.Marks {
			if m.Header != "" && !slices.ContainsFunc(names, func(name string) bool { return strings.EqualFold(name, m.Header) }) {
				names = append(names, m.Header)
			}
		}
	}
	return names
}

// System returns the name of the system alone, for a sentence about it: "Stripe" of "Stripe: checkouts".
func (s *Sender) System() string {
	system, _, _ := strings.Cut(s.Name, ": ")
	return system
}

// InSentence returns the name for a sentence about one kind of its calls: "Stripe (checkouts)" of "Stripe: checkouts".
func (s *Sender) InSentence() string {
	if system, kind, several := strings.Cut(s.Name, ": "); several {
		return system + " (" + kind + ")"
	}
	return s.Name
}

// TestCall returns the test call of the sender that a call is, or nil.
func (s *Sender) TestCall(header func(name string) string, encoding string, t *Tree) *TestCall {
	for i := range s.TestCalls {
		if s.TestCalls[i].Fits(header, encoding, t) {
			return &s.TestCalls[i]
		}
	}
	return nil
}
