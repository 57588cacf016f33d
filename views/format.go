package views

import (
	"strconv"
	"time"
)

// Count writes n with thousands separators: "48,213".
func Count[N int | int64](n N) string {
	digits := strconv.FormatInt(int64(n), 10)
	start := len(digits) % 3
	if n < 0 {
		start = 1 + (len(digits)-1)%3
	}
	out := digits[:start]
	for i := start; i < len(digits); i += 3 {
		if out != "" && out != "-" {
			out += ","
		}
		out += digits[i : i+3]
	}
	return out
}

// Plural writes a count with its word: "1 call", "3,912 calls".
func Plural[N int | int64](n N, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return Count(n) + " " + many
}

// LastOf names the last things, for a sentence: "the last 50 calls", "the last call".
func LastOf(of int, one, many string) string {
	if of == 1 {
		return "the last " + one
	}
	return "the last " + Count(of) + " " + many
}

// OfLast names n of the last things, for a sentence: "3 of the last 50 calls", "all of the last 50 calls". Of one thing it is "the last call",
// also if n is 0.
func OfLast(n, of int, one, many string) string {
	last := LastOf(of, one, many)
	switch {
	case of == 1:
		return last
	case n == of:
		return "all of " + last
	case n == 0:
		return "none of " + last
	}
	return Count(n) + " of " + last
}

// PluralUpTo is Plural for a count that stops above most: "10,000+ calls".
func PluralUpTo(n, most int64, one, many string) string {
	if n > most {
		return Count(most) + "+ " + many
	}
	return Plural(n, one, many)
}

// Took writes how long a call took: "11 ms", "1.2 s".
func Took(d time.Duration) string {
	switch {
	case d < time.Millisecond:
		return "under 1 ms"
	case d < time.Second:
		return strconv.FormatInt(d.Milliseconds(), 10) + " ms"
	}
	return strconv.FormatFloat(d.Seconds(), 'f', 1, 64) + " s"
}

// Bytes writes a size: "231 bytes", "64 KB", "1.5 MB".
func Bytes(n int64) string {
	switch {
	case n < 1024:
		return Plural(n, "byte", "bytes")
	case n < 1024*1024:
		return strconv.FormatInt((n+512)/1024, 10) + " KB"
	}
	return strconv.FormatFloat(float64(n)/(1024*1024), 'f', 1, 64) + " MB"
}

// CountUpTo writes n, or "10,000+" when it is above most: counting on would take too long.
func CountUpTo(n, most int64) string {
	if n > most {
		return Count(most) + "+"
	}
	return Count(n)
}
