// SPDX-License-Identifier: MPL-2.0

package conformance

import (
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
	for _, outcome := range withoutConsequences(outcomes) {
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
