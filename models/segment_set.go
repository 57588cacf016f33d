package models

import (
	"database/sql/driver"
	"encoding/binary"
	"math/bits"
)

// SegmentSpan is how many consecutive contact ids a SegmentSet covers.
const SegmentSpan = 8192

// SegmentSet is the stored form of a set of contacts of a span. It is a list of ascending distances from the span's first
// id, two bytes each, or, if that is not shorter, a bitmap of the span.
type SegmentSet []byte

// bitmapBytes is the length of a bitmap; a list is always shorter.
const bitmapBytes = SegmentSpan / 8

// NewSegmentSet returns the set of ascending contact ids, all of one span.
func NewSegmentSet(ids []int64) SegmentSet {
	if 2*len(ids) < bitmapBytes {
		set := make(SegmentSet, 0, 2*len(ids))
		for _, id := range ids {
			set = binary.BigEndian.AppendUint16(set, uint16(id%SegmentSpan))
		}
		return set
	}
	set := make(SegmentSet, bitmapBytes)
	for _, id := range ids {
		set[id%SegmentSpan/8] |= 1 << (id % 8)
	}
	return set
}

// Value returns the stored form: an empty set is no bytes, which is not NULL.
func (s SegmentSet) Value() (driver.Value, error) { return append([]byte{}, s...), nil }

// Len returns how many contacts the set contains.
func (s SegmentSet) Len() int {
	if len(s) < bitmapBytes {
		return len(s) / 2
	}
	n := 0
	for _, b := range s {
		n += bits.OnesCount8(b)
	}
	return n
}

// Has reports whether the set contains a contact of its span.
func (s SegmentSet) Has(contact int64) bool {
	at := contact % SegmentSpan
	if len(s) == bitmapBytes {
		return s[at/8]&(1<<(at%8)) != 0
	}
	for i := 0; i+1 < len(s); i += 2 {
		if int64(binary.BigEndian.Uint16(s[i:])) == at {
			return true
		}
	}
	return false
}

// IDs returns the first contacts of the set, at most limit, in ascending order; span is the set's span.
func (s SegmentSet) IDs(span int64, limit int) []int64 {
	var ids []int64
	add := func(at int64) { ids = append(ids, span*SegmentSpan+at) }
	if len(s) < bitmapBytes {
		for i := 0; i+1 < len(s) && len(ids) < limit; i += 2 {
			add(int64(binary.BigEndian.Uint16(s[i:])))
		}
		return ids
	}
	for at := int64(0); at < SegmentSpan && len(ids) < limit; at++ {
		if s[at/8]&(1<<(at%8)) != 0 {
			add(at)
		}
	}
	return ids
}
