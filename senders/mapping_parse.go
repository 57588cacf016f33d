package senders

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// MappingError says why a text is not a mapping: a sentence for the person who wrote it.
type MappingError string

func (e MappingError) Error() string { return string(e) }

func wrong(sentence string, args ...any) error { return MappingError(fmt.Sprintf(sentence, args...)) }

// ParseMapping reads the JSON of a mapping. What is left out is empty; a part that is not known is an error. The error is a
// MappingError. Call Validate afterwards.
func ParseMapping(text string) (Mapping, error) {
	if len(text) > MaxMappingBytes {
		return Mapping{}, wrong("The mapping is too long. Please use at most 64 KB.")
	}
	t, err := ParseJSON(strings.ToValidUTF8(text, "\uFFFD"))
	var syntax SyntaxError
	if errors.As(err, &syntax) {
		return Mapping{}, wrong("The mapping cannot be read. %s", mappingWords.Replace(string(syntax)))
	}
	r := mappingReader{t}
	var m Mapping
	err = r.members("the mapping", Root, map[string]func(at Place) error{
		"address":     func(at Place) (err error) { m.Address, err = r.paths(at); return err },
		"fields":      func(at Place) (err error) { m.Fields, err = r.fields(at); return err },
		"only_when":   func(at Place) (err error) { m.OnlyWhen, err = r.conditions(at); return err },
		"also_keys":   func(at Place) (err error) { m.AlsoKeys, err = r.boolean("also_keys", at); return err },
		"delivery_id": func(at Place) (err error) { m.DeliveryID, err = r.deliveryID(at); return err },
		"skip_without_address": func(at Place) (err error) {
			m.SkipNoAddress, err = r.boolean("skip_without_address", at)
			return err
		},
	})
	if err != nil {
		return Mapping{}, err
	}
	return m, nil
}

// mappingWords turns what is said of the body of a call into what is said of a mapping.
var mappingWords = strings.NewReplacer("The body", "It", `{"email_address": "ada@example.com"}`, mappingExample, "the end of the body", "the end of the mapping",
	"Please send one JSON object, one call for each contact.", "Please write an object in braces, such as "+mappingExample+".", "Please send", "Please write")

const mappingExample = `{"address": ["customer.email"]}`

// mappingReader reads the parts of a mapping. Its errors name the part.
type mappingReader struct{ *Tree }

// members calls the function for each member of an object, by its name. Null counts as left out.
func (r mappingReader) members(part string, at Place, read map[string]func(at Place) error) error {
	if r.Kind(at) != Object {
		return wrong("In the mapping, %s must be an object in braces, such as {…}; it is a %s.", part, r.Kind(at))
	}
	seen := map[string]bool{}
	for child := range r.Children(at) {
		name := r.Name(child)
		switch {
		case read[name] == nil:
			return wrong("In the mapping, %s has no part %s. It can have %s.", part, showText(name), listNames(read))
		case seen[name]:
			return wrong("In the mapping, %s has %s twice. Please take one out.", part, showText(name))
		}
		seen[name] = true
		if r.Kind(child) == Null {
			continue
		}
		if err := read[name](child); err != nil {
			return err
		}
	}
	return nil
}

func listNames(read map[string]func(at Place) error) string {
	var names []string
	for name := range read {
		names = append(names, name)
	}
	slices.Sort(names)
	return strings.Join(names, ", ")
}

// items calls a function for each item of a list.
func (r mappingReader) items(part string, at Place, read func(at Place) error) error {
	if r.Kind(at) != List {
		return wrong("In the mapping, %s must be a list in brackets, such as […]; it is a %s.", part, r.Kind(at))
	}
	for child := range r.Children(at) {
		if err := read(child); err != nil {
			return err
		}
	}
	return nil
}

func (r mappingReader) text(part string, at Place) (string, error) {
	if r.Kind(at) != Text {
		return "", wrong("In the mapping, %s must be a text in quotation marks; it is a %s.", part, r.Kind(at))
	}
	return r.Text(at), nil
}

func (r mappingReader) boolean(part string, at Place) (bool, error) {
	if r.Kind(at) != Boolean {
		return false, wrong("In the mapping, %s must be true or false; it is a %s.", part, r.Kind(at))
	}
	return r.Text(at) == "true", nil
}

