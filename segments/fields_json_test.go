package segments

import (
	"encoding/json"
	"maps"
	"testing"
)

// FuzzReadFields compares with encoding/json.
func FuzzReadFields(f *testing.F) {
	for _, text := range []string{`{}`, `{"city":"Wien"}`, ` { "city" : "a\nb" , "x":"\u00e9" }`, `{"city":"\ud83d\ude00","city":"again"}`, `{"city":"\ud83d"}`,
		`{"city":null}`, `{"city":1}`, `{"x":"\q"}`, `{"city":"a"}x`, `{"city":"a",}`, "{\"city\":\"\xff\"}", "{\"city\":\"a\tb\"}", `{"\u0063ity":"a"}`, `null`, `[]`, ``,
		`{"x":"\/\b\f\r\t\\\"","city":"\/\b\f\r\t\\\""}`, `{"city":"<&>"}`, `{"City":"no"}`, `{"city":"\u003c\u+123"}`, `{"city":"\u003c\u2028\u0000"}`, `{"city":"\u12"}`, `{"city":"un`, `{"city":"\`, `{"city"`, `{`} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		wanted := []string{"city", "x"}
		got := map[string]string{"old": "value"}
		err := readFields(text, wanted, got)
		var want map[string]string
		wantErr := json.Unmarshal([]byte(text), &want)
		maps.DeleteFunc(want, func(key, _ string) bool { return key != "city" && key != "x" })
		if (err == nil) != (wantErr == nil) {
			t.Fatalf("%q: got error %v, want %v", text, err, wantErr)
		}
		if err == nil && !maps.Equal(got, want) {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	})
}

func BenchmarkReadFields(b *testing.B) {
	fields := map[string]string{}
	for b.Loop() {
		readFields(`{"city":"Vienna","country":"AT","interests":"Tea\nCoffee","plan":"Free","points":"1250.50","renewal":"2026-11-23"}`,
			[]string{"city", "country", "interests", "plan", "points", "renewal"}, fields)
	}
}
