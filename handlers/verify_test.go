package handlers

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"campaignlark/deliveries"
	"campaignlark/models"
	"campaignlark/views"
)

// TestReceiversCanCheckSignatures runs the snippets of a destination's page, in the languages that this machine has. A snippet must accept a
// signed message, and refuse another body, another secret and an old message.
func TestReceiversCanCheckSignatures(t *testing.T) {
	t.Parallel()
	secret, body := deliveries.NewSecret(), "{\"id\":\"evt_1\",\"name\":\"Zoë & <b>\"}"
	fresh := deliveries.Sign([]string{deliveries.NewSecret(), secret}, "msg_1", time.Now(), []byte(body))
	newest := deliveries.Sign([]string{secret}, "msg_1", time.Now(), []byte(body))
	old := deliveries.Sign([]string{secret}, "msg_1", time.Now().Add(-time.Hour), []byte(body))
	type message struct {
		ID, Time, Standard, Simple, Body, Secret string
		Genuine, Signed                          bool
	}
	cases := []message{
		{Standard: fresh.Get("Webhook-Signature"), Time: fresh.Get("Webhook-Timestamp"), Simple: fresh.Get("X-Webhook-Signature"), Body: body, Secret: secret, Genuine: true},
		{Standard: newest.Get("Webhook-Signature"), Time: newest.Get("Webhook-Timestamp"), Simple: newest.Get("X-Webhook-Signature"), Body: body, Secret: secret, Genuine: true, Signed: true},
		{Standard: newest.Get("Webhook-Signature"), Time: newest.Get("Webhook-Timestamp"), Simple: newest.Get("X-Webhook-Signature"), Body: body + " ", Secret: secret},
		{Standard: newest.Get("Webhook-Signature"), Time: newest.Get("Webhook-Timestamp"), Simple: newest.Get("X-Webhook-Signature"), Body: body, Secret: deliveries.NewSecret()},
		{Standard: old.Get("Webhook-Signature"), Time: old.Get("Webhook-Timestamp"), Simple: old.Get("X-Webhook-Signature"), Body: body, Secret: secret, Signed: true},
		{Standard: "v1,", Time: newest.Get("Webhook-Timestamp"), Simple: "x", Body: body, Secret: secret},
	}
	for i := range cases {
		cases[i].ID = "msg_1"
	}
	data := filepath.Join(t.TempDir(), "cases.json")
	if err := os.WriteFile(data, []byte(models.JobJSON(cases)), 0o600); err != nil {
		t.Fatal(err)
	}
	programs := map[string]struct {
		run        []string
		file, tail string
	}{
		"javascript": {[]string{"node"}, "check.js", `
for (const c of JSON.parse(require("fs").readFileSync(process.argv[2], "utf8"))) {
  const headers = { "webhook-id": c.ID, "webhook-timestamp": c.Time, "webhook-signature": c.Standard, "x-webhook-signature": c.Simple };
  console.log(isGenuine(headers, c.Body, c.Secret) + " " + isSigned(headers, c.Body, c.Secret));
}`},
		"python": {[]string{"python3"}, "check.py", `
import json, sys
for c in json.load(open(sys.argv[1], encoding="utf-8")):
    headers = {"webhook-id": c["ID"], "webhook-timestamp": c["Time"], "webhook-signature": c["Standard"], "x-webhook-signature": c["Simple"]}
    print(str(is_genuine(headers, c["Body"].encode(), c["Secret"])).lower(), str(is_signed(headers, c["Body"].encode(), c["Secret"])).lower())
`},
		"go": {[]string{"go", "run"}, "check.go", `
func main() {
	text, _ := os.ReadFile(os.Args[1])
	var cases []struct{ ID, Time, Standard, Simple, Body, Secret string }
	if err := json.Unmarshal(text, &cases); err != nil {
		panic(err)
	}
	for _, c := range cases {
		h := http.Header{}
		h.Set("webhook-id", c.ID)
		h.Set("webhook-timestamp", c.Time)
		h.Set("webhook-signature", c.Standard)
		h.Set("x-webhook-signature", c.Simple)
		fmt.Println(isGenuine(h, []byte(c.Body), c.Secret), isSigned(h, []byte(c.Body), c.Secret))
	}
}`},
		"php": {[]string{"php"}, "check.php", `
foreach (json_decode(file_get_contents($argv[1]), true) as $c) {
    $headers = ['webhook-id' => $c['ID'], 'webhook-timestamp' => $c['Time'], 'webhook-signature' => $c['Standard'], 'x-webhook-signature' => $c['Simple']];
    echo var_export(isGenuine($headers, $c['Body'], $c['Secret']), true), ' ', var_export(isSigned($headers, $c['Body'], $c['Secret']), true), "\n";
}`},
	}
	var want strings.Builder
	for _, c := range cases {
		want.WriteString(map[bool]string{true: "true", false: "false"}[c.Genuine] + " " + map[bool]string{true: "true", false: "false"}[c.Signed] + "\n")
	}
	ran := 0
	for _, snippet := range views.VerifySnippets() {
		p, known := programs[snippet.Key]
		if !known {
			t.Errorf("%s: say in programs how its lines are run", snippet.Label)
			continue
		}
		if _, err := exec.LookPath(p.run[0]); err != nil {
			t.Logf("%s is not on this machine", p.run[0])
			continue
		}
		text := snippet.Text + "\n" + p.tail
		switch snippet.Key {
		case "go":
			text = "package main\n\nimport (\n\t\"encoding/json\"\n\t\"fmt\"\n\t\"os\"\n)\n\n" + text
		case "php":
			text = "<?php\n" + text
		}
		file := filepath.Join(t.TempDir(), p.file)
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		got, err := exec.CommandContext(t.Context(), p.run[0], append(p.run[1:], file, data)...).CombinedOutput()
		if err != nil || string(got) != want.String() {
			t.Errorf("%s: got %s (%v), want %s", snippet.Label, got, err, want.String())
		}
		ran++
	}
	if ran == 0 {
		t.Error("this machine has none of the languages")
	}
}
