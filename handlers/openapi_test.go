package handlers

import (
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"campaignlark/intake"
	"campaignlark/models"
	"campaignlark/senders"
)

// apiCall is one call that provokes a described answer.
type apiCall struct {
	as                 string // the operation under which the answer is described
	method, hash, body string
	headers            []string
	status             int
}

// TestOpenAPIDescribesTheRealAnswers provokes every described answer and compares its status, headers and body with the description.
func TestOpenAPIDescribesTheRealAnswers(t *testing.T) {
	eachEndpoint(t, func(t *testing.T, s *site) {
		sent := s.as("").get("/openapi.json")
		api := openAPIOf(t, sent)
		if got := api.at("servers").([]any)[0].(map[string]any)["url"]; got != "http://lark.example" || api.at("openapi") != "3.1.0" || sent.header.Get("Content-Type") != "application/json" {
			t.Errorf("got server %v, OpenAPI %v as %s", got, api.at("openapi"), sent.header.Get("Content-Type"))
		}
		seen := map[string]bool{}
		run := func(calls []apiCall) {
			for _, c := range calls {
				a := s.call(c.method, c.hash, c.body, c.headers...)
				if a.status != c.status {
					t.Errorf("%s %s: got %d, want %d: %s", c.method, c.body, a.status, c.status, a.body)
				}
				api.check(t, c.as, a)
				seen[fmt.Sprintf("%s %d", c.as, a.status)] = true
			}
		}
		join, leave := s.addWebhook(models.TypeSubscribed).Hash, s.addWebhook(models.TypeUnsubscribed).Hash
		run(describedCalls(join, leave))
		told := s.addWebhook(models.TypeSubscribed)
		s.configure(told, senders.Settings{Answers: &senders.Answers{SuccessURL: "https://shop.example/thanks", LimitWebhook: 2}}, "")
		run([]apiCall{
			{"post", "POST", told.Hash, "email_address=jaime@example.com", browserHeaders, 303},
			{"post", "POST", told.Hash, "email_address=jaime", browserHeaders, 400},
			{"post", "POST", told.Hash, "email_address=jaime@example.com", browserHeaders, 429},
			{"post", "POST", told.Hash, "email_address=jaime@example.com", nil, 429},
			{"get", "GET", told.Hash + "?email_address=jaime@example.com", "", nil, 429},
		})
		s.server.app.Server().ReadTimeout = testTimeout
		addr := s.listen()
		large := "GET " + inboundPrefix + join + "?email_address=jaime@example.com HTTP/1.1\r\nHost: lark.example\r\n"
		for raw, status := range map[string]int{
			large + "Content-Length: 4194305\r\n\r\n" + strings.Repeat("x", 4194305): 413,
			large + "X-Long: " + strings.Repeat("x", 17<<10) + "\r\n\r\n":            400,
			large + "Content-Length: 9\r\n\r\n{":                                     408,
			"POST" + large[3:] + "Content-Length: 9\r\n\r\n{":                        408,
		} {
			a := send(t, addr, raw)
			if a.status != status {
				t.Errorf("got %d, want %d: %s", a.status, status, a.body)
			}
			method, _, _ := strings.Cut(raw, " ")
			api.check(t, strings.ToLower(method), a)
			seen[fmt.Sprintf("%s %d", strings.ToLower(method), a.status)] = true
		}
		s.rename("contacts", "contacts_away")
		run([]apiCall{
			{"get", "GET", join + "?email_address=jaime@example.com", "", nil, 503},
			{"post", "POST", join, "email_address=jaime@example.com", nil, 503},
		})
		for operation, described := range api.at("paths", inboundPrefix+"{hash}").(map[string]any) {
			if operation == "parameters" {
				continue
			}
			for status := range described.(map[string]any)["responses"].(map[string]any) {
				if !seen[operation+" "+status] {
					t.Errorf("%s %s is described, and nothing here provokes it", operation, status)
				}
			}
		}
	})
}

