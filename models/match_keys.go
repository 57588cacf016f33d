package models

// MatchKeys finds the payload key that gives each name its value: the last key that equals the name, or else the last
// that equals it ignoring ASCII case. It returns its index in keys for each of names, or -1. Names are distinct and in
// lower case: the keys of merge tags and EmailKey. Keys not in the result are ignored. CONTRACT "Payload": keys match
// exactly, else case-insensitively.
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
