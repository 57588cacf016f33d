package automations

import (
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"

	"campaignlark/models"
	"campaignlark/segments/rule"
)

// Definition says when an automation starts, for whom, and what it does.
type Definition struct {
	Triggers []Trigger `json:"triggers"`
	Rule     *Rule     `json:"rule"`    // nil for everybody
	ByHand   bool      `json:"by_hand"` // changes by people and by imports start it too
	Steps    []Step    `json:"steps"`
}

// Trigger is an event that starts an automation. Without ids it is that of any webhook, tag, segment or field.
type Trigger struct {
	Type       models.EventType `json:"type"`
	WebhookIDs []int64          `json:"webhook_ids,omitempty"`
	TagIDs     []int64          `json:"tag_ids,omitempty"`     // for tag_added and tag_removed
	SegmentIDs []int64          `json:"segment_ids,omitempty"` // for segment_entered and segment_left
	FieldIDs   []int64          `json:"field_ids,omitempty"`   // for contact_updated: one of these fields changed
}

// StepType says what a step does.
type StepType string

const (
	StepWait      StepType = "wait"
	StepOnlyIf    StepType = "only_if"
	StepAddTag    StepType = "add_tag"
	StepRemoveTag StepType = "remove_tag"
	StepSetField  StepType = "set_field"
	StepCall      StepType = "call"
	StepTellTeam  StepType = "tell_team"
)

// StepTypes lists every step in the order of the menus.
var StepTypes = []StepType{StepWait, StepOnlyIf, StepAddTag, StepRemoveTag, StepSetField, StepCall, StepTellTeam}

// Changes reports whether the step changes the contact.
func (t StepType) Changes() bool {
	return t == StepAddTag || t == StepRemoveTag || t == StepSetField
}

// NeedsContact reports whether the step can be done only for a contact.
func (t StepType) NeedsContact() bool { return t == StepOnlyIf || t.Changes() }

// Step is one thing that an automation does. Only the parts of its type are set.
type Step struct {
	ID            int64    `json:"id,omitempty"` // stays with the step through changes of the definition
	Type          StepType `json:"type"`
	Minutes       int      `json:"minutes,omitempty"`        // of a wait
	Until         string   `json:"until,omitempty"`          // then until this hour of the day, "09:00", in the workspace's zone
	Rule          *Rule    `json:"rule,omitempty"`           // of only_if
	TagID         int64    `json:"tag_id,omitempty"`         // of add_tag and remove_tag
	FieldID       int64    `json:"field_id,omitempty"`       // of set_field
	Value         string   `json:"value,omitempty"`          // of set_field, read as any value is; blank empties the field
	Unset         bool     `json:"-"`                        // of set_field, in the builder: no value is given yet
	DestinationID int64    `json:"destination_id,omitempty"` // of call
	UserIDs       []int64  `json:"user_ids,omitempty"`       // of tell_team
}

// movesBefore reports whether a step before number n waits or changes the contact.
func (d Definition) movesBefore(n int) bool {
	return slices.ContainsFunc(d.Steps[:n-1], func(s Step) bool { return s.Type == StepWait || s.Type.Changes() })
}

// Rule is a segment's rule in a definition.
type Rule struct{ rule.Group }

// UnmarshalJSON reads a rule as segments do. The error is a rule.Problems.
func (r *Rule) UnmarshalJSON(text []byte) error {
	group, problems := rule.Parse(string(text))
	if len(problems) > 0 {
		return problems
	}
	r.Group = group
	return nil
}

// MarshalJSON writes the rule as segments do.
func (r Rule) MarshalJSON() ([]byte, error) { return json.Marshal(r.Group) }

// Limits of a definition.
const (
	MaxSteps       = 50
	MaxTriggers    = 12
	MaxWait        = 366 * 24 * 60 // minutes
	maxDefinition  = 256 << 10
	maxValueLength = 10_000
)

// Parse reads the JSON of a definition. The error is a sentence for the person who sent it. Check says whether the definition fits the
// workspace.
func Parse(text string) (d Definition, err error) {
	if len(text) > maxDefinition {
		return d, invalid("The definition is too large. Please make it shorter.")
	}
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&d); err != nil {
		return Definition{}, invalid("The definition cannot be read. " + unreadable(text, err))
	}
	if rest := strings.TrimSpace(text[decoder.InputOffset():]); rest != "" {
		return Definition{}, invalid("The definition cannot be read. After its end, at character " + characterAt(text, decoder.InputOffset()+1) + ", more follows.")
	}
	return d, nil
}

