package senders_test

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"campaignlark/senders"
)

// treeOf decodes a sample's body as its Content-Type says.
func treeOf(t *testing.T, s senders.Sample) (tree *senders.Tree, encoding string) {
	t.Helper()
	if s.Method == http.MethodGet {
		return senders.FromPairs(nil), "query"
	}
	kind, params, err := mime.ParseMediaType(s.Headers["Content-Type"])
	if err != nil {
		t.Fatalf("%s: %v", s.Name, err)
	}
	switch kind {
	case "application/json":
		return parse(t, string(s.Body)), "json"
	case "application/x-www-form-urlencoded":
		var all []senders.Pair
		for pair := range strings.SplitSeq(string(s.Body), "&") {
			name, text, _ := strings.Cut(pair, "=")
			all = append(all, senders.Pair{Name: must(url.QueryUnescape(name)), Text: must(url.QueryUnescape(text))})
		}
		return senders.FromPairs(all), "urlencoded"
	case "multipart/form-data":
		var all []senders.Pair
		for r := multipart.NewReader(bytes.NewReader([]byte(s.Body)), params["boundary"]); ; {
			p, err := r.NextPart()
			if err == io.EOF {
				return senders.FromPairs(all), "multipart"
			}
			all = append(all, senders.Pair{Name: must(p, err).FormName(), Text: string(must(io.ReadAll(p)))})
		}
	}
	t.Fatalf("%s: the type %s is not known", s.Name, kind)
	return nil, ""
}

func headerOf(s senders.Sample) func(name string) string {
	h := http.Header{}
	for name, value := range s.Headers {
		h.Set(name, value)
	}
	return h.Get
}

// resultOf applies a sender's mapping, with the fields of the sample, to the sample.
func resultOf(t *testing.T, s *senders.Sender, sample senders.Sample) senders.SampleResult {
	t.Helper()
	tree, encoding := treeOf(t, sample)
	m := s.Mapping
	m.Fields = maps.Clone(m.Fields)
	maps.Copy(m.Fields, sample.Fields)
	if problems := m.Validate(nil); len(problems) > 0 {
		t.Errorf("%s, %s: the mapping has problems: %v", s.Key, sample.Name, problems)
	}
	r := m.Apply(tree)
	got := senders.SampleResult{Outcome: senders.SampleRead, Address: r.Address.Value.Last(), DeliveryID: r.DeliveryID}
	if r.Address.IsFound() {
		got.Address = r.Address.One().Last()
	}
	if h := m.DeliveryID.Header; h != "" {
		got.DeliveryID = headerOf(sample)(h)
	}
	switch {
	case s.TestCall(headerOf(sample), encoding, tree) != nil:
		got.Outcome = senders.SampleTestCall
	case r.Unmet() != nil:
		got.Outcome = senders.SampleSkipped
	case got.Address == "":
		got.Outcome = senders.SampleNoAddress
	}
	for _, f := range r.Fields {
		if f.Wrong != "" {
			t.Errorf("%s, %s: %s does not fit: %s", s.Key, sample.Name, f.Key, f.Wrong)
		}
		if text := strings.Join(f.Value.Texts, "\n"); strings.TrimSpace(text) != "" {
			if got.Fields == nil {
				got.Fields = map[string]string{}
			}
			got.Fields[f.Key] = text
		}
	}
	return got
}

// TestTheLogKeepsTheDeliveryIDsOfTheCatalogue looks for the headers that hold them in the list that the log keeps.
func TestTheLogKeepsTheDeliveryIDsOfTheCatalogue(t *testing.T) {
	t.Parallel()
	for _, s := range senders.Catalogue() {
		if h := s.Mapping.DeliveryID.Header; h != "" && !slices.Contains(senders.DeliveryHeaders, h) {
			t.Errorf("%s: %s is not in DeliveryHeaders", s.Key, h)
		}
	}
}

