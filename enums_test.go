package campaignlark_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"campaignlark/intake"
	"campaignlark/internal/ruletest"
	"campaignlark/models"
	"campaignlark/segments/rule"
)

// The tests of this file hold together what several packages know of the values of one type. Each message says where a
// new value has to be added. views, handlers and models/store have their part in their own enums_test.go.

// TestEveryConstantIsListed compares the constants of each type, read from the source, with the list that the program uses.
func TestEveryConstantIsListed(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		folder, kind, list string
		listed             []string
	}{
		{"models", "Outcome", "models.Outcomes", append(texts(models.Outcomes), texts([]models.Outcome{models.OutcomesFailed, models.OutcomesProcessed})...)},
		{"models", "WebhookType", "models.WebhookTypes", texts(models.WebhookTypes)},
		{"models", "MergeTagType", "models.MergeTagTypes", texts(models.MergeTagTypes)},
		{"models", "Status", "models.Statuses", texts(models.Statuses)},
		{"models", "BulkAction", "models.BulkActions", texts(models.BulkActions)},
		{"models", "Role", "models.Roles", texts(models.Roles)},
		{"intake", "Fate", "intake.Fates", texts(intake.Fates)},
		{"intake", "DecodeKind", "intake.DecodeKinds", texts(intake.DecodeKinds)},
		{"intake", "BodyKind", "intake.BodyKinds", texts(intake.BodyKinds)},
		{"segments/rule", "Type", "rule.Types", texts(rule.Types)},
		{"segments/rule", "Operator", "operators in segments/rule/operator.go", texts(offered())},
	} {
		constants := constantsOf(t, c.folder, c.kind)
		if len(constants) == 0 {
			t.Errorf("%s has no constants of the type %s: has it moved?", c.folder, c.kind)
		}
		for _, value := range constants {
			if !slices.Contains(c.listed, value) {
				t.Errorf("the %s %q is not in %s: add it", c.kind, value, c.list)
			}
		}
		for _, value := range c.listed {
			if !slices.Contains(constants, value) {
				t.Errorf("%s holds %q, which is no constant of the type %s", c.list, value, c.kind)
			}
		}
	}
}

// constantsOf reads the texts of the constants of a type from a folder's source.
func constantsOf(t *testing.T, folder, kind string) (values []string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(folder, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		source, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, source, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if spec, ok := n.(*ast.ValueSpec); ok && isNamed(spec.Type, kind) {
				for _, v := range spec.Values {
					if literal, ok := v.(*ast.BasicLit); ok {
						text, _ := strconv.Unquote(literal.Value)
						values = append(values, text)
					}
				}
			}
			return true
		})
	}
	return values
}

func isNamed(e ast.Expr, name string) bool {
	id, ok := e.(*ast.Ident)
	return ok && id.Name == name
}

func texts[T ~string](values []T) (all []string) {
	for _, v := range values {
		all = append(all, string(v))
	}
	return all
}

// kinds lists what conditions compare: the types of merge tags, and the kinds of the other conditions.
func kinds() (all []rule.Kind) {
	for _, m := range models.MergeTagTypes {
		all = append(all, rule.Kind(m))
	}
	for _, c := range rule.Types {
		if kind, ok := (rule.Schema{}).Kind(rule.Condition{Type: c}); ok {
			all = append(all, kind)
		}
	}
	return all
}

// offered lists the operators that people can choose for a condition of some kind.
func offered() (all []rule.Operator) {
	for _, k := range kinds() {
		all = append(all, rule.Operators(k)...)
	}
	return all
}

// TestEveryWebhookTypeDecides fails if a type does with a contact what another type does.
func TestEveryWebhookTypeDecides(t *testing.T) {
	t.Parallel()
	seen := map[models.Outcome]models.WebhookType{}
	for _, kind := range models.WebhookTypes {
		said := intake.Decode(intake.Request{Method: "GET", Query: "email_address=jaime@example.com"})
		webhook := intake.Webhook{Webhook: models.Webhook{ID: 1, Hash: "h", Enabled: true, Type: kind}}
		d := intake.Decide(intake.Question{Webhook: webhook, Hash: "h", Submission: said, Now: time.Unix(1, 0),
			Contact: &intake.Person{Contact: models.Contact{Email: "jaime@example.com", Status: "other"}}})
		if d.Outcome.Failed() || seen[d.Outcome] != "" {
			t.Errorf("%s ends as %q, as %q does: give it a case in Decide, in intake/decide.go", kind, d.Outcome, seen[d.Outcome])
		}
		if seen[d.Outcome] = kind; !kind.Valid() {
			t.Errorf("%s is not valid", kind)
		}
	}
}

