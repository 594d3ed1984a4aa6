// SPDX-License-Identifier: MPL-2.0

package main

import (
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	. "github.com/onsi/gomega"
	"go.yaml.in/yaml/v3"
)

// example is a workflow of GitHub or a configuration of GitLab.
type example struct {
	Jobs map[string]struct {
		Steps []struct {
			Uses string            `yaml:"uses"`
			With map[string]string `yaml:"with"`
		} `yaml:"steps"`
	} `yaml:"jobs"`
	Include []struct {
		Remote string            `yaml:"remote"`
		Inputs map[string]string `yaml:"inputs"`
	} `yaml:"include"`
}

// TestExamplesUseWhatThereIs: the examples name our actions and component with
// inputs that exist, and give those that are required.
func TestExamplesUseWhatThereIs(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	used := map[string]bool{}
	for _, block := range regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllStringSubmatch(text(t, filepath.Join(root, ".github/actions/README.md")), -1) {
		var e example
		g.Expect(yaml.Unmarshal([]byte(block[1]), &e)).To(Succeed(), block[1])
		for _, job := range e.Jobs {
			for _, step := range job.Steps {
				name, ours := strings.CutPrefix(step.Uses, "plugproof/plugproof/.github/actions/")
				if !ours {
					continue
				}
				name, _, _ = strings.Cut(name, "@")
				used[name] = true
				a, _, err := readAction(name)
				g.Expect(err).NotTo(HaveOccurred())
				for input := range step.With {
					g.Expect(a.Inputs).To(HaveKey(input))
				}
				for input, declared := range a.Inputs {
					if declared.Required {
						g.Expect(step.With).To(HaveKey(input))
					}
				}
			}
		}
		for _, include := range e.Include {
			used["gitlab"] = true
			g.Expect(include.Remote).To(HaveSuffix("/.gitlab/plugproof.yml"))
			g.Expect(includeComponent(t, include.Inputs).Script).NotTo(BeEmpty())
		}
	}
	g.Expect(used).To(HaveLen(4), "install, check, run and gitlab")
}
