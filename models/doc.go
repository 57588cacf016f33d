// Package models holds the entities, their rules, and how to read a value from a sender or a person. It must not know the
// database, HTTP or pages. The queries are in the package store below.
package models
