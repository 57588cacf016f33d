package handlers

import (
	"errors"
	"net/url"
	"strconv"
	"strings"

	"campaignlark/intake"
	"campaignlark/models"
	"campaignlark/senders"
	"campaignlark/views"
)

// lastCalls is how many calls of a webhook can be looked at, and how many the preview reads.
const lastCalls = 20

// Names of samples beside the ids of calls.
const (
	samplePasted  = "pasted"
	sampleExample = "example-" // followed by its number in the catalogue
)

// sample is a call that the form of a reading looks at.
type sample struct {
	name, title, at string
	tree            *senders.Tree // nil if there is none
	wrong           string        // why there is none, a sentence
	cut             bool          // the log keeps only the beginning
	pasted          string
	encoding        string
	call            models.WebhookRequest // of a call of the log
	header          func(name string) string
	read            func(senders.Settings) intake.Submission
}

// loggedSample returns a call of the log as a sample.
func (v *visit) loggedSample(row models.WebhookRequest) sample {
	body, err := intake.DecodeLogBody(row.Body)
	s := sample{name: row.ID.String(), call: row, title: "A call of this webhook", at: v.callTime(row), cut: body.Truncated, encoding: body.Encoding,
		header: func(name string) string { return headerOf(body, name) },
		read:   func(settings senders.Settings) intake.Submission { return intake.ReadLogged(row, body, settings) }}
	switch {
	case err != nil || erased(row):
		s.wrong = "The log does not keep what this call held: the person was erased. Please choose another call."
	case row.Outcome == models.OutcomeUnverified:
		s.wrong = "What this call held is hidden, because its signature is not valid. Please choose another call."
	case body.Payload == "":
		s.wrong = "This call held nothing. Please choose another call."
	default:
		if s.tree, err = intake.LoggedTree(row, body); err != nil && body.Truncated {
			s.wrong = "This call is larger than 64 KB, of which the log keeps only the beginning, so it cannot be shown. Please choose a smaller call."
		} else if err != nil {
			s.wrong = "This call cannot be read. " + err.Error()
		}
	}
	return s
}

// callTime says when a call came, in the workspace's time zone.
func (v *visit) callTime(row models.WebhookRequest) string {
	at, now := models.IDTime(row.ID).In(v.Workspace.Location()), v.server.now().In(v.Workspace.Location())
	if at.Year() == now.Year() && at.YearDay() == now.YearDay() {
		return "today, " + at.Format("15:04:05")
	}
	return at.Format("Mon 2 Jan, 15:04:05")
}

// exampleSample returns an invented call of the catalogue.
func exampleSample(s *senders.Sender, n int) sample {
	example := s.Samples[n]
	header := func(name string) string {
		for key, value := range example.Headers {
			if strings.EqualFold(key, name) {
				return value
			}
		}
		return ""
	}
	r := intake.Request{Method: example.Method, ContentType: header("Content-Type"), Body: []byte(example.Body)}
	if r.Method == "" {
		r.Method = "POST"
	}
	out := requestSample(r)
	out.name, out.title, out.at, out.header = sampleExample+strconv.Itoa(n), "An example of "+s.InSentence(), example.Name, header
	return out
}

// pastedSample reads a text that a person pasted: JSON, a form, or one name=value on each line.
func pastedSample(text string) sample {
	text = models.OneLineEnd(text)
	r := intake.Request{Method: "POST", ContentType: "application/x-www-form-urlencoded", Body: []byte(text)}
	switch trimmed := strings.TrimSpace(text); {
	case strings.HasPrefix(trimmed, "{") || strings.HasPrefix(trimmed, "["):
		r.ContentType, r.Body = "application/json", []byte(trimmed)
	case strings.Contains(trimmed, "\n") || !strings.Contains(trimmed, "&"):
		var pairs []string
		for line := range strings.SplitSeq(trimmed, "\n") {
			name, value, _ := strings.Cut(line, "=")
			pairs = append(pairs, url.QueryEscape(strings.TrimSpace(name))+"="+url.QueryEscape(strings.TrimSpace(value)))
		}
		r.Body = []byte(strings.Join(pairs, "&"))
	}
	s := sample{wrong: "Please paste a call to look at: JSON, or one name=value on each line."}
	switch {
	case len(text) > intake.MaxPayload:
		s.wrong = "What you pasted is longer than 64 KB. Please paste less."
	case !models.IsBlank(text):
		s = requestSample(r)
	}
	s.name, s.title, s.pasted = samplePasted, "The call that you pasted", text
	if s.header == nil {
		s.header = func(string) string { return "" }
	}
	return s
}

