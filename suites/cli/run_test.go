// SPDX-License-Identifier: MPL-2.0

package cli_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/plugproof/plugproof/features"
	"github.com/plugproof/plugproof/mockserver/dialect"
	"github.com/plugproof/plugproof/steps"
	"github.com/plugproof/plugproof/suites/internal/servertest"
	"github.com/plugproof/plugproof/suites/report"
)

// TestEverythingHolds is the promise of the README: every requirement holds on the mock,
// the documented sessions among them, with real plugin processes. Only plugins in
// containers need what not every machine has.
func TestEverythingHolds(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	out, code := plugproof(t.Context(), t, "run", "--seed", "7")
	g.Expect(code).To(Equal(0), out)
	for _, want := range []string{"DOC-001", "DOC-008", "seed 7"} {
		g.Expect(out).To(ContainSubstring(want))
	}
	g.Expect(out).To(MatchRegexp(`Conforms: 2\d\d requirements hold`))
	if strings.Contains(out, "UNSUPPORTED needs") {
		g.Expect(out).To(ContainSubstring("UNSUPPORTED needs container-plugins"))
		g.Expect(strings.Count(out, "UNSUPPORTED needs")).To(Equal(1), out)
	}
	g.Expect(out).NotTo(ContainSubstring("\x1b["), "no colour where nobody looks")
}

// TestDialectsDiffer runs one environment scenario on both rules. Expecting the
// rule of the other server must fail, which shows that it checks something.
func TestDialectsDiffer(t *testing.T) {
	t.Parallel()
	for _, target := range []string{"mock:vault-1.15", "mock:vault-1.16", "mock:openbao-2.5"} {
		out, code := plugproof(t.Context(), t, "run", "--target", target, "--only", "ENV-021,PRX-010")
		NewWithT(t).Expect(code).To(Equal(0), out)
	}
	g := NewWithT(t)
	out, code := plugproof(t.Context(), t, "run", "--target", "mock:vault-1.15", "--expect-dialect", "vault-1.16", "--only", "ENV-021")
	g.Expect(code).To(Equal(1), out)
	for _, want := range []string{"FAIL ENV-021", "wanted   SOURCE=plugin", "got      SOURCE=host", "exchange GET /v1/p/env/SOURCE", "remedy"} {
		g.Expect(out).To(ContainSubstring(want))
	}
}

// TestEveryDialectIsAsItsVersion runs what depends on the version on the dialects
// at each limit of its versions, and on the newest: a version from which on a
// requirement holds stands in the features and in the dialects, and must be the
// same. An edition is its version but for namespaces: one requirement of each area.
func TestEveryDialectIsAsItsVersion(t *testing.T) {
	t.Parallel()
	all, err := steps.Requirements(features.Server())
	if err != nil {
		t.Fatal(err)
	}
	names := dialect.Names()
	for i, name := range names {
		product, version, _ := strings.Cut(name, "-")
		last := i+1 == len(names) || !strings.HasPrefix(names[i+1], product)
		edition := strings.Contains(version, "+")
		var chosen []string
		areas := map[string]bool{}
		for _, requirement := range all {
			if edition && requirement.Applies != "all" {
				if areas[requirement.Area] {
					continue
				}
				areas[requirement.Area] = true
			}
			limits := limitsOf(requirement.Applies, product)
			if last && requirement.Applies != "all" || slices.Contains(limits, ">="+version) ||
				!last && slices.Contains(limits, "<"+strings.TrimPrefix(names[i+1], product+"-")) {
				chosen = append(chosen, requirement.ID)
			}
		}
		if len(chosen) == 0 {
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			out, code := plugproof(t.Context(), t, "run", "--target", "mock:"+name, "--only", strings.Join(chosen, ","))
			NewWithT(t).Expect(code).To(Equal(0), out)
		})
	}
}