func describedCalls(join, leave string) []apiCall {
	person := "?email_address=jaime@example.com&first_name=Jaime"
	jsonType, form, multipart := []string{"Content-Type", "application/json"}, []string{"Content-Type", "application/x-www-form-urlencoded"}, []string{"Content-Type", "multipart/form-data; boundary=b"}
	return []apiCall{
		{"get", "GET", join + person, "", nil, 200},
		{"get", "GET", join, "", nil, 400},
		{"get", "GET", join + "?email_address=jaime", "", nil, 400},
		{"get", "GET", join + person, "", []string{"Sec-Purpose", "prefetch"}, 400},
		{"get", "GET", "unknown" + person, "", nil, 404},
		{"get", "GET", leave + "?email_address=nobody@example.com", "", nil, 404},
		{"post", "POST", join, `{"email_address":"jaime@example.com","first_name":"Jaime"}`, jsonType, 200},
		{"post", "POST", join, "email_address=jaime@example.com&first_name=Jaime", form, 200},
		{"post", "POST", join, "--b\r\nContent-Disposition: form-data; name=\"email_address\"\r\n\r\njaime@example.com\r\n--b--\r\n", multipart, 200},
		{"post", "POST", join, `{"email_address":`, jsonType, 400},
		{"post", "POST", join, `{"first_name":"Jaime"}`, jsonType, 400},
		{"post", "POST", join, `{"email_address":"jaime"}`, jsonType, 400},
		{"post", "POST", join, "jaime@example.com", []string{"Content-Type", "text/plain"}, 400},
		{"post", "POST", "unknown", `{}`, jsonType, 404},
		{"post", "POST", leave, `{"email_address":"nobody@example.com"}`, jsonType, 404},
		{"post", "POST", join, `{"x":"` + strings.Repeat("x", intake.MaxBody) + `"}`, jsonType, 413},
		{"get", "PUT", join + person, "", nil, 405},
		{"post", "DELETE", join, "", nil, 405},
		{"post", "FOO", join, "", nil, 405},
		{"options", "OPTIONS", join, "", []string{"Origin", "https://shop.example", "Access-Control-Request-Method", "POST", "Access-Control-Request-Headers", "content-type"}, 204},
	}
}

// apiDescription is an OpenAPI document, read without types.
type apiDescription struct{ root map[string]any }

func openAPIOf(t *testing.T, a answer) apiDescription {
	t.Helper()
	var d apiDescription
	if err := json.Unmarshal([]byte(a.body), &d.root); err != nil || a.status != 200 {
		t.Fatalf("got %d and no JSON: %v", a.status, err)
	}
	return d
}

// at follows keys from the root and resolves references.
func (d apiDescription) at(keys ...string) any {
	var here any = d.root
	for _, key := range keys {
		here = d.resolve(here.(map[string]any)[key])
	}
	return here
}

func (d apiDescription) resolve(part any) any {
	if m, ok := part.(map[string]any); ok {
		if to, ok := m["$ref"].(string); ok {
			return d.at(strings.Split(strings.TrimPrefix(to, "#/"), "/")...)
		}
	}
	return part
}

// check compares an answer with the operation's description.
func (d apiDescription) check(t *testing.T, operation string, a answer) {
	t.Helper()
	found := d.at("paths", inboundPrefix+"{hash}", operation, "responses", fmt.Sprint(a.status))
	if found == nil {
		t.Errorf("%s is answered with %d, which the description lacks", operation, a.status)
		return
	}
	described := found.(map[string]any)
	for name, header := range described["headers"].(map[string]any) {
		h := d.resolve(header).(map[string]any)
		if sent := a.header.Get(name); sent != "" || h["required"] == true {
			for _, fault := range d.faults(h["schema"], sent) {
				t.Errorf("%s %d, header %s: %s", operation, a.status, name, fault)
			}
		}
	}
	content, _ := described["content"].(map[string]any)
	if content == nil {
		if a.body != "" {
			t.Errorf("%s %d has a body that the description lacks: %s", operation, a.status, a.body)
		}
		return
	}
	kind, _, _ := strings.Cut(a.header.Get("Content-Type"), ";")
	media, ok := content[kind].(map[string]any)
	var body any = a.body
	if kind != "text/html" {
		body = nil
		if err := json.Unmarshal([]byte(a.body), &body); err != nil {
			ok = false
		}
	}
	if !ok {
		t.Fatalf("%s %d: got %q of type %s", operation, a.status, a.body, a.header.Get("Content-Type"))
	}
	for _, fault := range d.faults(media["schema"], body) {
		t.Errorf("%s %d: %s in %s", operation, a.status, fault, a.body)
	}
}

