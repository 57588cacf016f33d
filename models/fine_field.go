package models

// MaxFineFields is how many fields of one webhook can be fine to ignore.
const MaxFineFields = 200

// FineFields are the fields that are fine to ignore, by webhook and name. Names are folded.
type FineFields map[int64]map[string]bool