// TestCatalogueSamples reads every sample of every sender and compares what comes out with what its file says.
func TestCatalogueSamples(t *testing.T) {
	t.Parallel()
	for i := range senders.Catalogue() {
		s, recognised := &senders.Catalogue()[i], 0
		for _, sample := range s.Samples {
			got := resultOf(t, s, sample)
			if g, w := fmt.Sprintf("%+v", got), fmt.Sprintf("%+v", sample.Result); g != w {
				t.Errorf("%s, %s:\n got %s\nwant %s", s.Key, sample.Name, g, w)
			}
			tree, encoding := treeOf(t, sample)
			switch from := senders.Recognise(headerOf(sample), encoding, tree); {
			case from == nil || got.Outcome == senders.SampleTestCall: // several may have the same test call
			case from.Key == s.Key:
				recognised++
			default:
				t.Errorf("%s, %s: it is taken for a call of %s", s.Key, sample.Name, from.Key)
			}
		}
		if (recognised > 0) != (len(s.Marks) > 0) {
			t.Errorf("%s: %d samples have one of its %d marks", s.Key, recognised, len(s.Marks))
		}
	}
}

var mergeTagKey = regexp.MustCompile(`^[a-z][a-z0-9_]{0,49}$`)

// TestCatalogueFiles checks that every file says all that the pages need.
func TestCatalogueFiles(t *testing.T) {
	t.Parallel()
	if senders.FindSender("nobody") != nil {
		t.Error("the catalogue finds what is not in it")
	}
	keys := []string{"typeform", "tally", "jotform", "google_forms", "gravity_forms", "wpforms", "contact_form_7", "elementor", "shopify_customer", "shopify_redact", "woocommerce_customer",
		"woocommerce_order", "gumroad", "stripe_customer", "stripe_checkout", "paddle", "lemon_squeezy", "webflow", "calendly", "hubspot", "mailchimp"}
	for _, key := range keys {
		if senders.FindSender(key) == nil {
			t.Errorf("%s is missing", key)
		}
	}
	for _, s := range senders.Catalogue() {
		if senders.FindSender(s.Key).Name != s.Name {
			t.Errorf("%s is not found by its key", s.Key)
		}
		if !slices.ContainsFunc(senders.Groups, func(g struct{ Key, Name string }) bool { return g.Key == s.Group }) {
			t.Errorf("%s: there is no group %q", s.Key, s.Group)
		}
		if s.Name == "" || s.Calls == "" || len(s.Does) == 0 || len(s.SetUp) != 3 || len(s.Sources) == 0 || len(s.Samples) < 2 || len(s.Samples) > 3 {
			t.Errorf("%s: got name %q, calls %q, %d sentences of what it does, %d of how to set it up, %d sources, %d samples", s.Key, s.Name, s.Calls, len(s.Does), len(s.SetUp), len(s.Sources), len(s.Samples))
		}
		more := []string{}
		if s.LeaveOut != "" {
			more = append(more, s.LeaveOut)
		}
		for _, sentence := range slices.Concat(s.Does, s.Cannot, s.SetUp, more) {
			if !strings.HasSuffix(sentence, ".") || len(sentence) > 200 || strings.TrimSpace(sentence) != sentence {
				t.Errorf("%s: this is not a short sentence: %s", s.Key, sentence)
			}
		}
		for key := range s.Mapping.Fields {
			if !mergeTagKey.MatchString(key) {
				t.Errorf("%s: no merge tag can have the key %q", s.Key, key)
			}
		}
		checkSamples(t, s)
		checkConditions(t, s)
	}
}

func checkSamples(t *testing.T, s senders.Sender) {
	t.Helper()
	if read := slices.ContainsFunc(s.Samples, func(sample senders.Sample) bool { return sample.Result.Outcome == senders.SampleRead }); !read {
		t.Errorf("%s: no sample is read", s.Key)
	}
	for _, sample := range s.Samples {
		if sample.Name == "" || (sample.Body == "") != (sample.Method == http.MethodGet) || sample.Method != http.MethodGet && sample.Method != http.MethodPost || sample.SentAt.Before(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)) {
			t.Errorf("%s, %s: the name, the method, the body or the time is missing or wrong", s.Key, sample.Name)
		}
		if sample.Secret != "" && (s.Signature == nil || s.SignedWith == "" && s.Signature.Form != "shared_word") {
			t.Errorf("%s, %s: it is signed, but the file does not say how", s.Key, sample.Name)
		}
	}
}

