package intake

import "campaignlark/senders"

// decodeJSON reads a JSON object, as a tree if as is set.
func decodeJSON(body []byte, charsetName string, as treeReader) Submission {
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
	parse := senders.ParseFlat
	if as != nil {
		parse = senders.ParseJSON
	}
	tree, err := parse(text)
	if err != nil {
		return s.fail(notAnObject(text, err))
	}
	if as != nil {
		as(&s, tree)
		return s
	}
	var c collector
	for at := range tree.Children(senders.Root) {
		c.set(tree.Name(at), tree.Given(at))
	}
	c.into(&s)
	return s
}

// notAnObject returns the error of a text that is not one JSON object. It says so if another content type would fit.
func notAnObject(text string, err error) error {
	if other := unfit("application/json", KindJSON, LooksLike(text)); other != nil {
		return other
	}
	return &DecodeError{KindJSON, err.Error()}
}
