package e2e

import (
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	readmeCall   = regexp.MustCompile("(?s)```sh\ncurl (.*?)\n```")
	readmeOption = regexp.MustCompile(`(-X|-H|-d) ('[^']*'|\S+)`)
	readmeAnswer = regexp.MustCompile("(?m)^\\| 200 `([^`]+)` \\|")
)

// TestTheReadmesCallWorks sends the call in the README to a new program and expects the answer in the README. It replaces only the
// program's address and the webhook's hash.
func TestTheReadmesCallWorks(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join(Root(), "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	call, want := readmeCall.FindStringSubmatch(string(text)), readmeAnswer.FindStringSubmatch(string(text))
	if call == nil || want == nil {
		t.Fatalf("got the call %q and the answer %q from the README, want both", call, want)
	}
	env := with(FirstAdmin, "ADMIN_EMAIL", "ines@example.com") // not the address in the README's call
	program := Start(t, Settings{Env: env})
	c := NewClient(t, program.URL)
	c.SignIn(env["ADMIN_EMAIL"], env["ADMIN_PASSWORD"])
	if a := c.Post("/w/my-workspace/webhooks", "name", "Shop", "type", "SUBSCRIBED"); a.Status != http.StatusSeeOther {
		t.Fatalf("got %d for a new webhook, want 303:\n%s", a.Status, a.Body)
	}
	hash := hashInURL.FindStringSubmatch(c.Get("/w/my-workspace/webhooks/1").Body)
	if hash == nil {
		t.Fatal("the webhook's page shows no URL")
	}
	a := c.send(readmeRequest(t, call[1], program.URL, hash[1]))
	if a.Status != http.StatusOK || strings.TrimSpace(a.Body) != want[1] {
		t.Errorf("got %d %s, want 200 %s", a.Status, a.Body, want[1])
	}
	if got := c.Get("/w/my-workspace/contacts"); !strings.Contains(got.Body, "tywin@example.com") {
		t.Errorf("the list of contacts has no tywin@example.com:\n%s", got.Body)
	}
}

// readmeRequest returns the request of a curl command with the options -X, -H and -d. It goes to the webhook with the hash at base.
func readmeRequest(t *testing.T, command, base, hash string) *http.Request {
	t.Helper()
	command = strings.ReplaceAll(command, "\\\n", " ")
	var method, body string
	header := http.Header{}
	for _, option := range readmeOption.FindAllStringSubmatch(command, -1) {
		value := strings.Trim(option[2], "'")
		switch option[1] {
		case "-X":
			method = value
		case "-d":
			body = value
		case "-H":
			name, content, _ := strings.Cut(value, ": ")
			header.Set(name, content)
		}
	}
	path, there := strings.CutPrefix(strings.TrimSpace(readmeOption.ReplaceAllString(command, "")), "http://localhost:8080")
	if !there || !strings.Contains(path, "YOUR-HASH") || strings.Contains(path, " ") {
		t.Fatalf("got %q beside the options of the README's call, want a URL on localhost:8080 with YOUR-HASH", path)
	}
	r, err := http.NewRequestWithContext(t.Context(), method, base+strings.Replace(path, "YOUR-HASH", hash, 1), strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header = header
	return r
}
