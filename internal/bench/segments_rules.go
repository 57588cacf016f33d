package main

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"campaignlark/models/store"
)

// ruleCase is one of the 50 segments. where is the reference for rule: the same condition, written by hand as the WHERE of a
// SELECT from contacts c. ruleText and sqlText replace the names in braces in both.
type ruleCase struct{ name, rule, where string }

func field(key, operator, value string) string {
	return `{"type":"field","field_id":{field ` + key + `},"operator":"` + operator + `"` + valued(value)
}

func other(kind, operator, value string) string {
	return `{"type":"` + kind + `","operator":"` + operator + `"` + valued(value)
}

func valued(value string) string {
	if value == "" {
		return "}"
	}
	return `,"value":` + value + "}"
}

func all(filters ...string) string {
	return `{"condition":"AND","filters":[` + strings.Join(filters, ",") + `]}`
}
func any_(filters ...string) string {
	return `{"condition":"OR","filters":[` + strings.Join(filters, ",") + `]}`
}

var ruleCases = []ruleCase{
	{"status is", all(other("status", "eq", `"SUBSCRIBED"`)), `c.status = 'SUBSCRIBED'`},
	{"status is not", all(other("status", "ne", `"UNSUBSCRIBED"`)), `c.status <> 'UNSUBSCRIBED'`},
	{"status is any of", all(other("status", "in", `["UNCONFIRMED","UNSUBSCRIBED"]`)), `c.status IN ('UNCONFIRMED', 'UNSUBSCRIBED')`},
	{"text is", all(field("city", "eq", `"Vienna"`)), `lower({city}) = 'vienna'`},
	{"text is not", all(field("city", "ne", `"Vienna"`)), `lower({city}) IS DISTINCT FROM 'vienna'`},
	{"text is any of", all(field("city", "in", `["Hamburg","Paris","New York"]`)), `lower({city}) IN ('hamburg', 'paris', 'new york')`},
	{"text is none of", all(field("city", "not_in", `["Hamburg","Paris"]`)), `({city} IS NULL OR lower({city}) NOT IN ('hamburg', 'paris'))`},
	{"text contains", all(field("city", "contains", `"BURG"`)), `{pos}(lower({city}), 'burg') > 0`},
	{"text does not contain", all(field("city", "not_contains", `"burg"`)), `({city} IS NULL OR {pos}(lower({city}), 'burg') = 0)`},
	{"text starts with", all(field("city", "starts_with", `"san"`)), `lower({city}) LIKE 'san%'`},
	{"text ends with", all(field("city", "ends_with", `"en"`)), `lower({city}) LIKE '%en'`},
	{"text is set", all(field("city", "is_set", "")), `{city} IS NOT NULL`},
	{"text is not set", all(field("city", "is_not_set", "")), `{city} IS NULL`},
	{"e-mail domain", all(other("email", "domain_eq", `"mail.example.net"`)), `{domain} = 'mail.example.net'`},
	{"e-mail domain is any of", all(other("email", "domain_in", `["shop.example","example.org"]`)), `{domain} IN ('shop.example', 'example.org')`},
	{"e-mail starts with", all(other("email", "starts_with", `"12"`)), `c.email LIKE '12%'`},
	{"number =", all(field("points", "eq", `"100.5"`)), `{points} = 100.5`},
	{"number ≠", all(field("points", "ne", `"0"`)), `{points} IS DISTINCT FROM 0`},
	{"number >", all(field("points", "gt", `"1000"`)), `{points} > 1000`},
	{"number ≤", all(field("points", "lte", `"50"`)), `{points} <= 50`},
	{"number between", all(field("points", "between", `["100","500"]`)), `{points} BETWEEN 100 AND 500`},
	{"number ≥ and <", all(field("points", "gte", `"10"`), field("points", "lt", `"2000"`)), `{points} >= 10 AND {points} < 2000`},
	{"choice is", all(field("plan", "eq", `"Pro"`)), `{plan} = 'Pro'`},
	{"choice is not", all(field("plan", "ne", `"Free"`)), `{plan} IS DISTINCT FROM 'Free'`},
	{"choice is any of", all(field("plan", "in", `["Pro","Enterprise"]`)), `{plan} IN ('Pro', 'Enterprise')`},
	{"choices have any", all(field("interests", "has_any", `["Tea","Music"]`)), `({choice interests Tea} OR {choice interests Music})`},
	{"choices have all", all(field("interests", "has_all", `["Tea","Books"]`)), `({choice interests Tea} AND {choice interests Books})`},
	{"choices have none", all(field("interests", "has_none", `["Travel"]`)), `({interests} IS NULL OR NOT {choice interests Travel})`},
	{"country is", all(field("country", "eq", `"AT"`)), `{country} = 'AT'`},
	{"country is any of", all(field("country", "in", `["AT","DE","CH"]`)), `{country} IN ('AT', 'DE', 'CH')`},
	{"country is none of", all(field("country", "not_in", `["US","GB"]`)), `({country} IS NULL OR {country} NOT IN ('US', 'GB'))`},
	{"date on or before", all(field("renewal", "lte", `"{date -100}"`)), `{renewal} <= '{date -100}'`},
	{"date between", all(field("renewal", "between", `["{date -200}","{date -20}"]`)), `{renewal} BETWEEN '{date -200}' AND '{date -20}'`},
	{"date in the last days", all(field("renewal", "in_last_days", "30")), `{renewal} BETWEEN '{date -30}' AND '{date 0}'`},
	{"date not in the last days", all(field("renewal", "not_in_last_days", "90")), `({renewal} IS NULL OR {renewal} NOT BETWEEN '{date -90}' AND '{date 0}')`},
	{"date in the next days", all(field("renewal", "in_next_days", "14")), `{renewal} BETWEEN '{date 0}' AND '{date 14}'`},
	{"date more than days ago", all(field("renewal", "more_than_days_ago", "365")), `{renewal} < '{date -365}'`},
	{"anniversary", all(field("renewal", "anniversary_within_days", "7")), `({renewal} <= '{date 7}' AND substr({renewal}, 6, 5) IN ({anniversaries 7}))`},
	{"tags have any", all(other("tags", "has_any", `[{tag vip},{tag press}]`)), `({tagged vip} OR {tagged press})`},
	{"tags have all", all(other("tags", "has_all", `[{tag newsletter},{tag customer}]`)), `({tagged newsletter} AND {tagged customer})`},
	{"tags have none", all(other("tags", "has_none", `[{tag churned}]`)), `NOT {tagged churned}`},
	{"no tags", all(other("tags", "is_not_set", "")), `NOT EXISTS (SELECT 1 FROM contact_tags t WHERE t.workspace_id = c.workspace_id AND t.contact_id = c.id)`},
	{"created by, in days", all(`{"type":"created_by","operator":"eq","value":{webhook 0},"days":90}`), `(c.source_webhook_id = {webhook 0} AND c.created_at >= {start -90} AND c.created_at < {start 1})`},
	{"touched by", all(other("touched_by", "eq", `{webhook 2}`)), `c.touched_webhook_id = {webhook 2}`},
	{"created in the last days", all(other("created_at", "in_last_days", "30")), `(c.created_at >= {start -30} AND c.created_at < {start 1})`},
	{"changed in the last hours", all(other("changed_at", "in_last_hours", "72")), `(c.updated_at > {hours -72} AND c.updated_at <= {hours 0})`},
	{"subscribed before", all(other("subscribed_at", "before", `"{date -300}"`)), `c.subscribed_at < {start -300}`},
	{"in a segment, not in another", all(other("segment", "in", "{segment 0}"), other("segment", "not_in", "{segment 40}")), `({member 0} AND NOT {member 40})`},
	{"groups", all(other("status", "eq", `"SUBSCRIBED"`), any_(field("points", "gt", `"1000"`), all(other("tags", "has_any", "[{tag customer}]"), field("country", "in", `["AT","DE"]`))),
		any_(other("created_at", "in_last_days", "180"), all(field("plan", "ne", `"Free"`), any_(field("city", "starts_with", `"s"`), field("city", "is_not_set", ""))))),
		`c.status = 'SUBSCRIBED' AND ({points} > 1000 OR ({tagged customer} AND {country} IN ('AT', 'DE')))
		AND ((c.created_at >= {start -180} AND c.created_at < {start 1}) OR ({plan} IS DISTINCT FROM 'Free' AND (lower({city}) LIKE 's%' OR {city} IS NULL)))`},
	{"groups with a segment", any_(all(other("segment", "in", "{segment 48}"), other("tags", "has_none", "[{tag wholesale},{tag partner}]")), all(field("interests", "has_all", `["Coffee","Cooking"]`),
		other("email", "domain_eq", `"example.com"`), any_(field("renewal", "in_next_days", "30"), field("renewal", "is_not_set", "")))),
		`({member 48} AND NOT {tagged wholesale} AND NOT {tagged partner}) OR ({choice interests Coffee} AND {choice interests Cooking}
		AND {domain} = 'example.com' AND ({renewal} BETWEEN '{date 0}' AND '{date 30}' OR {renewal} IS NULL))`},
}

