// SPDX-License-Identifier: MPL-2.0

package conformance_test

import (
	"strings"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/plugproof/plugproof/mockserver/trace"
	"github.com/plugproof/plugproof/suites/conformance"
	"github.com/plugproof/plugproof/suites/internal/build"
	"github.com/plugproof/plugproof/suites/report"
)

// TestProcessesAreLeftToTheNextScenario: of these requirements four end a process and one
// uses one. Each order takes a start for the registration, one for the first mount, and
// one after each end.
func TestProcessesAreLeftToTheNextScenario(t *testing.T) {
	t.Parallel()
	const starts = 1 + 1 + 4
	g := NewWithT(t)
	plugins, err := build.Plugins(t.Context(), build.Options{Names: []string{"passthrough-plugin"}})
	g.Expect(err).NotTo(HaveOccurred())
	recorder := trace.NewRecorder(0)
	run, err := conformance.Check(t.Context(), conformance.CheckConfig{
		Plugin: plugins["passthrough-plugin"], Concurrency: 2,
		Only:      []string{"PLG-016", "PLG-030", "PLG-032", "PLG-601", "PLG-605"},
		Execution: conformance.Execution{Trace: recorder},
	})
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(run.Judgement().Result).To(Equal(report.Conforms), "%v", run.Outcomes)
	number := 0
	for _, span := range recorder.Spans() {
		if span.Kind == trace.Start && strings.Contains(span.Plugin+span.Name, "-second-") {
			number++
		}
	}
	g.Expect(number).To(Equal(starts))
}

// TestOneScenarioAfterTheOther: scenarios that wait for each other go on where one runs at
// a time.
func TestOneScenarioAfterTheOther(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	plugins, err := build.Plugins(t.Context(), build.Options{Names: []string{"passthrough-plugin"}})
	g.Expect(err).NotTo(HaveOccurred())
	for _, concurrency := range []int{1, 2} {
		run, err := conformance.Check(t.Context(), conformance.CheckConfig{
			Plugin: plugins["passthrough-plugin"], Concurrency: concurrency,
			Only: []string{"PLG-016", "PLG-032", "PLG-200", "PLG-205", "PLG-206", "PLG-207"},
		})
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(run.Judgement().Result).To(Equal(report.Conforms), "%v", run.Outcomes)
	}
}
