package rule

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"

	"campaignlark/models"
)

// Parse reads a rule's JSON (DESIGN "Segments"). It is strict: anything that is not a rule, has an unknown key, or
// exceeds a limit of size or depth is a Problem. Check decides whether the rule fits the workspace.
func Parse(text string) (Group, Problems) {
	if len(text) > MaxRuleBytes {
		return Group{Join: All}, Problems{{Message: tooLong(len(text))}}
	}
	var p parser
	g := p.group([]byte(models.ValidText(text)), "", 1)
	return g, p.problems
}

// tooLong says that a rule of so many bytes is too long.
func tooLong(bytes int) string {
	return fmt.Sprintf("This rule is too long: it takes %s, and %s fit. %s", showKB(bytes), showKB(MaxRuleBytes), useATag)
}

// useATag is the advice for a list of values that does not fit in a rule.
const useATag = "Please import the people of a long list with a tag, and let the rule ask for that tag."

// showKB formats a number of bytes for people, rounded up.
func showKB(bytes int) string { return showCount(strconv.Itoa((bytes+1023)>>10)) + " KB" }

var tooDeep = fmt.Sprintf("Groups can be nested at most %d deep.", MaxDepth)

type parser struct{ problems Problems }

func (p *parser) problem(at, message string) {
	p.problems = append(p.problems, Problem{At: at, Message: message})
}

// Written is a group or a condition as in the JSON.
type Written struct {
	Join     *Join             `json:"condition"`
	Filters  []json.RawMessage `json:"filters"`
	Type     Type              `json:"type"`
	FieldID  int64             `json:"field_id"`
	Operator Operator          `json:"operator"`
	Value    json.RawMessage   `json:"value"`
	Days     *int              `json:"days"`
}

// isGroup reports whether w has keys of a group; isMixed whether it also has keys of a condition.
func (w Written) isGroup() bool { return w.Join != nil || w.Filters != nil }
func (w Written) isMixed() bool {
	return w.isGroup() && (w.Type != "" || w.FieldID != 0 || w.Operator != "" || w.Value != nil || w.Days != nil)
}

func (p *parser) read(raw []byte, at string) (Written, bool) {
	var w Written
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.DisallowUnknownFields()
	err := decoder.Decode(&w)
	if err == nil {
		_, err = decoder.Token()
	}
	trimmed := bytes.TrimLeft(raw, " \t\r\n")
	if err != io.EOF || !bytes.HasPrefix(trimmed, []byte("{")) || w.isMixed() || w.Days != nil && typeKinds[w.Type] != KindSource {
		p.problem(at, cannotBeRead(at))
		return w, false
	}
	return w, true
}

func cannotBeRead(at string) string {
	if at == "" {
		return "This rule cannot be read. A rule is JSON such as {\"condition\":\"AND\",\"filters\":[…]}."
	}
	return "This condition cannot be read."
}

func (p *parser) group(raw []byte, at string, depth int) Group {
	w, ok := p.read(raw, at)
	if !ok {
		return Group{Join: All}
	}
	if !w.isGroup() {
		p.problem(at, cannotBeRead(at))
		return Group{Join: All}
	}
	return p.filters(w, at, depth)
}

func (p *parser) filters(w Written, at string, depth int) Group {
	g := Group{Join: All}
	if w.Join != nil {
		g.Join = *w.Join
	}
	if w.Join == nil || g.Join != All && g.Join != Any {
		p.problem(at, "Please choose whether all or any of the conditions must match: AND or OR.")
		g.Join = All
	}
	if depth > MaxDepth {
		p.problem(at, tooDeep)
		return g
	}
	for i, raw := range w.Filters {
		g.Filters = append(g.Filters, p.filter(raw, Place(at, i), depth))
	}
	return g
}

func (p *parser) filter(raw []byte, at string, depth int) Filter {
	w, ok := p.read(raw, at)
	if ok && w.isGroup() {
		g := p.filters(w, at, depth+1)
		return Filter{Group: &g}
	}
	c := Condition{Type: w.Type, FieldID: w.FieldID, Operator: w.Operator, Value: models.Given{Shape: models.Null}, Days: w.Days}
	if ok {
		c.Value = readValue(w.Value)
	}
	return Of(c)
}

// readValue reads a condition's value like one in a call: numbers by their literal text.
func readValue(raw json.RawMessage) models.Given {
	if len(raw) == 0 {
		return models.Given{Shape: models.Null}
	}
	var items []json.RawMessage
	if json.Unmarshal(raw, &items) != nil || items == nil {
		text, shape := readPlain(raw)
		if shape != models.Plain {
			return models.Given{Shape: shape}
		}
		return models.Text(text)
	}
	given := models.Given{Shape: models.List}
	for _, item := range items {
		text, shape := readPlain(item)
		if shape == models.Nested {
			return models.Given{Shape: models.Nested}
		}
		if shape == models.Plain {
			given.Texts = append(given.Texts, text)
		}
	}
	return given
}

func readPlain(raw json.RawMessage) (string, models.Shape) {
	literal := strings.TrimSpace(string(raw))
	switch {
	case literal == "null":
		return "", models.Null
	case strings.HasPrefix(literal, "{"), strings.HasPrefix(literal, "["):
		return "", models.Nested
	case strings.HasPrefix(literal, `"`):
		var text string
		json.Unmarshal(raw, &text) // raw was parsed as JSON before
		return models.ValidText(text), models.Plain
	}
	return literal, models.Plain
}
