// SPDX-License-Identifier: MPL-2.0

package steps_test

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/plugproof/plugproof/steps"
)

var update = flag.Bool("update", false, "write features/SENTENCES.md")

const sentencesPage = "../features/SENTENCES.md"

// TestSentencesPage holds that the page of all sentences says what the bindings
// say.
func TestSentencesPage(t *testing.T) {
	t.Parallel()
	want := renderSentences()
	if *update {
		if err := os.WriteFile(sentencesPage, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	got, err := os.ReadFile(sentencesPage)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Error("features/SENTENCES.md is out of date; write it again with: go test ./steps -run TestSentencesPage -update")
	}
}

func renderSentences() string {
	var page strings.Builder
	page.WriteString(`# Sentences

<!-- Generated from steps/bindings*.go by: go test ./steps -run TestSentencesPage -update -->

These are the sentences that features are written in. Words in capitals stand for something; brackets hold an ending that may be left out. A sentence that ends in a colon is followed by a table or a text. What a sentence needs, the scenario states as a tag: ` + "`@needs-restart`" + `.

`)
	page.WriteString("| placeholder | stands for |\n|---|---|\n")
	for _, parameter := range steps.Parameters() {
		fmt.Fprintf(&page, "| %s | %s |\n", parameter.Name, parameter.About)
	}
	page.WriteString("| any other | a name |\n")
	page.WriteString(`
Names in quotes are the scenario's own. ` + "`{NAME}`" + ` in a text stands for a value that was kept before: ` + "`{sha256 of probe}`, `{reader}`" + `. A table of an answer has a path and an expectation in each row: a text, ` + "`(any)`, `(missing)`, `contains X`, `lacks X` or `/pattern/`" + `. A path may choose from a list of objects: ` + "`data.detailed.[name=probe version=v1.0.0].type`" + `.
`)
	group := ""
	for _, sentence := range steps.Sentences() {
		if sentence.Group != group {
			group = sentence.Group
			fmt.Fprintf(&page, "\n## %s\n", sentence.Title)
		}
		fmt.Fprintf(&page, "\n### `%s`\n\n%s", sentence.Text, sentence.About)
		if sentence.Argument != "" {
			fmt.Fprintf(&page, " Followed by %s.", sentence.Argument)
		}
		if sentence.Needs != "" {
			fmt.Fprintf(&page, " Needs `@needs-%s`.", sentence.Needs)
		}
		fmt.Fprintf(&page, "\n\nExample: `%s`\n", sentence.Example)
	}
	return page.String()
}