func requestSample(r intake.Request) sample {
	s := sample{read: func(settings senders.Settings) intake.Submission { return intake.Read(r, settings, nil) }}
	s.encoding = s.read(senders.Settings{}).Encoding
	var err error
	if s.tree, err = intake.TreeOf(r); err != nil {
		s.wrong = "This cannot be read. " + err.Error()
	}
	return s
}

// readingSample returns the sample of that name. Without one it is the newest call that can be read and did something or was refused, else
// the newest that can be read, else an example of the sender. A call that did not pass a watched signature may be anybody's, so the others
// come before it. It is the newest call if none can be read, and the zero sample if there is none.
func (v *visit) readingSample(w models.Webhook, name string, calls []models.WebhookRequest, s *senders.Sender) (sample, error) {
	if name == samplePasted {
		return pastedSample(v.Form("pasted")), nil
	}
	if n, err := strconv.Atoi(strings.TrimPrefix(name, sampleExample)); err == nil && s != nil && 0 <= n && n < len(s.Samples) {
		return exampleSample(s, n), nil
	}
	if id, ok := requestID(name); ok {
		row, err := v.server.DB.Request(v.UserContext(), w.WorkspaceID, id)
		if err == nil && row.WebhookID == w.ID {
			return v.loggedSample(row), nil
		}
		if err != nil && !errors.Is(err, models.ErrNotFound) {
			return sample{}, models.In("reading: sample", err)
		}
	}
	var idle, doubtful, unread sample
	for _, row := range calls {
		row, body, known, err := v.wholeCall(row)
		if err != nil {
			return sample{}, err
		}
		if !known {
			continue
		}
		shown := v.loggedSample(row)
		switch {
		case shown.tree != nil && body.Verdict != nil && !body.Verdict.Passes():
			if doubtful.name == "" {
				doubtful = shown
			}
		case shown.tree != nil && !row.Outcome.Idle():
			return shown, nil
		case shown.tree != nil && idle.name == "":
			idle = shown
		}
		if unread.name == "" {
			unread = shown
		}
	}
	for _, shown := range []sample{idle, doubtful} {
		if shown.name != "" {
			return shown, nil
		}
	}
	if s != nil && len(s.Samples) > 0 {
		return exampleSample(s, 0), nil
	}
	return unread, nil
}

// callChoice is a call of the log in a list to choose from: when it came, what came of it, and about whom it was. Members see addresses; calls
// of which they must not see what was sent are not in such lists.
func (v *visit) callChoice(row models.WebhookRequest) views.Option {
	o := views.Option{Value: row.ID.String(), Label: v.callTime(row) + ": " + views.OutcomeShort(row.Outcome)}
	if row.Address != nil {
		o.Label += ", " + models.Shorten(models.NameInvisible(shownAddress(*row.Address)), 60)
	}
	return o
}

// sampleChoices lists the samples that can be chosen.
func (v *visit) sampleChoices(chosen sample, calls []models.WebhookRequest, s *senders.Sender) (groups []views.OptionGroup) {
	group := views.OptionGroup{Label: "The last calls"}
	listed := false
	for _, row := range calls {
		if erased(row) {
			continue
		}
		listed = listed || row.ID.String() == chosen.name
		group.Options = append(group.Options, v.callChoice(row))
	}
	if _, isCall := requestID(chosen.name); isCall && !listed {
		group.Options = append(group.Options, views.Option{Value: chosen.name, Label: chosen.at})
	}
	if len(group.Options) > 0 {
		groups = append(groups, group)
	}
	if s != nil {
		group = views.OptionGroup{Label: "Examples of " + s.InSentence()}
		for i, example := range s.Samples {
			group.Options = append(group.Options, views.Option{Value: sampleExample + strconv.Itoa(i), Label: example.Name})
		}
		groups = append(groups, group)
	}
	if chosen.name == samplePasted || len(groups) == 0 {
		groups = append(groups, views.OptionGroup{Options: []views.Option{{Value: samplePasted, Label: "The one that you pasted"}}})
	}
	return groups
}
