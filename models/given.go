package models

// Shape says what form a given value had before it was reduced to plain texts.
type Shape int

const (
	Plain  Shape = iota // one plain value, or a form key that came several times: Texts in the order given
	List                // a JSON array of plain values: Texts in the order given
	Nested              // an object, or an array that holds an object or an array; it has no Texts
	Null                // JSON null: as if the key had not been sent
)

// Given is a value as somebody gave it, the same whatever encoding it travelled in: JSON, a query string, a form, an
// import. Numbers are their literal text, booleans "true" and "false" (CONTRACT "Payload").
type Given struct {
	Texts []string
	Shape Shape
}

// Text is a Given of one plain value.
func Text(s string) Given { return Given{Texts: []string{s}} }

// Last returns the value that counts where only one can: of a key given twice, the last one. It is "" for a value
// without texts.
func (g Given) Last() string {
	if len(g.Texts) == 0 {
		return ""
	}
	return g.Texts[len(g.Texts)-1]
}