func (r mappingReader) path(part string, at Place) (Path, error) {
	text, err := r.text(part, at)
	if err != nil {
		return Path{}, err
	}
	p, err := ParsePath(text)
	if err != nil {
		return Path{}, wrong("In the mapping, %s is wrong. %s", part, err)
	}
	return p, nil
}

func (r mappingReader) paths(at Place) (paths []Path, err error) {
	err = r.items("address", at, func(at Place) error {
		p, err := r.path("a place of address", at)
		paths = append(paths, p)
		return err
	})
	return paths, err
}

func (r mappingReader) fields(at Place) (map[string][]Source, error) {
	if r.Kind(at) != Object {
		return nil, wrong("In the mapping, fields must be an object in braces, such as {…}; it is a %s.", r.Kind(at))
	}
	fields := map[string][]Source{}
	for child := range r.Children(at) {
		key := r.Name(child)
		if _, twice := fields[key]; twice {
			return nil, wrong("In the mapping, fields has %s twice. Please take one out.", showText(key))
		}
		part := "the field " + showText(key)
		fields[key] = []Source{}
		err := r.items(part, child, func(at Place) error {
			s, err := r.source(part, at)
			fields[key] = append(fields[key], s)
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return fields, nil
}

func (r mappingReader) source(part string, at Place) (s Source, err error) {
	err = r.members("a place of "+part, at, map[string]func(at Place) error{
		"path": func(at Place) (err error) { s.Path, err = r.path("the path of "+part, at); return err },
		"as": func(at Place) error {
			text, err := r.text("as of "+part, at)
			if s.As = As(text); err == nil && !slices.Contains(Readings, s.As) {
				err = wrong("In the mapping, %s is read as %s, which is not known. It can be %s.", part, showText(text), readingNames())
			}
			return err
		},
	})
	if err == nil && s.Path.IsZero() {
		err = wrong(`In the mapping, a place of %s has no path. Please write it as {"path": "customer.city"}.`, part)
	}
	return s, err
}

// readingNames lists the readings for a sentence.
func readingNames() string {
	var names []string
	for _, as := range Readings[1:] {
		names = append(names, string(as))
	}
	return strings.Join(names, ", ")
}

func (r mappingReader) conditions(at Place) (conditions []Condition, err error) {
	err = r.items("only_when", at, func(at Place) error {
		c, err := r.condition(at)
		conditions = append(conditions, c)
		return err
	})
	return conditions, err
}

func (r mappingReader) condition(at Place) (c Condition, err error) {
	const part = "a condition of only_when"
	err = r.members(part, at, map[string]func(at Place) error{
		"path": func(at Place) (err error) { c.Path, err = r.path("the path of "+part, at); return err },
		"set":  func(at Place) (err error) { c.Set, err = r.boolean("set of "+part, at); return err },
		"in": func(at Place) error {
			return r.items("in of "+part, at, func(at Place) error {
				text, err := r.text("a value of "+part, at)
				c.In = append(c.In, text)
				return err
			})
		},
	})
	switch {
	case err != nil:
	case c.Path.IsZero():
		err = wrong(`In the mapping, %s has no path. Please write it as {"path": "type", "in": ["order"]}.`, part)
	case c.Set == (len(c.In) > 0):
		err = wrong(`In the mapping, the condition on %s must have either values, as in "in": ["order"], or "set": true.`, show(c.Path.String()))
	}
	return c, err
}

func (r mappingReader) deliveryID(at Place) (d DeliveryID, err error) {
	err = r.members("delivery_id", at, map[string]func(at Place) error{
		"header": func(at Place) (err error) { d.Header, err = r.text("header of delivery_id", at); return err },
		"path":   func(at Place) (err error) { d.Path, err = r.path("the path of delivery_id", at); return err },
	})
	if err == nil && (d.Header == "") == d.Path.IsZero() {
		err = wrong(`In the mapping, delivery_id must name either a header, as in {"header": "Idempotency-Key"}, or a path, as in {"path": "event_id"}.`)
	}
	return d, err
}
