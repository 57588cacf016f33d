// Package rule defines what a segment's rule means: its JSON, its checks, its words, and whether a contact matches it
// at a moment. It must not know the database, HTTP or the clock.
package rule
