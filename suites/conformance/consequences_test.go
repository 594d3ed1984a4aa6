// SPDX-License-Identifier: MPL-2.0

package conformance

import (
	"testing"

	. "github.com/onsi/gomega"

	"github.com/plugproof/plugproof/steps"
)

// TestFailuresWaitForWhatTheyBuildOn: an observer is told of a failure once it is certain
// that it is one.
func TestFailuresWaitForWhatTheyBuildOn(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	outcome := func(id string, status steps.Status, buildsOn ...string) steps.Outcome {
		return steps.Outcome{Requirement: steps.Requirement{ID: id, BuildsOn: buildsOn}, Status: status}
	}
	said := func(outcomes []steps.Outcome) []string {
		texts := []string{}
		for _, o := range outcomes {
			texts = append(texts, o.Requirement.ID+" "+string(o.Status))
		}
		return texts
	}
	chosen := selection{
		ids:   []string{"PLG-001", "PLG-002", "PLG-003", "PLG-004", "PLG-005"},
		perID: map[string]int{"PLG-001": 2, "PLG-002": 1, "PLG-003": 1, "PLG-004": 1, "PLG-005": 1, "PLG-009": 1},
	}
	u := newUndecided(chosen)
	g.Expect(said(u.add(outcome("PLG-002", steps.Fail, "PLG-001")))).To(BeEmpty())
	g.Expect(said(u.add(outcome("PLG-003", steps.Fail, "PLG-002")))).To(Equal([]string{"PLG-003 UNSUPPORTED"}))
	g.Expect(said(u.add(outcome("PLG-004", steps.Fail, "PLG-005")))).To(BeEmpty())
	g.Expect(said(u.add(outcome("PLG-001", steps.Pass)))).To(Equal([]string{"PLG-001 PASS"}))
	g.Expect(said(u.add(outcome("PLG-001", steps.Fail)))).To(Equal([]string{"PLG-001 FAIL", "PLG-002 UNSUPPORTED"}))
	g.Expect(said(u.add(outcome("PLG-005", steps.Pass)))).To(Equal([]string{"PLG-005 PASS", "PLG-004 FAIL"}))
	g.Expect(u.rest()).To(BeEmpty())

	// What it builds on was not chosen, or its run ended before.
	u = newUndecided(chosen)
	g.Expect(said(u.add(outcome("PLG-004", steps.Fail, "PLG-009")))).To(Equal([]string{"PLG-004 FAIL"}))
	g.Expect(said(u.add(outcome("PLG-002", steps.Fail, "PLG-001")))).To(BeEmpty())
	g.Expect(said(u.rest())).To(Equal([]string{"PLG-002 FAIL"}))
}
