package handlers

import (
	"cmp"
	"maps"
	"slices"

	"campaignlark/models"
	"campaignlark/segments/rule"
	"campaignlark/views"
)

// Limits of the values that the builder suggests for a text field.
const (
	suggestFrom  = 500 // of the newest contacts
	suggestMost  = 20
	suggestBytes = 60 // a longer value is not suggested
)

// suggestValues adds to the rows about text fields the most frequent values that contacts have in these fields.
func (v *visit) suggestValues(shown views.RuleGroup, root rule.Group, schema rule.Schema) error {
	keys := map[int64]string{}
	for _, m := range schema.MergeTags {
		keys[m.ID] = m.Key
	}
	wanting := map[string][]*views.ConditionRow{}
	wantingValues(shown, root, keys, wanting)
	if len(wanting) == 0 {
		return nil
	}
	sample, err := v.server.DB.NewestFields(v.UserContext(), v.Workspace.ID, suggestFrom)
	if err != nil {
		return models.In("segment form: values of contacts", err)
	}
	for key, rows := range wanting {
		values := frequent(sample, key)
		for _, row := range rows {
			row.Suggested = values
		}
	}
	return nil
}

// wantingValues collects the rows about text fields, by the merge tag's key. shown has the rows of root, in its order.
func wantingValues(shown views.RuleGroup, root rule.Group, keys map[int64]string, wanting map[string][]*views.ConditionRow) {
	for i, f := range root.Filters {
		if f.Group != nil {
			wantingValues(*shown.Rows[i].Group, *f.Group, keys, wanting)
			continue
		}
		row, key := shown.Rows[i].Condition, keys[f.Condition.FieldID]
		if f.Condition.Type == rule.TypeField && key != "" && row.Control == string(controlText) {
			wanting[key] = append(wanting[key], row)
		}
	}
}

// frequent returns the most frequent values of a field, the most frequent first.
func frequent(sample []map[string]string, key string) []string {
	counts := map[string]int{}
	for _, fields := range sample {
		if value := fields[key]; value != "" && len(value) <= suggestBytes {
			counts[value]++
		}
	}
	values := slices.SortedFunc(maps.Keys(counts), func(a, b string) int {
		return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(a, b))
	})
	return values[:min(len(values), suggestMost)]
}
