package intake

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"strings"
)

var errBrokenMultipart = &DecodeError{KindMultipart, "The multipart body cannot be read to its end: a boundary or the head of a part is " +
	"missing or broken. Please let your form library write both the body and the Content-Type header."}

// decodeMultipart reads a multipart/form-data body: its fields in order, and of its files only names and sizes.
func decodeMultipart(body []byte, params map[string]string, as treeReader) Submission {
	s := Submission{Encoding: EncodingMultipart, textSize: len(body)}
	s.keepUnread(body, "multipart/form-data")
	if params["boundary"] == "" {
		return s.failMultipart(body, &DecodeError{KindMultipart, "The Content-Type says multipart/form-data but names no boundary. Please let your form " +
			"library set that header instead of writing it yourself."})
	}
	m := multipartReader{charset: params["charset"], fields: collector{as: as}}
	body = bytes.TrimPrefix(body, []byte(bom))
	err := m.readAll(multipart.NewReader(bytes.NewReader(body), params["boundary"]))
	if err == nil && !bytes.Contains(body, []byte("--"+params["boundary"]+"--")) {
		err = errBrokenMultipart // cut off just before a part, where the reader finds no fault
	}
	if err == nil || m.lines.Len() > 0 {
		s.keep(m.lines.String())
	}
	if err != nil {
		return s.failMultipart(body, err)
	}
	m.fields.into(&s)
	return s
}

// failMultipart returns the submission of a body that could not be read. If the body has no parts at all, the error says what
// the body looks like instead, and the log keeps it.
func (s Submission) failMultipart(body []byte, err error) Submission {
	if !hasPartHead(string(body)) {
		looks := LooksLike(string(body[:min(len(body), lookedAt)]))
		if other := unfit("multipart/form-data", KindMultipart, looks); other != nil {
			s.keepUnread(body, "")
			err = other
		}
	}
	return s.fail(err)
}

// multipartReader collects the fields of a body, and a line about every part for the request log.
type multipartReader struct {
	charset string // of parts that name no charset
	fields  collector
	lines   strings.Builder
}

func (m *multipartReader) readAll(r *multipart.Reader) error {
	for parts := 0; ; parts++ {
		p, err := r.NextPart()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return errBrokenMultipart
		}
		if parts == MaxParts {
			return &DecodeError{KindMultipart, fmt.Sprintf("The multipart body has more than %d parts. Please send fewer.", MaxParts)}
		}
		if err := m.readPart(p); err != nil {
			return err
		}
	}
}

// readPart reads one field, or measures one file.
func (m *multipartReader) readPart(p *multipart.Part) error {
	_, params := parseHeader(p.Header.Get("Content-Disposition"))
	name, err := textIn(m.charset, []byte(params["name"]))
	if err != nil {
		return err
	}
	if fileName, isFile := fileName(params); isFile {
		fileName, err := textIn(m.charset, []byte(fileName))
		if err != nil {
			return err
		}
		size, err := io.Copy(io.Discard, p)
		if err != nil {
			return errBrokenMultipart
		}
		fmt.Fprintf(&m.lines, "%s = (file %s, %d bytes, not kept)\n", name, quote(fileName), size)
		if name != "" && (fileName != "" || size > 0) { // a browser sends an empty file for a field in which none was chosen
			m.fields.addFile(name, fileName, size)
		}
		return nil
	}
	text, err := m.partText(p)
	if err != nil {
		return err
	}
	if _, named := params["name"]; !named {
		fmt.Fprintf(&m.lines, "(a part without a name, %d bytes)\n", len(text))
		return nil
	}
	fmt.Fprintf(&m.lines, "%s = %s\n", name, text)
	if m.fields.given == 0 {
		name = strings.TrimPrefix(name, bom)
	}
	m.fields.add(name, text)
	return nil
}

// partText returns the text of a field. A charset of the part counts before that of the whole body.
func (m *multipartReader) partText(p *multipart.Part) (string, error) {
	charset := m.charset
	_, params := parseHeader(p.Header.Get("Content-Type"))
	if name := params["charset"]; name != "" {
		charset = name
	}
	var r io.Reader = p
	if strings.EqualFold(p.Header.Get("Content-Transfer-Encoding"), "base64") {
		r = base64.NewDecoder(base64.StdEncoding, p)
	}
	b, err := io.ReadAll(r)
	var corrupt base64.CorruptInputError
	if errors.As(err, &corrupt) {
		return "", &DecodeError{KindMultipart, "A part of the multipart body says that it is base64, but it is not. Please send it as it is."}
	}
	if err != nil {
		return "", errBrokenMultipart
	}
	return textIn(charset, b)
}

// textIn decodes a text in the charset of that name.
func textIn(charsetName string, b []byte) (string, error) {
	cs, err := findCharset(charsetName, func() bool { return validUTF8(b) })
	if err != nil {
		return "", err
	}
	return cs.text(b), nil
}

// fileName returns the file name of a part and whether the part is a file. A browser sends an empty name for a file field
// that was left empty.
func fileName(params map[string]string) (string, bool) {
	if name, ok := params["filename"]; ok {
		return name, true
	}
	name, ok := params["filename*"]
	return name, ok
}
