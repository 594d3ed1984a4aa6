// SPDX-License-Identifier: MPL-2.0

package lint

import "github.com/plugproof/plugproof/suites/env/hostenv"

// checkRemarks reports what the sources have beside variables: what a program
// ignores or refuses, and what could not be seen.
func checkRemarks(host hostenv.Environment) []Finding {
	// Not nil, so that the JSON has an empty list.
	findings := make([]Finding, 0, len(host.Remarks))
	for _, r := range host.Remarks {
		findings = append(findings, Finding{
			Level: Warning, Rule: r.Rule, Variable: r.Variable, Place: r.Place, Message: r.Message, Remedy: r.Remedy,
		})
	}
	return findings
}
