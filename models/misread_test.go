package models

import "testing"

func TestLooksMisread(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"": false, "Anna": false, "Zoë": false, "ZoÃ«": true, "MÃ¼ller": true, "â€žHalloâ€œ": true, "5 â‚¬": true, "Å½iÅ¾ek": true, "Ã‰ric": true,
		"Zoë ZoÃ«": false, "CAFÉ\u00a0!": false, "Spaß–Bad": false, "«Ã©»": false, "Ã": false, "Â": false, "東京": false, "🦜": false, "\ufffd": false, "Â°C": true,
	} {
		if got := LooksMisread(text); got != want {
			t.Errorf("%q: got %v, want %v", text, got, want)
		}
	}
}
