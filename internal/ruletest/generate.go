package ruletest

import (
	"cmp"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"time"

	"campaignlark/models"
	"campaignlark/segments/rule"
)

// Generator generates random rules, contacts and times. All of them use the same few values, so that rules often match. The
// values are easily confused: with each other, with another type, or with a pattern.
type Generator struct {
	*rand.Rand
	Zone                     *time.Location
	today                    time.Time   // all other days are near this one; as midnight in UTC
	days, instants           []time.Time // the few values that rules and contacts use, as the next line
	texts, numbers, emails   []string
	Fields                   []models.MergeTag
	Tags, Segments, Webhooks []int64
}

// Zones are time zones with special cases: a midnight that does not exist or comes twice, a missing day, a clock change of half
// an hour, an offset with 45 minutes.
var Zones = func() (zones []*time.Location) {
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

// oddDays are days on which the clock changes in one of the zones, days around leap days, and days around the end of a year.
var oddDays = []string{"2026-11-24", "2026-03-29", "2026-10-25", "2026-03-08", "2026-11-01", "2026-04-24", "2026-10-30", "2026-04-05", "2026-10-04",
	"2018-02-18", "2018-11-04", "2011-12-30", "2011-12-31", "2024-02-29", "2027-02-28", "2027-03-01", "2028-02-28", "2028-02-29", "2026-12-31", "2027-01-01"}

// distances are the numbers of days between two days. Zero and one are frequent; others are about a week, a month or some years.
var distances = []int{0, 0, 0, 1, 1, 2, 7, 30, 31, 364, 365, 366, 730, 1461, 36500}

var oddTexts = append([]string{"Vienna", "VIENNA", " vienna ", "\u00a0Vienna\u2003", "ıstanbul", "İstanbul", "i̇stanbul", "istanbul", "ISTANBUL",
	"straße", "STRASSE", "STRAẞE", "ſtrasse", "é", "e\u0301", "É", "cafe\u0301", "CAFÉ", "ﬁn", "fin", "όσος", "ΌΣΟΣ", "\u212a", "k",
	"%", "_", "*", "\\", "a%b_c", "axbyc", "100 %", "\\%", "[a-z]", ".*", "null", "NULL", "undefined", "true", "0", "-0", "007", "7", "1e3", "1000", "1.50", "1.5",
	"日本", "👩‍👧", "👩", "שלום", "\u202eabc", "abc", "'", "\"", "a\nb", "a\r\nb", "<b>", "", " ", "\u3000\t"}, longTexts...)

var longTexts = []string{strings.Repeat("a", 300), strings.Repeat("a", 300) + "ß", strings.Repeat("é", 200)}

// pieces are parts of texts for operators such as contains.
var pieces = []string{"i", "ss", "ß", "é", "E", "\u0301", " v", "a ", "enn", "%", "_", "00", "σ", "日", "\u200d", "ÉÉÉ", "aaas", "@", ".", "+", "müller", "xn--", "EXAMPLE"}

var oddNumbers = []string{"0", "-0", "0.0", "1", "1.0", "-1", "1.50", "1.5", "-1.5", "15", "1.5e2", "150", "1e3", "1000", "007", "0.1",
	"0.10000000000000000000000000001", "123456789012345678901234567890", "123456789012345678901234567891", "-123456789012345678901234567890",
	"0.00000000000000000000000000001", "9999999999999999", "10000000000000000", "null", ""}

var oddEmails = []string{"ines@example.com", "Ines@Example.COM", "ines+news@example.com", "ines@sub.example.com", "ines@example.com.au", "jörg@müller.de",
	"JÖRG@MÜLLER.DE", "jo\u0308rg@xn--mller-kva.de", "jorg@mueller.de", "ß@straße.de", "ss@strasse.de", "用户@例え.jp", "שלום@example.com",
	"a%b@example.com", "a_b@example.com", "axb@example.com", "o'hara@example.com", "null@null.com", "007@1e3.com", "*@example.org", "k@example.org"}

// Pick returns a random element of from.
func Pick[T any](r *rand.Rand, from []T) T { return from[r.IntN(len(from))] }

// NewGenerator returns the generator for a seed. The seed also decides its zone and day.
func NewGenerator(seed uint64) *Generator {
	r := rand.New(rand.NewPCG(seed, 2))
	g := &Generator{Rand: r, Zone: Pick(r, Zones), Tags: []int64{11, 12, 13}, Segments: []int64{21, 22, 23}, Webhooks: []int64{31, 32, 33}}
	g.Fields = slices.Clone(FieldTypes)
	for i := range g.Fields {
		g.Fields[i].ID, g.Fields[i].Label = int64(i+1), "The "+g.Fields[i].Key
	}
	g.today, _ = time.Parse(DayLayout, Pick(r, oddDays))
	for range 10 {
		g.days = append(g.days, g.someDay())
	}
	for _, day := range g.days[:4] {
		g.instants = append(g.instants, g.moment(day))
	}
	g.texts, g.numbers, g.emails = g.few(14, oddTexts), g.few(12, oddNumbers), g.few(10, oddEmails)
	return g
}

// few returns n different values of from.
func (g *Generator) few(n int, from []string) (values []string) {
	for _, i := range g.Perm(len(from))[:n] {
		values = append(values, from[i])
	}
	return values
}

// Naive returns the evaluator for the generator's rules.
func (g *Generator) Naive() Naive {
	n := Naive{fields: map[int64]models.MergeTag{}, zone: g.Zone}
	for _, m := range g.Fields {
		n.fields[m.ID] = m
	}
	return n
}

func (g *Generator) distance() int { return Pick(g.Rand, distances) }

func (g *Generator) someDay() time.Time {
	day := g.today.AddDate(0, 0, g.distance()*Pick(g.Rand, []int{-1, -1, -1, 1}))
	if g.IntN(4) == 0 {
		day = day.AddDate(-g.IntN(5), 0, 0)
	}
	return day
}

// moment returns a time near the start of a day in the zone, or at any time of the day.
func (g *Generator) moment(day time.Time) time.Time {
	at := dayStart(day, g.Zone)
	at = at.Add(Pick(g.Rand, []time.Duration{-time.Second, -time.Microsecond, 0, time.Microsecond, time.Hour, -time.Hour, 90 * time.Minute, 3 * time.Hour, 12 * time.Hour, 23 * time.Hour}))
	return at.Add(time.Duration(g.IntN(2)) * time.Duration(g.IntN(86_400_000)) * time.Microsecond).UTC()
}

// Now returns a time for the evaluation of rules: near today, yesterday or tomorrow, or whole days after an instant that a
// contact may have.
func (g *Generator) Now() time.Time {
	if g.IntN(4) == 0 {
		return Pick(g.Rand, g.instants).Add(time.Duration(g.distance()) * 24 * time.Hour)
	}
	return g.moment(g.today.AddDate(0, 0, g.IntN(3)-1))
}

// Instant returns a time for a contact: one of the few instants, or a time on one of the few days.
func (g *Generator) Instant() time.Time {
	if g.IntN(2) == 0 {
		return Pick(g.Rand, g.instants)
	}
	return g.moment(Pick(g.Rand, g.days))
}

// date returns a date as somebody might write it: a day, or an instant in one of several notations.
func (g *Generator) date() string {
	switch g.IntN(5) {
	case 0:
		return g.Instant().Format(time.RFC3339Nano)
	case 1:
		return g.Instant().In(Pick(g.Rand, Zones)).Format(time.RFC3339)
	}
	if g.IntN(8) == 0 {
		return Pick(g.Rand, []string{"2024-02-29", "2020-02-29", "1904-02-29", "2025-02-28", "2025-03-01", "9999-12-31", "0001-01-01", "0000-02-29"})
	}
	return Pick(g.Rand, g.days).Format(DayLayout)
}

// Subject returns a random contact, with its values in the stored forms.
func (g *Generator) Subject(id int64) rule.Subject {
	s := rule.Subject{ID: id, Email: mustReadEmail(Pick(g.Rand, g.emails)), Status: Pick(g.Rand, models.Statuses), Fields: map[string]string{}}
	for _, m := range g.Fields {
		given := g.given(m)
		if m.Type == models.MergeTagDate && g.IntN(50) == 0 { // in most zones this is in the year 10000, or before the year 0
			given = Pick(g.Rand, []string{"9999-12-31T23:59:59.999999999Z", "0000-01-01T00:00:00Z"})
		}
		if stored, err := m.Read(models.Text(given), nil); err == nil && stored != "" {
			s.Fields[m.Key] = stored
		}
	}
	s.Tags = g.some(g.Tags)
	s.CreatedAt, s.ChangedAt = g.Instant(), g.Instant()
	if g.IntN(3) > 0 {
		s.SubscribedAt = g.Instant()
	}
	if g.IntN(4) > 0 {
		s.CreatedBy = Pick(g.Rand, g.Webhooks)
	}
	if g.IntN(4) > 0 {
		s.TouchedBy, s.TouchedAt = Pick(g.Rand, g.Webhooks), g.Instant()
	}
	in := g.some(g.Segments)
	s.In = func(segment int64) bool { return slices.Contains(in, segment) }
	return s
}

func (g *Generator) some(ids []int64) (chosen []int64) {
	for _, id := range ids {
		if g.IntN(2) == 0 {
			chosen = append(chosen, id)
		}
	}
	return chosen
}

var dayStarts sync.Map // cache of dayStart, by zone and day

// dayStart returns the first instant of the day in the zone, or of the next day that exists there. It searches in steps of a
// quarter of an hour, and then of a second, since clocks changed at any second long ago.
func dayStart(day time.Time, zone *time.Location) time.Time {
	key := zone.String() + day.Format(DayLayout)
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

// SortedKeys returns the keys of m in ascending order.
func SortedKeys[K cmp.Ordered, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }

// Schema returns everything that the generator's rules can use.
func (g *Generator) Schema() rule.Schema {
	var tags []models.Tag
	for _, id := range g.Tags {
		tags = append(tags, models.Tag{ID: id, Name: fmt.Sprint("tag ", id)})
	}
	var others []models.Segment
	for _, id := range g.Segments {
		others = append(others, models.Segment{ID: id, Name: fmt.Sprint("segment ", id), Rule: Subscribed})
	}
	var webhooks []models.Webhook
	for _, id := range g.Webhooks {
		webhooks = append(webhooks, models.Webhook{ID: id, Name: fmt.Sprint("webhook ", id)})
	}
	return rule.NewSchema(rule.Schema{MergeTags: g.Fields, Tags: tags, Segments: others, Webhooks: webhooks, Location: g.Zone})
}

// Duration returns a random time to pass between two evaluations, from a second to 100 days.
func (g *Generator) Duration() time.Duration {
	return Pick(g.Rand, []time.Duration{time.Second, time.Minute, time.Hour, 6 * time.Hour, 23 * time.Hour, 24 * time.Hour, 25 * time.Hour,
		7 * 24 * time.Hour, 31 * 24 * time.Hour, 100 * 24 * time.Hour})
}

// Audience returns n random contacts with ids in several chunks. A contact whose address is already taken gets a similar one.
func (g *Generator) Audience(n int) (subjects []rule.Subject) {
	taken := map[string]bool{}
	id := int64(0)
	for range n {
		id += 1 + g.Int64N(30)
		s := g.Subject(id)
		if taken[s.Email] {
			s.Email = fmt.Sprint("c", id, ".", s.Email)
		}
		taken[s.Email] = true
		subjects = append(subjects, s)
	}
	return subjects
}

// Memberships returns the members of each segment, by the second evaluator. The members of a frozen segment are given.
func (g *Generator) Memberships(rules map[int64]string, frozen map[int64]map[int64]bool, subjects []rule.Subject, now time.Time) map[int64][]int64 {
	n, members, read := g.Naive(), map[int64][]int64{}, map[int64]Written{}
	for id, rule := range rules {
		read[id] = ReadWritten(rule)
	}
	for _, s := range subjects {
		known := map[int64]bool{}
		s.In = func(segment int64) bool {
			in, ok := known[segment]
			if !ok {
				if in = frozen[segment][s.ID]; frozen[segment] == nil {
					in = n.Matches(read[segment], s, now)
				}
				known[segment] = in
			}
			return in
		}
		for id := range rules {
			if s.In(id) {
				members[id] = append(members[id], s.ID)
			}
		}
	}
	return members
}

// Noon is a fixed time for tests.
var Noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
