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
	"github.com/plugproof/plugproof/suites/internal/deviations"
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
	all, err := steps.Requirements(features.Server())
	g.Expect(err).NotTo(HaveOccurred())
	for _, d := range list {
		i := slices.IndexFunc(all, func(r steps.Requirement) bool { return r.ID == d.Requirement })
		g.Expect(i).NotTo(Equal(-1), d.Requirement)
		text, err := fs.ReadFile(features.Server(), all[i].Area+".feature")
		g.Expect(err).NotTo(HaveOccurred())
		_, after, found := strings.Cut(string(text), "@"+d.Requirement+" ")
		g.Expect(found).To(BeTrue())
		scenario, _, _ := strings.Cut(after, "\n    @")
		g.Expect(scenario).To(ContainSubstring(d.Step), d.Requirement)
		// Without a server or a step it would excuse too much, without the rest
		// nobody could tell whether it is still right.
		g.Expect(d.Servers).NotTo(BeEmpty(), d.Requirement)
		for _, said := range []string{d.Step, d.Does, d.Issue} {
			g.Expect(said).NotTo(BeEmpty(), d.Requirement)
		}
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
	list, err := deviations.Parse("list.yaml", []byte(text))
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
		NewWithT(t).Expect(list.Of(deviations.Server{Identity: identity})).To(HaveLen(want), server)
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
	for entry, want := range map[string]string{
		"reason: x": "requirement, case or row is missing",
		"requirement: A-1\n  case: a\n  reason: x":           "an entry is about one of requirement, case and row",
		"requirement: A-1":                                   "reason is missing",
		"requirement: A-1\n  reason: ' '":                    "reason is missing",
		"requirement: A-1\n  raeson: x":                      `there is no field "raeson"`,
		"requirement: A-1\n  reason: [x]":                    "a list can't stand here",
		"requirement: A-1\n  reason: x\n  issue: someday":    `"someday" is not an https URL`,
		"requirement: A-1\n  reason: x\n  servers: [consul]": `"consul" names no server`,
		"requirement: A-1\n  reason: x\n  expires: soon":     `"soon" is not a day as 2026-12-31`,
		"requirement: A-[\n  reason: x":                      `"A-[" is a broken pattern`,
		"row: a\n  reason: x\n  target: '['":                 `"[" is a broken pattern`,
		"requirement: A-1\n  reason: x\n  winner: host":      "winner has no meaning beside requirement, only beside row",
		"row: a\n  reason: x\n  steps: [1]":                  "steps has no meaning beside row, only beside case",
		"case: a\n  reason: x":                               "at is missing",
	} {
		t.Run(entry, func(t *testing.T) {
			t.Parallel()
			_, err := deviations.Parse("list.yaml", []byte("- {requirement: A-0, reason: right}\n- "+entry))
			NewWithT(t).Expect(err).To(MatchError(And(MatchRegexp(`^list\.yaml:[2-4]: `), ContainSubstring(want))))
		})
	}
}

// TestOneListServesAllCommands has entries for all commands in one file; each is
// about the servers that it names and until its day.
func TestOneListServesAllCommands(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	list := parse(t, `
- {requirement: PLG-*, servers: [vault>=1.16], reason: a}
- {case: env-*, at: [body], target: "mock:*", reason: b, expires: 2020-01-01}
- {row: both, target: "binary:*/vault", reason: c, expires: 2999-12-31}
`)
	g.Expect(list.Requirements()).To(HaveExactElements(HaveField("Reason", "a")))
	g.Expect(list.Cases()).To(HaveExactElements(HaveField("Reason", "b")))
	g.Expect(list.Rows()).To(HaveExactElements(HaveField("Reason", "c")))
	g.Expect(list.Cases().NameServers()).To(BeFalse())
	g.Expect(list.NameServers()).To(BeTrue())
	g.Expect(list[1].Expired()).To(Equal("expired: it was known until 2020-01-01: b"))
	g.Expect(list[2].Ended()).To(BeFalse())
	g.Expect(list[2].Where()).To(Equal("list.yaml:4"))

	vault, err := steps.ParseIdentity("vault-1.17")
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(list.Of(deviations.Server{Target: "binary:/usr/bin/vault", Identity: vault})).
		To(HaveExactElements(HaveField("Reason", "a"), HaveField("Reason", "c")))
	g.Expect(list.Of(deviations.Server{Target: "mock:vault-1.16"})).To(HaveExactElements(HaveField("Reason", "b")))
}
