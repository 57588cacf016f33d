// Package ruletest generates random segment rules, contacts and times for tests. It also has a second evaluator of rules, slow
// and written from the text of the design, so that tests can compare its answers with those of package rule. Only tests use it.
package ruletest
