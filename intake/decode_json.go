package intake

import (
	"strings"

	"campaignlark/models"
)

// decodeJSON reads a JSON object.
func decodeJSON(body []byte, charsetName string) Submission {
	s := Submission{Encoding: EncodingJSON}
	cs, err := findCharset(charsetName, func() bool { return validUTF8(body) })
	if err != nil {
		s.keepUnread(body, "application/json")
		return s.fail(err)
	}
	if cs.wide() && !mayBeUTF16(body) {
		s.keepUnread(body, "application/json")
		return s.fail(notUTF16(charsetName))
	}
	text := cs.wholeText(body)
	s.textSize = len(text)
	s.keep(text)
	var c collector
	if err := readObject(text, &c); err != nil {
		return s.fail(err)
	}
	c.into(&s)
	return s
}

// readObject reads text as one JSON object into c.
func readObject(text string, c *collector) error {
	d := jsonScanner{text: text}
	switch d.blanks(); {
	case d.ended():
		return &DecodeError{KindJSON, `The body is empty. Please send a JSON object such as {"email_address": "ada@example.com"}.`}
	case d.text[d.at] == '[':
		return &DecodeError{KindJSON, "The body is a JSON array. Please send one JSON object, one call for each contact."}
	case d.text[d.at] != '{':
		if err := unfit("application/json", KindJSON, LooksLike(text)); err != nil {
			return err
		}
		return d.scalar()
	}
	if err := d.object(1, c); err != nil {
		return err
	}
	if d.blanks(); !d.ended() {
		return d.expected("the end of the body, as it holds one JSON object")
	}
	return nil
}

// scalar returns the error of a body that is not an object. If the body is one JSON value, the error names it: a text, a
// number, true, false or null.
func (d *jsonScanner) scalar() error {
	const want = `a JSON object such as {"email_address": "ada@example.com"}`
	whole := *d
	v, err := whole.value(1, true)
	if whole.blanks(); err != nil || !whole.ended() {
		return d.expected(want)
	}
	what := "only a number"
	switch c := d.text[d.at]; {
	case c == '"' && strings.HasPrefix(strings.TrimSpace(v.Last()), "{"):
		return &DecodeError{KindJSON, "The body is a JSON text that holds an object: JSON was encoded twice. Please send the object itself."}
	case c == '"':
		what = "only a text"
	case v.Shape == models.Null:
		what = "the JSON value null"
	case c == 't', c == 'f':
		what = "the JSON value " + v.Last()
	}
	return &DecodeError{KindJSON, "The body is " + what + ". Please send " + want + "."}
}

// object reads the object that starts here, at the given level. Without a collector it only checks the object, since
// nothing of a nested object is kept.
func (d *jsonScanner) object(level int, c *collector) error {
	if level > MaxDepth {
		return d.tooDeep()
	}
	d.at++ // {
	for first := true; ; first = false {
		d.blanks()
		if first && d.take('}') {
			return nil
		}
		key, err := d.key(c != nil)
		if err != nil {
			return err
		}
		v, err := d.value(level, c != nil)
		if err != nil {
			return err
		}
		if c != nil {
			c.set(key, v)
		}
		switch d.blanks(); {
		case d.take('}'):
			return nil
		case !d.take(','):
			return d.expected("a comma or a closing }")
		}
	}
}

// key reads a key and its colon.
func (d *jsonScanner) key(keep bool) (string, error) {
	if !d.sees('"') {
		return "", d.expected("a key in double quotes")
	}
	key, err := d.str(keep)
	if err != nil {
		return "", err
	}
	if d.blanks(); !d.take(':') {
		return "", d.expected("a colon after the key")
	}
	return key, nil
}

// value reads any value inside an object or array of the given level. It returns texts only if keep is set.
func (d *jsonScanner) value(level int, keep bool) (models.Given, error) {
	d.blanks()
	if d.ended() {
		return models.Given{}, d.expected("a value")
	}
	switch c := d.text[d.at]; {
	case c == '{':
		return models.Given{Shape: models.Nested}, d.object(level+1, nil)
	case c == '[':
		return d.array(level+1, keep)
	case c == '"':
		return plain(d.str(keep))
	case c == '-' || isDigit(c):
		v, err := plain(d.number())
		v.Bare = err == nil
		return v, err
	case d.takeWord("true"):
		return models.Given{Texts: []string{"true"}, Bare: true}, nil
	case d.takeWord("false"):
		return models.Given{Texts: []string{"false"}, Bare: true}, nil
	case d.takeWord("null"):
		return models.Given{Shape: models.Null}, nil
	}
	return models.Given{}, d.expected("a value, texts being in double quotes")
}

func plain(text string, err error) (models.Given, error) {
	if err != nil {
		return models.Given{}, err
	}
	return models.Text(text), nil
}

// array reads the array that starts here. An array of plain values is a List, without its nulls. An array that holds an
// array or object is Nested.
func (d *jsonScanner) array(level int, keep bool) (models.Given, error) {
	if level > MaxDepth {
		return models.Given{}, d.tooDeep()
	}
	d.at++ // [
	list := models.Given{Shape: models.List}
	for first := true; ; first = false {
		d.blanks()
		if first && d.take(']') {
			return list, nil
		}
		v, err := d.value(level, keep && list.Shape == models.List)
		switch {
		case err != nil:
			return models.Given{}, err
		case v.Shape == models.List || v.Shape == models.Nested:
			list = models.Given{Shape: models.Nested}
		case keep && list.Shape == models.List && v.Shape == models.Plain:
			list.Texts = append(list.Texts, v.Texts[0])
		}
		switch d.blanks(); {
		case d.take(']'):
			return list, nil
		case !d.take(','):
			return models.Given{}, d.expected("a comma or a closing ]")
		}
	}
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// takeWord skips word if it comes next, and reports whether it did.
func (d *jsonScanner) takeWord(word string) bool {
	if !strings.HasPrefix(d.text[d.at:], word) {
		return false
	}
	d.at += len(word)
	return true
}