// checkConditions checks that each condition says what it wants, and each mark anything at all.
func checkConditions(t *testing.T, s senders.Sender) {
	t.Helper()
	conditions, marks := s.Leaving, s.Marks
	for _, call := range s.TestCalls {
		marks = append(marks, call.Mark)
		if !strings.HasSuffix(call.Says, ".") {
			t.Errorf("%s: this is not a sentence: %s", s.Key, call.Says)
		}
	}
	for _, m := range marks {
		conditions = append(conditions, m.OnlyWhen...)
		if m.Header == "" && len(m.OnlyWhen) == 0 {
			t.Errorf("%s: a mark that every call has", s.Key)
		}
	}
	for _, c := range conditions {
		if c.Path.IsZero() || c.Set == (len(c.In) > 0) {
			t.Errorf("%s: the condition %+v does not say what it wants", s.Key, c)
		}
	}
}

// For a webhook whose contacts leave, Mailchimp's unsubscribes count and not its sign-ups.
func TestMappingForThoseWhoLeave(t *testing.T) {
	t.Parallel()
	s := senders.FindSender("mailchimp")
	for i, leaves := range []bool{false, true} { // the first sample is a sign-up, the second an unsubscribe
		for j, sample := range s.Samples[:2] {
			tree, _ := treeOf(t, sample)
			r := s.MappingFor(leaves).Apply(tree)
			if counts := r.Unmet() == nil; counts != (i == j) {
				t.Errorf("leaves %v, %s: it counts %v", leaves, sample.Name, counts)
			}
		}
	}
}

// TestTitleAt asks for the question to which no answer was given.
func TestTitleAt(t *testing.T) {
	t.Parallel()
	s := senders.FindSender("typeform")
	tree := parse(t, `{"form_response":{"definition":{"fields":[{"id":"a","ref":"city","type":"short_text","title":"Where do you live?"},{"id":"b","ref":"name","type":"short_text","title":"Your name?"}]},"answers":[]}}`)
	for path, want := range map[string]string{
		"form_response.answers[field.ref=city].text": "Where do you live?", "form_response.answers[field.id=b].text": "Your name?",
		"form_response.answers[field.type=short_text].text": "", "form_response.answers[field.ref=gone].text": "", "form_response.answers[0].text": "", "form_response.hidden.city": "", "event_id": "",
	} {
		p, err := senders.ParsePath(path)
		if err != nil {
			t.Fatal(err)
		}
		if got := tree.TitleAt(s.Titles, p); got != want {
			t.Errorf("%s: got the title %q, want %q", path, got, want)
		}
	}
}

func TestTitleOf(t *testing.T) {
	t.Parallel()
	s := senders.FindSender("typeform")
	tree, _ := treeOf(t, s.Samples[0])
	for text, want := range map[string]string{"Marta": "What is your first name?", "Crime": "What do you love to read?", "reading-club": ""} {
		for at := range senders.Place(tree.Len()) {
			if tree.Text(at) == text && tree.TitleOf(s.Titles, at) != want {
				t.Errorf("%s: got the title %q, want %q", text, tree.TitleOf(s.Titles, at), want)
			}
		}
	}
	tree = parse(t, `{"q":[{"question":"Your town?","answer":"Lagos"},{"ref":"a1","v":"x"},"y",{"v":"z"}],"o":{"label":"no item","v":"w"}}`)
	for text, want := range map[string]string{"Lagos": "Your town?", "x": "a1", "y": "", "z": "", "w": ""} {
		for at := range senders.Place(tree.Len()) {
			if tree.Text(at) == text && tree.TitleOf(nil, at) != want {
				t.Errorf("%s: got the title %q, want %q", text, tree.TitleOf(nil, at), want)
			}
		}
	}
}
