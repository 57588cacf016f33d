//go:build race

package e2e

// buildFlags build the program like the tests: with the race detector.
var buildFlags = []string{"-race"}
