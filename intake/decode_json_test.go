package intake

import (
	"strings"
	"testing"
)

func postJSON(body string) Request {
	return Request{Method: "POST", ContentType: "application/json", Body: []byte(body)}
}

func TestDecodeJSONValues(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ body, want string }{
		{`{}`, "json"},
		{" \t\r\n{ } \n", "json"},
		{"\uFEFF{\"a\":1}", "json\na = 1"},
		{`{"a":1.50,"b":12345678901234567890,"c":-0,"d":1E+400,"e":0.10e-2}`, "json\na = 1.50\nb = 12345678901234567890\nc = -0\nd = 1E+400\ne = 0.10e-2"},
		{`{"a":true,"b":false,"c":null,"d":""}`, "json\na = true\nb = false\nc = null\nd = "},
		{`{"a":" x ","b":"1.50"}`, "json\na =  x \nb = 1.50"},
		{`{"a":"\"\\\/\b\f\n\r\t\u00e9\uD83D\uDE00"}`, "json\na = \"\\/\b\f\n\r\té😀"},
		{`{"a":"\ud800","b":"\udc00x","c":"\ud800\ud83d\ude00","d":"\ud800\n","e":"\ud800\u0041"}`, "json\na = \uFFFD\nb = \uFFFDx\nc = \uFFFD😀\nd = \uFFFD\n\ne = \uFFFDA"},
		{`{"a":"x\u0000y","b\u0000c":1}`, "json\na = xy\nbc = 1"},
		{"{\"a\":\"x\xff\xfey\",\"\xc3\":1}", "json\na = x\uFFFD\uFFFDy\n\uFFFD = 1"},
		{"{\"a\":\"\x7f\u2028\"}", "json\na = \x7f\u2028"},
		{`{"":1,"a b":2,"answers[]":[3]}`, "json\n = 1\na b = 2\nanswers[] = list [\"3\"]"},
		{`{"a":[],"b":["x",1.50,true,null],"c":[[]],"d":["x",{}],"e":{},"f":{"g":[1]}}`,
			`json` + "\n" + `a = list []` + "\n" + `b = list ["x" "1.50" "true"]` + "\nc = nested\nd = nested\ne = nested\nf = nested"},
		{`{"a":1,"b":2,"a":3,"A":4}`, "json\nb = 2\na = 3\nA = 4"},
		{`{"a":1,"\u0061":null}`, "json\na = null"},
		{`{"a":[1],"a":2}`, "json\na = 2"},
		{`{"a":{"email_address":"x","b":"\u00e9"},"b":1}`, "json\na = nested\nb = 1"},
	} {
		checkSaid(t, postJSON(c.body), c.want)
	}
}

