package senders

import "strings"

// SyntaxError is a sentence for the sender: why a text is not one JSON object.
type SyntaxError string

func (e SyntaxError) Error() string { return string(e) }

// ParseJSON reads a text, which must be valid UTF-8 and one JSON object. It opens the texts in it that hold JSON. The error is a
// SyntaxError.
func ParseJSON(text string) (*Tree, error) { return parseJSON(text, false) }

// ParseFlat is ParseJSON for the documented format, which reads only plain values and lists of them. It checks objects in the object
// and does not keep what they hold: they have no children. A list that holds an object or a list has only that one as an item.
func ParseFlat(text string) (*Tree, error) { return parseJSON(text, true) }

func parseJSON(text string, flat bool) (*Tree, error) {
	p := jsonParser{jsonScanner: jsonScanner{text: text}, flat: flat, values: make([]value, 0, roomFor(text, flat))}
	switch p.blanks(); {
	case p.ended():
		return nil, SyntaxError(`The body is empty. Please send a JSON object such as {"email_address": "ada@example.com"}.`)
	case p.text[p.at] == '[':
		return nil, SyntaxError("The body is a JSON array. Please send one JSON object, one call for each contact.")
	case p.text[p.at] != '{':
		return nil, p.notObject()
	}
	if err := p.value("", 0, true); err != nil {
		return nil, err
	}
	if p.blanks(); !p.ended() {
		return nil, p.expected("the end of the body, as it holds one JSON object")
	}
	return &Tree{values: p.values}, nil
}

// roomFor returns for how many values memory is taken at first. A text has at most as many values as commas and brackets that open, and one.
func roomFor(text string, flat bool) int {
	if flat {
		return 16
	}
	return min(strings.Count(text, ",")+strings.Count(text, "{")+strings.Count(text, "[")+1, len(text)/2+1)
}

// jsonParser adds the values of a text to a tree.
type jsonParser struct {
	jsonScanner
	flat   bool // as in ParseFlat
	opened int  // texts that hold the text
	values []value
}

// notObject returns the error of a body that is not an object. If the body is one JSON value, the error names it.
func (p *jsonParser) notObject() error {
	const want = `a JSON object such as {"email_address": "ada@example.com"}`
	whole := *p
	whole.flat = true
	err := whole.value("", 0, true)
	if whole.blanks(); err != nil || !whole.ended() {
		return p.expected(want)
	}
	what := "only a number"
	switch v := whole.values[0]; {
	case v.kind == Text && strings.HasPrefix(strings.TrimSpace(v.text), "{"):
		return SyntaxError("The body is a JSON text that holds an object: JSON was encoded twice. Please send the object itself.")
	case v.kind == Text:
		what = "only a text"
	case v.kind == Null:
		what = "the JSON value null"
	case v.kind == Boolean:
		what = "the JSON value " + v.text
	}
	return SyntaxError("The body is " + what + ". Please send " + want + ".")
}

// value reads any value. It stands in an object or list of the given level. Unless keep is set, it only checks the value.
func (p *jsonParser) value(name string, level int, keep bool) error {
	p.blanks()
	if p.ended() {
		return p.expected("a value")
	}
	switch c := p.text[p.at]; {
	case c == '{':
		return p.object(name, level+1, keep)
	case c == '[':
		return p.list(name, level+1, keep)
	case c == '"':
		text, err := p.str(keep)
		if err == nil && keep {
			p.add(name, text, Text)
			p.open(level)
		}
		return err
	case c == '-' || isDigit(c):
		text, err := p.number()
		if err == nil && keep {
			p.add(name, text, Number)
		}
		return err
	case p.takeWord("true"):
		if keep {
			p.add(name, "true", Boolean)
		}
		return nil
	case p.takeWord("false"):
		if keep {
			p.add(name, "false", Boolean)
		}
		return nil
	case p.takeWord("null"):
		if keep {
			p.add(name, "", Null)
		}
		return nil
	}
	return p.expected("a value, texts being in double quotes")
}

// add adds a value that holds nothing.
func (p *jsonParser) add(name, text string, kind Kind) {
	p.values = append(p.values, value{name: name, text: text, kind: kind, end: int32(len(p.values) + 1)})
}

// object reads the object that starts here, at the given level.
func (p *jsonParser) object(name string, level int, keep bool) error {
	if level > MaxDepth {
		return p.tooDeep()
	}
	at := len(p.values)
	if keep {
		p.add(name, "", Object)
	}
	members := keep && (!p.flat || level == 1)
	p.at++ // {
	for first := true; ; first = false {
		p.blanks()
		if first && p.take('}') {
			break
		}
		key, err := p.key(members)
		if err != nil {
			return err
		}
		if err := p.value(key, level, members); err != nil {
			return err
		}
		p.blanks()
		if p.take('}') {
			break
		}
		if !p.take(',') {
			return p.expected("a comma or a closing }")
		}
	}
	p.close(at, keep)
	return nil
}

// close notes that everything since the value at was in it.
func (p *jsonParser) close(at int, keep bool) {
	if keep {
		p.values[at].end = int32(len(p.values))
	}
}

// key reads a key and its colon.
func (p *jsonParser) key(keep bool) (string, error) {
	if !p.sees('"') {
		return "", p.expected("a key in double quotes")
	}
	key, err := p.str(keep)
	if err != nil {
		return "", err
	}
	if p.blanks(); !p.take(':') {
		return "", p.expected("a colon after the key")
	}
	return dropNUL(key), nil
}

// list reads the list that starts here, at the given level.
func (p *jsonParser) list(name string, level int, keep bool) error {
	if level > MaxDepth {
		return p.tooDeep()
	}
	at := len(p.values)
	if keep {
		p.add(name, "", List)
	}
	items := keep
	p.at++ // [
	for first := true; ; first = false {
		p.blanks()
		if first && p.take(']') {
			break
		}
		nested := p.sees('{') || p.sees('[')
		if items && nested && p.flat {
			p.values = p.values[:at+1]
			p.add("", "", Object)
			items = false
		}
		if err := p.value("", level, items); err != nil {
			return err
		}
		p.blanks()
		if p.take(']') {
			break
		}
		if !p.take(',') {
			return p.expected("a comma or a closing ]")
		}
	}
	p.close(at, keep)
	return nil
}

// open adds the object or list that the last value holds, if that is a text with JSON in it. The text stands in an object or list of
// the given level.
func (p *jsonParser) open(level int) {
	at := len(p.values) - 1
	text := p.values[at].text
	if p.flat || p.opened == maxOpened || !mayHoldJSON(text) {
		return
	}
	inner := jsonParser{jsonScanner: jsonScanner{text: text}, opened: p.opened + 1, values: p.values}
	err := inner.value("", level, true)
	if inner.blanks(); err != nil || !inner.ended() {
		p.values = inner.values[:at+1]
		return
	}
	p.values = inner.values
	p.close(at, true)
}

// mayHoldJSON reports whether text begins and ends as an object or a list does.
func mayHoldJSON(text string) bool {
	if len(text) < 2 {
		return false
	}
	if text[0] != '{' && text[0] != '[' { // most texts
		if text = strings.Trim(text, " \t\r\n"); len(text) < 2 || text[0] != '{' && text[0] != '[' {
			return false
		}
	}
	last := strings.TrimRight(text, " \t\r\n")
	return last[len(last)-1] == text[0]+2 // } is two after {, and ] after [
}