// The examples of answers and calls match their schemas.
func TestOpenAPIExamplesMatchTheirSchemas(t *testing.T) {
	t.Parallel()
	d := openAPIOf(t, answer{200, http.Header{}, openAPI})
	var walk func(where string, part any)
	walk = func(where string, part any) {
		m, ok := part.(map[string]any)
		if !ok {
			return
		}
		if schema, ok := m["schema"]; ok {
			for name, e := range asMap(m["examples"]) {
				for _, fault := range d.faults(schema, asMap(e)["value"]) {
					t.Errorf("%s, example %s: %s", where, name, fault)
				}
			}
			if e, ok := m["example"]; ok {
				for _, fault := range d.faults(schema, e) {
					t.Errorf("%s, example: %s", where, fault)
				}
			}
		}
		for key, value := range m {
			walk(where+"/"+key, value)
		}
	}
	walk("", d.root)
	for _, bad := range []string{`{"success":true}`, `{"success":false,"message":""}`, `{"success":false,"message":"x","more":1}`, `{"success":"false","message":"x"}`, `[]`} {
		var body any
		if err := json.Unmarshal([]byte(bad), &body); err != nil || len(d.faults(d.at("components", "schemas", "Failure"), body)) == 0 {
			t.Errorf("%s passes for a failure (%v)", bad, err)
		}
	}
}

func asMap(part any) map[string]any { m, _ := part.(map[string]any); return m }

// faults lists how a value violates a schema. It supports only the JSON Schema keywords that the description uses.
func (d apiDescription) faults(part, value any) (faults []string) {
	schema := asMap(d.resolve(part))
	for word, rule := range schema {
		switch word {
		case "const":
			if !reflect.DeepEqual(rule, value) {
				faults = append(faults, fmt.Sprintf("%v is not %v", value, rule))
			}
		case "type":
			kinds := map[string]any{"string": "", "object": map[string]any{}}
			if reflect.TypeOf(kinds[rule.(string)]) != reflect.TypeOf(value) {
				faults = append(faults, fmt.Sprintf("%v is no %v", value, rule))
			}
		case "pattern":
			if text, ok := value.(string); ok && !regexp.MustCompile(rule.(string)).MatchString(text) {
				faults = append(faults, fmt.Sprintf("%q does not match %v", text, rule))
			}
		case "minLength", "maxLength":
			if text, ok := value.(string); ok && (word == "minLength") == (float64(len(text)) < rule.(float64)) && float64(len(text)) != rule.(float64) {
				faults = append(faults, fmt.Sprintf("%q breaks %s %v", text, word, rule))
			}
		case "required":
			for _, key := range rule.([]any) {
				if _, there := asMap(value)[key.(string)]; !there {
					faults = append(faults, fmt.Sprintf("%v is missing", key))
				}
			}
		case "properties":
			for key, inner := range rule.(map[string]any) {
				if v, there := asMap(value)[key]; there {
					faults = append(faults, d.faults(inner, v)...)
				}
			}
		case "additionalProperties":
			for key, v := range asMap(value) {
				if _, known := asMap(schema["properties"])[key]; !known && rule == false {
					faults = append(faults, key+" is one key too many")
				} else if !known {
					faults = append(faults, d.faults(rule, v)...)
				}
			}
		case "description":
		default:
			faults = append(faults, "the schema uses "+word+", which this test does not know")
		}
	}
	slices.Sort(faults)
	return faults
}
