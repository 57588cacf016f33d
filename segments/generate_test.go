package segments_test

import (
	"cmp"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"time"

	"campaignlark/models"
	"campaignlark/segments"
)

// generator draws rules, contacts and moments that often meet: all of them come from the same few values, which are easily
// mistaken for one another, for something else, or for a pattern.
type generator struct {
	*rand.Rand
	zone                     *time.Location
	today                    time.Time   // the day around which everything lies, as midnight in UTC
	days, instants           []time.Time // the few that it knows, and the other few values
	texts, numbers, emails   []string
	fields                   []models.MergeTag
	tags, segments, webhooks []int64
}

// zones are those whose clocks are odd: midnight does not exist or comes twice, a day is missing, half an hour, 45 minutes.
var zones = func() (zones []*time.Location) {
	for _, name := range []string{"Europe/Vienna", "America/New_York", "America/Havana", "Asia/Beirut", "Africa/Cairo", "Pacific/Apia",
		"Australia/Lord_Howe", "Asia/Kathmandu", "America/Sao_Paulo", "Atlantic/Azores", "UTC"} {
		zone, err := time.LoadLocation(name)
		if err != nil {
			panic(err)
		}
		zones = append(zones, zone)
	}
	return zones
}()

// oddDays are changes of the clock in one zone or another, leap days and their neighbours, ends of years.
var oddDays = []string{"2026-11-24", "2026-03-29", "2026-10-25", "2026-03-08", "2026-11-01", "2026-04-24", "2026-10-30", "2026-04-05", "2026-10-04",
	"2018-02-18", "2018-11-04", "2011-12-30", "2011-12-31", "2024-02-29", "2027-02-28", "2027-03-01", "2028-02-28", "2028-02-29", "2026-12-31", "2027-01-01"}

// distances are between two days of a case: many are the same, a day, a week, a month or a year apart.
var distances = []int{0, 0, 0, 1, 1, 2, 7, 30, 31, 364, 365, 366, 730, 1461, 36500}

var oddTexts = append([]string{"Vienna", "VIENNA", " vienna ", "\u00a0Vienna\u2003", "ıstanbul", "İstanbul", "i̇stanbul", "istanbul", "ISTANBUL",
	"straße", "STRASSE", "STRAẞE", "ſtrasse", "é", "e\u0301", "É", "cafe\u0301", "CAFÉ", "ﬁn", "fin", "όσος", "ΌΣΟΣ", "\u212a", "k",
	"%", "_", "*", "\\", "a%b_c", "axbyc", "100 %", "\\%", "[a-z]", ".*", "null", "NULL", "undefined", "true", "0", "-0", "007", "7", "1e3", "1000", "1.50", "1.5",
	"日本", "👩‍👧", "👩", "שלום", "\u202eabc", "abc", "'", "\"", "a\nb", "a\r\nb", "<b>", "", " ", "\u3000\t"}, longTexts...)

var longTexts = []string{strings.Repeat("a", 300), strings.Repeat("a", 300) + "ß", strings.Repeat("é", 200)}

// pieces are what texts are searched for, beside the whole texts.
var pieces = []string{"i", "ss", "ß", "é", "E", "\u0301", " v", "a ", "enn", "%", "_", "00", "σ", "日", "\u200d", "ÉÉÉ", "aaas", "@", ".", "+", "müller", "xn--", "EXAMPLE"}

var oddNumbers = []string{"0", "-0", "0.0", "1", "1.0", "-1", "1.50", "1.5", "-1.5", "15", "1.5e2", "150", "1e3", "1000", "007", "0.1",
	"0.10000000000000000000000000001", "123456789012345678901234567890", "123456789012345678901234567891", "-123456789012345678901234567890",
	"0.00000000000000000000000000001", "9999999999999999", "10000000000000000", "null", ""}

var oddEmails = []string{"ines@example.com", "Ines@Example.COM", "ines+news@example.com", "ines@sub.example.com", "ines@example.com.au", "jörg@müller.de",
	"JÖRG@MÜLLER.DE", "jo\u0308rg@xn--mller-kva.de", "jorg@mueller.de", "ß@straße.de", "ss@strasse.de", "用户@例え.jp", "שלום@example.com",
	"a%b@example.com", "a_b@example.com", "axb@example.com", "o'hara@example.com", "null@null.com", "007@1e3.com", "*@example.org", "k@example.org"}

func pick[T any](r *rand.Rand, from []T) T { return from[r.IntN(len(from))] }

// newGenerator draws from seed; a case of another seed has another zone and day.
func newGenerator(seed uint64) *generator {
	r := rand.New(rand.NewPCG(seed, 2))
	g := &generator{Rand: r, zone: pick(r, zones), tags: []int64{11, 12, 13}, segments: []int64{21, 22, 23}, webhooks: []int64{31, 32, 33}}
	g.fields = slices.Clone(fieldTypes)
	for i := range g.fields {
		g.fields[i].ID, g.fields[i].Label = int64(i+1), "The "+g.fields[i].Key
	}
	g.today, _ = time.Parse(dayLayout, pick(r, oddDays))
	for range 10 {
		g.days = append(g.days, g.someDay())
	}
	for _, day := range g.days[:4] {
		g.instants = append(g.instants, g.moment(day))
	}
	g.texts, g.numbers, g.emails = g.few(14, oddTexts), g.few(12, oddNumbers), g.few(10, oddEmails)
	return g
}

// few returns n of the values.
func (g *generator) few(n int, from []string) (values []string) {
	for _, i := range g.Perm(len(from))[:n] {
		values = append(values, from[i])
	}
	return values
}

