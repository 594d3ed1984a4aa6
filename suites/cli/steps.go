// SPDX-License-Identifier: MPL-2.0

package cli

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/plugproof/plugproof/steps"
	"github.com/plugproof/plugproof/suites/internal/nearest"
	"github.com/plugproof/plugproof/suites/internal/usage"
)

const stepsLong = `Steps prints the sentences that features are written in, with what each needs of
the target and an example. Words in capitals stand for something. With a WORD,
those that have it; with a sentence in quotes, the one that it is.`

const stepsExample = `  plugproof steps
  plugproof steps restart
  plugproof steps 'the answer is 404'
  plugproof steps --format json`

// stepsCommand is 'plugproof steps'.
func stepsCommand() *cobra.Command {
	var document document
	command := &cobra.Command{
		Use:   "steps [WORD]",
		Short: "List the sentences that features are written in",
		Long:  stepsLong, Example: stepsExample,
		Args: takes(0, 1),
		RunE: func(command *cobra.Command, args []string) error {
			found := steps.Sentences()
			if len(args) > 0 {
				if found = sentencesWith(args[0]); len(found) == 0 {
					return noSentence(args[0])
				}
			}
			return document.write(command, func(out io.Writer) error {
				if document.format == "json" {
					return writeJSON(out, listSentences(found))
				}
				return writeSentences(out, found)
			})
		},
	}
	document.addFlags(command.Flags(), "text", "json")
	return command
}

// sentencesWith returns the sentences that have the word, or the one that it is.
func sentencesWith(word string) []steps.Sentence {
	all := steps.Sentences()
	for _, sentence := range all {
		if sentence.Matches(word) {
			return []steps.Sentence{sentence}
		}
	}
	return slices.DeleteFunc(all, func(s steps.Sentence) bool {
		text := strings.Join([]string{s.Group, s.Text, s.About, s.Example, string(s.Needs)}, "\n")
		return !strings.Contains(strings.ToLower(text), strings.ToLower(word))
	})
}

// noSentence names the nearest sentences, or the nearest word in one.
func noSentence(word string) error {
	var lines []string
	for _, sentence := range steps.Nearest(word) {
		lines = append(lines, "\n  "+sentence.Text)
	}
	if len(lines) > 0 {
		return usage.Errorf("there is no sentence %q; the nearest:%s", word, strings.Join(lines, ""))
	}
	var words []string
	for _, sentence := range steps.Sentences() {
		words = append(words, strings.FieldsFunc(strings.ToLower(sentence.Text), func(r rune) bool { return r < 'a' || r > 'z' })...)
	}
	if question := nearest.Question(strings.ToLower(word), "", words); question != "" {
		return usage.Errorf("no sentence has %q%s", word, question)
	}
	return usage.Errorf("no sentence has %q; 'plugproof steps' lists all", word)
}

func writeSentences(out io.Writer, all []steps.Sentence) error {
	var text strings.Builder
	title := ""
	for _, sentence := range all {
		if sentence.Title != title {
			title = sentence.Title
			fmt.Fprintf(&text, "%s\n\n", title)
		}
		fmt.Fprintf(&text, "  %s\n      %s\n", sentence.Text, sentence.About)
		if sentence.Needs != "" {
			fmt.Fprintf(&text, "      needs    @needs-%s\n", sentence.Needs)
		}
		fmt.Fprintf(&text, "      example  %s\n\n", strings.ReplaceAll(sentence.Example, "\n", "\n               "))
	}
	_, err := io.WriteString(out, text.String())
	return err
}

// listedSentence is the JSON form, which scripts rely on.
type listedSentence struct {
	Group    string           `json:"group"`
	Sentence string           `json:"sentence"`
	About    string           `json:"about"`
	Needs    steps.Capability `json:"needs,omitempty"`
	Example  string           `json:"example"`
}

func listSentences(all []steps.Sentence) []listedSentence {
	listed := make([]listedSentence, 0, len(all))
	for _, s := range all {
		listed = append(listed, listedSentence{Group: s.Group, Sentence: s.Text, About: s.About, Needs: s.Needs, Example: s.Example})
	}
	return listed
}