// phrase matches a name in braces, with up to two words after it.
var phrase = regexp.MustCompile(`\{([a-z]+)(?: (-?[\w-]+))?(?: (\w+))?\}`)

// ruleText replaces the names in braces in a case's rule. segments are the ids of the segments of the cases before it.
func (v vocabulary) ruleText(text string, now time.Time, segments []int64) string {
	return phrase.ReplaceAllStringFunc(text, func(found string) string {
		part := phrase.FindStringSubmatch(found)
		n, _ := strconv.Atoi(part[2])
		switch part[1] {
		case "field":
			return strconv.FormatInt(v.fields[part[2]], 10)
		case "segment":
			return strconv.FormatInt(segments[n], 10)
		}
		return v.word(part[1], part[2], n, now)
	})
}

// word returns the text for a name that rules and SQL have in common.
func (v vocabulary) word(name, text string, n int, now time.Time) string {
	switch name {
	case "tag":
		return strconv.FormatInt(v.tags[text], 10)
	case "webhook":
		return strconv.FormatInt(v.webhooks[n], 10)
	case "date":
		return v.today(now, n).Format(time.DateOnly)
	}
	panic("unknown name in braces: " + name)
}

// today returns the start of the day that is n days after today, in the workspace's time zone.
func (v vocabulary) today(now time.Time, n int) time.Time {
	y, m, d := now.In(v.workspace.Location()).Date()
	return time.Date(y, m, d+n, 0, 0, 0, 0, v.workspace.Location())
}

