package views

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// frames are whole pages, so they cannot be inside another page.
var frames = map[string]bool{"Layout": true, "Door": true, "Confirm": true}

// TestStyleguideShowsEveryComponent reads the list at the top of components.templ. Each component in it must be used
// in styleguide.templ.
func TestStyleguideShowsEveryComponent(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("*.templ")
	if err != nil {
		t.Fatal(err)
	}
	all := ""
	for _, name := range append(files, "icon.go") {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		all += string(text)
	}
	list, err := os.ReadFile("components.templ")
	if err != nil {
		t.Fatal(err)
	}
	guide, err := os.ReadFile("styleguide.templ")
	if err != nil {
		t.Fatal(err)
	}
	names, _, _ := strings.Cut(string(list), "// Forms are posted")
	shown := 0
	for _, name := range regexp.MustCompile(`\b[A-Z]\w+`).FindAllString(names, -1) {
		isComponent := regexp.MustCompile(`(?m)^(templ ` + name + `\(|func ` + name + `\(.*\) templ\.Component)`).MatchString(all)
		if !isComponent || frames[name] {
			continue
		}
		if shown++; !strings.Contains(string(guide), "@"+name+"(") {
			t.Errorf("the style guide does not show %s; add every state of it to styleguide.templ", name)
		}
	}
	if shown < 40 {
		t.Errorf("got %d components from the list at the top of components.templ, want all", shown)
	}
}

func TestStyleguideNeedsNoInlineStyle(t *testing.T) {
	t.Parallel()
	for _, theme := range []string{"", "light", "dark", `"><script>`} {
		var b strings.Builder
		if err := StyleguidePage(Styleguide{Now: time.Date(2026, 11, 24, 14, 31, 7, 0, time.UTC), Theme: theme}).Render(t.Context(), &b); err != nil {
			t.Fatal(err)
		}
		if page := b.String(); strings.Contains(page, "style=") || strings.Contains(page, `"><script>`) {
			t.Errorf("theme %q: got an inline style or the sender's script", theme)
		}
	}
}
