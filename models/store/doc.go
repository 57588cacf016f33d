// Package store keeps the entities of models in SQLite or Postgres: the connection, the queries, locks and what the
// background purges. It must know neither HTTP nor pages, nor what a rule of a segment means.
package store
