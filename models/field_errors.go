package models

// FieldErrors says what is wrong with a form: for each field, by the name it has in the form, one sentence with what to
// do. An empty or nil FieldErrors means that the form can be stored.
type FieldErrors map[string]string

// Add notes what is wrong with a field. The first sentence for a field stays, and "" says that nothing is wrong.
func (e FieldErrors) Add(field, sentence string) {
	if sentence == "" || e[field] != "" {
		return
	}
	e[field] = sentence
}

// Any reports whether anything is wrong.
func (e FieldErrors) Any() bool { return len(e) > 0 }
