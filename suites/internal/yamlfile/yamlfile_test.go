// SPDX-License-Identifier: MPL-2.0

package yamlfile_test

import (
	"errors"
	"io"
	"strings"
	"testing"

	. "github.com/onsi/gomega"
	"go.yaml.in/yaml/v3"

	"github.com/plugproof/plugproof/suites/internal/yamlfile"
)

type entry struct {
	Name string         `yaml:"name"`
	Size int            `yaml:"size"`
	Tags []string       `yaml:"tags"`
	More map[string]int `yaml:"more"`
}

func read(text string) ([]entry, error) {
	document, err := yamlfile.Document(yaml.NewDecoder(strings.NewReader(text)))
	if err != nil {
		return nil, err
	}
	for _, member := range yamlfile.Members(document, "entries") {
		if err := yamlfile.Fields(member, "name", "size", "tags", "more"); err != nil {
			return nil, err
		}
	}
	var file struct {
		Anchors map[string]any `yaml:"anchors"`
		Entries []entry        `yaml:"entries"`
	}
	err = yamlfile.Into(document, &file)
	return file.Entries, err
}

func TestErrorsNameTheLineAndNoValue(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"entries:\n- {name: x, size: hunter2}":          "line 2: a text can't stand here",
		"entries:\n- {name: x, tags: hunter2}":          "line 2: a text can't stand here",
		"entries:\n- name: {hunter2: 1}":                "line 2: a mapping can't stand here",
		"entries:\n- name: [hunter2]":                   "line 2: a list can't stand here",
		"entries:\n- name: x\n  name: hunter2":          "line 3: line 2 has this key already",
		"entries:\n- name: x\n  colour: hunter2":        `line 3: there is no field "colour"; known are name, size, tags, more`,
		"entries:\n- name: x\n- {x=hunter2, b}":         "line 3: there is no such field; known are name, size, tags, more",
		"entries:\n- name: *hunter2":                    "a value that begins with * needs quotes",
		"entries:\n- size: !!int hunter2":               "a tag or an anchor in it has no meaning here",
		"entries:\n- name: \"hunter2":                   "line 2: found unexpected end of stream",
		"entries:\n\t- name: hunter2":                   "line 2: found character that cannot start any token",
		"entries:\n- size: x\n- size: y":                "line 2: a text can't stand here; line 3: a text can't stand here",
		"entries:\n- tags:\n  - {DB_PASSWORD: hunter2}": "line 3: a mapping can't stand here",
	} {
		t.Run(text, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			_, err := read(text)
			g.Expect(err).To(MatchError(want))
		})
	}
}

func TestWhatIsRightIsRead(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	entries, err := read("anchors: {a: &a {size: 2}}\nentries: [{name: x, <<: *a}, {name: y, tags: [t]}]")
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(entries).To(Equal([]entry{{Name: "x", Size: 2}, {Name: "y", Tags: []string{"t"}}}))

	entries, err = read(`{"entries": [{"name": "x"}]}`)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(entries).To(HaveLen(1))

	_, err = read("")
	g.Expect(errors.Is(err, io.EOF)).To(BeTrue())
}
