package handlers

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"

	"campaignlark/models"
	"campaignlark/senders"
	"campaignlark/views"
)

// readingInput is how a webhook reads its calls, as a form writes it. Its texts may be anything.
type readingInput struct {
	sender   string
	rows     map[string][]readingRow // by the key of the merge tag, and by models.EmailKey
	when     []readingWhen
	delivery string // "header", "path" or ""
	header   string
	idPath   string
	alsoKeys bool
	skip     bool // calls without an address are skipped
}

// readingRow is one place of a value: a path, and how the value is read there. typed says that the path was typed and not chosen.
type readingRow struct {
	path, as string
	typed    bool
}

// readingWhen is one condition. is is "set" for any value, else one of the lines of in has to stand there.
type readingWhen struct {
	Path  string `json:"path"`
	Is    string `json:"is"`
	In    string `json:"in"`
	Typed bool   `json:"-"`
}

// readingInputOf writes settings as the form does.
func readingInputOf(s senders.Settings) readingInput {
	in := readingInput{sender: cmp.Or(s.Sender, senders.Standard), rows: map[string][]readingRow{}}
	if s.Mapping == nil {
		return in
	}
	for _, p := range s.Mapping.Address {
		in.rows[models.EmailKey] = append(in.rows[models.EmailKey], readingRow{path: p.String()})
	}
	for key, sources := range s.Mapping.Fields {
		for _, source := range sources {
			in.rows[key] = append(in.rows[key], readingRow{path: source.Path.String(), as: string(source.As)})
		}
	}
	for _, c := range s.Mapping.OnlyWhen {
		w := readingWhen{Path: c.Path.String(), Is: "in", In: strings.Join(c.In, "\n")}
		if c.Set {
			w.Is = "set"
		}
		in.when = append(in.when, w)
	}
	if d := s.Mapping.DeliveryID; d.Header != "" {
		in.delivery, in.header = "header", d.Header
	} else if !d.Path.IsZero() {
		in.delivery, in.idPath = "path", d.Path.String()
	}
	in.alsoKeys, in.skip = s.Mapping.AlsoKeys, s.Mapping.SkipNoAddress
	return in
}

// settings returns what the form says. Sentences about what is wrong are by the ids of the fields.
func (in readingInput) settings(hasTag func(key string) bool) (senders.Settings, models.FieldErrors) {
	errs := models.FieldErrors{}
	if in.sender == senders.Standard {
		return senders.Settings{}, errs
	}
	if in.sender != senders.Own && senders.FindSender(in.sender) == nil {
		errs.Add("sender", "Please choose who calls this webhook: a sender of the list, any system, or the plain format.")
	}
	m := senders.Mapping{Fields: map[string][]senders.Source{}, AlsoKeys: in.alsoKeys, SkipNoAddress: in.skip}
	for _, key := range slices.Sorted(maps.Keys(in.rows)) {
		for _, row := range in.rows[key] {
			p, err := senders.ParsePath(row.path)
			switch {
			case err != nil:
				errs.Add("place."+key, err.Error())
			case key == models.EmailKey:
				m.Address = append(m.Address, p)
			case !slices.Contains(senders.Readings, senders.As(row.as)):
				errs.Add("place."+key, "Please choose how the value is read.")
			default:
				m.Fields[key] = append(m.Fields[key], senders.Source{Path: p, As: senders.As(row.as)})
			}
		}
	}
	in.readConditions(&m, errs)
	in.readDelivery(&m, errs)
	for _, problem := range m.Validate(hasTag) {
		errs.Add(readingField(problem.Part), problem.Sentence)
	}
	return senders.Settings{Sender: in.sender, Mapping: &m}, errs
}

func (in readingInput) readConditions(m *senders.Mapping, errs models.FieldErrors) {
	for _, w := range in.when {
		p, err := senders.ParsePath(w.Path)
		if err != nil {
			errs.Add("counts", err.Error())
			continue
		}
		c := senders.Condition{Path: p, Set: w.Is == "set"}
		for line := range strings.Lines(w.In) {
			if line = strings.TrimRight(line, "\r\n"); !c.Set && !models.IsBlank(line) {
				c.In = append(c.In, line)
			}
		}
		m.OnlyWhen = append(m.OnlyWhen, c)
	}
}

