package automations

import (
	"encoding/json"
	"slices"
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
		return Definition{}, invalid("The definition cannot be read: it must be JSON with triggers, rule, by_hand and steps.")
	}
	return d, nil
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
