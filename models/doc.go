// Package models holds the entities, their rules, and how a value that a sender or a person gave is read. It is pure: it must
// know no database, no HTTP and no pages. The queries are in the package store below.
package models
