package views

import (
	"bytes"
	"encoding/json"
	"html"
	"net/url"
	"strings"

	"campaignlark/models"
)

// Snippet is a ready-made call of a webhook. Key names it in the address of the page.
type Snippet struct{ Key, Label, Text string }

// MaxSnippetFields is how many merge tags a snippet shows: it is an example, not a list.
const MaxSnippetFields = 12

// Snippets returns examples of how to call the webhook at address, with values that fit the workspace's merge tags, so that
// no field of a first call is ignored or refused. Only the addresses of webhooks that add contacts may be in a page: for the
// other types there is no form and no script. trap is the field that only robots fill in, "" for none.
func Snippets(address string, kind models.WebhookType, mergeTags []models.MergeTag, trap string) []Snippet {
	fields := exampleFields(kind, mergeTags)
	snippets := []Snippet{
		{"json", "curl, JSON", curlJSON(address, fields)},
		{"get", "curl, GET", curlGET(address, fields)},
	}
	if kind.HasTags() {
		snippets = append(snippets,
			Snippet{"form", "HTML form", HTMLForm(address, kind, mergeTags, trap)},
			Snippet{"fetch", "JavaScript", javaScript(address, fields)})
	}
	return append(snippets,
		Snippet{"php", "PHP", php(address, fields)},
		Snippet{"python", "Python", python(address, fields)},
		Snippet{ShareSnippet, "To share", instructions(address, kind, mergeTags)})
}

// ShareSnippet is the key of the instructions for a developer who cannot see these pages.
const ShareSnippet = "share"

// instructions says in one text what a developer has to know: the address, the fields, and what the answers mean.
func instructions(address string, kind models.WebhookType, mergeTags []models.MergeTag) string {
	var b strings.Builder
	b.WriteString("Please call this web address for each person. Each call will " + kind.Does() + ".\n\n" +
		"Address: " + address + "\nMethod: POST\nContent-Type: application/json\n\nFields:\n" +
		"- email_address: the person's e-mail address. Required.\n")
	if kind.HasTags() {
		for _, m := range mergeTags {
			b.WriteString("- " + m.Key + ": " + m.Label + ". " + m.Type.Name() + optionsToShare(m) + ".\n")
		}
	}
	b.WriteString("\nExample:\n" + PlainExample(kind, mergeTags) + "\n\n" +
		"Answers:\n- 200: the call was processed.\n- 400: something is wrong with the call. The answer's message says what.\n- 404: the address is wrong")
	if !kind.HasTags() {
		b.WriteString(", or nobody has this e-mail address")
	}
	b.WriteString(".\n- 429 and 503: please send the call again after the seconds in the header Retry-After.\n\n" +
		"Anyone who knows the address can call it. Please do not publish it")
	if kind.HasTags() {
		b.WriteString(", except in a form or script of your own pages")
	}
	return b.String() + "."
}

// optionsToShare lists what a choice can be.
func optionsToShare(m models.MergeTag) string {
	if len(m.Options) == 0 {
		return ""
	}
	return ": " + strings.Join(m.Options, " | ")
}

// PlainExample returns the JSON of a call in the plain format, with values that fit the workspace's merge tags.
func PlainExample(kind models.WebhookType, mergeTags []models.MergeTag) string {
	return jsonObject(exampleFields(kind, mergeTags), "", plainJSON)
}

// exampleField is a merge tag with values that fit it.
type exampleField struct {
	models.MergeTag
	values []string
}

// exampleFields gives each merge tag an example. UNSUBSCRIBED and DELETE leave fields untouched, so they show none.
func exampleFields(kind models.WebhookType, mergeTags []models.MergeTag) []exampleField {
	email := models.MergeTag{Key: models.EmailKey, Label: "E-mail address", Type: models.MergeTagText}
	fields := []exampleField{{email, []string{"tywin@example.com"}}}
	if !kind.HasTags() {
		return fields
	}
	for _, m := range mergeTags[:min(len(mergeTags), MaxSnippetFields)] {
		fields = append(fields, exampleField{m, exampleValues(m)})
	}
	return fields
}

func exampleValues(m models.MergeTag) []string {
	switch m.Key {
	case "first_name":
		return []string{"Tywin"}
	case "last_name":
		return []string{"Lannister"}
	}
	kind := mergeTagTypes[m.Type]
	if m.Type.HasOptions() {
		return m.Options[:min(len(m.Options), kind.picks)]
	}
	return kind.example
}

func curlJSON(address string, fields []exampleField) string {
	return "curl -X POST " + shellQuote(address) + " \\\n  -H 'Content-Type: application/json' \\\n  -d " +
		shellQuote(jsonObject(fields, "  ", plainJSON))
}