// naive returns the evaluator that knows what the generator speaks of.
func (g *generator) naive() naive {
	n := naive{fields: map[int64]models.MergeTag{}, zone: g.zone}
	for _, m := range g.fields {
		n.fields[m.ID] = m
	}
	return n
}

func (g *generator) distance() int { return pick(g.Rand, distances) }

func (g *generator) someDay() time.Time {
	day := g.today.AddDate(0, 0, g.distance()*pick(g.Rand, []int{-1, -1, -1, 1}))
	if g.IntN(4) == 0 {
		day = day.AddDate(-g.IntN(5), 0, 0)
	}
	return day
}

// moment is about the start of a day in the zone, or some time of it.
func (g *generator) moment(day time.Time) time.Time {
	at := dayStart(day, g.zone)
	at = at.Add(pick(g.Rand, []time.Duration{-time.Second, -time.Microsecond, 0, time.Microsecond, time.Hour, -time.Hour, 90 * time.Minute, 3 * time.Hour, 12 * time.Hour, 23 * time.Hour}))
	return at.Add(time.Duration(g.IntN(2)) * time.Duration(g.IntN(86_400_000)) * time.Microsecond).UTC()
}

// now is about the start of today or a day beside it, or whole hours after an instant that a contact may have.
func (g *generator) now() time.Time {
	if g.IntN(4) == 0 {
		return pick(g.Rand, g.instants).Add(time.Duration(g.distance()) * 24 * time.Hour)
	}
	return g.moment(g.today.AddDate(0, 0, g.IntN(3)-1))
}

func (g *generator) instant() time.Time {
	if g.IntN(2) == 0 {
		return pick(g.Rand, g.instants)
	}
	return g.moment(pick(g.Rand, g.days))
}

// date is a date as somebody writes it: a day, or an instant in one notation or another.
func (g *generator) date() string {
	switch g.IntN(5) {
	case 0:
		return g.instant().Format(time.RFC3339Nano)
	case 1:
		return g.instant().In(pick(g.Rand, zones)).Format(time.RFC3339)
	}
	if g.IntN(8) == 0 {
		return pick(g.Rand, []string{"2024-02-29", "2020-02-29", "1904-02-29", "2025-02-28", "2025-03-01", "9999-12-31", "0001-01-01", "0000-02-29"})
	}
	return pick(g.Rand, g.days).Format(dayLayout)
}

// given is a value of the merge tag as somebody might send it; it may be blank or not fit.
func (g *generator) given(m models.MergeTag) string {
	switch m.Type {
	case models.MergeTagText:
		return pick(g.Rand, g.texts)
	case models.MergeTagNumber:
		return pick(g.Rand, g.numbers)
	case models.MergeTagBoolean:
		return pick(g.Rand, []string{"", "true", "False", "yes", "0", "maybe"})
	case models.MergeTagDate:
		return pick(g.Rand, []string{"", g.date(), g.date(), g.date(), g.date()})
	case models.MergeTagCountry:
		return pick(g.Rand, []string{"", "AT", "austria", "de", "US", "null"})
	case models.MergeTagSingle:
		return pick(g.Rand, append(m.Options, "", "sMALL"))
	}
	var chosen []string
	for _, option := range m.Options {
		if g.IntN(2) == 0 {
			chosen = append(chosen, pick(g.Rand, []string{option, strings.ToUpper(option)}))
		}
	}
	return strings.Join(chosen, ", ")
}

// subject is a contact in the forms in which contacts are stored.
func (g *generator) subject(id int64) segments.Subject {
	s := segments.Subject{ID: id, Email: mustReadEmail(pick(g.Rand, g.emails)), Status: pick(g.Rand, models.Statuses), Fields: map[string]string{}}
	for _, m := range g.fields {
		given := g.given(m)
		if m.Type == models.MergeTagDate && g.IntN(50) == 0 { // in most zones in a year of five digits, or before the first
			given = pick(g.Rand, []string{"9999-12-31T23:59:59.999999999Z", "0000-01-01T00:00:00Z"})
		}
		if stored, err := m.Read(models.Text(given)); err == nil && stored != "" {
			s.Fields[m.Key] = stored
		}
	}
	s.Tags = g.some(g.tags)
	s.CreatedAt, s.ChangedAt = g.instant(), g.instant()
	if g.IntN(3) > 0 {
		s.SubscribedAt = g.instant()
	}
	if g.IntN(4) > 0 {
		s.CreatedBy = pick(g.Rand, g.webhooks)
	}
	if g.IntN(4) > 0 {
		s.TouchedBy, s.TouchedAt = pick(g.Rand, g.webhooks), g.instant()
	}
	in := g.some(g.segments)
	s.In = func(segment int64) bool { return slices.Contains(in, segment) }
	return s
}

func (g *generator) some(ids []int64) (chosen []int64) {
	for _, id := range ids {
		if g.IntN(2) == 0 {
			chosen = append(chosen, id)
		}
	}
	return chosen
}

var dayStarts sync.Map // by zone and day, found before

// dayStart is the first instant whose date in the zone is the day, or a later one where the day does not exist. Clocks
// change at quarters of an hour, long ago at any second.
func dayStart(day time.Time, zone *time.Location) time.Time {
	key := zone.String() + day.Format(dayLayout)
	if known, ok := dayStarts.Load(key); ok {
		return known.(time.Time)
	}
	at := day.Add(-27 * time.Hour)
	for dayIn(at, zone).Before(day) {
		at = at.Add(15 * time.Minute)
	}
	for !dayIn(at.Add(-time.Second), zone).Before(day) {
		at = at.Add(-time.Second)
	}
	dayStarts.Store(key, at)
	return at
}

func sortedKeys[K cmp.Ordered, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }
