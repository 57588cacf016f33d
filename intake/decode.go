package intake

import (
	"fmt"
	"strings"
)

// decodeBody reads a body, as a tree if as is set. Its headers say what it is. Without a Content-Type its first character decides.
func decodeBody(r Request, as treeReader) Submission {
	kind, params := parseHeader(r.ContentType)
	body, err := decompress(r.Body, r.ContentEncoding)
	switch {
	case err == ErrTooLarge || len(body) > MaxBody:
		return Submission{Err: ErrTooLarge}
	case err != nil:
		s := Submission{Err: err}
		s.keepUnread(body, kind)
		return s
	}
	switch {
	case kind == "application/json", strings.HasSuffix(kind, "+json"):
		return decodeJSON(body, params["charset"], as)
	case kind == "application/x-www-form-urlencoded":
		return decodeForm(body, params["charset"], as)
	case kind == "multipart/form-data":
		return decodeMultipart(body, params, as)
	case kind == "" && looksLikeJSON(body):
		return decodeJSON(body, params["charset"], as)
	case kind == "":
		return decodeForm(body, params["charset"], as)
	}
	named, _ := cutAny(r.ContentType, ";,")
	s := Submission{Err: &DecodeError{KindContentType, fmt.Sprintf("The content type %s is not accepted. Please send application/json, "+
		"application/x-www-form-urlencoded or multipart/form-data.", quote(strings.ToLower(strings.TrimSpace(named))))}}
	s.keepUnread(body, kind)
	return s
}

// looksLikeJSON reports whether body starts with { after a byte-order mark and blanks.
func looksLikeJSON(body []byte) bool {
	return strings.HasPrefix(strings.TrimLeft(strings.TrimPrefix(string(body), bom), " \t\r\n"), "{")
}

// fail returns s with the error and without its address and fields.
func (s Submission) fail(err error) Submission {
	s.Err, s.Email, s.Fields, s.textSize = err, Email{}, nil, 0
	return s
}

// parseHeader splits a Content-Type or Content-Disposition into its value and its parameters, all names in lower case.
// It accepts what senders really write: single quotes, brackets without quotes, repeated headers joined by a comma, no
// semicolon before the first parameter, a parameter given twice (the first one counts).
func parseHeader(h string) (value string, params map[string]string) {
	value, rest := cutAny(strings.TrimLeft(h, " \t"), ";, \t")
	value = strings.ToLower(value)
	params = map[string]string{}
	for rest != "" {
		var name, text string
		name, text, rest = nextParam(rest)
		if _, twice := params[name]; !twice && name != "" {
			params[name] = text
		}
	}
	return value, params
}

// nextParam reads one name=text or name="text" and returns what follows its semicolon.
func nextParam(s string) (name, text, rest string) {
	end := strings.IndexAny(s, "=;")
	if end < 0 || s[end] == ';' {
		_, rest = cutAny(s, ";")
		return "", "", rest
	}
	name = strings.ToLower(strings.TrimSpace(s[:end]))
	s = strings.TrimLeft(s[end+1:], " \t")
	if !strings.HasPrefix(s, `"`) {
		text, rest = cutAny(s, ";,")
		return name, strings.Trim(text, " \t'"), rest
	}
	var b strings.Builder
	i := 1
	for ; i < len(s) && s[i] != '"'; i++ {
		if s[i] == '\\' && i+1 < len(s) && (s[i+1] == '"' || s[i+1] == '\\') {
			i++
		}
		b.WriteByte(s[i])
	}
	_, rest = cutAny(s[min(i+1, len(s)):], ";")
	return name, b.String(), rest
}

// cutAny cuts s around the first of the given characters.
func cutAny(s, chars string) (before, after string) {
	if i := strings.IndexAny(s, chars); i >= 0 {
		return s[:i], s[i+1:]
	}
	return s, ""
}
