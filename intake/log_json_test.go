package intake

import (
	"encoding/json"
	"reflect"
	"testing"
	"time"
	"unicode/utf8"
)

// filled sets every field of v, at any depth, to a value that is not empty.
func filled(v reflect.Value) {
	switch at := v.Addr().Interface().(type) {
	case *time.Time:
		*at = time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)
		return
	case *[]byte:
		*at = []byte{0, 255}
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		filled(v.Elem())
	case reflect.Struct:
		for i := range v.NumField() {
			filled(v.Field(i))
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		for i := range v.Len() {
			filled(v.Index(i))
		}
	case reflect.Map:
		v.Set(reflect.ValueOf(map[string]string{"city": "Köln", `a"b`: "<&>"}))
	case reflect.String:
		v.SetString("a \"quoted\" \\ text\nof two lines & more <b>\u2028\x01é")
	case reflect.Int, reflect.Int64:
		v.SetInt(-7)
	case reflect.Bool:
		v.SetBool(true)
	default:
		panic("LogBody has a field of a kind that this test does not fill: " + v.Kind().String())
	}
}

// TestEveryFieldOfALogBodyIsWritten fails if a field of LogBody is missing in appendJSON, or has another name there.
func TestEveryFieldOfALogBodyIsWritten(t *testing.T) {
	t.Parallel()
	var want, got LogBody
	filled(reflect.ValueOf(&want).Elem())
	text := want.appendJSON(nil)
	if err := json.Unmarshal(text, &got); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v (%v) of %s, want %+v", got, err, text, want)
	}
	var written, marshalled any
	standard, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	json.Unmarshal(text, &written)
	json.Unmarshal(standard, &marshalled)
	if !reflect.DeepEqual(written, marshalled) {
		t.Errorf("got %s, encoding/json writes %s", text, standard)
	}
}

func FuzzAppendText(f *testing.F) {
	for _, seed := range []string{"", "plain", `"\` + "\x00\x1f\x7f\n\t", "é\u2028\U0001F600", "\xff\xc3(", "a\xe2\x80"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		text := appendText(nil, s)
		var got, want string
		if err := json.Unmarshal(text, &got); err != nil {
			t.Fatalf("%q is no JSON: %v", text, err)
		}
		standard, _ := json.Marshal(s)
		json.Unmarshal(standard, &want)
		if got != want || !utf8.Valid(text) {
			t.Errorf("got %q of %q, want %q", got, s, want)
		}
	})
}
