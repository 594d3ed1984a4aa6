// SPDX-License-Identifier: MPL-2.0

package report_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/plugproof/plugproof/steps"
	"github.com/plugproof/plugproof/suites/report"
)

// unmounted is the check of a plugin that can't be mounted, or a shard of it.
func unmounted(shard report.Shard, ids ...int) report.Run {
	run := report.Run{Kind: report.Plugin, Plugin: "p", Target: "mock", Choice: report.Choice{Shard: shard, Total: 101}}
	for i := range 101 {
		run.Choice.Chosen = append(run.Choice.Chosen, fmt.Sprintf("PLG-%03d", i))
	}
	for _, i := range append([]int{0}, ids...) {
		outcome := steps.Outcome{
			Requirement: steps.Requirement{ID: fmt.Sprintf("PLG-%03d", i), Area: "start", Level: steps.Must},
			Status:      steps.Unsupported, Reason: "the plugin can't be mounted, see PLG-000", Follows: "PLG-000",
		}
		if i == 0 {
			outcome.Status, outcome.Reason, outcome.Follows = steps.Fail, "got      exit code 3", ""
		}
		run.Outcomes = append(run.Outcomes, outcome)
	}
	return run
}

func upTo(last int) (all []int) {
	for i := 1; i <= last; i++ {
		all = append(all, i)
	}
	return all
}

// TestOnlyTheCauseOfAStartThatFailed: what could not be checked is counted.
func TestOnlyTheCauseOfAStartThatFailed(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	for _, form := range []string{"text", "markdown"} {
		write, err := report.FormOf(report.Plugin, form)
		g.Expect(err).NotTo(HaveOccurred())
		var out bytes.Buffer
		g.Expect(write.Write(&out, unmounted(report.Shard{}, upTo(100)...))).To(Succeed())
		g.Expect(out.String()).To(ContainSubstring("exit code 3"), form)
		g.Expect(out.String()).To(ContainSubstring("100 requirements, which --report html=FILE and json=FILE list"), form)
		g.Expect(out.String()).To(ContainSubstring("1 requirement failed, 100 were not checked; 101 requirements in all"), form)
		g.Expect(strings.Count(out.String(), "PLG-")).To(BeNumerically("<", 5), form)
		g.Expect(out.String()).NotTo(ContainSubstring("scenarios"), form)
	}
}

// TestShardsOfAPluginThatDoesNotStart: each of them finds that out, and the whole has it
// once.
func TestShardsOfAPluginThatDoesNotStart(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	whole, err := report.Merge([]report.Run{unmounted(report.Shard{Index: 1, Count: 2}), unmounted(report.Shard{Index: 2, Count: 2}, upTo(100)...)})
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(whole.Outcomes).To(HaveLen(101))
	whole, err = report.Merge([]report.Run{unmounted(report.Shard{Index: 2, Count: 2}, upTo(100)...), unmounted(report.Shard{Index: 1, Count: 2})})
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(whole.Outcomes).To(HaveLen(101))
	g.Expect(whole.Judgement().Result).To(Equal(report.Deviates))
}

// TestEachNumberSaysWhatItCounts: the page says of an area what was checked of it.
func TestEachNumberSaysWhatItCounts(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	var out bytes.Buffer
	g.Expect(report.HTML(&out, sample())).To(Succeed())
	g.Expect(out.String()).To(ContainSubstring("7 scenarios of 6 requirements"))
	g.Expect(out.String()).To(ContainSubstring("0 of 2 checked requirements hold; 4 in all"))
	g.Expect(out.String()).To(ContainSubstring("1 requirement holds"))
}
