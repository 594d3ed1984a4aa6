// SPDX-License-Identifier: MPL-2.0

package steps

import (
	"regexp"
	"slices"
	"strings"
)

// byCause are the kinds of input, the ones that name a cause best first: a plugin that dies
// of every request without a field dies of null in it too.
func byCause() []input {
	return []input{asNamed, unconfigured, emptyBody, nullFields, unknownFields, wrongTypes, oddValues, longValues, oddNames}
}

// setRepeats marks the probes whose failure another kind of input shows already, which
// is then about it: a crash at the same line, or a server error with the same reason from
// the same operation.
func setRepeats(probes []probe) {
	first := map[string]input{}
	kinds := byCause()
	for n := range probes {
		key := probes[n].failure()
		if of, seen := first[key]; key != "" && (!seen || slices.Index(kinds, probes[n].kind) < slices.Index(kinds, of)) {
			first[key] = probes[n].kind
		}
	}
	for n := range probes {
		of, seen := first[probes[n].failure()]
		probes[n].repeats = seen && of != probes[n].kind
	}
}

// failure names how an attempt failed, the same for the same cause; empty where it did
// not, or the cause is not known.
func (p probe) failure() string {
	switch {
	case p.crash != nil:
		_, place, ok := cutLastText(p.crash.What, " at ")
		if !ok {
			return ""
		}
		return "crash at " + place
	case p.trial.err != nil || !p.trial.answer.failed():
		return ""
	}
	reasons, _ := p.trial.answer.lookup("errors")
	return p.operation.String() + ": " + sentPart.ReplaceAllString(strings.Join(asTexts(reasons), "\n"), "…")
}

// sentPart is a part of an error that may differ with what was sent.
var sentPart = regexp.MustCompile(`"[^"]*"|[0-9]+|` + probedName + `[\w-]*`)

// cutLastText cuts a text at the last separator.
func cutLastText(text, separator string) (before, after string, found bool) {
	at := strings.LastIndex(text, separator)
	if at < 0 {
		return text, "", false
	}
	return text[:at], text[at+len(separator):], true
}
