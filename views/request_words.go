package views

import (
	"strconv"
	"strings"
	"unicode"
)

// SentAs says in a word or two how a call was sent: "POST JSON", "GET".
func SentAs(method, contentType string) string {
	if method == "GET" {
		return method
	}
	kind, _, _ := strings.Cut(strings.ToLower(contentType), ";")
	switch kind = strings.TrimSpace(kind); {
	case kind == "application/json", strings.HasSuffix(kind, "+json"):
		return method + " JSON"
	case kind == "application/x-www-form-urlencoded":
		return method + " form"
	case kind == "multipart/form-data":
		return method + " multipart"
	}
	return method
}

// Visible writes out characters of a sender's text that are invisible or change the direction of writing. Line ends and tabs stay.
func Visible(text string) string {
	if !strings.ContainsFunc(text, hides) {
		return text
	}
	var b strings.Builder
	for _, r := range text {
		if hides(r) {
			b.WriteString(`\u` + strings.Repeat("0", 4-len(strconv.FormatInt(int64(r), 16))) + strconv.FormatInt(int64(r), 16))
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}

func hides(r rune) bool {
	return r <= 0xffff && (unicode.IsControl(r) && r != '\n' && r != '\t' || unicode.Is(unicode.Bidi_Control, r))
}

// fieldsInAll names how many fields there are.
func fieldsInAll(n int) string {
	if n == 1 {
		return "The one field"
	}
	return "All " + Count(n) + " fields"
}
