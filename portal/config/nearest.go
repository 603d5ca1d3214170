package config

import "strings"

// Nearest gives the known name that a mistyped one most likely meant, or
// nothing where none is near: at most a third of its letters are wrong, or it is
// a known name with something before or behind it.
func Nearest(name string, known map[string]bool) string {
	best, far := "", len(name)/3+1
	for k := range known {
		d := distance(name, k)
		if k != "" && (strings.HasPrefix(name, k+"_") || strings.HasSuffix(name, "_"+k)) {
			d = min(d, 1)
		}
		if d < far || d == far && best != "" && k < best {
			best, far = k, d
		}
	}
	return best
}

// distance is Levenshtein's: letters to add, drop or change.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		before := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := before
			if a[i] != b[j] {
				change++
			}
			before = row[j+1]
			row[j+1] = min(change, row[j]+1, before+1)
		}
	}
	return row[len(b)]
}
