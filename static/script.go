package static

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"
)

var (
	importLine = regexp.MustCompile(`(?m)^import (\{[^}]+\} from )?"\./([a-z]+)\.js";$`)
	exportLine = regexp.MustCompile(`(?m)^export ((?:async )?function ([A-Za-z]+))`)
	otherLine  = regexp.MustCompile(`(?m)^(import|export)\b.*$`)
	comment    = regexp.MustCompile(`(?m)^ *//.*\n`)
)

// script returns app.js with all modules that it imports, as one module: a browser loads one file instead of eighteen. Each
// module becomes a function that runs once and returns what the module exports.
func script() []byte {
	var out bytes.Buffer
	bundleModule(&out, map[string]bool{}, "app")
	return out.Bytes()
}

// bundleModule writes a module after those that it imports. A module may import with `import "./x.js";` or
// `import { a, b } from "./x.js";` and export functions. Any other form is a mistake in the program and panics.
func bundleModule(out *bytes.Buffer, done map[string]bool, name string) {
	if done[name] {
		return
	}
	done[name] = true
	source := string(comment.ReplaceAll(read("js/"+name+".js"), nil))
	for _, found := range importLine.FindAllStringSubmatch(source, -1) {
		bundleModule(out, done, found[2])
	}
	source = importLine.ReplaceAllStringFunc(source, func(line string) string {
		found := importLine.FindStringSubmatch(line)
		if found[1] == "" {
			return ""
		}
		return "const " + strings.TrimSuffix(found[1], " from ") + " = module_" + found[2] + ";"
	})
	var exported []string
	for _, found := range exportLine.FindAllStringSubmatch(source, -1) {
		exported = append(exported, found[2])
	}
	source = exportLine.ReplaceAllString(source, "$1")
	if other := otherLine.FindString(source); other != "" {
		panic("static: js/" + name + ".js: script cannot bundle this line: " + other)
	}
	fmt.Fprintf(out, "const module_%s = (() => {\n%s\nreturn { %s };\n})();\n", name, strings.TrimSpace(source), strings.Join(exported, ", "))
}