// TestEveryStatusIsKnown fails if a contact of a status has no time, no count or no name.
func TestEveryStatusIsKnown(t *testing.T) {
	t.Parallel()
	at := time.Unix(1, 0)
	for _, s := range models.Statuses {
		var c models.Contact
		var counts models.StatusCounts
		counts.Add(s, 7)
		if !c.SetStatus(s, at) || !c.StatusSince().Equal(at) {
			t.Errorf("%s: the time of the change is not kept: see SetStatus and StatusSince in models/contact.go, and the columns of contacts", s)
		}
		if counts.Of(s) != 7 || counts == (models.StatusCounts{}) {
			t.Errorf("%s is not counted: see StatusCounts in models/contact_days.go, and the columns of contact_days", s)
		}
		if s.Name() == string(s) || !s.Valid() {
			t.Errorf("%s has no name or is not valid: see models/contact.go", s)
		}
	}
}

// TestEveryBulkActionHasWords fails if an action is described as another one, such as a deletion.
func TestEveryBulkActionHasWords(t *testing.T) {
	t.Parallel()
	seen := map[string]models.BulkAction{}
	for _, action := range models.BulkActions {
		words := models.Bulk{Action: action}.Words()
		if other, twice := seen[words]; twice {
			t.Errorf("%s has the words of %s: see Words in models/bulk.go; models/store/bulk.go, handlers/bulk.go, handlers/bulk_words.go and views/bulk.templ must know it too", action, other)
		}
		seen[words] = action
	}
}

// TestEveryRoleIsKnown fails if a role has no word, cannot be chosen, or has no place among the others.
func TestEveryRoleIsKnown(t *testing.T) {
	t.Parallel()
	for i, r := range models.Roles {
		if r.Word() == "" || models.ValidateRole(r) != "" {
			t.Errorf("%s has no word or cannot be chosen: see Word in models/workspace.go", r)
		}
		for j, other := range models.Roles {
			if r.Includes(other) != (i >= j) {
				t.Errorf("%s includes %s: got %t", r, other, r.Includes(other))
			}
		}
	}
}

// TestEveryConditionIsKnown fails if a condition has no words or no operators, or if no test draws it.
func TestEveryConditionIsKnown(t *testing.T) {
	t.Parallel()
	for _, c := range rule.Types {
		if c.Label() == "" {
			t.Errorf("%s has no label: see typeLabels in segments/rule/rule.go", c)
		}
		if c == rule.TypeField {
			continue
		}
		if kind, ok := (rule.Schema{}).Kind(rule.Condition{Type: c}); !ok || len(rule.Operators(kind)) == 0 {
			t.Errorf("%s has no kind, or the kind no operators: see typeKinds and operators in segments/rule/operator.go", c)
		}
		if len(ruletest.TypeOperators[string(c)]) == 0 {
			t.Errorf("%s is not drawn: see TypeOperators in internal/ruletest/generate_rule.go, and internal/ruletest/naive.go; "+
				"segments/rule/compile.go, needs.go and sentence.go, segments/contacts.go and contacts_postgres.go must know it too", c)
		}
	}
}

// TestEveryOperatorHasWords fails if an operator of a kind has no label, or if what its values are is not known. It holds
// for every type of merge tag, too.
func TestEveryOperatorHasWords(t *testing.T) {
	t.Parallel()
	for _, kind := range kinds() {
		if len(rule.Operators(kind)) == 0 {
			t.Errorf("%s has no operators: see operators in segments/rule/operator.go", kind)
		}
		for _, o := range rule.Operators(kind) {
			if kind.Label(o) == "" || kind.Value(o) == "" {
				t.Errorf("%s %s has no label, or no kind of value: see operatorLabels and valueKinds in segments/rule/operator.go", kind, o)
			}
		}
	}
	for _, m := range models.MergeTagTypes {
		if len(ruletest.FieldOperators[m]) == 0 {
			t.Errorf("%s is not drawn: give it a row in internal/ruletest/field_types.go", m)
		}
		if m.Name() == "" || !m.Valid() {
			t.Errorf("%s has no name: see mergeTagTypes in models/merge_tag_type.go", m)
		}
	}
}
