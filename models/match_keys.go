package models

// MatchKeys finds the key of a payload that gives each name its value: the last key that is the name exactly, else the
// last one that is it without case (ASCII letters; names have no others). It returns, for each of names, the place of
// that key in keys, or -1. Names are in lower case and no two are the same: the keys of merge tags and EmailKey. A key
// that stands nowhere in the result is ignored. CONTRACT "Payload": keys match exactly, else case-insensitively.
func MatchKeys(keys, names []string) []int {
	places := make(map[string]int, len(names)) // by name, of the best key so far
	for _, name := range names {
		places[name] = -1
	}
	for i, key := range keys {
		name := LowerASCII(key)
		best, known := places[name]
		if !known {
			continue
		}
		if key == name || best < 0 || keys[best] != name {
			places[name] = i
		}
	}
	found := make([]int, len(names))
	for i, name := range names {
		found[i] = places[name]
	}
	return found
}
