package models

// FieldErrors maps each invalid field of a form, by its name in the form, to one sentence that says what to do. If it
// is empty or nil, the form is valid.
type FieldErrors map[string]string

// Add adds a sentence for a field. The first sentence for a field stays; "" means valid.
func (e FieldErrors) Add(field, sentence string) {
	if sentence == "" || e[field] != "" {
		return
	}
	e[field] = sentence
}

// Any reports whether any field is invalid.
func (e FieldErrors) Any() bool { return len(e) > 0 }
