package senders_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"

	"campaignlark/senders"
)

const mebibyte = 1 << 20

// filled repeats a piece until the body has almost a MiB.
func filled(before, piece, after string) string {
	n := (mebibyte - len(before) - len(after)) / (len(piece) + 1)
	return before + strings.TrimSuffix(strings.Repeat(piece+",", n), ",") + after
}

// largeBodies are bodies of 1 MiB: as a sender may write them, and as somebody may who means harm.
func largeBodies() map[string]*senders.Tree {
	answers := strings.Builder{}
	answers.WriteString(`{"form_response":{"answers":[`)
	for i := 0; answers.Len() < mebibyte-200; i++ {
		fmt.Fprintf(&answers, `{"type":"text","text":"an answer to the question","field":{"id":"f%d","type":"short_text","ref":"question_%d"}},`, i, i)
	}
	answers.WriteString(`{"type":"email","email":"ada@example.com"}]}}`)
	inText := func(text string) string {
		return `{"form_response":` + string(must(json.Marshal(text+`"]`))) + `}`
	}
	trees := map[string]*senders.Tree{}
	for name, body := range map[string]string{
		"answers": answers.String(), "objects": filled(`{"form_response":{"answers":[`, `{}`, `]}}`), "numbers": filled(`{"form_response":{"answers":[`, `1`, `]}}`),
		"types": filled(`{"form_response":{"answers":[`, `{"type":1}`, `]}}`), "members": filled(`{"form_response":{`, `"":1`, `}}`), "text": inText(`["` + strings.Repeat(`a","`, mebibyte/8)),
		"lists": filled(`{"form_response":{"answers":[`, `[[1]]`, `]}}`), "nested": filled(`{"form_response":{"answers":[`, strings.Repeat("[", 28)+strings.Repeat("]", 28), `]}}`),
	} {
		tree, err := senders.ParseJSON(body)
		if err != nil || len(body) > mebibyte {
			panic(fmt.Sprint(name, len(body), err))
		}
		trees[name] = tree
	}
	var form []senders.Pair
	for range mebibyte / 10 {
		form = append(form, senders.Pair{Name: "a[b][]", Text: "x"})
	}
	trees["form"] = senders.FromPairs(form)
	return trees
}

// largeMapping has a hundred fields, each with a path that looks through a whole list.
func largeMapping(t testing.TB) senders.Mapping {
	m := mapping(t, `{"address":["form_response.answers[type=email].email","form_response.answers[*][a.b=c].d"],"delivery_id":{"path":"form_response.token"},"only_when":[{"path":"form_response.answers[*].type","in":["x"]}]}`)
	m.Fields = map[string][]senders.Source{}
	for i := range 100 {
		m.Fields[fmt.Sprint("field_", i)] = []senders.Source{{Path: path(t, fmt.Sprintf("form_response.answers[field.ref=question_%d].text", i*7))}, {Path: path(t, fmt.Sprintf("form_response.hidden[*][x=%d].y[*]", i))}}
	}
	return m
}

// greedyMapping has a hundred fields, each of which reads all items of a list as something.
func greedyMapping(t testing.TB) senders.Mapping {
	m := mapping(t, `{"address":["form_response.answers","form_response.answers[*]","form_response"],"only_when":[{"path":"form_response.answers[*]","in":["x","y","z"]}],"also_keys":true}`)
	m.Fields = map[string][]senders.Source{}
	for i := range 100 {
		as := senders.Readings[i%len(senders.Readings)]
		m.Fields[fmt.Sprint("field_", i)] = []senders.Source{{Path: path(t, []string{"form_response.answers", "form_response.answers[*]", "form_response.answers[*][*]", "form_response.answers[-1]"}[i%4]), As: as}, {Path: path(t, "form_response"), As: as}}
	}
	return m
}

// TestFindIsBounded checks that a path looks at each value at most 2 + maxPicks times.
func TestFindIsBounded(t *testing.T) {
	t.Parallel()
	for name, tree := range largeBodies() {
		for _, text := range []string{
			"form_response.answers[*][a=b][c=d]", "form_response.answers[*][*].x", "form_response.answers[*][type=1][*][type=2][x=1]", "form_response.answers[-1][-1][-1]", "form_response.answers[a.b.c.d=e].f", `form_response.""`, "form_response[*][*]",
		} {
			if visits, most := senders.Visits(tree, path(t, text)), 6*tree.Len(); visits > most {
				t.Errorf("%s, %s: looked at %d values, want at most %d", name, text, visits, most)
			}
		}
	}
}

