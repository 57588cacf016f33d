// Package store keeps the entities of models in SQLite or Postgres: connection, queries, locks, and the deletions that
// run in the background. It must not know HTTP, pages or the meaning of a segment's rule.
package store
