// Package ruletest draws segment rules, contacts and moments for tests, and evaluates rules a second time, slowly and
// straight from the words of the design, so that tests can compare the two answers. Only tests use it.
package ruletest