func (in readingInput) readDelivery(m *senders.Mapping, errs models.FieldErrors) {
	switch in.delivery {
	case "header":
		m.DeliveryID.Header = strings.TrimSpace(in.header)
		if m.DeliveryID.Header == "" {
			errs.Add("repeats", "Please write the name of the header that tells calls apart.")
		}
	case "path":
		p, err := senders.ParsePath(in.idPath)
		if err != nil {
			errs.Add("repeats", err.Error())
		}
		m.DeliveryID.Path = p
	}
}

// readingField returns the id of the form's field for a part of a mapping.
func readingField(part string) string {
	key, ofField := strings.CutPrefix(part, "fields.")
	switch {
	case ofField:
		return "place." + key
	case part == "address", part == "fields":
		return "place." + models.EmailKey
	case part == "only_when":
		return "counts"
	}
	return "repeats"
}

// postedReading reads the form. A post that has none of the builder's fields has the mapping as JSON, or only names the sender; stored
// is what it then starts from. The errors are those of texts that cannot be read at all.
func (v *visit) postedReading(stored readingInput, suggested func(sender string) readingInput) (readingInput, models.FieldErrors) {
	in := readingInput{sender: v.Form("sender"), rows: map[string][]readingRow{}}
	if text := v.Form("mapping"); text != "" {
		m, err := senders.ParseMapping(text)
		if err != nil {
			return stored, models.FieldErrors{"mapping": err.Error()}
		}
		return readingInputOf(senders.Settings{Sender: in.sender, Mapping: &m}), nil
	}
	if len(v.FormAll("place."+models.EmailKey)) == 0 {
		if in.sender == stored.sender {
			return stored, nil
		}
		return suggested(in.sender), nil
	}
	errs := models.FieldErrors{}
	for name := range v.form {
		key, is := strings.CutPrefix(name, "place.")
		if !is {
			continue
		}
		in.rows[key] = v.postedRows(key)
		for _, row := range in.rows[key] {
			if row.path == "" {
				_, err := senders.ParsePath(row.path)
				errs.Add(name, err.Error())
			}
			if !slices.Contains(senders.Readings, senders.As(row.as)) {
				errs.Add(name, "Please choose how the value is read.")
			}
		}
	}
	places, typed, is, texts := v.FormAll("when.place"), v.FormAll("when.typed"), v.FormAll("when.is"), v.FormAll("when.in")
	for i, place := range places {
		row := chosenPlace(place, at(typed, i))
		if row.path != "" || row.typed {
			in.when = append(in.when, readingWhen{Path: row.path, Is: at(is, i), In: models.OneLineEnd(at(texts, i)), Typed: row.typed})
		}
	}
	in.delivery, in.header, in.idPath = v.Form("delivery"), v.Form("delivery.header"), v.Form("delivery.path")
	in.alsoKeys, in.skip = v.Form("also_keys") == "1", v.Form("skip") == "1"
	return in, errs
}

func (v *visit) postedRows(key string) (rows []readingRow) {
	places, typed, as := v.FormAll("place."+key), v.FormAll("typed."+key), v.FormAll("as."+key)
	for i, place := range places {
		row := chosenPlace(place, at(typed, i))
		if row.as = at(as, i); row.path != "" || row.typed {
			rows = append(rows, row)
		}
	}
	return rows
}

// chosenPlace is what a list of places and the text beneath it say.
func chosenPlace(place, typed string) readingRow {
	if place == views.TypedPlace {
		return readingRow{path: strings.TrimSpace(typed), typed: true}
	}
	return readingRow{path: strings.TrimSpace(place)}
}

func at(texts []string, i int) string {
	if i < len(texts) {
		return texts[i]
	}
	return ""
}

// The parts of a form that two people may change independently: each field, and five more.
const (
	partSender   = "sender"
	partWhen     = "only_when"
	partSkip     = "skip"
	partDelivery = "delivery_id"
	partKeys     = "also_keys"
)

// senderName returns what people call a sender by its key.
func senderName(key string) string {
	switch s := senders.FindSender(key); {
	case s != nil:
		return s.InSentence()
	case key == senders.Own:
		return "a system of your own"
	case key == senders.Standard || key == "":
		return "the plain format"
	}
	return strconv.Quote(models.Shorten(key, 60))
}