// limitsOf returns the limits of a product's versions in the text of a
// requirement's condition: of "vault >=1.12 <1.16, openbao", >=1.12 and <1.16.
func limitsOf(applies, product string) []string {
	var limits []string
	for part := range strings.FieldsFuncSeq(applies, func(r rune) bool { return r == ',' || r == ';' }) {
		if fields := strings.Fields(part); len(fields) > 0 && fields[0] == product {
			limits = append(limits, fields[1:]...)
		}
	}
	return limits
}

// TestKnownDeviationsDoNotFailARealServer needs a server that has one. The mock
// of the same version is meant to have none, and is not told off for that.
func TestKnownDeviationsDoNotFailARealServer(t *testing.T) {
	t.Parallel()
	t.Run("mock", func(t *testing.T) {
		t.Parallel()
		g := NewWithT(t)
		out, code := plugproof(t.Context(), t, "run", "--target", "mock:openbao-2.5", "--only", "LIF-014")
		g.Expect(code).To(Equal(0), out)
		g.Expect(out).To(ContainSubstring("Conforms: 1 requirement holds"))
		g.Expect(out).NotTo(ContainSubstring("KNOWN LIF-014"))
		g.Expect(out).NotTo(ContainSubstring("keeps the requirement"))
	})
	t.Run("real", func(t *testing.T) {
		t.Parallel()
		g := NewWithT(t)
		out, code := plugproof(t.Context(), t, "run", "--target", "binary:"+servertest.OpenBao25(t), "--only", "LIF-013,LIF-014")
		g.Expect(code).To(Equal(0), out)
		g.Expect(out).To(ContainSubstring("KNOWN LIF-014"))
		g.Expect(out).To(ContainSubstring("issue    none filed, https://github.com/openbao/openbao/pull/2371"))
		g.Expect(out).To(ContainSubstring("Conforms: 1 of 2 requirements holds, known deviations: 1"))
	})
}

func TestCheckTellsPluginsApart(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	text := filepath.Join(t.TempDir(), "no-plugin")
	g.Expect(os.WriteFile(text, []byte("#!/bin/sh\necho hello\n"), 0o700)).To(Succeed())
	out, code := plugproof(t.Context(), t, "check", text)
	g.Expect(code).To(Equal(1), out)
	g.Expect(out).To(ContainSubstring("can't be mounted"))
}

func TestVerdicts(t *testing.T) {
	t.Parallel()
	must := steps.Requirement{ID: "REG-001", Level: steps.Must}
	should := steps.Requirement{ID: "REG-002", Level: steps.Should}
	outcomes := func(r steps.Requirement, statuses ...steps.Status) []steps.Outcome {
		var all []steps.Outcome
		for _, status := range statuses {
			all = append(all, steps.Outcome{Requirement: r, Status: status})
		}
		return all
	}
	for name, test := range map[string]struct {
		outcomes []steps.Outcome
		want     int
	}{
		"nothing ran":           {nil, report.ExitBroken},
		"all skipped":           {outcomes(must, steps.Skip, steps.Unsupported), report.ExitBroken},
		"passed":                {outcomes(must, steps.Pass, steps.Skip), report.ExitConforms},
		"one case failed":       {outcomes(must, steps.Pass, steps.Fail, steps.Errored), report.ExitDeviates},
		"one case broke":        {outcomes(must, steps.Pass, steps.Errored), report.ExitBroken},
		"known to deviate":      {outcomes(must, steps.Pass, steps.Known), report.ExitConforms},
		"known, but one failed": {outcomes(must, steps.Known, steps.Fail), report.ExitDeviates},
		"a recommendation only": {append(outcomes(should, steps.Fail), outcomes(must, steps.Pass)...), report.ExitConforms},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			NewWithT(t).Expect(report.Run{Outcomes: test.outcomes}.ExitCode()).To(Equal(test.want))
		})
	}
	for _, status := range []steps.Status{steps.Pass, steps.Fail} {
		NewWithT(t).Expect(report.Run{Interrupted: true, Outcomes: outcomes(must, status)}.ExitCode()).To(Equal(report.ExitBroken))
	}
}