// sqlText replaces the names in braces in a case's WHERE.
func (v vocabulary) sqlText(dialect store.Dialect, text string, now time.Time) string {
	return phrase.ReplaceAllStringFunc(text, func(found string) string {
		part := phrase.FindStringSubmatch(found)
		n, _ := strconv.Atoi(part[2])
		switch part[1] {
		case "city", "plan", "interests", "country", "renewal", "points":
			return sqlField(dialect, part[1])
		case "pos":
			return map[store.Dialect]string{store.Postgres: "strpos", store.SQLite: "instr"}[dialect]
		case "domain":
			return map[store.Dialect]string{store.Postgres: "split_part(c.email, '@', 2)", store.SQLite: "substr(c.email, instr(c.email, '@') + 1)"}[dialect]
		case "choice":
			line := map[store.Dialect]string{store.Postgres: "chr(10)", store.SQLite: "char(10)"}[dialect]
			pos := v.sqlText(dialect, "{pos}", now)
			return fmt.Sprintf("%s(%s || %s || %s, %s || '%s' || %s) > 0", pos, line, sqlField(dialect, part[2]), line, line, part[3], line)
		case "tagged":
			return fmt.Sprintf("EXISTS (SELECT 1 FROM contact_tags t WHERE t.workspace_id = c.workspace_id AND t.contact_id = c.id AND t.tag_id = %d)", v.tags[part[2]])
		case "member":
			return fmt.Sprintf("EXISTS (SELECT 1 FROM bench_members m WHERE m.segment_id = %d AND m.contact_id = c.id)", n)
		case "start":
			return sqlInstant(dialect, v.today(now, n))
		case "hours":
			return sqlInstant(dialect, now.Add(time.Duration(n)*time.Hour))
		case "anniversaries":
			return v.anniversaries(now, n)
		}
		return v.word(part[1], part[2], n, now)
	})
}

func sqlField(dialect store.Dialect, key string) string {
	if dialect == store.SQLite {
		if key == "points" {
			return "CAST(c.fields ->> 'points' AS REAL)"
		}
		return "(c.fields ->> '" + key + "')"
	}
	if key == "points" {
		return "(c.fields::json ->> 'points')::numeric"
	}
	return "(c.fields::json ->> '" + key + "')"
}

func sqlInstant(dialect store.Dialect, t time.Time) string {
	if dialect == store.SQLite {
		return t.UTC().Format("'2006-01-02 15:04:05.999999999-07:00'")
	}
	return t.UTC().Format("timestamptz '2006-01-02 15:04:05.999999Z'")
}

// anniversaries returns the days of the year from today to n days later, in the form '01-31'. 28 February of a common year
// includes '02-29'.
func (v vocabulary) anniversaries(now time.Time, n int) string {
	var days []string
	for i := range n + 1 {
		day := v.today(now, i)
		days = append(days, day.Format("'01-02'"))
		if day.AddDate(0, 0, 1).Format("01-02") == "03-01" && day.Format("01-02") == "02-28" {
			days = append(days, "'02-29'")
		}
	}
	return strings.Join(days, ", ")
}
