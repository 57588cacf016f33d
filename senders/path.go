package senders

import (
	"fmt"
	"strings"
	"unicode"
)

// Limits of a path. With them, finding a path looks at most 2+maxPicks times at each value of a tree: once or, for an item counted from
// the end, twice for the path's own steps, and once for each choice by a member.
const (
	MaxPathBytes = 500
	maxSteps     = 32 // of the path, those inside [member=text] included
	maxAlls      = 2  // [*]
	maxPicks     = 4  // [member=text]
)

// Path names values of a tree. The zero Path names nothing.
//
//	customer.email            a member of a member
//	data."E-Mail Adresse"     a name with other signs than letters, digits, _ and - stands in quotation marks
//	answers[0]  answers[-1]   the first and the last item
//	answers[*].email          of all items
//	answers[type=email]       the first item that has a member "type" with that text
//	answers[field.ref="a b"]  the member may be a member of a member
//	answers[*][type=email]    all items that have it
type Path struct {
	steps []step
	text  string // the path as text, if ParsePath read it; else ""
}

type stepKind uint8

const (
	stepName   stepKind = iota // the member of that name
	stepIndex                  // one item
	stepAll                    // all items
	stepPick                   // the first item whose member is the text
	stepFilter                 // all items whose member is the text: [*][member=text]
)

type step struct {
	kind   stepKind
	index  int // negative from the end
	name   string
	member []string // of stepPick and stepFilter: its names, outermost first
	text   string   // what it must be
}

// IsZero reports whether the path names nothing.
func (p Path) IsZero() bool { return len(p.steps) == 0 }

// Equal reports whether two paths are written alike.
func (p Path) Equal(q Path) bool { return p.String() == q.String() }

// String returns the path as text. ParsePath reads it back.
func (p Path) String() string {
	if p.text != "" {
		return p.text
	}
	var b strings.Builder
	for i, s := range p.steps {
		switch s.kind {
		case stepName:
			if i > 0 {
				b.WriteByte('.')
			}
			writeWord(&b, s.name)
		case stepIndex:
			fmt.Fprintf(&b, "[%d]", s.index)
		case stepAll:
			b.WriteString("[*]")
		case stepPick, stepFilter:
			if s.kind == stepFilter {
				b.WriteString("[*]")
			}
			b.WriteByte('[')
			for j, name := range s.member {
				if j > 0 {
					b.WriteByte('.')
				}
				writeWord(&b, name)
			}
			b.WriteByte('=')
			writeWord(&b, s.text)
			b.WriteByte(']')
		}
	}
	return b.String()
}

// writeWord writes a name or a text, in quotation marks if it needs them.
func writeWord(b *strings.Builder, word string) {
	if word != "" && strings.IndexFunc(word, needsQuotes) < 0 {
		b.WriteString(word)
		return
	}
	b.WriteByte('"')
	quoted.WriteString(b, word)
	b.WriteByte('"')
}

var quoted = strings.NewReplacer(`"`, `\"`, `\`, `\\`, "\n", `\n`, "\r", `\r`, "\t", `\t`)

func needsQuotes(r rune) bool {
	return r != '_' && r != '-' && !unicode.IsLetter(r) && !unicode.IsDigit(r)
}

// MarshalText returns the path as text.
func (p Path) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// UnmarshalText reads a path as ParsePath does.
func (p *Path) UnmarshalText(text []byte) (err error) {
	*p, err = ParsePath(string(text))
	return err
}
