package views_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	elementEnds = regexp.MustCompile(`(</\w+>|/>|[^{] \})$`)
	punctuation = regexp.MustCompile(`^(\{ "[,.;:]|[,.;:] ?\w*)`)
	blockLine   = regexp.MustCompile(`^(\}|\} else.*\{|(if|for|switch) .*\{|case .*:|default:)$`)
)

// TestNoBlankBeforePunctuation reads the templates: an element or an expression at the end of a line is followed by a blank on the page, so a
// comma or a full stop must not begin the next line.
func TestNoBlankBeforePunctuation(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("*.templ")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		before, branch := "", false
		for n, line := range strings.Split(string(text), "\n") {
			line = strings.TrimSpace(line)
			switch {
			case line == "" || line == "}":
				continue
			case blockLine.MatchString(line):
				branch = true // the text before it may come from another branch, or from the round before
				continue
			}
			if !branch && elementEnds.MatchString(before) && punctuation.MatchString(line) && !strings.HasPrefix(before, "@") {
				t.Errorf("%s:%d: %q follows %q with a blank between them: write both on one line", file, n+1, line, before)
			}
			before, branch = line, false
		}
	}
}
