// SPDX-License-Identifier: MPL-2.0

package deviations_test

import (
	"io/fs"
	"slices"
	"strings"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/plugproof/plugproof/features"
	"github.com/plugproof/plugproof/steps"
	"github.com/plugproof/plugproof/suites/deviations"
)

// TestTheListIsAboutTheFeatures holds the list against what it names: an entry
// for a requirement or a sentence that changed would excuse nothing any more,
// or the wrong thing.
func TestTheListIsAboutTheFeatures(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	list, err := deviations.Known()
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(list).NotTo(BeEmpty())
	all, err := steps.Requirements(features.FS)
	g.Expect(err).NotTo(HaveOccurred())
	for _, d := range list {
		i := slices.IndexFunc(all, func(r steps.Requirement) bool { return r.ID == d.Requirement })
		g.Expect(i).NotTo(Equal(-1), d.Requirement)
		text, err := fs.ReadFile(features.FS, all[i].Area+".feature")
		g.Expect(err).NotTo(HaveOccurred())
		_, after, found := strings.Cut(string(text), "@"+d.Requirement+" ")
		g.Expect(found).To(BeTrue())
		scenario, _, _ := strings.Cut(after, "\n    @")
		g.Expect(scenario).To(ContainSubstring(d.Step), d.Requirement)
	}
}

const sample = `
- requirement: REG-001
  servers: [openbao>=2.0, openbao<2.6]
  step: the answer is 400
  does: answers 500
  reason: measured
  issue: https://example.com/issues/1
`

func parse(t *testing.T, text string) deviations.List {
	t.Helper()
	list, err := deviations.Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func TestEntriesAreAboutTheirServersOnly(t *testing.T) {
	t.Parallel()
	list := parse(t, sample)
	for server, want := range map[string]int{"openbao-2.0": 1, "openbao-2.5": 1, "openbao-2.6": 0, "vault-1.16": 0} {
		identity, err := steps.ParseIdentity(server)
		NewWithT(t).Expect(err).NotTo(HaveOccurred())
		NewWithT(t).Expect(list.Of(identity)).To(HaveLen(want), server)
	}
}

func outcome(status steps.Status, step string) steps.Outcome {
	o := steps.Outcome{Requirement: steps.Requirement{ID: "REG-001"}, Status: status, Reason: "got 500"}
	if status == steps.Fail {
		o.Failure = &steps.Failure{Step: step}
	}
	return o
}

func TestMarkExcusesTheListedStepOnly(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	list := parse(t, sample)
	marked := list.Mark(outcome(steps.Fail, "the answer is 400"))
	g.Expect(marked.Status).To(Equal(steps.Known))
	g.Expect(marked.Reason).To(Equal("known    openbao >=2.0 <2.6 answers 500\nreason   measured\nissue    https://example.com/issues/1\ngot 500"))
	g.Expect(list.Mark(outcome(steps.Fail, "the answer is 404")).Status).To(Equal(steps.Fail))
	g.Expect(list.Mark(outcome(steps.Errored, "")).Status).To(Equal(steps.Errored))
	g.Expect(list.Mark(outcome(steps.Pass, "")).Status).To(Equal(steps.Pass))
}

func TestMissedTellsWhatNoLongerHappens(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		statuses []steps.Status
		want     int
	}{
		"not carried out":   {[]steps.Status{steps.Skip, steps.Unsupported}, 0},
		"happened":          {[]steps.Status{steps.Known}, 0},
		"in one case":       {[]steps.Status{steps.Pass, steps.Known}, 0},
		"failed elsewise":   {[]steps.Status{steps.Pass, steps.Fail}, 0},
		"no longer happens": {[]steps.Status{steps.Pass, steps.Skip}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var outcomes []steps.Outcome
			for _, status := range test.statuses {
				outcomes = append(outcomes, outcome(status, "other"))
			}
			missed := parse(t, sample).Missed(outcomes)
			NewWithT(t).Expect(missed).To(HaveLen(test.want))
			for _, d := range missed {
				NewWithT(t).Expect(d.String()).To(Equal("REG-001 (openbao >=2.0 <2.6): answers 500"))
			}
		})
	}
}

func TestWhatHappensSometimesIsNotMissed(t *testing.T) {
	t.Parallel()
	list := parse(t, sample+"  sometimes: true\n")
	NewWithT(t).Expect(list.Missed([]steps.Outcome{outcome(steps.Pass, "")})).To(BeEmpty())
	NewWithT(t).Expect(list.Mark(outcome(steps.Fail, "the answer is 400")).Status).To(Equal(steps.Known))
}

func TestEntriesThatSayTooLittle(t *testing.T) {
	t.Parallel()
	for name, change := range map[string][2]string{
		"no issue":     {"  issue: https://example.com/issues/1\n", ""},
		"no URL":       {"https://example.com/issues/1", "someday"},
		"no server":    {"[openbao>=2.0, openbao<2.6]", "[]"},
		"other server": {"openbao<2.6", "consul"},
		"no step":      {"  step: the answer is 400\n", ""},
		"unknown key":  {"does:", "did:"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := deviations.Parse([]byte(strings.Replace(sample, change[0], change[1], 1)))
			NewWithT(t).Expect(err).To(HaveOccurred())
		})
	}
}