func TestDecodeJSONRefusals(t *testing.T) {
	t.Parallel()
	const broken, scalar, please = "json error: The body is not valid JSON: ", "json error: The body is the JSON value ", `. Please send a JSON object such as {"email_address": "ada@example.com"}.`
	for _, c := range []struct{ body, want string }{
		{"", `json error: The body is empty. Please send a JSON object such as {"email_address": "ada@example.com"}.`},
		{" \n", `json error: The body is empty. Please send a JSON object such as {"email_address": "ada@example.com"}.`},
		{`[{"a":1}]`, "json error: The body is a JSON array. Please send one JSON object, one call for each contact."},
		{`"a"`, "json error: The body is only a text" + please},
		{` null `, scalar + `null` + please},
		{`true`, scalar + `true` + please},
		{"-0.5e3\n", "json error: The body is only a number" + please},
		{`"{\"email_address\":\"a@example.com\"}"`, "json error: The body is a JSON text that holds an object: JSON was encoded twice. Please send the object itself."},
		{`"a" "b"`, broken + `line 1, character 1 should be a JSON object such as {"email_address": "ada@example.com"}, but it is """.`},
		{`nul`, broken + `line 1, character 1 should be a JSON object such as {"email_address": "ada@example.com"}, but it is "n".`},
		{`email_address=a@example.com`, "json error: The Content-Type says application/json, but the body is a form (name=value). Please send the Content-Type application/x-www-form-urlencoded."},
		{`a@example.com`, broken + `line 1, character 1 should be a JSON object such as {"email_address": "ada@example.com"}, but it is "a".`},
		{`{"a":1`, broken + "line 1, character 7 should be a comma or a closing }, but the body ends there."},
		{`{"a":1,}`, broken + `line 1, character 8 should be a key in double quotes, but it is "}".`},
		{`{"a" 1}`, broken + `line 1, character 6 should be a colon after the key, but it is "1".`},
		{`{"a":}`, broken + `line 1, character 6 should be a value, texts being in double quotes, but it is "}".`},
		{`{"a":`, broken + `line 1, character 6 should be a value, but the body ends there.`},
		{`{'a':1}`, broken + `line 1, character 2 should be a key in double quotes, but it is "'".`},
		{"{\n  \"é\": True\n}", broken + `line 2, character 8 should be a value, texts being in double quotes, but it is True, which JSON does not have.`},
		{`{"a":nul}`, broken + `line 1, character 6 should be a value, texts being in double quotes, but it is "n".`},
		{`{"a":nullx}`, broken + `line 1, character 10 should be a comma or a closing }, but it is "x".`},
		{`{"a":01}`, broken + `line 1, character 7 should be a comma or a closing }, but it is "1".`},
		{`{"a":-}`, broken + `line 1, character 7 should be a digit, but it is "}".`},
		{`{"a":1.}`, broken + `line 1, character 8 should be a digit after the decimal point, but it is "}".`},
		{`{"a":1e+}`, broken + `line 1, character 9 should be a digit in the exponent, but it is "}".`},
		{`{"a":+1}`, broken + `line 1, character 6 should be a value, texts being in double quotes, but it is "+".`},
		{`{"a":NaN}`, broken + `line 1, character 6 should be a value, texts being in double quotes, but it is NaN, which JSON does not have.`},
		{"NaN", broken + `line 1, character 1 should be a JSON object such as {"email_address": "ada@example.com"}, but it is NaN, which JSON does not have.`},
		{"// c\n{}", broken + `line 1, character 1 should be a JSON object such as {"email_address": "ada@example.com"}, but it is a comment, which JSON does not have.`},
		{`{"a":1,/* c */"b":2}`, broken + `line 1, character 8 should be a key in double quotes, but it is a comment, which JSON does not have.`},
		{`{"a":-Infinity}`, broken + `line 1, character 7 should be a digit, but it is Infinity, which JSON does not have.`},
		{`{"a":Nonesuch}`, broken + `line 1, character 6 should be a value, texts being in double quotes, but it is "N".`},
		{"{\"a\":\"one\ntwo\"}", broken + `line 1, character 10 should be an escape such as \n, as no text may hold a control character, but it is a line break.`},
		{"{\"a\":\"\x00\"}", broken + `line 1, character 7 should be an escape such as \n, as no text may hold a control character, but it is the character U+0000.`},
		{`{"a":"\x"}`, broken + `line 1, character 8 should be one of " \ / b f n r t u after the backslash, but it is "x".`},
		{`{"a":"\u12g4"}`, broken + `line 1, character 9 should be four hexadecimal digits after \u, but it is "1".`},
		{"{\"a\":\"one\ttwo\"}", broken + `line 1, character 10 should be an escape such as \n, as no text may hold a control character, but it is a tab.`},
		{`{"a":"\u12`, broken + `line 1, character 9 should be four hexadecimal digits after \u, but it is "1".`},
		{`{"a":"b`, broken + "line 1, character 8 should be a closing quote, but the body ends there."},
		{`{"a":"b\`, broken + `line 1, character 9 should be one of " \ / b f n r t u after the backslash, but the body ends there.`},
		{`{"a":[1 2]}`, broken + `line 1, character 9 should be a comma or a closing ], but it is "2".`},
		{`{"a":[1,]}`, broken + `line 1, character 9 should be a value, texts being in double quotes, but it is "]".`},
		{`{"a":{"b":[1,{"c"}]}}`, broken + `line 1, character 18 should be a colon after the key, but it is "}".`},
		{"{\"a\":1}\n{\"b\":2}", broken + `line 2, character 1 should be the end of the body, as it holds one JSON object, but it is "{".`},
		{"{\"a\":1}\x00", broken + `line 1, character 8 should be the end of the body, as it holds one JSON object, but it is the character U+0000.`},
		{"{\u00a0\"a\":1}", broken + "line 1, character 2 should be a key in double quotes, but it is a no-break space."},
		{"{\"a\":1}\u2028", broken + "line 1, character 8 should be the end of the body, as it holds one JSON object, but it is a line separator."},
		{"\xff{}", broken + `line 1, character 1 should be a JSON object such as {"email_address": "ada@example.com"}, but it is "` + "\uFFFD" + `".`},
	} {
		checkSaid(t, postJSON(c.body), c.want)
	}
}

// CONTRACT "Payload": nesting over 32 levels is refused; the outermost object is the first level.
func TestDecodeJSONDepth(t *testing.T) {
	t.Parallel()
	arrays := func(n int) string { return `{"a":` + strings.Repeat("[", n) + strings.Repeat("]", n) + `}` }
	objects := func(n int) string { return strings.Repeat(`{"a":`, n) + "1" + strings.Repeat("}", n) }
	checkSaid(t, postJSON(arrays(31)), "json\na = nested")
	checkSaid(t, postJSON(objects(32)), "json\na = nested")
	checkSaid(t, postJSON(arrays(32)), "json error: The JSON is nested over 32 levels deep (line 1, character 37). Please send a flatter object.")
	checkSaid(t, postJSON(objects(33)), "json error: The JSON is nested over 32 levels deep (line 1, character 161). Please send a flatter object.")
	checkSaid(t, postJSON(`{"a":`+strings.Repeat("[", MaxBody-5)), "json error: The JSON is nested over 32 levels deep (line 1, character 37). Please send a flatter object.")
}
