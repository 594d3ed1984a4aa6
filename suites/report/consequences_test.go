// SPDX-License-Identifier: MPL-2.0

package report

import (
	"bytes"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/plugproof/plugproof/steps"
)

// TestConsequencesAreNotCounted: what builds on a requirement that failed says nothing of
// its own, whether that one is known to fail or not; what else fails does.
func TestConsequencesAreNotCounted(t *testing.T) {
	t.Parallel()
	outcome := func(id string, status steps.Status, buildsOn ...string) steps.Outcome {
		return steps.Outcome{Requirement: steps.Requirement{ID: id, BuildsOn: buildsOn}, Status: status, Failure: &steps.Failure{}}
	}
	outcomes := []steps.Outcome{
		outcome("PLG-004", steps.Fail, "PLG-003"),
		outcome("PLG-003", steps.Fail, "PLG-999", "PLG-001"),
		outcome("PLG-001", steps.Fail),
		outcome("PLG-002", steps.Known),
		outcome("PLG-005", steps.Fail, "PLG-002"),
		outcome("PLG-006", steps.Fail, "PLG-007"),
		outcome("PLG-007", steps.Pass),
		outcome("PLG-008", steps.Errored, "PLG-001"),
	}
	g := NewWithT(t)
	got := map[string]string{}
	for _, outcome := range WithoutConsequences(outcomes) {
		got[outcome.Requirement.ID] = string(outcome.Status) + " " + outcome.Reason
		g.Expect(outcome.Failure == nil).To(Equal(outcome.Status == steps.Unsupported))
	}
	g.Expect(got).To(Equal(map[string]string{
		"PLG-001": "FAIL ", "PLG-002": "KNOWN ", "PLG-006": "FAIL ", "PLG-007": "PASS ", "PLG-008": "ERROR ",
		"PLG-003": "UNSUPPORTED what it builds on failed, see PLG-001",
		"PLG-004": "UNSUPPORTED what it builds on failed, see PLG-003",
		"PLG-005": "UNSUPPORTED what it builds on failed, see PLG-002",
	}))
	g.Expect(outcomes[0].Status).To(Equal(steps.Fail), "what was given is left as it is")
}

// TestConsequencesInShards: a shard knows nothing of what failed in another one. Joined,
// also from files, they say what one run would, and what was not checked for a failure's
// sake is known as such.
func TestConsequencesInShards(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	shard := func(index int, outcome steps.Outcome) Run {
		outcome.Requirement.Level, outcome.Case = steps.Must, "case"
		var text bytes.Buffer
		g.Expect(JSON(&text, Run{
			Target: "mock", Features: "d", Outcomes: []steps.Outcome{outcome},
			Choice: Choice{Chosen: []string{"PLG-001", "PLG-002"}, Shard: Shard{index, 2}},
		})).To(Succeed())
		run, err := ReadJSON(text.Bytes())
		g.Expect(err).NotTo(HaveOccurred())
		return run
	}
	base := shard(1, steps.Outcome{Requirement: steps.Requirement{ID: "PLG-001"}, Status: steps.Known, Reason: "as in the list"})
	follows := shard(2, steps.Outcome{Requirement: steps.Requirement{ID: "PLG-002", BuildsOn: []string{"PLG-001"}}, Status: steps.Fail, Failure: &steps.Failure{Got: "x"}})
	g.Expect(follows.Judgement().Result).To(Equal(Deviates))
	whole, err := Merge([]Run{base, follows})
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(whole.Judgement().Result).NotTo(Equal(Deviates))
	verdicts := whole.Verdicts()
	g.Expect(verdicts[1].Status).To(Equal(steps.Unsupported))
	g.Expect(verdicts[1].FollowsFailure()).To(BeTrue())
	g.Expect(verdicts[0].FollowsFailure()).To(BeFalse())
}
