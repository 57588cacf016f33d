package handlers

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/html"
)

// TestWordsStayApart finds words that run into a link or another element, and blanks before a full stop or a comma.
func TestWordsStayApart(t *testing.T) {
	eachEndpoint(t, func(t *testing.T, s *site) {
		inline := map[string]bool{"a": true, "b": true, "time": true, "code": true, "small": true, "bdi": true, "i": true, "em": true, "strong": true}
		letter := func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }
		s.eachPage(func(path string, a answer) {
			doc, err := html.Parse(strings.NewReader(a.unpacked(t)))
			if err != nil {
				t.Fatal(err)
			}
			for n := range doc.Descendants() {
				next := n.NextSibling
				if n.Type == html.TextNode && strings.Contains(strings.ReplaceAll(n.Data, "\n", " ")+" ", " . ") {
					t.Errorf("%s: a blank before a full stop in %q", path, n.Data)
				}
				if next == nil || n.Type == next.Type {
					continue
				}
				element, other := n, next
				if n.Type == html.TextNode {
					element, other = next, n
				}
				if element.Type != html.ElementNode || other.Type != html.TextNode || !inline[element.Data] {
					continue
				}
				before, after := textOf(n), textOf(next)
				last, _ := utf8.DecodeLastRuneInString(before)
				first, _ := utf8.DecodeRuneInString(after)
				if letter(last) && letter(first) {
					t.Errorf("%s: %q runs into %q", path, before, after)
				}
				if unicode.IsSpace(last) && before != "" && (strings.HasPrefix(after, ". ") || strings.HasPrefix(after, ", ") || after == ".") {
					t.Errorf("%s: a blank between %q and %q", path, before, after)
				}
			}
		})
	})
}

func textOf(n *html.Node) string {
	if n.Type == html.TextNode {
		return n.Data
	}
	text := ""
	for c := range n.Descendants() {
		if c.Type == html.TextNode {
			text += c.Data
		}
	}
	return text
}
