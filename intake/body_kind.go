package intake

import (
	"fmt"
	"regexp"
	"strings"
)

// BodyKind is what a body looks like, whatever its Content-Type says.
type BodyKind string

const (
	BodyEmpty     BodyKind = "empty"
	BodyJSON      BodyKind = "json"      // begins as an object or a list
	BodyForm      BodyKind = "form"      // begins with name=
	BodyMultipart BodyKind = "multipart" // begins with a boundary
	BodyXML       BodyKind = "xml"
	BodyGzip      BodyKind = "gzip"
	BodyText      BodyKind = "text"    // none of these
	BodyUnknown   BodyKind = "unknown" // not kept
)

// BodyKinds lists every kind.
var BodyKinds = []BodyKind{BodyEmpty, BodyJSON, BodyForm, BodyMultipart, BodyXML, BodyGzip, BodyText, BodyUnknown}

// Name returns the kind for a sentence: "JSON", "a form".
func (k BodyKind) Name() string {
	return map[BodyKind]string{
		BodyEmpty: "empty", BodyJSON: "JSON", BodyForm: "a form (name=value)", BodyMultipart: "a multipart form", BodyXML: "XML",
		BodyGzip: "compressed with gzip", BodyText: "plain text", BodyUnknown: "not known",
	}[k]
}

// ContentType returns the content type that fits the kind, or "" if none that is accepted does.
func (k BodyKind) ContentType() string {
	return map[BodyKind]string{
		BodyJSON: "application/json", BodyForm: "application/x-www-form-urlencoded", BodyMultipart: "multipart/form-data",
	}[k]
}

// gzipMarks are the first bytes of gzip data: as they are, and read as text in UTF-8 and in Windows-1252.
var gzipMarks = []string{"\x1f\x8b\x08", "\x1f\uFFFD\x08", "\x1f\u2039\x08"}

// lookedAt is how many bytes of a body say what it looks like.
const lookedAt = 4096

var (
	formStart = regexp.MustCompile(`^[^\s=&<>"]{1,200}=`)
	keptSize  = regexp.MustCompile(`^\(\d+ bytes (of parts, not taken apart|of gzip data|that are not text)\)$`)
	xmlStart  = regexp.MustCompile(`^<[?!a-zA-Z]`)
)

// LooksLike says what a body, or what the log keeps of it, looks like. It reads only the beginning. It is BodyUnknown for a
// payload that only says how large the body was.
func LooksLike(body string) BodyKind {
	if body = body[:min(len(body), lookedAt)]; keptSize.MatchString(body) {
		if strings.HasSuffix(body, gzipData) {
			return BodyGzip
		}
		return BodyUnknown
	}
	for _, mark := range gzipMarks {
		if strings.HasPrefix(body, mark) {
			return BodyGzip
		}
	}
	body = strings.TrimLeft(strings.TrimPrefix(body, bom), " \t\r\n")
	switch {
	case body == "":
		return BodyEmpty
	case body[0] == '{', body[0] == '[':
		return BodyJSON
	case strings.HasPrefix(body, "--") && hasPartHead(body):
		return BodyMultipart
	case xmlStart.MatchString(body):
		return BodyXML
	case formStart.MatchString(body):
		return BodyForm
	case strings.HasPrefix(body, "--"):
		return BodyMultipart
	}
	return BodyText
}

// hasPartHead reports whether text holds the head of a part of a multipart body.
func hasPartHead(text string) bool {
	return strings.Contains(strings.ToLower(text), "content-disposition:")
}

// unfit is the error of a body that is not what its Content-Type says, or nil if no other type would fit.
func unfit(contentType string, kind DecodeKind, looks BodyKind) error {
	const says = "The Content-Type says %s, but the body is %s. "
	switch {
	case looks == BodyGzip:
		return &DecodeError{KindCompression, "The body is compressed with gzip, but no header says so. Please send Content-Encoding: gzip with it."}
	case looks == BodyXML || looks == BodyText && kind == KindMultipart:
		return &DecodeError{kind, fmt.Sprintf(says+"Please send JSON or a form.", contentType, looks.Name())}
	case looks.ContentType() != "" && looks.ContentType() != contentType:
		return &DecodeError{kind, fmt.Sprintf(says+"Please send the Content-Type %s.", contentType, looks.Name(), looks.ContentType())}
	}
	return nil
}
