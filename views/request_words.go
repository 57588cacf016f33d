package views

import (
	"strings"

	"campaignlark/models"
)

// SentAs says in a word or two how a call was sent: "POST JSON", "GET".
func SentAs(method, contentType string) string {
	if method == "GET" {
		return method
	}
	switch kind := models.MediaType(contentType); {
	case kind == "application/json", strings.HasSuffix(kind, "+json"):
		return method + " JSON"
	case kind == "application/x-www-form-urlencoded":
		return method + " form"
	case kind == "multipart/form-data":
		return method + " multipart"
	}
	return method
}

// Visible names the characters of a text that cannot be seen or that change the direction of writing. Blanks, line ends and tabs
// stay: see models.NameInvisible for a text that a sentence quotes.
func Visible(text string) string { return models.NameInvisibleInBlock(text) }

// fieldsInAll names how many fields there are.
func fieldsInAll(n int) string {
	switch n {
	case 1:
		return "The one field"
	case 2:
		return "Both fields"
	}
	return "All " + Count(n) + " fields"
}
