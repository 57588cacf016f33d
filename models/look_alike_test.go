package models

import "testing"

func TestLookAlike(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ text, latin, says string }{
		{"email_аddress", "email_address", "the а is a Cyrillic letter"}, {"EMAIL_АDDRESS", "email_address", "the А is a Cyrillic letter"},
		{"email_addreѕs", "email_address", "the ѕ is a Cyrillic letter"}, {"emaιl_address", "email_address", "the ι is a Greek letter"},
		{"ｅｍａｉｌ＿ａｄｄｒｅｓｓ", "email_address", "the ｅ is a fullwidth character"}, {"emaıl_address", "email_address", "the ı is another letter than the Latin i"},
		{"Email_Address", "email_address", ""}, {"größe", "größe", ""}, {"", "", ""}, {"\xff", "\ufffd", ""},
	} {
		if latin, says := LookLatin(c.text), SayLookAlike(c.text); latin != c.latin || says != c.says {
			t.Errorf("%q: got %q, %q, want %q, %q", c.text, latin, says, c.latin, c.says)
		}
	}
}
