// Package senders reads the calls of other systems: it turns a payload into a Tree, finds values in it by a Path, and applies a
// Mapping, which says where the address and the merge tags are. The catalogue has the mappings of well-known senders. The package
// must not know the database, HTTP or the clock.
package senders
