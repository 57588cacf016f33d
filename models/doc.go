// Package models holds what the program keeps: the entities with their rules, how a value that somebody sent is read,
// and the queries. It knows neither HTTP nor pages.
package models
