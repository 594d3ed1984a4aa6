// SPDX-License-Identifier: MPL-2.0

package steps

import (
	"net/http"
	"slices"
	"strings"
)

// known is what the profile says of an operation: the values of the parameters in
// its path, and a body that it accepts.
type known struct {
	values map[string]string
	data   map[string]any
	// named reports whether the profile has this very operation.
	named bool
}

// knownOf finds what the profile says of an operation. Of one that it does not name, the
// parameters are those of what the setup wrote: only a name that exists leads beyond the
// answer that there is nothing of that name.
func (p *Profile) knownOf(document *Document, operation Operation) known {
	for _, write := range slices.Concat(p.Setup, sampleWrites(p.Samples), p.Credentials, loginWrites(p.Logins)) {
		if values := operation.Values(write.Path); values != nil {
			found := known{values: values, named: write.method() == operation.Method}
			if operation.writes() {
				found.data = write.Data
			}
			return found
		}
	}
	if len(operation.PathFields) == 0 {
		return known{}
	}
	return known{values: p.related(document, operation)}
}

// related returns the parameters of the write in the setup whose path has most in common
// with that of an operation; nil if none has any.
func (p *Profile) related(document *Document, operation Operation) map[string]string {
	var found map[string]string
	most := 0
	words := wordsOf(operation.Path)
	for _, write := range p.Setup {
		written, ok := document.Find(http.MethodPost, write.Path)
		if !ok || len(written.PathFields) == 0 {
			continue
		}
		shared := 1
		for _, word := range wordsOf(written.Path) {
			if slices.Contains(words, word) {
				shared++
			}
		}
		if shared > most {
			most, found = shared, renamed(written.Values(write.Path), operation.PathFields)
		}
	}
	return found
}

// renamed returns values for the parameters of another path: those of the same names, and
// a lone value for any.
func renamed(values map[string]string, fields []Field) map[string]string {
	found := make(map[string]string, len(fields))
	for _, field := range fields {
		value, ok := values[field.Name]
		if !ok && len(values) == 1 {
			for _, value = range values {
				ok = true
			}
		}
		if ok {
			found[field.Name] = value
		}
	}
	return found
}

// wordsOf returns the words in a path, also of its parameters, in the singular.
func wordsOf(path string) []string {
	words := strings.FieldsFunc(strings.ToLower(path), func(r rune) bool { return strings.ContainsRune("/-_{}", r) })
	for n, word := range words {
		words[n] = strings.TrimSuffix(word, "s")
	}
	return words
}