// unreadable says why the JSON of a definition cannot be read.
func unreadable(text string, err error) string {
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	var problems rule.Problems
	switch {
	case errors.As(err, &problems):
		return "Its rule is not right: " + problems.Error()
	case errors.As(err, &kind) && kind.Field == "":
		return "It must be an object with triggers, rule, by_hand and steps."
	case errors.As(err, &kind):
		return "Its part “" + kind.Field + "” holds " + article(kind.Value) + ", which does not fit there."
	case errors.As(err, &syntax):
		return "It is not right JSON at character " + characterAt(text, syntax.Offset) + ": " + syntax.Error() + "."
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return "It ends too early, at character " + characterAt(text, int64(len(text))) + ": a bracket or a quotation mark is not closed."
	}
	if _, name, unknown := strings.Cut(err.Error(), "unknown field "); unknown {
		return "It has a part named " + name + ", which definitions do not have."
	}
	return "It must be an object with triggers, rule, by_hand and steps."
}

// characterAt counts the characters up to an offset in bytes.
func characterAt(text string, offset int64) string {
	return strconv.Itoa(models.CountCharacters(text[:min(max(int(offset), 0), len(text))]))
}

// article puts "a" or "an" before the JSON kind of a value: "number 3" becomes "a number".
func article(kind string) string {
	kind, _, _ = strings.Cut(kind, " ")
	switch kind {
	case "array":
		return "a list"
	case "object":
		return "an object"
	case "bool":
		return "true or false"
	case "string":
		return "a text"
	}
	return "a " + kind
}

// stored reads a definition that the program wrote.
func stored(text string) (d Definition) {
	_ = json.Unmarshal([]byte(text), &d) // Check finds what is missing
	return d
}

// String returns the definition as it is stored.
func (d Definition) String() string {
	text, err := json.Marshal(d)
	if err != nil {
		panic(err) // it holds only texts, numbers and rules
	}
	return string(text)
}

// Sorted returns the definition with its ids in order, so that two that do the same compare as equal.
func (d Definition) Sorted() Definition {
	sorted := func(ids []int64) []int64 { return slices.Sorted(slices.Values(ids)) }
	d.Triggers, d.Steps = slices.Clone(d.Triggers), slices.Clone(d.Steps)
	for i, t := range d.Triggers {
		d.Triggers[i] = Trigger{t.Type, sorted(t.WebhookIDs), sorted(t.TagIDs), sorted(t.SegmentIDs), sorted(t.FieldIDs)}
	}
	for i := range d.Steps {
		d.Steps[i].UserIDs = sorted(d.Steps[i].UserIDs)
	}
	return d
}

// numbered gives each step without an id a new one, above last: the highest id that a step of any version has had. A step that does something
// else than before is a new step.
func (d Definition) numbered(before Definition, last int64) Definition {
	types := map[int64]StepType{}
	for _, s := range before.Steps {
		types[s.ID] = s.Type
	}
	d.Steps = slices.Clone(d.Steps)
	seen := map[int64]bool{}
	for i, s := range d.Steps {
		if t, known := types[s.ID]; s.ID <= 0 || s.ID > last || seen[s.ID] || known && t != s.Type {
			last++
			d.Steps[i].ID = last
		}
		seen[d.Steps[i].ID] = true
	}
	return d
}

// OfContact reports whether a trigger is about a contact. So it is taken to be as long as no trigger is chosen.
func (d Definition) OfContact() bool {
	return len(d.Triggers) == 0 || slices.ContainsFunc(d.Triggers, func(t Trigger) bool { return t.Type.OfContact() })
}

// Listens returns the events for which an automation of this definition must be told.
func (d Definition) Listens() (l models.Listens) {
	for _, t := range d.Triggers {
		l = l.With(t.Type, d.ByHand)
	}
	return l
}

// Destinations lists the destinations that the steps call.
func (d Definition) Destinations() (ids []int64) {
	for _, s := range d.Steps {
		if s.Type == StepCall && !slices.Contains(ids, s.DestinationID) {
			ids = append(ids, s.DestinationID)
		}
	}
	return ids
}

func invalid(sentence string) error {
	return &models.Error{Code: models.CodeInvalid, Message: sentence}
}