// TestApplyIsBounded checks that a mapping stops at its limit, and says so.
func TestApplyIsBounded(t *testing.T) {
	t.Parallel()
	m, trees := largeMapping(t), largeBodies()
	if r := m.Apply(trees["objects"]); !r.TooLarge || r.Address.IsFound() {
		t.Errorf("a hundred paths through 350,000 objects: got TooLarge %v, address %v", r.TooLarge, r.Address.IsFound())
	}
	if r := m.Apply(trees["answers"]); r.TooLarge || r.Address.Value.Last() != "ada@example.com" || len(r.Fields) != 100 {
		t.Errorf("a hundred paths through 9,000 answers: got TooLarge %v, address %q, %d fields", r.TooLarge, r.Address.Value.Last(), len(r.Fields))
	}
}

// BenchmarkApply1MiB reports the CPU time of a large mapping over a body of 1 MiB, which should be under 20 ms.
func BenchmarkApply1MiB(b *testing.B) {
	for kind, m := range map[string]senders.Mapping{"one": largeMapping(b), "all": greedyMapping(b)} {
		for name, tree := range largeBodies() {
			b.Run(name+"/"+kind, func(b *testing.B) { cpuTime(b, func() { m.Apply(tree) }) })
		}
	}
}

// BenchmarkItems1MiB reports the CPU time of ordinary mappings over large bodies: every item of every list, and 50,000 keys with brackets.
func BenchmarkItems1MiB(b *testing.B) {
	m := mapping(b, `{"address":["email"],"fields":{"a":[{"path":"lines[*].x[*]"}],"b":[{"path":"lines[*].y[*]"}]}}`)
	tree := parse(b, filled(`{"email":"ada@example.com","lines":[`, `{"x":["a","b"],"y":["c"]}`, `]}`))
	b.Run("json", func(b *testing.B) { cpuTime(b, func() { m.Apply(tree) }) })
	var form []senders.Pair
	for i := range 50_000 {
		form = append(form, senders.Pair{Name: fmt.Sprintf("lines[%d][x]", i), Text: "a"})
	}
	b.Run("form", func(b *testing.B) { cpuTime(b, func() { m.Apply(senders.FromPairs(form)) }) })
}

func BenchmarkParse1MiB(b *testing.B) {
	text := `{"a":"` + strings.Repeat("x", mebibyte-8) + `"}`
	b.Run("typeform", func(b *testing.B) {
		typeform := senders.FindSender("typeform")
		m, body := typeform.Mapping, string(typeform.Samples[0].Body)
		m.Fields = typeform.Samples[0].Fields
		b.Run("parse", func(b *testing.B) { cpuTime(b, func() { parse(b, body) }) })
		tree := parse(b, body)
		b.Run("apply", func(b *testing.B) { cpuTime(b, func() { m.Apply(tree) }) })
	})
	for name, key := range map[string]string{"distinct": "a[%d]", "descending": "a[-%d]", "objects": "a[%d][b]", "deep": "a[b][c][d%d]"} {
		var form []senders.Pair
		for i := range mebibyte / 12 {
			form = append(form, senders.Pair{Name: strings.Replace(fmt.Sprintf(key, 99_999-i), "-", "", 1), Text: "x"})
		}
		b.Run("form/"+name, func(b *testing.B) { cpuTime(b, func() { senders.FromPairs(form) }) })
	}
	for name, body := range map[string]string{"numbers": filled(`{"a":[`, `1`, `]}`), "objects": filled(`{"a":[`, `{"b":"c"}`, `]}`), "text": text} {
		b.Run(name, func(b *testing.B) {
			cpuTime(b, func() {
				if _, err := senders.ParseJSON(body); err != nil {
					b.Fatal(err)
				}
			})
		})
	}
}

// cpuTime reports the CPU time of work, which other programs on the machine change less than the time that passes.
func cpuTime(b *testing.B, work func()) {
	used := func() time.Duration {
		var u syscall.Rusage
		if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
			b.Fatal(err)
		}
		return time.Duration(u.Utime.Nano() + u.Stime.Nano())
	}
	from := used()
	for b.Loop() {
		work()
	}
	b.ReportMetric(float64((used()-from).Microseconds())/float64(b.N), "cpu-us/op")
}
