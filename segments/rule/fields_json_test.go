package rule

import (
	"encoding/json"
	"testing"
)

// FuzzReadFields compares ReadFields with encoding/json.
func FuzzReadFields(f *testing.F) {
	for _, text := range []string{`{}`, `{"city":"Wien"}`, ` { "city" : "a\nb" , "x":"\u00e9" }`, `{"city":"\ud83d\ude00","city":"again"}`, `{"city":"\ud83d"}`,
		`{"city":null}`, `{"city":1}`, `{"x":"\q"}`, `{"city":"a"}x`, `{"city":"a",}`, "{\"city\":\"\xff\"}", "{\"city\":\"a\tb\"}", `{"\u0063ity":"a"}`, `null`, `[]`, ``,
		`{"x":"\/\b\f\r\t\\\"","city":"\/\b\f\r\t\\\""}`, `{"city":"<&>"}`, `{"City":"no"}`, `{"city":"\u003c\u+123"}`, `{"city":"\u003c\u2028\u0000"}`, `{"city":"\u12"}`, `{"city":"un`, `{"city":"\`, `{"city"`, `{`} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		r := NewFieldCache([]string{"city", "x"})
		r.put(0, "of the contact before")
		err := r.ReadFields(text)
		var want map[string]string
		wantErr := json.Unmarshal([]byte(text), &want)
		if (err == nil) != (wantErr == nil) {
			t.Fatalf("%q: got error %v, want %v", text, err, wantErr)
		}
		for i, key := range r.keys {
			got := ""
			if r.ids[i] != 0 {
				got = r.texts[i]
			}
			if err == nil && got != want[key] {
				t.Errorf("%q: got %s %q, want %q", text, key, got, want[key])
			}
		}
	})
}

func BenchmarkReadFields(b *testing.B) {
	r := NewFieldCache([]string{"city", "country", "interests", "plan", "points", "renewal"})
	for b.Loop() {
		r.ReadFields(`{"city":"Vienna","country":"AT","interests":"Tea\nCoffee","plan":"Free","points":"1250.50","renewal":"2026-11-23"}`)
	}
}
