// SPDX-License-Identifier: MPL-2.0

package steps

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
)

// Sentence is one that features may use.
type Sentence struct {
	// Group names the vocabulary it belongs to, and the file of this package that
	// has its step: answers. Title is what the group is about.
	Group, Title string
	// Text is the sentence with its placeholders in capitals:
	// the plugin at "MOUNT" sees NAME=VALUE.
	Text string
	// Argument is what has to follow it: "a table", "a text", or nothing.
	Argument string
	// Needs is the capability that a scenario has to name with a tag, for this
	// sentence; empty if none.
	Needs Capability
	// About says in one line what it does.
	About string
	// Example is the sentence as a feature would write it.
	Example string

	expression *regexp.Regexp
}

// Matches reports whether text is this sentence.
func (s Sentence) Matches(text string) bool { return s.expression.MatchString(text) }

// Sentences returns every sentence that features may use, by group.
func Sentences() []Sentence {
	var all []Sentence
	for _, group := range vocabulary() {
		for _, b := range group.bindings {
			all = append(all, Sentence{
				Group: group.name, Title: group.title, Text: b.sentence, Argument: b.argument(),
				Needs: b.needs, About: b.about, Example: b.example, expression: expression(b.sentence),
			})
		}
	}
	return all
}

// Parameter is a placeholder of sentences.
type Parameter struct {
	// Name is the word in capitals; About says what may stand for it.
	Name, About string
}

// Parameters returns the placeholders that take something special, by name. All
// others are names or texts.
func Parameters() []Parameter {
	var all []Parameter
	for name, known := range parameters() {
		all = append(all, Parameter{Name: name, About: known.about})
	}
	slices.SortFunc(all, func(a, b Parameter) int { return strings.Compare(a.Name, b.Name) })
	return all
}

// maxNearest limits what Nearest returns; minLikeness is the share of words from
// which two sentences are alike.
const (
	maxNearest  = 3
	minLikeness = 0.4
)

// Nearest returns the sentences that text most resembles, the nearest first: at
// most three, and none if it resembles none.
func Nearest(text string) []Sentence {
	type scored struct {
		Sentence
		likeness float64
	}
	words := comparableWords(text)
	var found []scored
	for _, sentence := range Sentences() {
		likeness := max(alike(words, comparableWords(sentence.Text)), alike(words, comparableWords(sentence.Example)))
		if likeness >= minLikeness {
			found = append(found, scored{sentence, likeness})
		}
	}
	slices.SortStableFunc(found, func(a, b scored) int { return cmp.Compare(b.likeness, a.likeness) })
	var nearest []Sentence
	for _, match := range found[:min(len(found), maxNearest)] {
		nearest = append(nearest, match.Sentence)
	}
	return nearest
}

var (
	quotedText = regexp.MustCompile(`"[^"]*"`)
	jsonText   = regexp.MustCompile(`\{.*\}`)
	numberText = regexp.MustCompile(`\d+`)
)

// comparableWords returns the words of a sentence, with all quoted texts and all
// numbers alike.
func comparableWords(text string) []string {
	text = jsonText.ReplaceAllString(quotedText.ReplaceAllString(text, `""`), "{}")
	text = numberText.ReplaceAllString(text, "0")
	return strings.Fields(strings.ToLower(strings.NewReplacer("(", "", ")", "", ":", "").Replace(text)))
}

// alike is the Sørensen-Dice coefficient of two lists of words, in which words
// that share their first four letters count as half.
func alike(one, other []string) float64 {
	if len(one)+len(other) == 0 {
		return 0
	}
	left := slices.Clone(other)
	common := 0.0
	for _, word := range one {
		if i := slices.Index(left, word); i >= 0 {
			left = slices.Delete(left, i, i+1)
			common++
			continue
		}
		similar := func(candidate string) bool {
			return len(word) > 3 && len(candidate) > 3 && word[:4] == candidate[:4]
		}
		if i := slices.IndexFunc(left, similar); i >= 0 {
			left = slices.Delete(left, i, i+1)
			common += 0.5
		}
	}
	return 2 * common / float64(len(one)+len(other))
}
