// Package rule says what a segment's rule means: its JSON, its checks, its words, and whether a contact matches it at a
// moment. It is pure: it must know no database, no HTTP and no clock.
package rule
