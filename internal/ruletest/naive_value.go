package ruletest

import (
	"fmt"
	"math/big"
	"slices"
	"strings"
	"sync"
	"time"

	"campaignlark/models"
)

func (n Naive) field(m models.MergeTag, w Written, stored string, now time.Time) bool {
	switch m.Type {
	case models.MergeTagText:
		return naiveText(w, stored)
	case models.MergeTagNumber:
		return naiveNumber(w, stored)
	case models.MergeTagDate:
		return n.day(w, n.dayOf(stored), now)
	case models.MergeTagMultiple:
		return naiveChoices(m, w, stored)
	}
	for _, text := range w.Texts() { // eq or in
		if value, err := m.Read(models.Text(text), nil); err != nil {
			panic(err)
		} else if value == stored {
			return true
		}
	}
	return false
}

func naiveText(w Written, stored string) bool {
	whole := func(s string) string { return fold(models.TrimBlanks(s)) }
	first := fold(w.Texts()[0])
	switch w.Operator {
	case "eq", "in":
		return slices.ContainsFunc(w.Texts(), func(text string) bool { return whole(text) == whole(stored) })
	case "contains":
		return strings.Contains(fold(stored), first)
	case "starts_with":
		return strings.HasPrefix(fold(stored), first)
	case "ends_with":
		return strings.HasSuffix(fold(stored), first)
	}
	panic("unknown operator " + w.Operator)
}

func naiveNumber(w Written, stored string) bool {
	rational := func(s string) *big.Rat {
		r, ok := new(big.Rat).SetString(s)
		if !ok {
			panic(s)
		}
		return r
	}
	x, value := rational(stored), w.Texts()
	a := rational(value[0])
	switch w.Operator {
	case "eq":
		return x.Cmp(a) == 0
	case "gt":
		return x.Cmp(a) > 0
	case "gte":
		return x.Cmp(a) >= 0
	case "lt":
		return x.Cmp(a) < 0
	case "lte":
		return x.Cmp(a) <= 0
	case "between":
		return x.Cmp(a) >= 0 && x.Cmp(rational(value[1])) <= 0
	}
	panic("unknown operator " + w.Operator)
}

func naiveChoices(m models.MergeTag, w Written, stored string) bool {
	value, err := m.Read(models.Given{Shape: models.List, Texts: w.Texts()}, nil)
	if err != nil {
		panic(err)
	}
	has := map[string]bool{}
	for _, choice := range strings.Split(stored, "\n") {
		has[choice] = true
	}
	var wanted []any
	for _, choice := range strings.Split(value, "\n") {
		wanted = append(wanted, choice)
	}
	switch w.Value = wanted; w.Operator {
	case "eq": // exactly these
		w.Operator = "has_all"
		return len(has) == len(wanted) && naiveSet(w, has)
	case "contains": // only older rules have it
		w.Operator = "has_all"
	}
	return naiveSet(w, has)
}

func naiveEmail(w Written, stored string) bool {
	domain := func(email string) string { return email[strings.LastIndex(email, "@"):] }
	among := func(stored string, read func(string) string) bool {
		return slices.ContainsFunc(w.Texts(), func(text string) bool { return read(text) == stored })
	}
	switch w.Operator {
	case "is_set":
		return true
	case "eq", "in":
		return among(stored, mustReadEmail)
	case "domain_eq", "domain_in":
		return among(domain(stored), func(text string) string { return domain(mustReadEmail("x@" + text)) })
	}
	return naiveText(w, stored) || naiveText(w, models.ShowEmail(stored))
}

func mustReadEmail(raw string) string {
	stored, err := models.ReadEmail(raw)
	if err != nil {
		panic(fmt.Sprintf("%q: %v", raw, err))
	}
	return stored
}

var folded sync.Map // cache of fold

// fold returns models.Fold of a text. It caches the results, because folding is slow and the texts are few.
func fold(s string) string {
	known, ok := folded.Load(s)
	if !ok {
		known, _ = folded.LoadOrStore(s, models.Fold(s))
	}
	return known.(string)
}
