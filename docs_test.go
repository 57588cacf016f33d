package campaignlark_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode"
)

var (
	docLink  = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	docCode  = regexp.MustCompile("`([^`\n]+)`")
	docFence = regexp.MustCompile("(?ms)^```.*?^```")
	heading  = regexp.MustCompile(`(?m)^#+\s+(.*)$`)
	// fileName is a code span that can only be meant as a file or folder of the repository
	fileName = regexp.MustCompile(`^(Makefile|[\w.-]+\.(go|md|sql|templ|css|js|sh|mod)|[\w.-]+/[\w./*-]*)$`)
)

// made are the folders that the program and its tools write; a fresh clone has none of them.
var made = []string{"bin/", "data/", ".cache/"}

// TestDocsNameWhatIsThere follows every relative link of the documents at the root and in docs, and finds every file that
// they name.
func TestDocsNameWhatIsThere(t *testing.T) {
	t.Parallel()
	var documents []string
	for _, pattern := range []string{"*.md", "docs/*.md"} {
		found, err := filepath.Glob(pattern)
		if err != nil || len(found) == 0 {
			t.Fatalf("%s: got %v, %v, want documents", pattern, found, err)
		}
		documents = append(documents, found...)
	}
	for _, name := range documents {
		content, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		text := docFence.ReplaceAllString(string(content), "")
		for _, link := range docLink.FindAllStringSubmatch(text, -1) {
			checkLink(t, name, link[1])
		}
		for _, code := range docCode.FindAllStringSubmatch(text, -1) {
			checkFile(t, name, code[1])
		}
	}
}

func checkLink(t *testing.T, document, link string) {
	t.Helper()
	if strings.Contains(link, "://") || strings.HasPrefix(link, "mailto:") {
		return
	}
	file, anchor, _ := strings.Cut(link, "#")
	if file == "" {
		file = document
	} else {
		file = filepath.Join(filepath.Dir(document), file)
	}
	content, err := os.ReadFile(file)
	if info, statErr := os.Stat(file); statErr != nil || err != nil && !info.IsDir() {
		t.Errorf("%s links to %s, which is not there", document, link)
		return
	}
	if anchor != "" && !hasAnchor(string(content), anchor) {
		t.Errorf("%s links to %s, but there is no such heading", document, link)
	}
}

// hasAnchor says whether a heading has the anchor, as it is made on the sites that show Markdown.
func hasAnchor(content, anchor string) bool {
	for _, h := range heading.FindAllStringSubmatch(content, -1) {
		slug := strings.Map(func(r rune) rune {
			switch {
			case r == ' ':
				return '-'
			case unicode.IsLetter(r), unicode.IsDigit(r), r == '-', r == '_':
				return unicode.ToLower(r)
			}
			return -1
		}, strings.TrimSpace(h[1]))
		if slug == anchor {
			return true
		}
	}
	return false
}

// checkFile finds the file of a code span: at its path, or anywhere in the repository when it names no folder.
func checkFile(t *testing.T, document, name string) {
	t.Helper()
	if !fileName.MatchString(name) {
		return
	}
	for _, folder := range made {
		if strings.HasPrefix(name, folder) {
			return
		}
	}
	pattern := strings.TrimSuffix(name, "/")
	for _, p := range []string{pattern, "*/" + pattern} {
		if found, err := filepath.Glob(p); err == nil && len(found) > 0 {
			return
		}
	}
	t.Errorf("%s names the file %s, which is not there", document, name)
}
