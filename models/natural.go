package models

import (
	"cmp"
	"strings"
)

// CompareNames orders names as people do: capital and small letters alike, and numbers by their size, so that "Auto 2" comes before "Auto 10".
func CompareNames(a, b string) int {
	left, right := Fold(a), Fold(b)
	for left != "" && right != "" {
		var c int
		if digit(left[0]) && digit(right[0]) {
			m, n := digits(left), digits(right)
			x, y := strings.TrimLeft(left[:m], "0"), strings.TrimLeft(right[:n], "0")
			c = cmp.Or(cmp.Compare(len(x), len(y)), strings.Compare(x, y))
			left, right = left[m:], right[n:]
		} else {
			c = cmp.Compare(left[0], right[0])
			left, right = left[1:], right[1:]
		}
		if c != 0 {
			return c
		}
	}
	return cmp.Or(cmp.Compare(len(left), len(right)), strings.Compare(a, b))
}

func digit(c byte) bool { return '0' <= c && c <= '9' }

// digits counts the digits at the beginning of a text.
func digits(text string) (n int) {
	for n < len(text) && digit(text[n]) {
		n++
	}
	return n
}