func curlGET(address string, fields []exampleField) string {
	var pairs []string
	for _, f := range fields {
		for _, value := range f.values {
			pairs = append(pairs, url.QueryEscape(f.Key)+"="+url.QueryEscape(value))
		}
	}
	return "curl " + shellQuote(address+"?"+strings.Join(pairs, "&"))
}

func javaScript(address string, fields []exampleField) string {
	return "fetch(" + pageJSON(address) + ", {\n" +
		"  method: \"POST\",\n" +
		"  headers: { \"Content-Type\": \"application/json\" },\n" +
		"  body: JSON.stringify(" + jsonObject(fields, "  ", pageJSON) + ")\n" +
		"})\n" +
		"  .then((response) => response.json())\n" +
		"  .then((answer) => console.log(answer.message));"
}

func php(address string, fields []exampleField) string {
	var b strings.Builder
	for _, f := range fields {
		b.WriteString("    " + phpQuote(f.Key) + " => " + jsonValue(f, phpQuote) + ",\n")
	}
	return "$data = [\n" + b.String() + "];\n" +
		"$context = stream_context_create(['http' => [\n" +
		"    'method' => 'POST',\n" +
		"    'header' => 'Content-Type: application/json',\n" +
		"    'content' => json_encode($data),\n" +
		"    'ignore_errors' => true,\n" +
		"]]);\n" +
		"echo file_get_contents(" + phpQuote(address) + ", false, $context);"
}

// phpQuote writes a text as a PHP string, in which nothing is replaced.
func phpQuote(s string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, "'", `\'`).Replace(s) + "'"
}

func python(address string, fields []exampleField) string {
	var b strings.Builder
	for _, f := range fields {
		value := jsonValue(f, plainJSON)
		if mergeTagTypes[f.Type].bare {
			value = strings.NewReplacer("true", "True", "false", "False").Replace(value)
		}
		b.WriteString("    " + plainJSON(f.Key) + ": " + value + ",\n")
	}
	return "import json\nimport urllib.error\nimport urllib.request\n\n" +
		"data = {\n" + b.String() + "}\n" +
		"call = urllib.request.Request(\n" +
		"    " + plainJSON(address) + ",\n" +
		"    data=json.dumps(data).encode(),\n" +
		"    headers={\"Content-Type\": \"application/json\"},\n" +
		")\n" +
		"try:\n" +
		"    answer = urllib.request.urlopen(call)\n" +
		"except urllib.error.HTTPError as error:\n" +
		"    answer = error\n" +
		"print(answer.status, answer.read().decode())"
}

// shellQuote writes s as one word of a POSIX shell.
func shellQuote(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }

// jsonObject writes the fields as one object, with all lines except the first indented.
func jsonObject(fields []exampleField, indent string, quote func(string) string) string {
	var b strings.Builder
	b.WriteString("{\n")
	for i, f := range fields {
		b.WriteString(indent + "  " + quote(f.Key) + ": " + jsonValue(f, quote))
		if i < len(fields)-1 {
			b.WriteByte(',')
		}
		b.WriteByte('\n')
	}
	return b.String() + indent + "}"
}

func jsonValue(f exampleField, quote func(string) string) string {
	kind := mergeTagTypes[f.Type]
	switch {
	case kind.bare:
		return strings.Join(f.values, "")
	case kind.list:
		var texts []string
		for _, value := range f.values {
			texts = append(texts, quote(value))
		}
		return "[" + strings.Join(texts, ", ") + "]"
	}
	return quote(strings.Join(f.values, ""))
}

// pageJSON writes a text for a script in a page: nothing in it can end the script.
func pageJSON(s string) string {
	text, _ := json.Marshal(s) // a string can always be written
	return string(text)
}

// plainJSON writes a text with < > & as they are.
func plainJSON(s string) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(s) // as above
	return strings.TrimSuffix(b.String(), "\n")
}

// HTMLForm returns a form for a page, with a field for each merge tag, and with the trap field, hidden from people, if there is one.
func HTMLForm(address string, kind models.WebhookType, mergeTags []models.MergeTag, trap string) string {
	var b strings.Builder
	b.WriteString("<form action=\"" + html.EscapeString(address) + "\" method=\"post\" accept-charset=\"utf-8\">\n")
	for _, f := range exampleFields(kind, mergeTags) {
		b.WriteString(formField(f))
	}
	if trap != "" {
		b.WriteString("  <input name=\"" + html.EscapeString(trap) + "\" autocomplete=\"off\" hidden>\n")
	}
	b.WriteString("  <p><button>Send</button></p>\n</form>")
	return b.String()
}

// formField is one field of the form, with a control by its type.
func formField(f exampleField) string {
	label, name := html.EscapeString(f.Label), ` name="`+f.Key+`"`
	if f.Key == models.EmailKey {
		return "  <p><label>" + label + " <input type=\"email\"" + name + " required></label></p>\n"
	}
	return "  " + mergeTagTypes[f.Type].control(label, name, f.MergeTag) + "\n"
}
