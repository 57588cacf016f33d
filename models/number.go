package models

import (
	"regexp"
	"strconv"
	"strings"
)

const maxNumberDigits = 30

var jsonNumber = regexp.MustCompile(`^(-?)(0|[1-9][0-9]*)(?:\.([0-9]+))?(?:[eE]([+-]?[0-9]+))?$`)

// readNumber reads JSON's number syntax and returns a plain decimal with the given digits and the exponent expanded, at
// most 30 digits. Zero has no sign. CONTRACT "Stored forms".
func readNumber(text string) (string, *ValueError) {
	parts := jsonNumber.FindStringSubmatch(text)
	if parts == nil {
		return "", &ValueError{"not_a_number", "Not a number. Numbers look like 1250 or -3.75, without other signs."}
	}
	tooLong := &ValueError{"too_many_digits", "This number has too many digits. At most 30 can be kept."}
	sign, whole, fraction := parts[1], parts[2], parts[3]
	digits := whole + fraction
	if len(digits) > maxNumberDigits {
		return "", tooLong
	}
	exponent := 0
	if parts[4] != "" {
		// Refuse an exponent beyond the limit before expanding it.
		var err error
		if exponent, err = strconv.Atoi(parts[4]); err != nil || exponent > 2*maxNumberDigits || exponent < -2*maxNumberDigits {
			return "", tooLong
		}
	}
	point := len(whole) + exponent
	if point < 1 {
		digits, point = strings.Repeat("0", 1-point)+digits, 1
	}
	if point > len(digits) {
		digits += strings.Repeat("0", point-len(digits))
	}
	whole, fraction = strings.TrimLeft(digits[:point], "0"), digits[point:]
	if whole == "" {
		whole = "0"
	}
	if len(whole)+len(fraction) > maxNumberDigits {
		return "", tooLong
	}
	number := whole
	if fraction != "" {
		number += "." + fraction
	}
	if strings.Trim(number, "0.") == "" {
		sign = ""
	}
	return sign + number, nil
}

// groupThousands puts a comma between the thousands of a plain decimal: "-1250.50" becomes "-1,250.50".
func groupThousands(number string) string {
	unsigned := strings.TrimPrefix(number, "-")
	whole, fraction, _ := strings.Cut(unsigned, ".")
	var b strings.Builder
	b.WriteString(number[:len(number)-len(unsigned)])
	for i, digit := range whole {
		if i > 0 && (len(whole)-i)%3 == 0 {
			b.WriteByte(',')
		}
		b.WriteRune(digit)
	}
	if fraction != "" {
		b.WriteString("." + fraction)
	}
	return b.String()
}
