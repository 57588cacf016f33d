package automations

import (
	"strings"
	"testing"
)

func TestReadWait(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]struct {
		minutes int
		fault   string
	}{
		"3": {3, ""}, "": {0, ""}, "1,000": {1000, ""}, "1 000": {1000, ""}, "1.0": {1, ""},
		"1.000": {0, "can mean two numbers. Please write 1000,"}, "12.000": {0, "Please write 12000,"}, "1.000.000": {0, "Please write 1000000,"},
		"0.500": {0, "whole number of minutes"}, "1.5": {0, "whole number of minutes"}, "x": {0, "is not a number"}, "-1": {0, "without a minus"},
	} {
		got, fault := ReadWait(text, "minute")
		if got != want.minutes || (fault == "") != (want.fault == "") || !strings.Contains(fault, want.fault) {
			t.Errorf("%q: got %d, %q, want %d, %q", text, got, fault, want.minutes, want.fault)
		}
	}
}
