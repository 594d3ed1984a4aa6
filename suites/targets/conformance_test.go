// SPDX-License-Identifier: MPL-2.0

package targets_test

import (
	"os"
	"slices"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/plugproof/plugproof/features"
	"github.com/plugproof/plugproof/steps"
	"github.com/plugproof/plugproof/suites/conformance"
	"github.com/plugproof/plugproof/suites/report"
	"github.com/plugproof/plugproof/suites/targets"
)

// containedRequirements are some of every area, and all that differs between a
// container and this process: an environment of each scenario's own, proxies
// and a token's address outside, a restart with state, servers without api_addr.
func containedRequirements() []string {
	return []string{
		"ACC-010", "ACC-040", "ACC-050",
		"DOC-001", "DOC-002", "DOC-003", "DOC-005", "DOC-006", "DOC-007", "DOC-008",
		"CTN-001",
		"DBS-001",
		"ENV-001", "ENV-007", "ENV-021", "ENV-030", "ENV-033",
		"FLT-020",
		"LIF-001", "LIF-020", "LIF-030", "LIF-031",
		"IDN-001", "LST-004", "LST-010",
		"MNT-001", "MNT-030", "MNT-031", "MNT-051",
		"NSP-001",
		"PRX-001", "PRX-010",
		"REG-001", "REG-020", "REG-027", "REG-042",
		"TXN-001",
		"UPG-001", "UPG-011",
	}
}

// TestContainerConforms runs requirements against the project's own server in an
// image that holds nothing else, with the sample plugins brought in. All hold on
// the same server in this process, as suites/cli tests. PLUGPROOF_TEST_CONTAINER=all
// runs all there are, which takes some minutes.
func TestContainerConforms(t *testing.T) {
	t.Parallel()
	cli := engineClient(t)
	g := NewWithT(t)
	config := conformance.Config{Concurrency: 4, Only: containedRequirements()}
	if os.Getenv("PLUGPROOF_TEST_CONTAINER") == "all" {
		config.Only = nil
	} else {
		g.Expect(areasOf(t, config.Only)).To(Equal(areasOf(t, nil)), "areas without a requirement")
	}
	inContainer := verdicts(t, config, parse(t, "container:"+scratchImage(t, cli, program(t, "suites/cmd/plugproof-serve", "plugproof-serve")), targets.Options{}))
	passed := 0
	for _, verdict := range inContainer {
		id := verdict.Requirement.ID
		switch verdict.Status {
		case steps.Pass:
			passed++
		case steps.Unsupported:
			// It says itself why, and that must be a lack of the container's.
			g.Expect(verdict.Requirement.Needs).To(ContainElement(BeElementOf(steps.Loopback, steps.Faults, steps.Sealing, steps.ContainerPlugins)), id)
		case steps.Skip: // the server is of a version that has it not
		default:
			explain(t, verdict)
			t.Errorf("%s: %s", id, verdict.Status)
		}
	}
	t.Logf("%d of %d requirements pass in the container", passed, len(inContainer))
	g.Expect(passed).To(BeNumerically(">", len(inContainer)/2))
}

// explain says why a requirement does not hold, if it does not.
func explain(t *testing.T, verdict report.Verdict) {
	t.Helper()
	for _, outcome := range verdict.Outcomes {
		if outcome.Reason != "" {
			t.Errorf("%s %s: %s", outcome.Status, outcome.Case, outcome.Reason)
		}
	}
}

func verdicts(t *testing.T, config conformance.Config, target steps.Target) []report.Verdict {
	t.Helper()
	result, err := conformance.Against(t.Context(), config, target)
	if err != nil {
		t.Fatal(err)
	}
	return result.Verdicts()
}

// areasOf returns the areas of requirements, or of all if none are named.
func areasOf(t *testing.T, ids []string) []string {
	t.Helper()
	all, err := steps.Requirements(features.Server())
	if err != nil {
		t.Fatal(err)
	}
	var areas []string
	for _, requirement := range all {
		if len(ids) == 0 || slices.Contains(ids, requirement.ID) {
			areas = append(areas, requirement.Area)
		}
	}
	slices.Sort(areas)
	return slices.Compact(areas)
}
