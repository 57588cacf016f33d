package models

import (
	"strings"

	"golang.org/x/net/idna"
	"golang.org/x/text/unicode/norm"
)

// emailPatterns returns the patterns of LIKE, with \ as its escape, that find a part of an address in the stored form: as
// it is typed, and with its domain in the ASCII form in which domains are stored.
func emailPatterns(search string) [2]string {
	if len(search) > maxRawEmailBytes {
		search = strings.ToValidUTF8(search[:maxRawEmailBytes], "")
	}
	text := lowerASCII(norm.NFC.String(TrimBlanks(search)))
	local, domain := "", text
	if at := strings.LastIndexByte(text, '@'); at >= 0 {
		local, domain = text[:at+1], text[at+1:]
	}
	ascii := domain
	if !isASCII(domain) {
		if found, err := idna.Lookup.ToASCII(domain); err == nil {
			ascii = found
		}
	}
	return [2]string{likePart(text), likePart(local + ascii)}
}

var likeEscapes = strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`)

// likePart is the pattern of LIKE for texts that contain part.
func likePart(part string) string { return "%" + likeEscapes.Replace(part) + "%" }
