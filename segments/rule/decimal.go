package rule

import (
	"cmp"
	"strings"
)

// decimal is a stored number in parts that compare as texts, without the zeros that do not count. No float is involved:
// 30 digits survive.
type decimal struct {
	negative        bool
	whole, fraction string
}

// readDecimal reads a stored number. It allocates nothing.
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

// compare returns a number below, at or above 0 as d is below, at or above e.
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
