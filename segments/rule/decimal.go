package rule

import (
	"cmp"
	"strings"
)

// decimal is a stored number, split into parts that compare as text, without leading and trailing zeros. It uses no
// float, so 30 digits stay exact.
type decimal struct {
	negative        bool
	whole, fraction string
}

// readDecimal reads a stored number without allocating.
func readDecimal(stored string) decimal {
	unsigned := strings.TrimPrefix(stored, "-")
	whole, fraction, _ := strings.Cut(unsigned, ".")
	for whole != "" && whole[0] == '0' {
		whole = whole[1:]
	}
	for fraction != "" && fraction[len(fraction)-1] == '0' {
		fraction = fraction[:len(fraction)-1]
	}
	return decimal{len(unsigned) < len(stored) && whole+fraction != "", whole, fraction}
}

// compare returns a number below, equal to or above 0 if d is below, equal to or above e.
func (d decimal) compare(e decimal) int {
	switch {
	case d.negative != e.negative && d.negative:
		return -1
	case d.negative != e.negative:
		return 1
	case d.negative:
		d, e = e, d
	}
	return cmp.Or(cmp.Compare(len(d.whole), len(e.whole)), strings.Compare(d.whole, e.whole), strings.Compare(d.fraction, e.fraction))
}
