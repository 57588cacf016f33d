package demo

import (
	"fmt"
	"strings"
	"time"

	"campaignlark/senders"
)

// clubQuestions are the questions of the reading club's form, by the merge tags that keep the answers.
var clubQuestions = []struct{ ref, title, kind, answer string }{
	{"first_name", "What is your first name?", "short_text", "text"},
	{"email", "Where can we reach you?", "email", "email"},
	{"favourite_genre", "What do you love to read?", "multiple_choice", "choice.label"},
	{"interests", "What are you interested in?", "multiple_choice", "choices.labels"},
	{"city", "Where do you live?", "short_text", "text"},
}

// clubFields are the places of the answers to the reading club's form, by the merge tags that keep them.
func clubFields() map[string][]senders.Source {
	fields := map[string][]senders.Source{}
	for _, q := range clubQuestions {
		if q.ref == "email" {
			continue // the mapping of the catalogue finds the address
		}
		p, err := senders.ParsePath(fmt.Sprintf("form_response.answers[field.ref=%s].%s", q.ref, q.answer))
		if err != nil {
			panic(err) // the questions above are wrong
		}
		fields[q.ref] = []senders.Source{{Path: p}}
	}
	return fields
}

// clubResponse returns a response to the reading club's form. A question without an answer is left out, as Typeform does.
func (v visit) clubResponse(p Person) []field {
	event := "form_response"
	if v.trouble == notCounted {
		event = "form_response_partial"
	}
	var questions, answers []map[string]any
	for i, q := range clubQuestions {
		id := fmt.Sprintf("q%dHk2vB7sQ", i+1)
		questions = append(questions, map[string]any{"id": id, "ref": q.ref, "title": q.title, "type": q.kind})
		text := p.Fields[q.ref]
		if q.ref == "email" {
			text = p.Email
		}
		if text == "" || v.trouble == notCounted && i > 0 {
			continue
		}
		answer := map[string]any{"field": map[string]any{"id": id, "ref": q.ref, "type": q.kind}}
		switch kind, _, _ := strings.Cut(q.answer, "."); kind {
		case "choice":
			answer["type"], answer[kind] = kind, map[string]any{"label": v.sent(q.ref, text)}
		case "choices":
			answer["type"], answer[kind] = kind, map[string]any{"labels": v.sent(q.ref, text)}
		default:
			answer["type"], answer[kind] = kind, text
		}
		answers = append(answers, answer)
	}
	return []field{{"event_id", fmt.Sprintf("01JD%016X", v.at.UnixMicro())}, {"event_type", event}, {"form_response", map[string]any{
		"form_id": "lT4Z3j", "submitted_at": v.at.UTC().Format(time.RFC3339), "hidden": map[string]any{"source": "reading-club"},
		"definition": map[string]any{"id": "lT4Z3j", "title": "Join the reading club", "fields": questions}, "answers": answers,
	}}}
}
