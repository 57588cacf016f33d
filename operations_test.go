package campaignlark_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

var operation = regexp.MustCompile(`^[a-z][a-z0-9 :,'-]*$`)

// TestOperationsAreConstants holds that models.In gets its operation as text in the code, so that no value reaches the log with it.
func TestOperationsAreConstants(t *testing.T) {
	t.Parallel()
	named, files := 0, token.NewFileSet()
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		file, err := parser.ParseFile(files, path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		ast.Inspect(file, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok || !isIn(call.Fun) {
				return true
			}
			named++
			literal, ok := call.Args[0].(*ast.BasicLit)
			if !ok {
				t.Errorf("%s: the operation is no constant text", files.Position(call.Pos()))
				return true
			}
			if name, _ := strconv.Unquote(literal.Value); !operation.MatchString(name) {
				t.Errorf("%s: got the operation %q, want plain words in lower case", files.Position(call.Pos()), name)
			}
			return true
		})
		return nil
	})
	if err != nil || named == 0 {
		t.Fatalf("found %d operations (%v)", named, err)
	}
}

func isIn(fun ast.Expr) bool {
	s, ok := fun.(*ast.SelectorExpr)
	if !ok {
		return false
	}
	from, ok := s.X.(*ast.Ident)
	return ok && from.Name == "models" && s.Sel.Name == "In"
}
